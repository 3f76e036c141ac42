/** What is known of a trace as a whole. */

import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { deleteTraceTag, setTraceTag } from "~/api/traces";
import type { TraceInfo } from "~/api/trace_types";
import { duration, number, time } from "~/format";
import { paths } from "~/links";
import { useMayChange } from "~/shared/access/may";
import { decoded } from "~/shared/trace/brief";
import { TagsEditor } from "~/ui/tags_editor";
import { factsOf, money, ownTags } from "./facts";

export function TraceFigures({ trace }: { trace: TraceInfo }) {
  const facts = factsOf(trace);
  const experimentId = trace.trace_location.mlflow_experiment.experiment_id;
  return (
    <dl className="figures">
      <Figure name="Started">{time(facts.start)}</Figure>
      {facts.duration !== null && <Figure name="Duration">{duration(facts.duration)}</Figure>}
      {facts.tokens !== null && (
        <Figure name="Tokens" title={`${facts.inputTokens ?? "?"} in, ${facts.outputTokens ?? "?"} out`}>
          {number(facts.tokens)}
        </Figure>
      )}
      {facts.cost !== null && <Figure name="Cost">{money(facts.cost)}</Figure>}
      {facts.user && <Figure name="User">{facts.user}</Figure>}
      {facts.session && (
        <Figure name="Session">
          <Link to={paths.session} params={{ experimentId, sessionId: facts.session }} search={{}}>
            {facts.session}
          </Link>
        </Figure>
      )}
      {facts.run && (
        <Figure name="Run">
          <Link to={paths.run} params={{ experimentId, runId: facts.run }} search={{}} className="mono">
            {facts.run.slice(0, 8)}
          </Link>
        </Figure>
      )}
    </dl>
  );
}

function Figure({ name, title, children }: { name: string; title?: string; children: React.ReactNode }) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd className="ellipsis">{children}</dd>
    </div>
  );
}

/** Tags, metadata, and the prompts it used. */
export function Labels({ trace }: { trace: TraceInfo }) {
  const readOnly = useMayChange(trace.trace_location.mlflow_experiment.experiment_id);
  const queries = useQueryClient();
  const metadata = Object.entries(trace.trace_metadata ?? {}).filter(([key]) => !SHOWN_ABOVE.has(key));
  const prompts = promptsOf(trace);
  return (
    <>
      <section className="entries" aria-label="Tags">
        <h3>Tags</h3>
        <TagsEditor
          tags={ownTags(trace)}
          blocked={readOnly}
          set={(key, value) => setTraceTag(trace.trace_id, key, value)}
          remove={(key) => deleteTraceTag(trace.trace_id, key)}
          changed={() => void queries.invalidateQueries({ queryKey: ["traces"] })}
        />
      </section>
      {prompts.length > 0 && (
        <section className="entries" aria-label="Prompts">
          <h3>Prompts</h3>
          <ul className="lines">
            {prompts.map((each) => (
              <li key={`${each.name} ${each.version}`}>
                <Link to={paths.prompt} params={{ name: each.name }} search={{ version: each.version }}>
                  {each.name} version {each.version}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {metadata.length > 0 && (
        <section className="entries" aria-label="Metadata">
          <h3>Metadata</h3>
          <table className="pairs">
            <tbody>
              {metadata.map(([key, value]) => (
                <tr key={key}>
                  <th scope="row" title={key}>
                    {key}
                  </th>
                  <td title={value}>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

const SHOWN_ABOVE = new Set([
  "mlflow.trace.session", "mlflow.trace.user", "mlflow.sourceRun", "mlflow.trace.tokenUsage", "mlflow.trace.cost",
  "mlflow.traceInputs", "mlflow.traceOutputs",
]); // prettier-ignore

function promptsOf(trace: TraceInfo): { name: string; version: string }[] {
  const listed = decoded(trace.tags?.["mlflow.linkedPrompts"] ?? "");
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((each) => {
    const { name, version } = (each ?? {}) as { name?: unknown; version?: unknown };
    return typeof name === "string" ? [{ name, version: String(version) }] : [];
  });
}
