import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Float, Run } from "~/api/types";
import { duration, number, tagOf, time, toNumber } from "~/format";
import { paths } from "~/links";
import { colorOf } from "~/shared/charts/colors";
import { Status } from "~/ui/bits";
import { flat, isSystem, keysOf } from "./flat";

interface Row {
  key: string;
  cells: (string | undefined)[];
  numbers?: (number | undefined)[];
}

interface Props {
  runs: readonly Run[];
  all: boolean;
  onAll: (all: boolean) => void;
}

/** Runs side by side; rows in which they agree are left out until somebody wants them. */
export function CompareTable({ runs, all, onAll }: Props) {
  const sections = useMemo(() => sectionsOf(runs), [runs]);
  return (
    <>
      <div className="toolbar">
        <label className="row">
          <input type="checkbox" checked={!all} onChange={(event) => onAll(!event.target.checked)} />
          Only what differs
        </label>
      </div>
      <div className="scroll compare" tabIndex={0} role="region" aria-label="Comparison">
        <table className="data">
          <thead>
            <tr>
              <th scope="col">
                <span className="sr-only">Name</span>
              </th>
              {runs.map(({ info }) => (
                <th key={info.run_id} scope="col">
                  <span className="run-name">
                    <span className="swatch" style={{ background: colorOf(info.run_id) }} />
                    <Link to={paths.run} params={{ experimentId: info.experiment_id, runId: info.run_id }} className="ellipsis">
                      {info.run_name}
                    </Link>
                  </span>
                  <Status status={info.status} plain />
                </th>
              ))}
            </tr>
          </thead>
          {sections.map(([title, rows]) => {
            const shown = all ? rows : rows.filter(differ);
            return (
              <tbody key={title}>
                <tr className="section">
                  <th scope="rowgroup" colSpan={runs.length + 1}>
                    {title} <span className="count">{shown.length === rows.length ? rows.length : `${shown.length} of ${rows.length}`}</span>
                  </th>
                </tr>
                {shown.map((row) => (
                  <CompareRow key={row.key} row={row} marked={all && differ(row)} />
                ))}
              </tbody>
            );
          })}
        </table>
      </div>
    </>
  );
}

const differ = (row: Row) => new Set(row.cells).size > 1;

function CompareRow({ row, marked }: { row: Row; marked: boolean }) {
  const known = (row.numbers ?? []).filter((n): n is number => n !== undefined && Number.isFinite(n));
  const most = Math.max(...known);
  const least = Math.min(...known);
  return (
    <tr className={marked ? "differs" : ""}>
      <th scope="row" title={row.key}>
        {row.key}
      </th>
      {row.cells.map((cell, at) => {
        const n = row.numbers?.[at];
        const share = n !== undefined && most > least ? (n - least) / (most - least) : undefined;
        return (
          // Cells have no identity but the run they stand under.
          // oxlint-disable-next-line react/no-array-index-key
          <td key={at} className={row.numbers ? "numeric" : ""} title={cell}>
            {cell ?? <span className="muted">–</span>}
            {share !== undefined && <span className="level" style={{ width: `${4 + share * 96}%` }} />}
          </td>
        );
      })}
    </tr>
  );
}

const sorted = (names: readonly string[]) => names.toSorted((a, b) => a.localeCompare(b));

function sectionsOf(runs: readonly Run[]): [string, Row[]][] {
  const keys = keysOf(runs);
  const metric = (key: string): Row => {
    const values = runs.map((run) => flat(run).metrics.get(key));
    return {
      key,
      cells: values.map((value) => (value === undefined ? undefined : number(value))),
      numbers: values.map((value: Float | undefined) => (value === undefined ? undefined : toNumber(value))),
    };
  };
  const text = (kind: "params" | "tags") => (key: string): Row => ({
    key,
    cells: runs.map((run) => flat(run)[kind].get(key)),
  });
  const about: Row[] = [
    { key: "Started", cells: runs.map((run) => time(run.info.start_time)) },
    { key: "Duration", cells: runs.map((run) => (run.info.end_time ? duration(run.info.end_time - run.info.start_time) : undefined)) },
    { key: "User", cells: runs.map((run) => run.info.user_id) },
    { key: "Source", cells: runs.map((run) => tagOf(run.data.tags, "mlflow.source.name")) },
    { key: "Commit", cells: runs.map((run) => tagOf(run.data.tags, "mlflow.source.git.commit")) },
    { key: "Datasets", cells: runs.map((run) => run.inputs.dataset_inputs?.map(({ dataset }) => `${dataset.name} (${dataset.digest})`).join(", ")) },
  ];
  return [
    ["Metrics", sorted(keys.metrics.filter((key) => !isSystem(key))).map(metric)],
    ["Params", sorted(keys.params).map(text("params"))],
    ["Tags", sorted(keys.tags).map(text("tags"))],
    ["About", about],
  ];
}
