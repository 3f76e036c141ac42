import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { COARSE, curvesOf, FINE, FINEST } from "~/api/curves";
import type { Curve } from "~/api/packed";
import { number } from "~/format";
import { Button } from "~/ui/button";
import { messageOf } from "~/ui/toast";
import { LineChart } from "./line_chart";
import { align, type Series, seriesOf, smooth, stepless, type XAxis } from "./series";
import type { Look } from "./toolbar";

export interface ChartRun {
  id: string;
  name: string;
  color: string;
}

interface Props {
  metric: string;
  runs: readonly ChartRun[];
  look: Look;
  live: boolean;
  sync: string;
}

export const CHART_HEIGHT = 220;
/** A run's points on one chart: the sum stays drawable, and few runs are shown more finely. */
const pointsFor = (runs: number) => (runs <= 5 ? FINEST : runs <= 20 ? FINE : COARSE);
/** Places that a chart's cursor can tell apart: some for each pixel. What is drawn is finer. */
const PLACES = 800;

/** One metric over some runs: its history from the server, as a line chart, or as bars where there is one point each. */
export function MetricChart({ metric, runs, look, live, sync }: Props) {
  const [zoomed, setZoomed] = useState<{ x: XAxis; range: [number, number] } | null>(null);
  const asked = look.x ?? "step";
  const ids = useMemo(() => runs.map((run) => run.id), [runs]);
  // Zoomed by step, the server is asked again and shows the part in full; times are cut out here.
  const steps = zoomed?.x === "step" && asked === "step" ? ([Math.floor(zoomed.range[0]), Math.ceil(zoomed.range[1])] as const) : null;
  const found = useQuery(curvesOf(ids, metric, pointsFor(ids.length), steps, live));
  const curves = found.data;
  // What a script logs without steps is all at step 0: then time tells more.
  const x = asked === "step" && runs.length === 1 && curves?.[0] && stepless(curves[0]) ? "relative" : asked;
  const zoom = zoomed?.x === x ? zoomed.range : null;
  const series = useMemo(() => cut(seriesOf(curves ?? [], ids, x), x === "step" ? null : zoom), [curves, ids, x, zoom]);
  const single = series.length > 0 && series.every(({ xs }) => xs[0] === xs[xs.length - 1]);
  const { log, smooth: weight = 0 } = look;
  const drawn = useMemo(() => lines(series, runs, weight, Boolean(log)), [series, runs, weight, log]);

  if (found.isError && !curves) return <p className="chart-note bad">{messageOf(found.error)}</p>;
  if (!curves) return <div className="chart-wait" style={{ height: CHART_HEIGHT }} />;
  if (series.length === 0) return <p className="chart-note muted">No points</p>;
  if (single && runs.length === 1) return <p className="one-value">{number(curves[0]?.values.at(-1) ?? 0)}</p>;
  if (single && !zoom) return <Bars curves={curves} runs={runs} />;
  return (
    <>
      {zoom && (
        <span className="zoomed">
          <Button small onClick={() => setZoomed(null)}>
            Reset zoom
          </Button>
        </span>
      )}
      <LineChart
        label={`${metric} by ${x} of ${runs.map((run) => run.name).slice(0, 5).join(", ")}`}
        data={drawn.data}
        shapes={drawn.shapes}
        lines={drawn.lines}
        x={x}
        log={Boolean(look.log)}
        height={CHART_HEIGHT}
        sync={`${sync}-${x}`}
        onZoom={(range) => setZoomed(range && { x, range })}
      />
    </>
  );
}

function cut(series: Series[], range: readonly [number, number] | null): Series[] {
  if (!range) return series;
  return series.map(({ id, xs, ys }) => {
    const kept = Array.from(xs, (_, at) => at).filter((at) => (xs[at] as number) >= range[0] && (xs[at] as number) <= range[1]);
    return { id, xs: kept.map((at) => xs[at] as number), ys: kept.map((at) => ys[at] as number) };
  });
}

function lines(series: readonly Series[], runs: readonly ChartRun[], weight: number, log: boolean) {
  const known = new Map(runs.map((run) => [run.id, run]));
  // On a logarithmic scale there is no place for zero and below.
  const shown = log ? series.map((each) => ({ ...each, ys: Float64Array.from(each.ys, (y) => (y > 0 ? y : Number.NaN)) })) : series;
  const smoothed = weight > 0 ? shown.map((each) => ({ ...each, ys: smooth(each.ys, weight) })) : [];
  const all = weight > 0 ? [...shown, ...smoothed] : shown;
  return {
    data: align(all, PLACES),
    shapes: all,
    lines: all.map(({ id }, at) => {
      const faint = weight > 0 && at < shown.length;
      const run = known.get(id);
      return { id: faint ? `${id}-raw` : id, name: run?.name ?? id, color: run?.color ?? "", faint };
    }),
  };
}

const BARS = 40;

/** One value per run: lengths compare better than single dots. */
function Bars({ curves, runs }: { curves: readonly Curve[]; runs: readonly ChartRun[] }) {
  const values = new Map(curves.map((curve) => [curve.run, curve.values.at(-1) ?? Number.NaN]));
  const rows = runs.filter((run) => values.has(run.id));
  const most = Math.max(...[...values.values()].map(Math.abs).filter(Number.isFinite), 1e-300);
  return (
    <ul className="bars" tabIndex={0} style={{ maxHeight: CHART_HEIGHT }}>
      {rows.slice(0, BARS).map((run) => {
        const value = values.get(run.id) ?? Number.NaN;
        const share = Math.abs(value) / most;
        return (
          <li key={run.id} title={`${run.name}: ${value}`}>
            <span className="ellipsis">{run.name}</span>
            <span className="bar-track">
              <span className="bar" style={{ width: `${Number.isFinite(share) ? share * 100 : 0}%`, background: run.color }} />
            </span>
            <b>{number(value)}</b>
          </li>
        );
      })}
    </ul>
  );
}
