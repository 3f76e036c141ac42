import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Run } from "~/api/types";
import { number, toNumber } from "~/format";
import { paths } from "~/links";
import { colorOf } from "~/shared/charts/colors";
import { Empty } from "~/ui/bits";
import { Button } from "~/ui/button";
import { Dimension } from "./compare_plots";
import { flat, isSystem, keysOf } from "./flat";

interface Props {
  runs: readonly Run[];
  metric: string | undefined;
  ascending: boolean;
  onChange: (change: { sy?: string; up?: true }) => void;
}

/** One metric of each run as a bar. */
export function BarsTab({ runs, metric, ascending, onChange }: Props) {
  const all = useMemo(() => keysOf(runs).metrics.filter((key) => !isSystem(key)).map((key) => `metrics.${key}`), [runs]);
  const id = all.find((each) => each === metric) ?? all[0];
  const bars = useMemo(() => (id ? barsOf(runs, id.slice("metrics.".length), ascending) : []), [runs, id, ascending]);
  if (!id || bars.length === 0) return <Empty icon="chart" title="These runs have no metric" />;
  const [least, most] = [Math.min(0, ...bars.map((bar) => bar.value)), Math.max(0, ...bars.map((bar) => bar.value))];
  const share = (value: number) => (100 * (value - least)) / (most - least || 1);
  return (
    <>
      <div className="toolbar">
        <span className="muted">Metric</span> <Dimension all={all} id={id} name="Metric" onChange={(sy) => onChange({ sy })} />
        <Button aria-pressed={ascending} onClick={() => onChange({ up: ascending ? undefined : true })}>
          Smallest first
        </Button>
      </div>
      <div className="scroll" tabIndex={0} role="region" aria-label={`Bars of ${id.slice("metrics.".length)}`}>
        <ol className="run-bars">
          {bars.map(({ run, value, text }) => (
            <li key={run.info.run_id}>
              <Link className="ellipsis quiet" to={paths.run} params={{ experimentId: run.info.experiment_id, runId: run.info.run_id }} search={{}} title={run.info.run_name}>
                {run.info.run_name}
              </Link>
              <span className="run-bar-space">
                <span
                  className="run-bar"
                  style={{ left: `${Math.min(share(0), share(value))}%`, width: `${Math.abs(share(value) - share(0))}%`, background: colorOf(run.info.run_id) }}
                />
              </span>
              <span className="numeric">{text}</span>
            </li>
          ))}
        </ol>
      </div>
    </>
  );
}

function barsOf(runs: readonly Run[], key: string, ascending: boolean) {
  return runs
    .flatMap((run) => {
      const given = flat(run).metrics.get(key);
      const value = given === undefined ? Number.NaN : toNumber(given);
      return Number.isFinite(value) ? [{ run, value, text: number(value) }] : [];
    })
    .toSorted((a, b) => (ascending ? a.value - b.value : b.value - a.value));
}
