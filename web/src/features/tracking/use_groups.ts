import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { runGroups, type RunSearch, runsOfGroup } from "~/api/runs";
import type { Run } from "~/api/types";
import type { Sort } from "~/shared/table/grid";
import { metricColumn } from "./columns";
import { groupField, groupFilter, groupId, ordered, rowsOf } from "./grouping";

const SHOWN = 100;
const NONE: readonly Run[] = [];

/** The groups of a search, and the runs of those that are open. `by` is a column; without, nothing is asked. */
export function useGroups(search: RunSearch, by: string | undefined, columns: readonly string[], sort: Sort | null) {
  const field = by === undefined ? undefined : groupField(by);
  const metrics = useMemo(() => columns.flatMap((id) => metricColumn(id)?.key ?? []), [columns]);
  const list = useQuery({ ...runGroups(search, field ?? "", metrics), enabled: field !== undefined });
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const groups = useMemo(() => ordered(list.data?.groups ?? [], by ?? "", sort), [list.data, by, sort]);
  const opened = field === undefined ? [] : groups.filter((group) => open.has(groupId(group.value)));
  const inside = useQueries({
    queries: opened.map((group) => runsOfGroup({ ...search, filter: groupFilter(search.filter, field ?? "", group.value) }, SHOWN)),
  });
  const versions = inside.map((each) => each.dataUpdatedAt).join(" ");
  const byGroup = useMemo(
    () => new Map(opened.map((group, at) => [groupId(group.value), inside[at]?.data?.runs ?? NONE] as const)),
    // oxlint-disable-next-line react/exhaustive-deps -- `opened` and `inside` are new lists at every turn
    [groups, open, versions],
  );
  const rows = useMemo(() => rowsOf(groups, open, (id) => byGroup.get(id)), [groups, open, byGroup]);
  const runs = useMemo(() => [...byGroup.values()].flat(), [byGroup]);
  const turn = (id: string) => setOpen((before) => (before.has(id) ? new Set([...before].filter((each) => each !== id)) : new Set([...before, id])));
  return { rows, runs, byGroup, list, field, turn, total: groups.length };
}
