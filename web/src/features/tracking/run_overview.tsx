/** What a run is made of, in the parts that its page and the peek panel share. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { modelsOfRun } from "~/api/models";
import { deleteRunTag, setRunTag } from "~/api/runs";
import type { Run } from "~/api/types";
import { duration, number, tagOf, time, userTags } from "~/format";
import { paths } from "~/links";
import { useMayChange } from "~/shared/access/may";
import { Copy } from "~/ui/bits";
import { Icon } from "~/ui/icons";
import { TagsEditor } from "~/ui/tags_editor";
import { type Code, codeOf, commitPage } from "./code";
import { isSystem } from "./flat";

const FILTER_FROM = 12;
const LONG = 40; // characters, of which a line may not show all

export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) =>
        value ? (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

export function RunFacts({ run }: { run: Run }) {
  const { info, data } = run;
  const parent = tagOf(data.tags, "mlflow.parentRunId");
  const code = codeOf(run);
  const ended = info.end_time ?? (info.status === "RUNNING" ? Date.now() : undefined);
  return (
    <Facts
      rows={[
        ["Started", time(info.start_time)],
        ["Duration", ended ? duration(ended - info.start_time) : ""],
        ["User", info.user_id],
        ["Source", tagOf(data.tags, "mlflow.source.name")],
        ["Branch", code.branch],
        ["Commit", code.commit && <Commit key="c" code={code} commit={code.commit} />],
        [
          "Parent run",
          parent && (
            <Link key="p" to={paths.run} params={{ experimentId: info.experiment_id, runId: parent }}>
              {parent.slice(0, 8)}
            </Link>
          ),
        ],
        ["Run ID", <span key="i" className="row"><code className="ellipsis">{info.run_id}</code><Copy text={info.run_id} label="Copy the run id" /></span>],
      ]}
    />
  );
}

function Commit({ code, commit }: { code: Code; commit: string }) {
  const page = commitPage(code);
  const short = <code>{commit.slice(0, 10)}</code>;
  return (
    <span className="row">
      {page ? (
        <a href={page} target="_blank" rel="noreferrer noopener">
          {short}
        </a>
      ) : (
        short
      )}
      <Copy text={commit} label="Copy the commit" />
      {code.dirty && <span className="pill" title="The script was run with changes that were not committed">changed</span>}
    </span>
  );
}

interface Entry {
  key: string;
  value: ReactNode;
  text: string;
  hint?: string;
}

/** Names and values, with a search field when there are many. */
export function Entries({ title, entries, numeric }: { title: string; entries: readonly Entry[]; numeric?: boolean }) {
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const shown = wanted ? entries.filter((each) => `${each.key} ${each.text}`.toLowerCase().includes(wanted)) : entries;
  return (
    <section className="entries" aria-label={title}>
      <header className="row">
        <h3 className="grow">
          {title} <span className="count">{entries.length}</span>
        </h3>
        {entries.length >= FILTER_FROM && (
          <input
            type="search"
            className="slim"
            aria-label={`Search ${title.toLowerCase()}`}
            placeholder="Search"
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        )}
      </header>
      {entries.length === 0 ? (
        <p className="muted none">None</p>
      ) : (
        <table className="pairs">
          <tbody>
            {shown.map((each) => (
              <tr key={each.key}>
                <th scope="row" title={each.key}>
                  {each.key}
                </th>
                <td className={numeric ? "numeric" : ""} title={each.hint ?? each.text}>
                  {each.text.length > LONG ? <LongValue text={each.text} /> : each.value}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Cut off after a line, until somebody wants to read it. */
function LongValue({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  return (
    <button type="button" className={open ? "long-value open" : "long-value"} aria-expanded={open} onClick={() => setOpen(!open)}>
      {text}
    </button>
  );
}

export function RunParams({ run }: { run: Run }) {
  const entries = (run.data.params ?? []).map(({ key, value }) => ({ key, value, text: value }));
  return <Entries title="Params" entries={entries} />;
}

export function RunMetrics({ run }: { run: Run }) {
  const latest = (run.data.metrics ?? []).filter((metric) => !isSystem(metric.key));
  const entries = latest.map(({ key, value, step }) => ({
    key,
    value: number(value),
    text: String(value),
    hint: `${value} at step ${step}`,
  }));
  return <Entries title="Metrics" entries={entries} numeric />;
}

export function RunTags({ run }: { run: Run }) {
  const readOnly = useMayChange(run.info.experiment_id);
  const queries = useQueryClient();
  const id = run.info.run_id;
  return (
    <section className="entries" aria-label="Tags">
      <h3>Tags</h3>
      <TagsEditor
        tags={userTags(run.data.tags)}
        blocked={readOnly}
        set={(key, value) => setRunTag(id, key, value)}
        remove={(key) => deleteRunTag(id, key)}
        changed={() => void queries.invalidateQueries({ queryKey: ["runs"] })}
      />
    </section>
  );
}

export function RunInputs({ run }: { run: Run }) {
  const datasets = run.inputs.dataset_inputs ?? [];
  if (datasets.length === 0) return null;
  return (
    <section className="entries" aria-label="Datasets">
      <h3>
        Datasets <span className="count">{datasets.length}</span>
      </h3>
      <ul className="lines">
        {datasets.map(({ dataset, tags }) => {
          const context = tagOf(tags, "mlflow.data.context");
          const profile = counted(dataset.profile);
          return (
            <li key={`${dataset.name}-${dataset.digest}-${context}`} className="row wrap">
              <Icon name="table" />
              <b>{dataset.name}</b>
              <code className="muted">{dataset.digest}</code>
              {context && <span className="pill">{context}</span>}
              {profile && <span className="muted">{profile}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** `{"num_rows": 10, "num_elements": 50}` in words. */
function counted(profile: string | undefined): string {
  try {
    const { num_rows } = JSON.parse(profile ?? "{}") as { num_rows?: number };
    return num_rows === undefined ? "" : `${num_rows.toLocaleString("en-US")} rows`;
  } catch {
    return "";
  }
}

export function RunModels({ run }: { run: Run }) {
  const { experiment_id, run_id } = run.info;
  const outputs = run.outputs.model_outputs ?? [];
  const models = useQuery({ ...modelsOfRun(experiment_id, run_id), enabled: outputs.length > 0 });
  const names = new Map(models.data?.map((each) => [each.info.model_id, each.info.name]));
  const steps = new Map(outputs.map((each) => [each.model_id, each.step]));
  if (outputs.length === 0) return null;
  return (
    <section className="entries" aria-label="Models">
      <h3>
        Models <span className="count">{outputs.length}</span>
      </h3>
      <ul className="lines">
        {outputs.map(({ model_id }) => (
          <li key={model_id} className="row">
            <Icon name="cube" />
            <Link to={paths.model} params={{ experimentId: experiment_id, modelId: model_id }} className="ellipsis">
              {names.get(model_id) ?? model_id}
            </Link>
            {Boolean(steps.get(model_id)) && <span className="muted">step {steps.get(model_id)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
