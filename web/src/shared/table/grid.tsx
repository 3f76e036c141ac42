/** A table that draws only what is in sight, in both directions. Pinned columns stay at the left. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useMemo, useRef } from "react";
import { Icon } from "~/ui/icons";

export interface Column<Row> {
  id: string;
  title: string;
  /** What kind of thing the column shows, in small letters above its title. */
  kind?: string;
  width: number;
  numeric?: boolean;
  sortable?: boolean;
  render: (row: Row) => ReactNode;
}

export interface Sort {
  id: string;
  descending: boolean;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  /** How many of the first columns are pinned. */
  pinned: number;
  rows: readonly Row[];
  rowId: (row: Row) => string;
  rowClass?: (row: Row) => string;
  sort: Sort | null;
  onSort: (id: string) => void;
  onResize: (id: string, width: number) => void;
  headMenu?: (column: Column<Row>) => ReactNode;
  selected: ReadonlySet<string>;
  onSelect: (id: string, on: boolean, range: boolean) => void;
  onSelectAll: (on: boolean) => void;
  current: string | null;
  onOpen: (row: Row) => void;
  onNearEnd?: () => void;
}

const ROW = 34;
const HEAD = 46;
const CHECK = 36;
const NEAR = 300;

export function Grid<Row>(props: Props<Row>) {
  const { columns, pinned, rows, rowId, selected, current, onNearEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const held = useMemo(() => columns.slice(0, pinned), [columns, pinned]);
  const free = useMemo(() => columns.slice(pinned), [columns, pinned]);
  const heldWidth = CHECK + held.reduce((sum, column) => sum + column.width, 0);

  const down = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 14,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: free.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => free[index]?.width ?? 120,
    overscan: 3,
    paddingStart: heldWidth,
  });
  useEffect(() => across.measure(), [across, free, heldWidth]);

  const items = down.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const near = last > rows.length - NEAR;
  useEffect(() => (near && onNearEnd ? whenIdle(onNearEnd) : undefined), [near, rows.length, onNearEnd]);

  useEffect(() => {
    const at = current === null ? -1 : rows.findIndex((row) => rowId(row) === current);
    const box = scroller.current;
    if (at < 0 || !box) return;
    const seen = Math.floor((box.clientHeight - HEAD) / ROW); // whole rows: the head lies over what scrolls
    box.scrollTop = Math.min(at * ROW, Math.max((at + 1 - seen) * ROW, box.scrollTop));
    // Only when another row becomes current: rows that arrive meanwhile must not move the page.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [current]);

  const cells = across.getVirtualItems().map((item) => ({ column: free[item.index], start: item.start }));
  const width = across.getTotalSize();
  const all = rows.length > 0 && selected.size >= rows.length;

  return (
    <div
      ref={scroller}
      className="grid"
      role="grid"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable="true"
      tabIndex={0}
    >
      <div role="rowgroup" className="grid-head" style={{ width, height: HEAD }}>
        <div role="row" aria-rowindex={1} className="grid-row" style={{ height: HEAD }}>
          <span role="columnheader" className="grid-cell check held" style={{ left: 0, width: CHECK }}>
            <input
              type="checkbox"
              aria-label="Select all rows that are loaded"
              checked={all}
              ref={(box) => {
                if (box) box.indeterminate = !all && selected.size > 0;
              }}
              onChange={() => props.onSelectAll(!all)}
            />
          </span>
          {held.map((column, index) => (
            <HeadCell key={column.id} column={column} left={leftOf(held, index)} held {...props} />
          ))}
          {cells.map(
            ({ column, start }) => column && <HeadCell key={column.id} column={column} left={start} {...props} />,
          )}
        </div>
      </div>
      <div role="rowgroup" className="grid-body" style={{ width, height: down.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const id = rowId(row);
          return (
            <div
              key={id}
              id={`row-${id}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={selected.has(id)}
              className={`grid-row ${id === current ? "current" : ""} ${props.rowClass?.(row) ?? ""}`}
              style={{ height: ROW, transform: `translateY(${item.start}px)`, width }}
              onClick={(event) => {
                if (!(event.target as HTMLElement).closest("a, button, input, label")) props.onOpen(row);
              }}
              onKeyDown={(event) => event.key === "Enter" && props.onOpen(row)}
            >
              <span role="gridcell" className="grid-cell check held" style={{ left: 0, width: CHECK }}>
                <input
                  type="checkbox"
                  aria-label="Select"
                  checked={selected.has(id)}
                  onChange={(event) => props.onSelect(id, event.target.checked, (event.nativeEvent as MouseEvent).shiftKey)}
                />
              </span>
              {held.map((column, index) => (
                <Cell key={column.id} column={column} row={row} left={leftOf(held, index)} held last={index === held.length - 1} />
              ))}
              {cells.map(({ column, start }) => column && <Cell key={column.id} column={column} row={row} left={start} />)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Not before what is there was drawn. Returns how to call it off. */
function whenIdle(act: () => void): () => void {
  if (!("requestIdleCallback" in window)) {
    const timer = setTimeout(act, 200);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(act, { timeout: 500 });
  return () => cancelIdleCallback(handle);
}

function leftOf(columns: readonly { width: number }[], index: number): number {
  return columns.slice(0, index).reduce((sum, column) => sum + column.width, CHECK);
}

interface CellProps<Row> {
  column: Column<Row>;
  row: Row;
  left: number;
  held?: boolean;
  last?: boolean;
}

function PlainCell<Row>({ column, row, left, held, last }: CellProps<Row>) {
  const look = `grid-cell ${held ? "held" : "free"} ${last ? "edge" : ""} ${column.numeric ? "numeric" : ""}`;
  return (
    <span role="gridcell" className={look} style={{ left, width: column.width }}>
      {column.render(row)}
    </span>
  );
}

const Cell = memo(PlainCell) as typeof PlainCell;

function HeadCell<Row>({ column, left, held, sort, onSort, onResize, headMenu }: Props<Row> & { column: Column<Row>; left: number; held?: boolean }) {
  const sorted = sort?.id === column.id ? (sort.descending ? "descending" : "ascending") : "none";
  const drag = (event: React.PointerEvent<HTMLSpanElement>) => {
    const from = event.clientX;
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => onResize(column.id, Math.max(56, column.width + moved.clientX - from));
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
  };
  const title = (
    <span className="head-text">
      {column.kind && <small>{column.kind}</small>}
      <span className="ellipsis">{column.title}</span>
    </span>
  );
  return (
    <span
      role="columnheader"
      aria-sort={column.sortable ? sorted : undefined}
      className={`grid-cell ${held ? "held" : "free"} ${column.numeric ? "numeric" : ""}`}
      style={{ left, width: column.width }}
      title={column.title}
    >
      {column.sortable ? (
        <button type="button" className="head-button" onClick={() => onSort(column.id)}>
          {title}
          {sorted !== "none" && <Icon name={sorted === "descending" ? "down" : "up"} size={12} />}
        </button>
      ) : (
        title
      )}
      {headMenu?.(column)}
      <span className="resize" onPointerDown={drag} />
    </span>
  );
}
