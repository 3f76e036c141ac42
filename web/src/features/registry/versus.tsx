import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { ModelVersion } from "~/api/registry";
import { number, time, toNumber, userTags } from "~/format";
import { paths } from "~/links";
import { AliasPill } from "~/shared/registry/aliases";
import { Loading } from "~/ui/bits";
import { Button } from "~/ui/button";
import { type Origin, useOrigin } from "./origin";

interface Props {
  before: ModelVersion;
  after: ModelVersion;
  onClose: () => void;
  onSwap: () => void;
}

interface Row {
  name: string;
  before: string;
  after: string;
  shown?: [ReactNode, ReactNode];
  /** For numbers: by how much it grew. */
  change?: string;
}

/** Two versions beside each other: where they came from, params, metrics, tags. */
export function Versus({ before, after, onClose, onSwap }: Props) {
  const [all, setAll] = useState(false);
  const [old, next] = [useOrigin(before), useOrigin(after)];
  if (old.loading || next.loading) return <Loading />;
  const sections: [string, Row[]][] = [
    ["About", about(before, after, old, next)],
    ["Metrics", metrics(old, next)],
    ["Params", pairs(old.params, next.params)],
    ["Tags", pairs(tagsOf(before), tagsOf(after))],
  ];
  return (
    <div className="stack">
      <header className="row wrap">
        <h2 className="grow">
          Version {before.version} against {after.version}
        </h2>
        <label className="choice">
          <input type="checkbox" checked={!all} onChange={(event) => setAll(!event.target.checked)} />
          Only what differs
        </label>
        <Button onClick={onSwap}>Swap</Button>
        <Button icon="close" onClick={onClose}>
          End the comparison
        </Button>
      </header>
      <div className="card scroll-x" role="region" aria-label="Comparison" tabIndex={0}>
        <table className="simple versus">
          <thead>
            <tr>
              <th scope="col">
                <span className="sr-only">What</span>
              </th>
              <th scope="col">Version {before.version}</th>
              <th scope="col">Version {after.version}</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          {sections.map(([title, rows]) => {
            const shown = rows.filter((row) => all || row.before !== row.after);
            return (
              <tbody key={title}>
                <tr className="section">
                  <th scope="rowgroup" colSpan={4}>
                    {title}
                    {shown.length === 0 && <span className="muted"> {rows.length ? "all the same" : "none"}</span>}
                  </th>
                </tr>
                {shown.map((row) => (
                  <tr key={row.name} className={row.before === row.after ? "" : "differs"}>
                    <th scope="row">{row.name}</th>
                    <td title={row.before}>{row.shown?.[0] ?? (row.before || "–")}</td>
                    <td title={row.after}>{row.shown?.[1] ?? (row.after || "–")}</td>
                    <td className="muted">{row.change}</td>
                  </tr>
                ))}
              </tbody>
            );
          })}
        </table>
      </div>
    </div>
  );
}

function about(before: ModelVersion, after: ModelVersion, old: Origin, next: Origin): Row[] {
  const row = (name: string, read: (version: ModelVersion) => string): Row => ({ name, before: read(before), after: read(after) });
  return [
    row("Created", (version) => time(version.creation_timestamp)),
    row("By", (version) => version.user_id),
    { ...row("Aliases", (version) => version.aliases.join(" ")), shown: [<Pills key="a" version={before} />, <Pills key="b" version={after} />] },
    row("Stage", (version) => version.current_stage),
    row("Description", (version) => version.description ?? ""),
    { ...row("Run", (version) => version.run_id), shown: [<RunLink key="a" origin={old} />, <RunLink key="b" origin={next} />] },
    row("Source", (version) => version.source),
  ];
}

function Pills({ version }: { version: ModelVersion }) {
  return (
    <span className="row wrap">
      {version.aliases.map((alias) => (
        <AliasPill key={alias} alias={alias} />
      ))}
    </span>
  );
}

function RunLink({ origin }: { origin: Origin }) {
  if (!origin.run) return <>–</>;
  const { info } = origin.run;
  return (
    <Link to={paths.run} params={{ experimentId: info.experiment_id, runId: info.run_id }} search={{}}>
      {info.run_name}
    </Link>
  );
}

const tagsOf = (version: ModelVersion) => new Map(userTags(version.tags).map((tag) => [tag.key, tag.value]));

function pairs(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Row[] {
  return keysOf(before, after).map((name) => ({ name, before: before.get(name) ?? "", after: after.get(name) ?? "" }));
}

function metrics(old: Origin, next: Origin): Row[] {
  return keysOf(old.metrics, next.metrics).map((name) => {
    const [before, after] = [old.metrics.get(name), next.metrics.get(name)];
    const change = before === undefined || after === undefined ? undefined : toNumber(after) - toNumber(before);
    return {
      name,
      before: before === undefined ? "" : number(before),
      after: after === undefined ? "" : number(after),
      change: change ? `${change > 0 ? "+" : ""}${number(Number(change.toPrecision(4)))}` : "",
    };
  });
}

function keysOf(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].toSorted((x, y) => x.localeCompare(y));
}
