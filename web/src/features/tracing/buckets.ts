/** Points of the metrics API as lines over time. Pure. */

import type { DataPoint } from "~/api/trace_types";

const STEPS = [60, 300, 900, 1_800, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 86_400, 7 * 86_400, 30 * 86_400];

/** Seconds of a bucket, so that a stretch has some dozens of them. */
export function intervalFor(from: number, to: number, most = 60): number {
  const seconds = (to - from) / 1_000;
  return STEPS.find((each) => seconds / each <= most) ?? (STEPS.at(-1) as number);
}

/** The beginnings of all buckets, in seconds. */
export function axisOf(from: number, to: number, interval: number): number[] {
  const first = Math.floor(from / 1_000 / interval) * interval;
  const found: number[] = [];
  for (let at = first; at * 1_000 < to; at += interval) found.push(at);
  return found;
}

export type Line = (number | null)[];

/** One line per value of a dimension, in the order of their names; `empty` where a bucket has nothing. */
export function linesOf(
  points: readonly DataPoint[],
  axis: readonly number[],
  dimension: string | null,
  value: string,
  empty: number | null,
): Map<string, Line> {
  const place = new Map(axis.map((at, index) => [at, index]));
  const lines = new Map<string, Line>();
  for (const point of points) {
    const name = dimension ? (point.dimensions[dimension] ?? "") : "";
    const at = place.get(Date.parse(point.dimensions.time_bucket ?? "") / 1_000);
    const said = pick(point, value);
    if (at === undefined || said === undefined) continue;
    let line = lines.get(name);
    if (!line) {
      line = Array.from({ length: axis.length }, () => empty);
      lines.set(name, line);
    }
    line[at] = said;
  }
  return new Map([...lines].toSorted(([a], [b]) => a.localeCompare(b)));
}

/** A percentile is called `P50` or `P50.0`, as whoever wrote the number did. */
export function pick(point: DataPoint | undefined, value: string): number | undefined {
  return point?.values[value] ?? point?.values[`${value}.0`];
}
