import { useCallback, useMemo, useRef, useState } from "react";
import type { Run } from "~/api/types";
import { type Column, Grid, type Sort } from "~/shared/table/grid";
import { Menu, MenuItem } from "~/ui/menu";
import { columnOf } from "./columns";
import { flat } from "./flat";

interface Props {
  experimentId: string;
  runs: readonly Run[];
  columns: readonly string[];
  pins: readonly string[];
  onPins: (ids: string[]) => void;
  onColumns: (ids: string[]) => void;
  sort: Sort | null;
  onSort: (id: string) => void;
  setSort: (sort: Sort) => void;
  selected: ReadonlySet<string>;
  onSelected: (ids: ReadonlySet<string>) => void;
  current: string | null;
  onOpen: (run: Run) => void;
  onNearEnd: () => void;
}

const rowId = (run: Run) => run.info.run_id;

export function RunsTable(props: Props) {
  const { runs, columns, pins, onPins, onColumns, selected, onSelected } = props;
  const [widths, setWidths] = useWidths();
  const pinned = useMemo(() => columns.filter((id) => pins.includes(id)), [columns, pins]);
  const shown = useMemo(
    () => [...pinned, ...columns.filter((id) => !pins.includes(id))].map((id) => columnOf(id, flat, widths[id])),
    [columns, pins, pinned, widths],
  );
  const lastChosen = useRef<string | null>(null);
  const select = (id: string, on: boolean, range: boolean) => {
    const next = new Set(selected);
    const ids = runs.map(rowId);
    const from = range && lastChosen.current ? ids.indexOf(lastChosen.current) : -1;
    const to = ids.indexOf(id);
    const part = from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    for (const each of part) {
      if (on) next.add(each);
      else next.delete(each);
    }
    lastChosen.current = id;
    onSelected(next);
  };
  const menu = (column: Column<Run>) => (
    <Menu label="" name={`Column ${column.title}`} icon="down" kind="ghost" small align="end">
      {(close) => (
        <ColumnActions
          column={column}
          pinned={pins.includes(column.id)}
          setSort={props.setSort}
          onPin={() => {
            const on = pins.includes(column.id);
            onPins(on ? pins.filter((id) => id !== column.id) : [...pins, column.id]);
          }}
          onHide={() => onColumns(columns.filter((id) => id !== column.id))}
          close={close}
        />
      )}
    </Menu>
  );
  return (
    <Grid
      label="Runs"
      columns={shown}
      pinned={pinned.length}
      rows={runs}
      rowId={rowId}
      sort={props.sort}
      onSort={props.onSort}
      onResize={setWidths}
      headMenu={menu}
      selected={selected}
      onSelect={select}
      onSelectAll={(on) => onSelected(new Set(on ? runs.map(rowId) : []))}
      current={props.current}
      onOpen={props.onOpen}
      onNearEnd={props.onNearEnd}
    />
  );
}

interface ActionsProps {
  column: Column<Run>;
  pinned: boolean;
  setSort: (sort: Sort) => void;
  onPin: () => void;
  onHide: () => void;
  close: () => void;
}

function ColumnActions({ column, pinned, setSort, onPin, onHide, close }: ActionsProps) {
  const then = (act: () => void) => () => {
    close();
    act();
  };
  return (
    <>
      <MenuItem icon="up" blocked={!column.sortable && "The server has no order for this"} onClick={then(() => setSort({ id: column.id, descending: false }))}>
        Smallest first
      </MenuItem>
      <MenuItem icon="down" blocked={!column.sortable && "The server has no order for this"} onClick={then(() => setSort({ id: column.id, descending: true }))}>
        Largest first
      </MenuItem>
      <MenuItem icon="pin" chosen={pinned} onClick={then(onPin)}>
        Pinned
      </MenuItem>
      <MenuItem icon="close" blocked={column.id === "name" && "The name stays"} onClick={then(onHide)}>
        Hide
      </MenuItem>
    </>
  );
}

const WIDTHS = "lakeward.widths";

/** Widths by column, the same in every experiment of this browser. */
function useWidths(): [Record<string, number>, (id: string, width: number) => void] {
  const [widths, setWidths] = useState<Record<string, number>>(() => {
    try {
      return JSON.parse(localStorage.getItem(WIDTHS) ?? "{}") as Record<string, number>;
    } catch {
      return {};
    }
  });
  const set = useCallback((id: string, width: number) => {
    setWidths((before) => {
      const next = { ...before, [id]: Math.round(width) };
      localStorage.setItem(WIDTHS, JSON.stringify(next));
      return next;
    });
  }, []);
  return [widths, set];
}
