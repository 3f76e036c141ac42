/** From points to what a chart draws. Pure; nothing here knows how it is drawn. */

import type { Curve } from "~/api/packed";

export type XAxis = "step" | "relative" | "time";

export interface Series {
  id: string;
  xs: ArrayLike<number>;
  ys: ArrayLike<number>;
}

/** One series per run in the given order, sorted by x. */
export function seriesOf(curves: readonly Curve[], runs: readonly string[], x: XAxis): Series[] {
  const byRun = new Map(curves.map((curve) => [curve.run, curve]));
  return runs.flatMap((id) => {
    const curve = byRun.get(id);
    return curve && curve.steps.length > 0 ? [sorted(id, placesOf(curve, x), curve.values)] : [];
  });
}

function placesOf({ steps, times }: Curve, x: XAxis): Float64Array {
  if (x === "step") return steps;
  const start = x === "time" ? 0 : times.reduce((least, time) => Math.min(least, time));
  return times.map((time) => (time - start) / 1_000);
}

/** Of several values of one moment, such as one for each data set, no axis makes a line. */
export const ofOneMoment = ({ steps, times }: Curve) => steps[0] === steps.at(-1) && spread(times) === 0;

/** What a script logs without steps is all at step 0. */
export const stepless = ({ steps, times }: Curve) => steps[0] === steps.at(-1) && spread(times) > 0;

const spread = (times: Float64Array) => times.reduce((most, time) => Math.max(most, time), -Infinity) - times.reduce((least, time) => Math.min(least, time), Infinity);

function sorted(id: string, xs: Float64Array, ys: Float64Array): Series {
  if (xs.every((place, at) => at === 0 || place >= (xs[at - 1] as number))) return { id, xs, ys };
  const order = Array.from(xs.keys()).toSorted((a, b) => (xs[a] as number) - (xs[b] as number));
  return { id, xs: order.map((at) => xs[at] as number), ys: order.map((at) => ys[at] as number) };
}

/**
 * Exponential moving average with the correction for its beginning (Kingma & Ba 2015, algorithm 1), so that the first
 * values are not drawn to zero. `weight` 0 changes nothing, towards 1 the line becomes calmer. Gaps stay gaps.
 */
export function smooth(ys: ArrayLike<number>, weight: number): ArrayLike<number> {
  if (weight <= 0) return ys;
  let average = 0;
  let seen = 0;
  return Float64Array.from(ys, (y) => {
    if (!Number.isFinite(y)) return y;
    average = average * weight + (1 - weight) * y;
    seen += 1;
    return average / (1 - weight ** seen);
  });
}

/** Series over one x axis: `[xs, ys, ys, …]`, with `undefined` where a series has no point. */
export type Aligned = [number[], ...(number | null | undefined)[][]];

/**
 * Puts series on a shared axis. Beyond `most` different places the axis becomes a grid of so many cells; of several
 * points of a series in one cell the one furthest from its neighbour stays, so that no spike is lost.
 */
export function align(series: readonly Series[], most = 3_000): Aligned {
  const places = new Float64Array(series.reduce((sum, { xs }) => sum + xs.length, 0));
  let filled = 0;
  for (const { xs } of series) {
    places.set(xs, filled);
    filled += xs.length;
  }
  places.sort();
  let axis: number[] = [];
  for (const place of places) if (place !== axis[axis.length - 1]) axis.push(place);
  const first = axis[0] ?? 0;
  const width = axis.length > most ? ((axis.at(-1) as number) - first) / most : 0;
  const placeOf = width > 0 ? grid(axis, first, width, most) : exact(axis);
  if (width > 0) axis = [...new Set(axis.map((x) => first + cellOf(x, first, width, most) * width))];
  const columns = series.map(({ xs, ys }) => columnOf(xs, ys, axis.length, placeOf));
  return [axis, ...columns];
}

type Place = (x: number) => number;

const cellOf = (x: number, first: number, width: number, most: number) => Math.min(most - 1, Math.floor((x - first) / width));

function exact(axis: readonly number[]): Place {
  const index = new Map(axis.map((x, at) => [x, at]));
  return (x) => index.get(x) as number;
}

/** Only cells that hold something have a place. */
function grid(axis: readonly number[], first: number, width: number, most: number): Place {
  const places = new Int32Array(most).fill(-1);
  let next = 0;
  for (const x of axis) {
    const cell = cellOf(x, first, width, most);
    if (places[cell] === -1) places[cell] = next++;
  }
  return (x) => places[cellOf(x, first, width, most)] as number;
}

function columnOf(xs: ArrayLike<number>, ys: ArrayLike<number>, length: number, placeOf: Place) {
  const column = Array.from<number | null | undefined>({ length });
  let before: number | null = null;
  for (let at = 0; at < xs.length; at += 1) {
    const place = placeOf(xs[at] as number);
    const y = ys[at] as number;
    const value = Number.isFinite(y) ? y : null;
    const held = column[place];
    if (held === undefined || held === null) column[place] = value;
    else if (value !== null && before !== null && Math.abs(value - before) > Math.abs(held - before)) column[place] = value;
    if (held === undefined && value !== null) before = value;
  }
  return column;
}

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
