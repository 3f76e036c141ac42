/** Metrics of many runs as charts draw them: what charts ask for at the same moment is one request. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { send } from "./client";
import { type Curve, unpacked } from "./packed";

/** How many points of a run a chart gets; the server has the first two ready. */
export const COARSE = 180;
export const FINE = 600;
export const FINEST = 1_000;

type Steps = readonly [number, number] | null;

interface Batch {
  runs: readonly string[];
  most: number;
  steps: Steps;
  waiting: Map<string, { answer: (found: Curve[]) => void; fail: (error: unknown) => void }[]>;
}

const KEYS = 20; // of which the server tells in one answer
let batches: Batch[] = [];

function ask(runs: readonly string[], key: string, most: number, steps: Steps): Promise<Curve[]> {
  return new Promise((answer, fail) => {
    if (batches.length === 0) setTimeout(flush);
    const same = (each: Batch) =>
      each.most === most &&
      each.steps?.[0] === steps?.[0] &&
      each.steps?.[1] === steps?.[1] &&
      (each.waiting.size < KEYS || each.waiting.has(key)) &&
      each.runs.length === runs.length &&
      each.runs.every((run, at) => run === runs[at]);
    let batch = batches.find(same);
    if (!batch) batches.push((batch = { runs, most, steps, waiting: new Map() }));
    const others = batch.waiting.get(key);
    if (others) others.push({ answer, fail });
    else batch.waiting.set(key, [{ answer, fail }]);
  });
}

function flush(): void {
  const all = batches;
  batches = [];
  for (const batch of all) {
    const keys = [...batch.waiting.keys()];
    const body = { run_ids: batch.runs, metric_keys: keys, max_points: batch.most, start_step: batch.steps?.[0], end_step: batch.steps?.[1] };
    const asked = [...batch.waiting.values()];
    send("POST", "/api/2.0/lakeward/runs/curves", { body })
      .then((response) => response.arrayBuffer())
      .then((answer) => {
        const byKey = unpacked(answer, batch.runs, keys.length);
        asked.forEach((each, at) => each.forEach((one) => one.answer(byKey[at] as Curve[])));
      })
      .catch((error: unknown) => asked.forEach((each) => each.forEach((one) => one.fail(error))));
  }
}

/** At most `most` points a run, with the extremes of every stretch kept by the server. */
export const curvesOf = (runs: readonly string[], key: string, most: number, steps: Steps, live: boolean) =>
  queryOptions({
    queryKey: ["curves", key, runs, most, steps],
    queryFn: () => ask(runs, key, most, steps),
    refetchInterval: live ? 4_000 : false,
    placeholderData: keepPreviousData,
    structuralSharing: false, // arrays of numbers are not compared
    staleTime: live ? 0 : 60_000,
  });
