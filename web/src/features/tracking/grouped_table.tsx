import { type ComponentProps, useCallback, useMemo } from "react";
import type { RunGroup } from "~/api/runs";
import type { Run } from "~/api/types";
import { count, number } from "~/format";
import { ChosenTable } from "~/shared/table/chosen_table";
import type { Column } from "~/shared/table/grid";
import { Button } from "~/ui/button";
import { Icon } from "~/ui/icons";
import { columnOf, splitColumn } from "./columns";
import { flat } from "./flat";
import type { GroupRow } from "./grouping";

type Table = ComponentProps<typeof ChosenTable<GroupRow>>;

interface Props extends Pick<Table, "columns" | "pins" | "onPins" | "onColumns" | "sort" | "onSort" | "setSort" | "selected" | "onSelected" | "current" | "columnMenu"> {
  rows: readonly GroupRow[];
  byGroup: ReadonlyMap<string, readonly Run[]>;
  onTurn: (id: string) => void;
  onAll: (group: RunGroup) => void;
  onOpen: (run: Run) => void;
}

const rowId = (row: GroupRow) => row.id;
const nothing = () => undefined;

/** Runs under their groups. A group shows what the latest metrics of all its runs come to, also of those not loaded. */
export function GroupedTable({ rows, byGroup, onTurn, onAll, onOpen, selected, onSelected, ...rest }: Props) {
  const column = useCallback(
    (id: string, width: number | undefined): Column<GroupRow> => {
      const own = columnOf(id, flat, width);
      const render = (row: GroupRow) => {
        if (row.kind === "run") return own.render(row.run);
        if (row.kind === "more") return id === "name" ? <More group={row.group} onAll={onAll} /> : null;
        return id === "name" ? <Head row={row} onTurn={onTurn} /> : <Summary id={id} group={row.group} />;
      };
      return { ...own, render };
    },
    [onTurn, onAll],
  );
  // A group is selected while all that is loaded of it is.
  const marked = useMemo(() => {
    const whole = [...byGroup].filter(([, runs]) => runs.length > 0 && runs.every((run) => selected.has(run.info.run_id)));
    return new Set([...selected, ...whole.map(([id]) => id)]);
  }, [selected, byGroup]);
  const select = (ids: ReadonlySet<string>) => {
    const next = new Set([...ids].filter((id) => !id.startsWith("group") && !id.startsWith("more ")));
    for (const [id, runs] of byGroup) {
      if (ids.has(id) === marked.has(id)) continue;
      for (const run of runs) {
        if (ids.has(id)) next.add(run.info.run_id);
        else next.delete(run.info.run_id);
      }
    }
    onSelected(next);
  };
  return (
    <ChosenTable
      label="Runs"
      rows={rows}
      rowId={rowId}
      rowClass={(row) => (row.kind === "group" ? "group" : "")}
      column={column}
      fixed="name"
      selected={marked}
      onSelected={select}
      onOpen={(row) => (row.kind === "run" ? onOpen(row.run) : row.kind === "group" ? onTurn(row.id) : onAll(row.group))}
      onNearEnd={nothing}
      {...rest}
    />
  );
}

function Head({ row, onTurn }: { row: GroupRow & { kind: "group" }; onTurn: (id: string) => void }) {
  const { value, runs } = row.group;
  return (
    <button type="button" className="group-head" aria-expanded={row.open} onClick={() => onTurn(row.id)} title={value ?? undefined}>
      <Icon name={row.open ? "down" : "right"} size={12} />
      <span className="ellipsis">{value === null ? <i className="muted">none</i> : value === "" ? <i className="muted">empty</i> : value}</span>
      <span className="count">{number(runs)}</span>
    </button>
  );
}

function More({ group, onAll }: { group: RunGroup; onAll: (group: RunGroup) => void }) {
  return (
    <Button small kind="ghost" onClick={() => onAll(group)}>
      Show all {count(group.runs, "run")}
    </Button>
  );
}

function Summary({ id, group }: { id: string; group: RunGroup }) {
  const { kind, key } = splitColumn(id);
  const found = kind === "metrics" ? group.metrics.find((each) => each.key === key) : undefined;
  if (found?.mean === undefined || found.min === undefined || found.max === undefined) return null;
  const spread = `${number(found.min, 5)} … ${number(found.max, 5)}`;
  return <span title={`mean of the last values of ${count(found.runs, "run")}, which are ${spread}`}>⌀ {number(found.mean, 4)}</span>;
}
