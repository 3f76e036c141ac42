/** A virtual table whose columns are chosen, pinned and resized, and whose rows are selected, alone or by range. */

import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { Menu, MenuItem } from "~/ui/menu";
import { type Column, Grid, type Sort } from "./grid";

interface Props<Row> {
  label: string;
  rows: readonly Row[];
  rowId: (row: Row) => string;
  rowClass?: (row: Row) => string;
  columns: readonly string[];
  column: (id: string, width: number | undefined) => Column<Row>;
  /** The column that stays. */
  fixed: string;
  pins: readonly string[];
  onPins: (ids: string[]) => void;
  onColumns: (ids: string[]) => void;
  sort: Sort | null;
  onSort: (id: string) => void;
  setSort: (sort: Sort) => void;
  selected: ReadonlySet<string>;
  onSelected: (ids: ReadonlySet<string>) => void;
  current: string | null;
  onOpen: (row: Row) => void;
  onNearEnd: () => void;
  /** What else the menu of a column offers. */
  columnMenu?: (column: Column<Row>, close: () => void) => ReactNode;
}

export function ChosenTable<Row>(props: Props<Row>) {
  const { rows, rowId, columns, column: columnOf, pins, onPins, onColumns, selected, onSelected } = props;
  const [widths, setWidths] = useWidths();
  const pinned = useMemo(() => columns.filter((id) => pins.includes(id)), [columns, pins]);
  const shown = useMemo(
    () => [...pinned, ...columns.filter((id) => !pins.includes(id))].map((id) => columnOf(id, widths[id])),
    [columns, pins, pinned, widths, columnOf],
  );
  const lastChosen = useRef<string | null>(null);
  const select = (id: string, on: boolean, range: boolean) => {
    const next = new Set(selected);
    const ids = rows.map(rowId);
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
  const menu = (column: Column<Row>) => (
    <Menu label="" name={`Column ${column.title}`} icon="down" kind="ghost" small align="end">
      {(close) => (
        <>
        {props.columnMenu?.(column, close)}
        <ColumnActions
          column={column}
          pinned={pins.includes(column.id)}
          stays={column.id === props.fixed}
          setSort={props.setSort}
          onPin={() => {
            const on = pins.includes(column.id);
            onPins(on ? pins.filter((id) => id !== column.id) : [...pins, column.id]);
          }}
          onHide={() => onColumns(columns.filter((id) => id !== column.id))}
          close={close}
        />
        </>
      )}
    </Menu>
  );
  return (
    <Grid
      label={props.label}
      columns={shown}
      pinned={pinned.length}
      rows={rows}
      rowId={rowId}
      rowClass={props.rowClass}
      sort={props.sort}
      onSort={props.onSort}
      onResize={setWidths}
      headMenu={menu}
      selected={selected}
      onSelect={select}
      onSelectAll={(on) => onSelected(new Set(on ? rows.map(rowId) : []))}
      current={props.current}
      onOpen={props.onOpen}
      onNearEnd={props.onNearEnd}
    />
  );
}

interface ActionsProps<Row> {
  column: Column<Row>;
  pinned: boolean;
  stays: boolean;
  setSort: (sort: Sort) => void;
  onPin: () => void;
  onHide: () => void;
  close: () => void;
}

function ColumnActions<Row>({ column, pinned, stays, setSort, onPin, onHide, close }: ActionsProps<Row>) {
  const then = (act: () => void) => () => {
    close();
    act();
  };
  const unordered = !column.sortable && "The server has no order for this";
  return (
    <>
      <MenuItem icon="up" blocked={unordered} onClick={then(() => setSort({ id: column.id, descending: false }))}>
        Smallest first
      </MenuItem>
      <MenuItem icon="down" blocked={unordered} onClick={then(() => setSort({ id: column.id, descending: true }))}>
        Largest first
      </MenuItem>
      <MenuItem icon="pin" chosen={pinned} onClick={then(onPin)}>
        Pinned
      </MenuItem>
      <MenuItem icon="close" blocked={stays && "This column stays"} onClick={then(onHide)}>
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
