/** Params and metrics as axes: what values they have and where a run lies on them. Pure. */

import type { Run } from "~/api/types";
import { number, toNumber } from "~/format";
import { flat, isSystem, keysOf } from "./flat";

export interface Axis {
  id: string;
  title: string;
  /** Where each run lies, 0 at the bottom to 1 at the top; undefined where it has no value. */
  places: (number | undefined)[];
  values: (string | undefined)[];
  ticks: { at: number; text: string }[];
}

const MOST_WORDS = 24;
const TICKS = 5;

export function axisOf(id: string, runs: readonly Run[]): Axis {
  const at = id.indexOf(".");
  const kind = id.slice(0, at) as "metrics" | "params";
  const key = id.slice(at + 1);
  const raw = runs.map((run) => flat(run)[kind].get(key));
  const numbers = raw.map((value) => (value === undefined || value === "" ? undefined : toNumber(value as number)));
  const known = numbers.filter((n): n is number => n !== undefined && Number.isFinite(n));
  const given = raw.filter((value) => value !== undefined).length;
  if (known.length > 0 && known.length >= given * 0.8) return numeric(id, key, numbers);
  return words(id, key, raw.map((value) => (value === undefined ? undefined : String(value))));
}

function numeric(id: string, title: string, numbers: (number | undefined)[]): Axis {
  const known = numbers.filter((n): n is number => n !== undefined && Number.isFinite(n));
  const least = Math.min(...known);
  const most = Math.max(...known);
  // Learning rates and their kind span magnitudes: equal steps are then factors.
  const log = least > 0 && most / least >= 100;
  const scale = (n: number) => (log ? Math.log(n) : n);
  const room = scale(most) - scale(least);
  const place = (n: number) => (room === 0 ? 0.5 : (scale(n) - scale(least)) / room);
  const ticks = room === 0 ? [least] : Array.from({ length: TICKS }, (_, step) => {
    const part = scale(least) + (room * step) / (TICKS - 1);
    return log ? Math.exp(part) : part;
  });
  return {
    id,
    title,
    places: numbers.map((n) => (n === undefined || !Number.isFinite(n) ? undefined : place(n))),
    values: numbers.map((n) => (n === undefined ? undefined : number(n))),
    ticks: ticks.map((n) => ({ at: place(n), text: number(Number(n.toPrecision(3))) })),
  };
}

function words(id: string, title: string, values: (string | undefined)[]): Axis {
  const distinct = [...new Set(values.filter((value): value is string => value !== undefined))].toSorted((a, b) => a.localeCompare(b));
  const place = (value: string) => (distinct.length === 1 ? 0.5 : distinct.indexOf(value) / (distinct.length - 1));
  const every = Math.ceil(distinct.length / MOST_WORDS);
  return {
    id,
    title,
    places: values.map((value) => (value === undefined ? undefined : place(value))),
    values,
    ticks: distinct.filter((_, at) => at % every === 0).map((value) => ({ at: place(value), text: value })),
  };
}

/** Every param and metric that could be an axis: those in which the runs differ. */
export function dimensions(runs: readonly Run[]): string[] {
  const keys = keysOf(runs);
  const distinct = (kind: "metrics" | "params", key: string) => new Set(runs.map((run) => flat(run)[kind].get(key))).size;
  return [
    ...keys.params.filter((key) => distinct("params", key) > 1).map((key) => `params.${key}`),
    ...keys.metrics.filter((key) => !isSystem(key) && distinct("metrics", key) > 1).map((key) => `metrics.${key}`),
  ];
}

/** A few params and the last metrics, so that the first picture says something. */
export function defaultAxes(all: readonly string[]): string[] {
  const params = all.filter((id) => id.startsWith("params.")).slice(0, 5);
  const metrics = all.filter((id) => id.startsWith("metrics.")).slice(0, 3);
  return [...params, ...metrics];
}
