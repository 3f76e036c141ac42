/** The smallest and largest values of metrics over all steps: asked for many cells at once. */

import { queryOptions } from "@tanstack/react-query";
import { type Extremes, metricExtremes } from "~/api/runs";
import type { Float } from "~/api/types";
import { parts } from "./extreme_parts";

const GATHERED = 25; // ms, in which what cells ask for is put together

interface Asked {
  run: string;
  key: string;
  answer: (found: Extremes | null) => void;
  fail: (error: unknown) => void;
}

let waiting: Asked[] = [];

function ask(run: string, key: string): Promise<Extremes | null> {
  return new Promise((answer, fail) => {
    if (waiting.length === 0) setTimeout(flush, GATHERED);
    waiting.push({ run, key, answer, fail });
  });
}

function flush(): void {
  const asked = waiting;
  waiting = [];
  for (const part of parts(asked)) {
    metricExtremes(part.runs, part.keys).then(
      (found) => {
        const byCell = new Map(found.map((each) => [`${each.run_id} ${each.key}`, each]));
        for (const each of part.asked) each.answer(byCell.get(`${each.run} ${each.key}`) ?? null);
      },
      (error: unknown) => {
        for (const each of part.asked) each.fail(error);
      },
    );
  }
}

/** `last` is the value as of now: another one means that there may be new extremes. */
export const extremesOf = (run: string, key: string, last: Float | undefined) =>
  queryOptions({
    queryKey: ["extremes", run, key, String(last)],
    queryFn: () => ask(run, key),
    enabled: last !== undefined,
    staleTime: 60_000,
  });
