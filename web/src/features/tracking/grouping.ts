/** Runs in groups, as rows of one table. Pure. */

import { filterOf } from "~/api/run_filter";
import type { RunGroup } from "~/api/runs";
import type { Run } from "~/api/types";
import { toNumber } from "~/format";
import { quoted } from "~/shared/filter/suggest";
import type { Sort } from "~/shared/table/grid";

export type GroupRow =
  | { kind: "group"; id: string; group: RunGroup; open: boolean }
  | { kind: "run"; id: string; run: Run }
  | { kind: "more"; id: string; group: RunGroup };

const ATTRIBUTES: Record<string, string> = { name: "attributes.run_name", status: "attributes.status", user: "attributes.user_id" };

/** What the server calls a column that runs are grouped by; undefined for one that they cannot be grouped by. */
export function groupField(column: string): string | undefined {
  if (ATTRIBUTES[column]) return ATTRIBUTES[column];
  const [, kind, key] = /^(params|tags)\.(.+)$/s.exec(column) ?? [];
  return kind && key && !key.includes("`") ? `${kind}.\`${key}\`` : undefined;
}

/** The filter that only the runs of a group pass. */
export function groupFilter(filter: string, field: string, value: string | null): string {
  const own = value === null ? `${field} IS NULL` : `${field} = ${quoted(value)}`;
  const rest = filterOf(filter);
  return rest ? `${rest} AND ${own}` : own;
}

export const groupId = (value: string | null) => (value === null ? "group" : `group:${value}`);

/** The groups in the order of the table: by a metric's mean or by the value; else the largest first. */
export function ordered(groups: readonly RunGroup[], by: string, sort: Sort | null): RunGroup[] {
  if (!sort) return [...groups];
  const sign = sort.descending ? -1 : 1;
  if (sort.id === "name" || sort.id === by) {
    return groups.toSorted((a, b) => sign * (a.value ?? "").localeCompare(b.value ?? "", undefined, { numeric: true }));
  }
  const metric = sort.id.startsWith("metrics.") ? sort.id.slice("metrics.".length) : "";
  const mean = (group: RunGroup) => {
    const found = group.metrics.find((each) => each.key === metric)?.mean;
    return found === undefined ? undefined : toNumber(found);
  };
  return groups.toSorted((a, b) => {
    const [x, y] = [mean(a), mean(b)];
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1; // those without come last
    return sign * (x - y);
  });
}

export function rowsOf(groups: readonly RunGroup[], open: ReadonlySet<string>, runsOf: (id: string) => readonly Run[] | undefined): GroupRow[] {
  return groups.flatMap((group): GroupRow[] => {
    const id = groupId(group.value);
    const head: GroupRow = { kind: "group", id, group, open: open.has(id) };
    if (!head.open) return [head];
    const runs = runsOf(id) ?? [];
    const more: GroupRow[] = runs.length > 0 && runs.length < group.runs ? [{ kind: "more", id: `more ${id}`, group }] : [];
    return [head, ...runs.map((run): GroupRow => ({ kind: "run", id: run.info.run_id, run })), ...more];
  });
}
