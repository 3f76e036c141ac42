/** The columns a table of runs may have, and which of them are worth showing. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Float, Run } from "~/api/types";
import { duration, number, tagOf } from "~/format";
import { paths } from "~/links";
import { colorOf } from "~/shared/charts/colors";
import type { ColumnGroup } from "~/shared/table/column_picker";
import type { Column } from "~/shared/table/grid";
import { Ago, Status } from "~/ui/bits";
import { Extreme } from "./extreme_cell";
import { type Flat, isSystem, type Keys } from "./flat";

/** What of a metric: its last value is what it has by itself; the others are over all its steps. */
export const WHICH = ["last", "min", "max", "best"] as const;
export type Which = (typeof WHICH)[number];
export type Kind = "metrics" | "params" | "tags" | "min" | "max" | "best";

const FIXED: Record<string, { title: string; width: number; sort?: string; render: (run: Run) => ReactNode }> = {
  name: { title: "Run", width: 230, sort: "attributes.run_name", render: (run) => <NameCell run={run} /> },
  status: {
    title: "Status",
    width: 104,
    sort: "attributes.status",
    render: (run) => <Status status={run.info.status} plain />,
  },
  started: {
    title: "Started",
    width: 116,
    sort: "attributes.start_time",
    render: (run) => <Ago ms={run.info.start_time} />,
  },
  duration: { title: "Duration", width: 104, render: (run) => durationOf(run) },
  user: { title: "User", width: 104, sort: "attributes.user_id", render: (run) => run.info.user_id },
  source: { title: "Source", width: 150, render: (run) => tagOf(run.data.tags, "mlflow.source.name")?.split("/").pop() },
  dataset: {
    title: "Datasets",
    width: 150,
    render: (run) => run.inputs.dataset_inputs?.map(({ dataset }) => dataset.name).join(", "),
  },
  models: { title: "Models", width: 84, render: (run) => run.outputs.model_outputs?.length || "" },
  id: { title: "Run ID", width: 268, sort: "attributes.run_id", render: (run) => <code>{run.info.run_id}</code> },
};

const NUMBER_WIDTH = 124;
const TEXT_WIDTH = 136;
const WORDS: Record<Kind, string> = { metrics: "metric", params: "param", tags: "tag", min: "smallest", max: "largest", best: "best" };

const EXTREMES = { min: true, max: true, best: true };

/** Whether a column may be compared among runs that are there: what is over all steps is asked for later. */
export function comparable(kind: Kind | null): kind is "metrics" | "params" | "tags" {
  return kind !== null && !(kind in EXTREMES);
}

function durationOf(run: Run): string {
  const { status, start_time, end_time } = run.info;
  if (end_time) return duration(end_time - start_time);
  return status === "RUNNING" ? duration(Date.now() - start_time) : "";
}

function NameCell({ run }: { run: Run }) {
  const { info } = run;
  const nested = tagOf(run.data.tags, "mlflow.parentRunId") !== undefined;
  return (
    <span className={nested ? "run-name nested" : "run-name"}>
      <span className="swatch" style={{ background: colorOf(info.run_id) }} />
      <Link to={paths.run} params={{ experimentId: info.experiment_id, runId: info.run_id }} className="ellipsis" preload={false}>
        {info.run_name || info.run_id}
      </Link>
    </span>
  );
}

export function splitColumn(id: string): { kind: Kind | null; key: string } {
  const at = id.indexOf(".");
  const kind = id.slice(0, Math.max(0, at));
  return kind in WORDS ? { kind: kind as Kind, key: id.slice(at + 1) } : { kind: null, key: id };
}

/** Of a column of a metric: which metric, and what of it. */
export function metricColumn(id: string): { key: string; which: Which } | null {
  const { kind, key } = splitColumn(id);
  if (kind === "metrics") return { key, which: "last" };
  return kind === "min" || kind === "max" || kind === "best" ? { key, which: kind } : null;
}

export function columnOfMetric(key: string, which: Which): string {
  return `${which === "last" ? "metrics" : which}.${key}`;
}

export function titleOf(id: string): string {
  const { kind, key } = splitColumn(id);
  return kind ? key : (FIXED[id]?.title ?? id);
}

/** All columns that these runs may have. */
export function columnGroups(keys: Keys): ColumnGroup[] {
  const groups: [string, string[]][] = [
    ["About the run", Object.keys(FIXED).filter((id) => id !== "name")],
    ["Metrics", keys.metrics.filter((key) => !isSystem(key)).map((key) => `metrics.${key}`)],
    ["Params", keys.params.map((key) => `params.${key}`)],
    ["Tags", keys.tags.map((key) => `tags.${key}`)],
    ["System metrics", keys.metrics.filter(isSystem).map((key) => `metrics.${key}`)],
  ];
  return groups.map(([title, ids]) => ({ title, columns: ids.map((id) => ({ id, title: titleOf(id) })) }));
}

export function columnOf(id: string, flat: (run: Run) => Flat, width: number | undefined): Column<Run> {
  const { kind, key } = splitColumn(id);
  if (!kind) {
    const fixed = FIXED[id];
    return {
      id,
      title: fixed?.title ?? id,
      width: width ?? fixed?.width ?? TEXT_WIDTH,
      sortable: fixed?.sort !== undefined,
      render: fixed?.render ?? (() => ""),
    };
  }
  const room = Math.max(kind === "params" || kind === "tags" ? TEXT_WIDTH : NUMBER_WIDTH, Math.min(220, 44 + key.length * 7.2));
  if (kind === "min" || kind === "max" || kind === "best") {
    const render = (run: Run) => <Extreme run={run} metric={key} which={kind} last={flat(run).metrics.get(key)} />;
    return { id, title: key, kind: WORDS[kind], width: width ?? room, numeric: true, sortable: false, render };
  }
  const numeric = kind === "metrics";
  const render = (run: Run) => {
    const value = flat(run)[kind].get(key);
    if (value === undefined) return "";
    return numeric ? <span title={String(value)}>{number(value as Float, 5)}</span> : <span title={String(value)}>{String(value)}</span>;
  };
  return { id, title: key, kind: WORDS[kind], width: width ?? room, numeric, sortable: true, render };
}

/** The `order_by` of the server for a column. */
export function orderOf(id: string, descending: boolean): string {
  const { kind, key } = splitColumn(id);
  const field = kind ? (kind in EXTREMES ? undefined : `${kind}.\`${key}\``) : FIXED[id]?.sort;
  return field ? `${field} ${descending ? "DESC" : "ASC"}` : "";
}
