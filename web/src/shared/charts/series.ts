/** From points to what a chart draws. Pure; nothing here knows how it is drawn. */

import type { HistoryPoint } from "~/api/types";
import { toNumber } from "~/format";

export type XAxis = "step" | "relative" | "time";

export interface Series {
  id: string;
  xs: number[];
  ys: number[];
}

/** One series per run in the given order, sorted by x; what is no finite number is a gap. */
export function seriesOf(points: readonly HistoryPoint[], runs: readonly string[], x: XAxis): Series[] {
  const byRun = new Map<string, HistoryPoint[]>(runs.map((id) => [id, []]));
  for (const point of points) byRun.get(point.run_id)?.push(point);
  const found: Series[] = [];
  for (const [id, own] of byRun) {
    if (own.length === 0) continue;
    const start = own.reduce((least, point) => Math.min(least, point.timestamp), Number.POSITIVE_INFINITY);
    const place = (point: HistoryPoint) =>
      x === "step" ? point.step : x === "time" ? point.timestamp / 1_000 : (point.timestamp - start) / 1_000;
    const sorted = own.map((point) => [place(point), toNumber(point.value)] as const).toSorted((a, b) => a[0] - b[0]);
    found.push({ id, xs: sorted.map(([at]) => at), ys: sorted.map(([, value]) => value) });
  }
  return found;
}

/**
 * Exponential moving average with the correction for its beginning (Kingma & Ba 2015, algorithm 1), so that the first
 * values are not drawn to zero. `weight` 0 changes nothing, towards 1 the line becomes calmer. Gaps stay gaps.
 */
export function smooth(ys: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...ys];
  let average = 0;
  let seen = 0;
  return ys.map((y) => {
    if (!Number.isFinite(y)) return y;
    average = average * weight + (1 - weight) * y;
    seen += 1;
    return average / (1 - weight ** seen);
  });
}

/** Series over one x axis: `[xs, ys, ys, …]`, with `undefined` where a series has no point. */
export type Aligned = [number[], ...(number | null | undefined)[][]];

/**
 * Puts series on a shared axis. Beyond `most` different places the axis becomes a grid of so many cells, which is still
 * finer than the pixels; of several points of a series in one cell the one furthest from its neighbour stays, so that
 * no spike is lost.
 */
export function align(series: readonly Series[], most = 3_000): Aligned {
  const places = new Set<number>();
  for (const { xs } of series) for (const x of xs) places.add(x);
  let axis = [...places].toSorted((a, b) => a - b);
  let cell = same;
  if (axis.length > most) {
    const first = axis[0] as number;
    const width = ((axis.at(-1) as number) - first) / most;
    cell = (x) => first + Math.min(most - 1, Math.floor((x - first) / width)) * width;
    axis = [...new Set(axis.map(cell))].toSorted((a, b) => a - b);
  }
  const index = new Map(axis.map((x, at) => [x, at]));
  const columns = series.map(({ xs, ys }) => {
    const column = Array.from<number | null | undefined>({ length: axis.length });
    let before: number | null = null;
    xs.forEach((x, at) => {
      const place = index.get(cell(x)) as number;
      const y = ys[at] as number;
      const value = Number.isFinite(y) ? y : null;
      const held = column[place];
      if (held === undefined || held === null) column[place] = value;
      else if (value !== null && before !== null && Math.abs(value - before) > Math.abs(held - before)) column[place] = value;
      if (held !== undefined || value === null) return;
      before = value;
    });
    return column;
  });
  return [axis, ...columns];
}

const same = (x: number) => x;

/** `train/loss` and `train/accuracy` belong together; so do the names without a prefix. */
export function groupByPrefix(keys: readonly string[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const key of keys.toSorted((a, b) => a.localeCompare(b, undefined, { numeric: true }))) {
    const at = key.lastIndexOf("/");
    const prefix = at > 0 ? key.slice(0, at) : "";
    groups.set(prefix, [...(groups.get(prefix) ?? []), key]);
  }
  return [...groups].toSorted(([a], [b]) => a.localeCompare(b));
}
