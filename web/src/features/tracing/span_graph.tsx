/** The steps of a trace as a graph: who calls whom, how often, and what it takes. A click goes through the spans of a step. */

import { useMemo } from "react";
import type { Outline } from "~/api/trace_types";
import { count, duration, number } from "~/format";
import { Icon } from "~/ui/icons";
import { money } from "./facts";
import { type CallGraph, callGraph, type Step } from "./graph";
import { lookOf, typeWord } from "./kinds";

const WIDE = 176;
const TALL = 56;
const ACROSS = 22;
const DOWN = 52;
const MARGIN = 16;

interface Props {
  spans: Outline;
  found: ReadonlySet<number> | null;
  selected: number | null;
  onSelect: (place: number) => void;
}

export function SpanGraph({ spans, found, selected, onSelect }: Props) {
  const graph = useMemo(() => callGraph(spans), [spans]);
  const places = useMemo(() => placed(graph), [graph]);
  const next = (step: Step) => {
    const at = selected === null ? -1 : step.places.indexOf(selected);
    onSelect(step.places[(at + 1) % step.places.length] as number);
  };
  return (
    <div className="spans-scroll" tabIndex={0} role="region" aria-label="Graph of the steps">
      <div className="call-graph" style={{ width: places.width, height: places.height }}>
        <svg width={places.width} height={places.height} aria-hidden="true">
          <defs>
            <marker id="call-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0,0 8,4 0,8z" className="call-arrow" />
            </marker>
          </defs>
          {graph.calls.map(({ from, to, count: times, back }) => {
            const [a, b] = [places.at.get(from), places.at.get(to)];
            if (!a || !b) return null;
            const [x1, y1] = [a.x + WIDE / 2, a.y + TALL];
            const [x2, y2] = [b.x + WIDE / 2, b.y];
            const path = back
              ? `M${a.x + WIDE},${a.y + TALL / 2} C${a.x + WIDE + 44},${a.y + TALL / 2} ${b.x + WIDE + 44},${b.y + TALL / 2} ${b.x + WIDE},${b.y + TALL / 2}`
              : `M${x1},${y1} C${x1},${y1 + DOWN / 2} ${x2},${y2 - DOWN / 2} ${x2},${y2}`;
            return (
              <g key={`${from} ${to}`}>
                <path d={path} className={back ? "call back" : "call"} markerEnd="url(#call-end)" />
                {times > 1 && (
                  <text x={back ? Math.max(a.x, b.x) + WIDE + 26 : (x1 + x2) / 2 + 5} y={back ? (a.y + b.y + TALL) / 2 : (y1 + y2) / 2}>
                    ×{number(times)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
        {graph.steps.map((step) => {
          const at = places.at.get(step.key);
          if (!at) return null;
          const look = lookOf(step.type);
          const current = selected !== null && step.places.includes(selected);
          const matched = found !== null && step.places.some((place) => found.has(place));
          return (
            <button
              key={step.key}
              type="button"
              className={`call-step ${step.errors ? "failed" : ""} ${current ? "current" : ""} ${matched ? "matched" : ""}`}
              style={{ left: at.x, top: at.y, width: WIDE, height: TALL }}
              aria-pressed={current}
              title={`${step.name}\n${typeWord(step.type)}, ${count(step.places.length, "span")}`}
              onClick={() => next(step)}
            >
              <span className="row">
                <span className={`kind kind-${look.tone}`}>
                  <Icon name={look.icon} size={13} />
                </span>
                <b className="ellipsis grow">{step.name}</b>
                {step.places.length > 1 && <span className="muted">×{number(step.places.length)}</span>}
              </span>
              <span className="row muted small">
                <span>{duration(step.took / 1_000)}</span>
                {step.cost > 0 && <span>{money(step.cost)}</span>}
                {step.again > 0 && <span>{`↻ ${number(step.again)}`}</span>}
                {step.errors > 0 && <span className="bad-text">{count(step.errors, "error")}</span>}
              </span>
            </button>
          );
        })}
      </div>
      {graph.hidden > 0 && <p className="muted small call-more">{count(graph.hidden, "rarer step")} left out; the tree has all of them.</p>}
    </div>
  );
}

interface Placed {
  at: Map<string, { x: number; y: number }>;
  width: number;
  height: number;
}

const ACROSS_AT_MOST = 6;

const STEP = WIDE + ACROSS;

/** Level by level, steps below who calls them first; a level with many steps takes several lines. */
function placed({ steps, calls }: CallGraph): Placed {
  const callers = new Map<string, string>();
  for (const { from, to, back } of calls) if (!back && !callers.has(to)) callers.set(to, from);
  const levels = new Map<number, Step[]>();
  for (const step of steps) levels.set(step.depth, [...(levels.get(step.depth) ?? []), step]);
  const lines = [...levels].toSorted(([a], [b]) => a - b).flatMap(([, level]) => {
    const parts = [];
    for (let at = 0; at < level.length; at += ACROSS_AT_MOST) parts.push(level.slice(at, at + ACROSS_AT_MOST));
    return parts;
  });
  const widest = Math.max(1, ...lines.map((line) => line.length));
  const room = widest * STEP - ACROSS;
  const at = new Map<string, { x: number; y: number }>();
  lines.forEach((line, row) => {
    const wanted = line.map((step) => {
      const caller = callers.get(step.key);
      const above = (caller === undefined ? undefined : at.get(caller)?.x) ?? MARGIN + (room - WIDE) / 2;
      const beside = line.filter((each) => callers.get(each.key) === caller);
      return { step, x: above + (beside.indexOf(step) - (beside.length - 1) / 2) * STEP };
    });
    apart(wanted.toSorted((a, b) => a.x - b.x), room).forEach(({ step, x }) => at.set(step.key, { x, y: MARGIN + row * (TALL + DOWN) }));
  });
  // Calls that lead back go around at the right.
  return { at, width: room + 2 * MARGIN + 60, height: MARGIN * 2 + lines.length * (TALL + DOWN) - DOWN };
}

/** As near to where they want to be as there is room for. */
function apart(line: { step: Step; x: number }[], room: number): { step: Step; x: number }[] {
  let left = MARGIN;
  const moved = line.map(({ step, x }) => {
    const here = Math.max(x, left);
    left = here + STEP;
    return { step, x: here };
  });
  let right = MARGIN + room - WIDE;
  for (const each of moved.toReversed()) {
    each.x = Math.min(each.x, right);
    right = each.x - STEP;
  }
  return moved;
}
