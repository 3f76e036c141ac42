/** Pages of runs as the server writes them for tables: lists of keys once, and of each run the values. Pure. */

import type { Float, Run, RunInfo, RunsPage } from "./types";

/** Which list of keys, and a value for each of them. */
type Values<Value> = [list: number, values: Value[]];

export interface RunTable extends Pick<RunsPage, "next_page_token"> {
  keys: string[][];
  rows: Row[];
}

interface Row extends Pick<Run, "inputs" | "outputs"> {
  info: RunInfo;
  metrics: [...Values<Float>, steps: number[]];
  params: Values<string>;
  tags: Values<string>;
}

export function pageOf({ keys, rows, next_page_token }: RunTable): RunsPage {
  const measured = ([list, values, steps]: Row["metrics"]) =>
    (keys[list] ?? []).map((key, at) => ({ key, value: values[at] as Float, step: steps[at] as number }));
  const joined = <Value>([list, values]: Values<Value>) => (keys[list] ?? []).map((key, at) => ({ key, value: values[at] as Value }));
  const runs = rows.map(({ info, metrics, params, tags, inputs, outputs }) => ({
    info,
    data: { metrics: measured(metrics), params: joined(params), tags: joined(tags) },
    inputs,
    outputs,
  }));
  return { runs, next_page_token };
}
