import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Run } from "~/api/types";
import { paths } from "~/links";
import { colorOf } from "~/shared/charts/colors";
import { Empty } from "~/ui/bits";
import { Menu, MenuItem } from "~/ui/menu";
import { type Axis, axisOf, defaultAxes, dimensions } from "./dimensions";
import { decodeList, encodeList } from "~/shared/table/lists";

const NARROWEST = 84; // pixels between two axes, whose names and values are to be read

export const MARGIN = { top: 44, right: 70, bottom: 26, left: 70 };

export function useSize(): [React.RefObject<HTMLDivElement | null>, { width: number; height: number }] {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const host = ref.current;
    if (!host) return;
    const observer = new ResizeObserver(() => setSize({ width: host.clientWidth, height: host.clientHeight }));
    observer.observe(host);
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}

export function useOpen() {
  const navigate = useNavigate();
  return (run: Run) =>
    void navigate({ to: paths.run, params: { experimentId: run.info.experiment_id, runId: run.info.run_id } });
}

interface ParallelProps {
  runs: readonly Run[];
  axes: string | undefined;
  onAxes: (axes: string) => void;
}

export function ParallelTab({ runs, axes: chosen, onAxes }: ParallelProps) {
  const all = useMemo(() => dimensions(runs), [runs]);
  const ids = chosen ? decodeList(chosen).filter((id) => all.includes(id)) : defaultAxes(all);
  const axes = useMemo(() => ids.map((id) => axisOf(id, runs)), [ids, runs]);
  const [ref, size] = useSize();
  const [near, setNear] = useState<number | null>(null);
  const open = useOpen();
  if (all.length < 2) return <Empty icon="chart" title="These runs differ in too little for a picture" />;
  const width = Math.max(size.width, MARGIN.left + MARGIN.right + NARROWEST * (axes.length - 1));
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, axes.length - 1);
  const tall = size.height - MARGIN.top - MARGIN.bottom;
  const x = (at: number) => MARGIN.left + step * at;
  const y = (place: number) => MARGIN.top + tall * (1 - place);
  const toggle = (id: string) => onAxes(encodeList(ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id]));
  return (
    <>
      <div className="toolbar">
        <Menu label={`${ids.length} axes`} icon="columns" panel>
          {() => all.map((id) => (
            <MenuItem key={id} chosen={ids.includes(id)} onClick={() => toggle(id)}>
              {id.slice(id.indexOf(".") + 1)} <span className="muted">{id.startsWith("params.") ? "param" : "metric"}</span>
            </MenuItem>
          ))}
        </Menu>
        <span className="muted ellipsis">
          {near === null ? `Coloured by ${axes.at(-1)?.title}. Point at a line to see its run; click to open it.` : runs[near]?.info.run_name}
        </span>
      </div>
      <div className="plot" ref={ref}>
        <svg width={width} height={size.height} role="img" aria-label="Parallel coordinates of the runs">
          {tall > 0 && runs.map((run, index) => (
            <path
              key={run.info.run_id}
              className={near === null ? "line" : near === index ? "line near" : "line far"}
              stroke={heat(axes.at(-1)?.places[index])}
              d={lineThrough(axes, index, x, y)}
              onPointerEnter={() => setNear(index)}
              onPointerLeave={() => setNear(null)}
              onClick={() => open(run)}
            />
          ))}
          {tall > 0 && axes.map((axis, at) => (
            <g key={axis.id} transform={`translate(${x(at)},0)`} className="axis">
              <line y1={y(1)} y2={y(0)} />
              <text className="axis-title" y={MARGIN.top - 22} textAnchor="middle">
                {short(axis.title, Math.max(8, step / 7))}
                <title>{axis.id}</title>
              </text>
              {axis.ticks.map((tick) => (
                <text key={`${tick.at} ${tick.text}`} x={-7} y={y(tick.at) + 4} textAnchor="end">
                  {short(tick.text, 14)}
                </text>
              ))}
              {near !== null && axis.places[near] !== undefined && (
                <text className="value" x={8} y={y(axis.places[near]) + 4}>
                  {short(axis.values[near] ?? "", 18)}
                </text>
              )}
            </g>
          ))}
        </svg>
      </div>
    </>
  );
}

function lineThrough(axes: readonly Axis[], run: number, x: (at: number) => number, y: (place: number) => number): string {
  let path = "";
  let broken = true;
  axes.forEach((axis, at) => {
    const place = axis.places[run];
    if (place === undefined) {
      broken = true;
      return;
    }
    path += `${broken ? "M" : "L"}${x(at).toFixed(1)},${y(place).toFixed(1)}`;
    broken = false;
  });
  return path;
}

const HEAT = [
  [58, 82, 178],
  [31, 161, 135],
  [233, 168, 32],
] as const;

