/** Runs as maps from key to value, and what a set of runs has in common. Pure. */

import type { Float, Run } from "~/api/types";
import { userTags } from "~/format";

export interface Flat {
  metrics: Map<string, Float>;
  params: Map<string, string>;
  tags: Map<string, string>;
}

const known = new WeakMap<Run, Flat>();

export function flat(run: Run): Flat {
  let made = known.get(run);
  if (!made) {
    made = {
      metrics: new Map(run.data.metrics?.map((metric) => [metric.key, metric.value])),
      params: new Map(run.data.params?.map((param) => [param.key, param.value])),
      tags: new Map(userTags(run.data.tags).map((tag) => [tag.key, tag.value])),
    };
    known.set(run, made);
  }
  return made;
}

export interface Keys {
  metrics: string[];
  params: string[];
  tags: string[];
}

const EXAMINED = 300;

/** Every key of these runs, the most common first. Beyond the first runs few new keys come, so those are enough. */
export function keysOf(runs: readonly Run[]): Keys {
  const counts = { metrics: new Map<string, number>(), params: new Map<string, number>(), tags: new Map<string, number>() };
  const add = (kind: keyof Keys, all: readonly { key: string }[] | undefined) => {
    const counted = counts[kind];
    for (const { key } of all ?? []) counted.set(key, (counted.get(key) ?? 0) + 1);
  };
  for (const { data } of runs.slice(0, EXAMINED)) {
    add("metrics", data.metrics);
    add("params", data.params);
    add("tags", userTags(data.tags));
  }
  const ranked = (kind: keyof Keys) =>
    [...counts[kind]].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([key]) => key);
  return { metrics: ranked("metrics"), params: ranked("params"), tags: ranked("tags") };
}

/** The experiment a run was made in: a run that moved keeps its files there, and its traces. */
export const homeOf = ({ info }: Run): string => /^mlflow-artifacts:\/(\d+)\//.exec(info.artifact_uri ?? "")?.[1] ?? info.experiment_id;

export const isSystem = (key: string) => key.startsWith("system/");

const DEFAULTS = { metrics: 8, params: 8 };
const ALWAYS = ["name", "status", "started", "duration"];

export function defaultColumns(keys: Keys): string[] {
  return [
    ...ALWAYS,
    ...keys.metrics.filter((key) => !isSystem(key)).slice(0, DEFAULTS.metrics).map((key) => `metrics.${key}`),
    ...keys.params.slice(0, DEFAULTS.params).map((key) => `params.${key}`),
  ];
}

/** Whether these runs disagree about a key: two values, or some with and some without. */
export function differs(runs: readonly Run[], kind: keyof Keys, key: string): boolean {
  if (runs.length < 2) return true;
  const first = flat(runs[0] as Run)[kind].get(key);
  return runs.some((run) => flat(run)[kind].get(key) !== first);
}

/** Up to `limit` different values of `params.x`, `tags.x` or an attribute, for the type-ahead. */
export function valuesOf(runs: readonly Run[], field: string, limit = 50): string[] {
  const at = field.indexOf(".");
  const kind = field.slice(0, at);
  const key = field.slice(at + 1);
  const found = new Set<string>();
  for (const run of runs.slice(0, EXAMINED)) {
    const value =
      kind === "attributes"
        ? { run_name: run.info.run_name, user_id: run.info.user_id, status: run.info.status, run_id: run.info.run_id }[key]
        : kind === "params" || kind === "tags"
          ? flat(run)[kind].get(key)
          : undefined;
    if (value) found.add(value);
    if (found.size >= limit) break;
  }
  return [...found];
}

/** Newest state first: what the head says replaces what an older page said of the same run. */
export function merge(head: readonly Run[], pages: readonly (readonly Run[])[]): Run[] {
  const seen = new Set<string>();
  const merged: Run[] = [];
  for (const part of [head, ...pages]) {
    for (const run of part) {
      if (seen.has(run.info.run_id)) continue;
      seen.add(run.info.run_id);
      merged.push(run);
    }
  }
  return merged;
}
