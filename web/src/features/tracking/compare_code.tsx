/** Which code made each of the runs, and what differs between the first and the others. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Run } from "~/api/types";
import { tagOf } from "~/format";
import { paths } from "~/links";
import { colorOf } from "~/shared/charts/colors";
import { DiffView } from "~/shared/diff/diff_view";
import { Copy, Empty } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { codeOf, commitPage, differencePage } from "./code";

const out = (href: string, text: ReactNode) => (
  <a href={href} target="_blank" rel="noreferrer noopener">
    {text}
  </a>
);

export function CodeTab({ runs }: { runs: readonly Run[] }) {
  const known = runs.map((run) => ({ run, code: codeOf(run), source: tagOf(run.data.tags, "mlflow.source.name"), kind: tagOf(run.data.tags, "mlflow.source.type") }));
  const [first, ...others] = known;
  if (!first || known.every(({ code, source }) => !code.commit && !source)) {
    return (
      <Empty icon="diff" title="These runs do not say which code made them">
        <p className="muted">The client notes the commit by itself when the script lies in a Git repository and GitPython is installed.</p>
      </Empty>
    );
  }
  const rows: [string, (each: (typeof known)[number]) => ReactNode][] = [
    ["Source", ({ source, kind }) => source && <span title={kind?.toLowerCase()}>{source}</span>],
    ["Repository", ({ code }) => (code.page ? out(code.page, code.page.replace("https://", "")) : code.repository)],
    ["Branch", ({ code }) => code.branch],
    [
      "Commit",
      ({ code }) => {
        if (!code.commit) return undefined;
        const page = commitPage(code);
        const short = <code>{code.commit.slice(0, 10)}</code>;
        return (
          <span className="row">
            {page ? out(page, short) : short}
            <Copy text={code.commit} label="Copy the commit" />
          </span>
        );
      },
    ],
    ["Uncommitted changes", ({ code }) => (code.changes ? `${code.changes.split("\n").length} lines` : code.dirty === undefined ? undefined : code.dirty ? "yes" : "none")],
    [
      "Since the first",
      (each) => {
        if (each === first) return undefined;
        const page = differencePage(first.code, each.code);
        if (page) return out(page, <><Icon name="diff" size={12} /> What changed</>);
        return each.code.commit && each.code.commit === first.code.commit ? <span className="muted">the same commit</span> : undefined;
      },
    ],
  ];
  const diffs = others.filter(({ code }) => (code.changes ?? "") !== (first.code.changes ?? ""));
  return (
    <div className="scroll compare" tabIndex={0} role="region" aria-label="Code">
      <table className="data">
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">What</span>
            </th>
            {known.map(({ run: { info } }) => (
              <th key={info.run_id} scope="col" aria-label={info.run_name}>
                <span className="run-name">
                  <span className="swatch" style={{ background: colorOf(info.run_id) }} />
                  <Link to={paths.run} params={{ experimentId: info.experiment_id, runId: info.run_id }} className="ellipsis">
                    {info.run_name}
                  </Link>
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, cell]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {known.map((each) => (
                <td key={each.run.info.run_id}>{cell(each) ?? <span className="muted">–</span>}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="code-diffs stack">
        {diffs.map(({ run, code }) => (
          <DiffView
            key={run.info.run_id}
            label={`Uncommitted changes, ${first.run.info.run_name} → ${run.info.run_name}`}
            before={first.code.changes ?? ""}
            after={code.changes ?? ""}
          />
        ))}
      </div>
    </div>
  );
}
