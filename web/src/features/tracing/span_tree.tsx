/** The spans of a trace as a tree, and beside it as bars over time. Only what is in sight is drawn. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, memo, useEffect, useMemo, useRef } from "react";
import type { Outline } from "~/api/trace_types";
import { duration, number } from "~/format";
import { Icon } from "~/ui/icons";
import { money } from "./facts";
import { lookOf, typeWord } from "./kinds";
import { hasChildren, heat, type Tree, ticks } from "./tree";

const ROW = 30;
const INDENT = 14;
const DEEPEST = 18; // further levels are not moved further in

interface Props {
  spans: Outline;
  tree: Tree;
  /** Rows of the tree that are in sight. */
  rows: readonly number[];
  shut: ReadonlySet<number>;
  onShut: (place: number, shut: boolean) => void;
  /** Places that a search found; null if there is none. */
  found: ReadonlySet<number> | null;
  selected: number | null;
  onSelect: (place: number) => void;
  bars: boolean;
  totalCost: number;
}

export function SpanTree({ spans, tree, rows, shut, onShut, found, selected, onSelect, bars, totalCost }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const failed = useMemo(() => new Set(spans.errors), [spans]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const at = selected === null ? -1 : rows.indexOf(tree.rowOf[selected] as number);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
    // Only when another span is chosen.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [selected]);

  const key = (event: React.KeyboardEvent) => {
    const row = rows[at];
    const place = row === undefined ? undefined : tree.order[row];
    const go = (index: number) => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, index))];
      if (next !== undefined) onSelect(tree.order[next] as number);
    };
    if (event.key === "ArrowDown" || event.key === "j") go(at + 1);
    else if (event.key === "ArrowUp" || event.key === "k") go(at < 0 ? 0 : at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(rows.length - 1);
    else if (event.key === "PageDown") go(at + 20);
    else if (event.key === "PageUp") go(at - 20);
    else if (event.key === "ArrowRight" && row !== undefined && place !== undefined && hasChildren(tree, row)) {
      if (shut.has(place)) onShut(place, false);
      else go(at + 1);
    } else if (event.key === "ArrowLeft" && row !== undefined && place !== undefined) {
      if (hasChildren(tree, row) && !shut.has(place)) onShut(place, true);
      else {
        const parent = spans.parents[place] ?? -1;
        if (parent >= 0) onSelect(parent);
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const items = virtual.getVirtualItems();
  return (
    <div className={bars ? "spans with-bars" : "spans"}>
      {bars && <Axis total={tree.total} />}
      <div
        ref={scroller}
        className="spans-scroll"
        style={{ "--spans-height": `${virtual.getTotalSize()}px` } as CSSProperties}
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={selected === null ? undefined : `span-${selected}`}
        onKeyDown={key}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index] as number;
            const place = tree.order[row] as number;
            return (
              <SpanRow
                key={place}
                top={item.start}
                place={place}
                depth={tree.depth[row] as number}
                parent={hasChildren(tree, row)}
                shut={shut.has(place)}
                selected={place === selected}
                matched={found?.has(place) ?? false}
                failed={failed.has(place)}
                spans={spans}
                total={tree.total}
                totalCost={totalCost}
                bars={bars}
                onSelect={onSelect}
                onShut={onShut}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  top: number;
  place: number;
  depth: number;
  parent: boolean;
  shut: boolean;
  selected: boolean;
  matched: boolean;
  failed: boolean;
  spans: Outline;
  total: number;
  totalCost: number;
  bars: boolean;
  onSelect: (place: number) => void;
  onShut: (place: number, shut: boolean) => void;
}

const SpanRow = memo(function SpanRow(props: RowProps) {
  const { place, depth, parent, shut, selected, matched, failed, spans, total, totalCost, bars } = props;
  const name = spans.names[spans.name[place] as number] as string;
  const type = spans.types[spans.type[place] as number] as string;
  const took = spans.duration_us[place] as number;
  const cost = spans.costs[place];
  const tokens = spans.tokens[place];
  const look = lookOf(type);
  const hot = depth === 0 || took < 0 ? 0 : heat(took / total);
  const dear = cost === undefined || !totalCost || depth === 0 ? 0 : heat(cost / totalCost);
  return (
    // Keys are handled by the tree, which keeps the focus.
    <div
      id={`span-${place}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={selected}
      aria-expanded={parent ? !shut : undefined}
      className={`span-row ${selected ? "current" : ""} ${matched ? "matched" : ""} ${failed ? "failed" : ""}`}
      style={{ height: ROW, transform: `translateY(${props.top}px)` }}
      onClick={() => props.onSelect(place)}
      onKeyDown={undefined}
      tabIndex={-1}
    >
      <span className="span-name" style={{ paddingLeft: 6 + Math.min(depth, DEEPEST) * INDENT }} title={`${name}\n${typeWord(type)}`}>
        <span
          className={parent ? "twist" : "twist leaf"}
          aria-hidden="true"
          onClick={(event) => {
            if (!parent) return;
            event.stopPropagation();
            props.onShut(place, !shut);
          }}
        >
          {parent && <Icon name={shut ? "right" : "down"} size={11} />}
        </span>
        <span className={`kind kind-${look.tone}`}>
          <Icon name={look.icon} size={13} />
        </span>
        <span className="ellipsis">{name}</span>
        {failed && (
          <span className="bad" title="Failed">
            <Icon name="warn" size={12} />
            <span className="sr-only">failed</span>
          </span>
        )}
      </span>
      {bars ? (
        <Bar spans={spans} place={place} total={total} tone={failed ? "bad" : look.tone} />
      ) : (
        <span className="span-figures">
          {cost !== undefined && <span className={`heat-${dear}`}>{money(cost)}</span>}
          {tokens !== undefined && <span className="muted">{number(tokens)} tok</span>}
          <span className={`heat-${hot}`}>{took < 0 ? "running" : duration(took / 1_000)}</span>
        </span>
      )}
    </div>
  );
});

function Bar({ spans, place, total, tone }: { spans: Outline; place: number; total: number; tone: string }) {
  const start = spans.start_us[place] as number;
  const took = spans.duration_us[place] as number;
  const left = (100 * start) / total;
  const width = took < 0 ? 100 - left : Math.max(0.15, (100 * took) / total);
  const text = took < 0 ? "running" : duration(took / 1_000);
  const outside = left + width > 82 ? { right: `${100 - left}%` } : { left: `${Math.min(100, left + width)}%` };
  return (
    <span className="span-track" title={`after ${duration(start / 1_000)}, ${text}`}>
      <span className={`span-bar kind-${tone}`} style={{ left: `${left}%`, width: `${width}%` }} />
      <span className="span-bar-text" style={width > 18 ? { left: `${left}%` } : outside} data-inside={width > 18}>
        {text}
      </span>
    </span>
  );
}

function Axis({ total }: { total: number }) {
  return (
    <div className="span-axis" aria-hidden="true">
      <span className="span-name muted">Span</span>
      <span className="span-track">
        {ticks(total, 6).map((at) => (
          <span key={at} className="span-tick" style={{ left: `${(100 * at) / total}%` }}>
            {at === 0 ? "0" : duration(at / 1_000)}
          </span>
        ))}
      </span>
    </div>
  );
}
