import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { MAX_CHART_RUNS } from "~/api/runs";
import type { Run } from "~/api/types";
import { paths } from "~/links";
import { ChartGrid } from "~/shared/charts/chart_grid";
import { colorOf } from "~/shared/charts/colors";
import { type ChartRun, MetricChart } from "~/shared/charts/metric_chart";
import type { Look } from "~/shared/charts/toolbar";
import { isSystem, keysOf } from "./flat";

interface Charts {
  look: Look;
  onLook: (change: Look) => void;
}

export function OneRunCharts({ run, keys, look, onLook }: Charts & { run: Run; keys: readonly string[] }) {
  const { run_id, run_name, status } = run.info;
  const runs = useMemo<ChartRun[]>(() => [{ id: run_id, name: run_name, color: colorOf(run_id) }], [run_id, run_name]);
  return (
    <ChartGrid
      keys={keys}
      look={look}
      onLook={onLook}
      chart={(key) => <MetricChart metric={key} runs={runs} look={look} live={status === "RUNNING"} sync={run_id} />}
    />
  );
}

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
