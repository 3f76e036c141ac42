import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { curvesOf, FINEST } from "~/api/curves";
import { MAX_CHART_RUNS, pointCounts } from "~/api/runs";
import type { Run } from "~/api/types";
import { number } from "~/format";
import { paths } from "~/links";
import { ChartGrid } from "~/shared/charts/chart_grid";
import { colorOf } from "~/shared/charts/colors";
import { type ChartRun, MetricChart } from "~/shared/charts/metric_chart";
import { ofOneMoment } from "~/shared/charts/series";
import type { Look } from "~/shared/charts/toolbar";
import { Loading } from "~/ui/bits";
import { isSystem, keysOf } from "./flat";

interface Charts {
  look: Look;
  onLook: (change: Look) => void;
}

export function OneRunCharts({ run, keys, look, onLook }: Charts & { run: Run; keys: readonly string[] }) {
  const { run_id, run_name, status } = run.info;
  const runs = useMemo<ChartRun[]>(() => [{ id: run_id, name: run_name, color: colorOf(run_id) }], [run_id, run_name]);
  const figures = useFigures(run, keys);
  if (!figures) return <Loading />;
  return (
    <ChartGrid
      keys={keys}
      look={look}
      onLook={onLook}
      figures={figures}
      chart={(key) => <MetricChart metric={key} runs={runs} look={look} live={status === "RUNNING"} sync={run_id} />}
    />
  );
}

const FEW = 12;

/** What to show of the metrics that have one value, or several of one moment, such as one for each data set. */
function useFigures(run: Run, keys: readonly string[]): ReadonlyMap<string, string> | null {
  const { run_id } = run.info;
  const latest = new Map(run.data.metrics?.map((metric) => [metric.key, metric]));
  const points = useQuery(pointCounts(run_id, keys, keys.map((key) => latest.get(key)?.step).join(" ")));
  const few = keys.filter((key) => within(points.data?.get(key), 2, FEW));
  const curves = useQueries({ queries: few.map((key) => curvesOf([run_id], key, FINEST, null, false)) });
  if (points.isPending || curves.some((each) => each.isPending)) return null;
  const momentary = new Set(few.filter((_, at) => curves[at]?.data?.every(ofOneMoment)));
  const single = keys.filter((key) => points.data?.get(key) === 1 || momentary.has(key));
  return new Map(single.map((key) => [key, number(latest.get(key)?.value ?? Number.NaN)]));
}

const within = (count: number | undefined, least: number, most: number) => count !== undefined && count >= least && count <= most;

const AT_FIRST = 100;

/** The runs of a list over each other. The first are drawn; the list beside the charts turns others on and off. */
export function ManyRunCharts({ runs, look, onLook }: Charts & { runs: readonly Run[] }) {
  const [turned, setTurned] = useState<ReadonlyMap<string, boolean>>(new Map());
  const offered = runs.slice(0, MAX_CHART_RUNS);
  const isOn = (run: Run, at: number) => turned.get(run.info.run_id) ?? at < AT_FIRST;
  const shown = offered.filter(isOn);
  const identity = shown.map((run) => run.info.run_id).join(" ");
  const chartRuns = useMemo<ChartRun[]>(
    () => shown.map(({ info }) => ({ id: info.run_id, name: info.run_name, color: colorOf(info.run_id) })),
    // oxlint-disable-next-line react/exhaustive-deps -- the ids say it all
    [identity],
  );
  const keys = useMemo(() => keysOf(shown).metrics.filter((key) => !isSystem(key)), [shown]);
  const live = shown.some((run) => run.info.status === "RUNNING");
  const turn = (run: Run, on: boolean) => setTurned((before) => new Map(before).set(run.info.run_id, on));
  return (
    <ChartGrid
      keys={keys}
      look={look}
      onLook={onLook}
      chart={(key) => <MetricChart metric={key} runs={chartRuns} look={look} live={live} sync="runs" />}
      aside={
        <ul className="chart-runs" aria-label="Runs in the charts">
          {offered.map((run, at) => (
            <li key={run.info.run_id}>
              <label className="row">
                <input type="checkbox" checked={isOn(run, at)} onChange={(event) => turn(run, event.target.checked)} />
                <span className="swatch" style={{ background: colorOf(run.info.run_id) }} />
                <Link
                  className="ellipsis quiet"
                  to={paths.run}
                  params={{ experimentId: run.info.experiment_id, runId: run.info.run_id }}
                  search={{ tab: "metrics" }}
                  preload={false}
                >
                  {run.info.run_name}
                </Link>
              </label>
            </li>
          ))}
        </ul>
      }
    />
  );
}
