/** Lines over a shared axis, drawn by uPlot. It knows numbers, names and colours, and nothing of runs. */

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { duration, number } from "~/format";
import { isDark, onTheme } from "~/theme";
import type { Aligned, Series, XAxis } from "./series";
import { TIME_AXIS } from "./time_axis";

export interface Line {
  id: string;
  name: string;
  color: string;
  /** Drawn pale behind the others, and left out of the legend. */
  faint?: boolean;
  /** Drawn as bars from zero; of several, each before the one that was given earlier. */
  bars?: boolean;
}

interface Props {
  label: string;
  /** What the cursor finds; and what is drawn, where `shapes` does not say that more finely, line by line. */
  data: Aligned;
  shapes?: readonly Series[];
  lines: readonly Line[];
  x: XAxis;
  log: boolean;
  height: number;
  /** Charts with the same key show their cursors at the same place. */
  sync: string;
  onZoom: (range: [number, number] | null) => void;
  /** How values are written; plainly if missing. */
  unit?: (value: number) => string;
  /** The axis of values begins at zero. */
  fromZero?: boolean;
  /** A click, at the nearest place that has a value. */
  onPick?: (x: number) => void;
}

interface Hover {
  left: number;
  top: number;
  width: number;
  x: number;
  rows: { id: string; name: string; color: string; value: number }[];
}

const ROWS = 12;
const CROWD = 20; // lines, from which they are drawn thinner

function xText(x: number, axis: XAxis): string {
  if (axis === "step") return `step ${number(x)}`;
  return axis === "relative" ? duration(x * 1_000) : new Date(x * 1_000).toLocaleString();
}

function shortDuration(seconds: number): string {
  if (seconds < 120) return `${number(Number(seconds.toPrecision(3)))} s`;
  if (seconds < 7_200) return `${number(Number((seconds / 60).toPrecision(3)))} min`;
  return `${number(Number((seconds / 3_600).toPrecision(3)))} h`;
}

export function LineChart({ label, data, shapes, lines, x, log, height, sync, onZoom, unit = number, fromZero = false, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const dark = useSyncExternalStore(onTheme, isDark);
  const latest = useRef({ lines, shapes, onZoom, unit, onPick });
  latest.current = { lines, shapes, onZoom, unit, onPick };
  const identity = lines.map((line) => line.id).join(" ");

  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const traced: uPlot.Series.PathBuilder = (self, nth) => {
      const shape = latest.current.shapes?.[nth - 1];
      return shape ? { stroke: outline(self, shape, log), flags: 1 } : null;
    };
    const pointCount = (self: uPlot, nth: number) => latest.current.shapes?.[nth - 1]?.xs.length ?? known(self.data[nth] ?? []);
    const styles = getComputedStyle(host);
    const ink = styles.color;
    const grid = styles.borderTopColor;
    const axis = { stroke: ink, font: `11px ${styles.fontFamily}`, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const options: uPlot.Options = {
      width: host.clientWidth,
      height,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: sync, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        focus: { prox: 24 },
      },
      focus: { alpha: 0.35 },
      scales: { x: { time: x === "time" }, y: log ? { distr: 3 } : { range: fromZero ? grounded : padded } },
      axes: [
        { ...axis, space: 70, size: x === "time" ? 40 : 26, values: x === "time" ? TIME_AXIS : (_, splits) => splits.map((at) => (x === "relative" ? shortDuration(at) : number(at))) },
        { ...axis, size: axisSize, values: (_, splits) => splits.map((at) => (at === null ? "" : latest.current.unit(at))) },
      ],
      series: [
        {},
        ...latest.current.lines.map(
          (line): uPlot.Series => ({
            label: line.name,
            stroke: line.color,
            fill: line.bars ? line.color : undefined,
            paths: line.bars ? uPlot.paths.bars?.({ size: [0.72, 40], radius: 0.15 }) : shapes ? traced : undefined,
            width: line.bars ? 0 : line.faint || latest.current.lines.length > CROWD ? 1 : 1.6,
            alpha: line.faint ? 0.28 : 1,
            spanGaps: true,
            points: { show: (self, index) => !line.bars && !line.faint && pointCount(self, index) <= 30, size: 4 },
          }),
        ),
      ],
      hooks: {
        setCursor: [(self) => setHover(hoverOf(self, latest.current.lines))],
        setSelect: [
          (self) => {
            if (self.select.width < 4) return;
            const from = self.posToVal(self.select.left, "x");
            const to = self.posToVal(self.select.left + self.select.width, "x");
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            latest.current.onZoom([from, to]);
          },
        ],
      },
    };
    const made = new uPlot(options, data as uPlot.AlignedData, host);
    plot.current = made;
    const reset = () => latest.current.onZoom(null);
    made.over.addEventListener("dblclick", reset);
    let pressed = 0;
    made.over.addEventListener("pointerdown", (event) => {
      pressed = event.clientX;
    });
    made.over.addEventListener("click", (event) => {
      const { idx } = made.cursor;
      const place = idx === null || idx === undefined ? undefined : made.data[0][idx];
      if (place !== undefined && Math.abs(event.clientX - pressed) < 4) latest.current.onPick?.(place);
    });
    const resize = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height }));
    resize.observe(host);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
      setHover(null);
    };
    // Data alone changes in place, below.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [identity, x, log, height, sync, dark, fromZero]);

  useEffect(() => {
    const drawn = plot.current;
    if (drawn && drawn.data !== data && data.length === drawn.series.length) drawn.setData(data as uPlot.AlignedData);
  }, [data]);

  return (
    <div className="chart-host">
      <div ref={box} className="chart-canvas" role="img" aria-label={label} style={{ height }} onPointerLeave={() => setHover(null)} />
      {hover && <Tooltip hover={hover} axis={x} unit={unit} />}
    </div>
  );
}