/** From cold to warm, 0 to 1. */
export function heat(place: number | undefined): string {
  if (place === undefined) return "#8a93a0";
  const at = Math.min(1.999, place * 2);
  const [from, to] = [HEAT[Math.floor(at)] ?? HEAT[0], HEAT[Math.floor(at) + 1] ?? HEAT[2]];
  return `rgb(${from.map((part, index) => Math.round(part + ((to[index] ?? part) - part) * (at % 1))).join(" ")})`;
}

export function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(1, Math.floor(most) - 1))}…`;
}

interface DimensionProps {
  all: readonly string[];
  id: string;
  name: string;
  onChange: (id: string) => void;
}

/** Which param or metric an axis shows. */
export function Dimension({ all, id, name, onChange }: DimensionProps) {
  return (
    <Menu label={id.slice(id.indexOf(".") + 1)} name={name} panel>
      {(close) =>
        all.map((each) => (
          <MenuItem key={each} chosen={each === id} onClick={() => (onChange(each), close())}>
            {each.slice(each.indexOf(".") + 1)} <span className="muted">{each.startsWith("params.") ? "param" : "metric"}</span>
          </MenuItem>
        ))
      }
    </Menu>
  );
}

interface FrameProps {
  across: Axis;
  up: Axis;
  x: (place: number) => number;
  y: (place: number) => number;
}

/** The two axes of a plane. */
export function Frame({ across, up, x, y }: FrameProps) {
  return (
      <g className="axis">
        {across.ticks.map((tick) => (
          <g key={`${tick.at} ${tick.text}`}>
            <line className="guide" x1={x(tick.at)} x2={x(tick.at)} y1={y(0)} y2={y(1)} />
            <text x={x(tick.at)} y={y(0) + 20} textAnchor="middle">
              {short(tick.text, 16)}
            </text>
          </g>
        ))}
        {up.ticks.map((tick) => (
          <g key={`${tick.at} ${tick.text}`}>
            <line className="guide" x1={x(0)} x2={x(1)} y1={y(tick.at)} y2={y(tick.at)} />
            <text x={x(0) - 10} y={y(tick.at) + 4} textAnchor="end">
              {short(tick.text, 14)}
            </text>
          </g>
        ))}
        <text className="axis-title" x={x(0.5)} y={y(0) + 42} textAnchor="middle">
          {across.title}
        </text>
        <text className="axis-title" x={x(0) - 10} y={MARGIN.top - 20} textAnchor="start">
          {up.title}
        </text>
      </g>
  );
}

interface ScatterProps {
  runs: readonly Run[];
  x: string | undefined;
  y: string | undefined;
  onChange: (x: string, y: string) => void;
}

export function ScatterTab({ runs, x: chosenX, y: chosenY, onChange }: ScatterProps) {
  const all = useMemo(() => dimensions(runs), [runs]);
  const xId = all.find((id) => id === chosenX) ?? all[0];
  const yId = all.find((id) => id === chosenY) ?? all.find((id) => id.startsWith("metrics.") && id !== xId) ?? all[1];
  const axes = useMemo(() => (xId && yId ? ([axisOf(xId, runs), axisOf(yId, runs)] as const) : null), [xId, yId, runs]);
  const [ref, size] = useSize();
  const [near, setNear] = useState<number | null>(null);
  const open = useOpen();
  if (!axes || !xId || !yId) return <Empty icon="chart" title="These runs differ in too little for a picture" />;
  const [across, up] = axes;
  const wide = size.width - MARGIN.left - MARGIN.right - 30;
  const tall = size.height - MARGIN.top - MARGIN.bottom - 24;
  const x = (place: number) => MARGIN.left + 30 + wide * place;
  const y = (place: number) => MARGIN.top + tall * (1 - place);
  return (
    <>
      <div className="toolbar">
        <span className="muted">Across</span> <Dimension all={all} id={xId} name="Horizontal axis" onChange={(id) => onChange(id, yId)} />
        <span className="muted">Up</span> <Dimension all={all} id={yId} name="Vertical axis" onChange={(id) => onChange(xId, id)} />
        <span className="muted ellipsis">
          {near !== null && `${runs[near]?.info.run_name}: ${across.values[near]}, ${up.values[near]}`}
        </span>
      </div>
      <div className="plot" ref={ref}>
        <svg width={size.width} height={size.height} role="img" aria-label={`${up.title} against ${across.title}`}>
          {tall > 0 && (
            <>
              <Frame across={across} up={up} x={x} y={y} />
              {runs.map((run, index) => {
                const [px, py] = [across.places[index], up.places[index]];
                if (px === undefined || py === undefined) return null;
                return (
                  <circle
                    key={run.info.run_id}
                    className={near === index ? "spot near" : "spot"}
                    cx={x(px)}
                    cy={y(py)}
                    r={near === index ? 8 : 5.5}
                    fill={colorOf(run.info.run_id)}
                    onPointerEnter={() => setNear(index)}
                    onPointerLeave={() => setNear(null)}
                    onClick={() => open(run)}
                  />
                );
              })}
            </>
          )}
        </svg>
      </div>
    </>
  );
}