function Tooltip({ hover, axis, unit }: { hover: Hover; axis: XAxis; unit: (value: number) => string }) {
  const side = hover.left > hover.width / 2 ? { right: hover.width - hover.left + 14 } : { left: hover.left + 14 };
  return (
    <div className="chart-tip" style={{ ...side, top: 6 }} aria-hidden="true">
      <p className="muted">{xText(hover.x, axis)}</p>
      {hover.rows.map((row) => (
        <p key={row.id} className="row">
          <span className="swatch" style={{ background: row.color }} />
          <span className="grow ellipsis">{row.name}</span>
          <b>{unit(row.value)}</b>
        </p>
      ))}
    </div>
  );
}

function known(column: ArrayLike<number | null | undefined>): number {
  let n = 0;
  for (let at = 0; at < column.length; at += 1) if (column[at] !== null && column[at] !== undefined) n += 1;
  return n;
}

/** The line of a series in the pixels of the canvas; what is no number is left out. */
function outline(self: uPlot, { xs, ys }: Series, log: boolean): Path2D {
  const path = new Path2D();
  const { left, top, width, height } = self.bbox;
  const { min: x0 = 0, max: x1 = 1 } = self.scales["x"] as { min?: number; max?: number };
  const { min: y0 = 0, max: y1 = 1 } = self.scales["y"] as { min?: number; max?: number };
  const [low, high] = log ? [Math.log10(y0), Math.log10(y1)] : [y0, y1];
  const wide = width / (x1 - x0 || 1);
  const tall = height / (high - low || 1);
  let begun = false;
  for (let at = 0; at < xs.length; at += 1) {
    const y = ys[at] as number;
    if (!Number.isFinite(y)) continue;
    const px = left + ((xs[at] as number) - x0) * wide;
    const py = top + height - ((log ? Math.log10(y) : y) - low) * tall;
    if (begun) path.lineTo(px, py);
    else path.moveTo(px, py);
    begun = true;
  }
  return path;
}

/** The values nearest to the pointer; null where the pointer is not over this very chart. */
function hoverOf(self: uPlot, lines: readonly Line[]): Hover | null {
  const { left = -1, top = -1, idx } = self.cursor;
  if (left < 0 || idx === null || idx === undefined || !self.over.matches(":hover")) return null;
  const x = self.data[0][idx] as number;
  const rows = lines
    .map((line, at) => ({ line, value: nearest(self.data[at + 1] as (number | null | undefined)[], idx) }))
    .filter((each): each is { line: Line; value: number } => !each.line.faint && each.value !== null)
    .map(({ line, value }) => ({ id: line.id, name: line.name, color: line.color, value }))
    .toSorted((a, b) => Math.abs(self.valToPos(a.value, "y") - top) - Math.abs(self.valToPos(b.value, "y") - top))
    .slice(0, ROWS)
    .toSorted((a, b) => b.value - a.value);
  if (rows.length === 0) return null;
  return { left: left + self.over.offsetLeft, top, width: self.root.clientWidth, x, rows };
}

const REACH = 40;

function nearest(column: (number | null | undefined)[], at: number): number | null {
  for (let step = 0; step < REACH; step += 1) {
    const value = column[at - step] ?? column[at + step];
    if (value !== undefined && value !== null) return value;
  }
  return null;
}

function grounded(_: uPlot, __: number, most: number): uPlot.Range.MinMax {
  return [0, (most || 1) * 1.08];
}

/** Room above and below; a flat line gets an axis too. */
function padded(_: uPlot, least: number, most: number): uPlot.Range.MinMax {
  if (least === null || most === null) return [0, 1];
  const room = (most - least || Math.abs(most) || 1) * 0.06;
  return [least >= 0 && least - room < 0 ? 0 : least - room, most + room];
}

function axisSize(self: uPlot, values: string[] | null, axis: number, cycle: number): number {
  // oxlint-disable-next-line no-underscore-dangle -- how uPlot hands over the size of the turn before
  if (cycle > 1) return (self.axes[axis] as uPlot.Axis & { _size: number })._size;
  const longest = (values ?? []).reduce((most, value) => Math.max(most, value.length), 0);
  return Math.max(38, 14 + longest * 6.6);
}
