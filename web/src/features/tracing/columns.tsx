/** The columns a table of traces may have. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { experiment as experimentQuery } from "~/api/experiments";
import type { Assessment, TraceInfo } from "~/api/trace_types";
import { count, duration, number, splitName, time } from "~/format";
import { paths } from "~/links";
import type { ColumnGroup } from "~/shared/table/column_picker";
import type { Column } from "~/shared/table/grid";
import { quoted } from "~/shared/filter/suggest";
import { briefly, TraceStatus } from "~/shared/trace/brief";
import { Ago, Tag } from "~/ui/bits";
import { Verdict } from "./assessments";
import { factsOf, isValid, kindOf, money, ownTags } from "./facts";

interface Fixed {
  title: string;
  width: number;
  numeric?: boolean;
  sort?: string;
  render: (trace: TraceInfo) => ReactNode;
}

const none = (value: number | null, write: (value: number) => string) => (value === null ? "" : write(value));
const line = (text: string | undefined) => <span title={(text ?? "").slice(0, 2_000)}>{briefly(text)}</span>;
export const homeOf = (trace: TraceInfo) => trace.trace_location.mlflow_experiment.experiment_id;

const FIXED: Record<string, Fixed> = {
  time: { title: "Time", width: 108, sort: "timestamp_ms", render: (trace) => <Ago ms={factsOf(trace).start} /> },
  name: { title: "Trace", width: 156, sort: "name", render: (trace) => <NameCell trace={trace} /> },
  request: { title: "Request", width: 240, render: (trace) => line(trace.request_preview) },
  response: { title: "Response", width: 240, render: (trace) => line(trace.response_preview) },
  state: { title: "State", width: 92, sort: "status", render: (trace) => <TraceStatus state={trace.state} plain /> },
  duration: {
    title: "Duration",
    width: 110,
    numeric: true,
    sort: "execution_time_ms",
    render: (trace) => none(factsOf(trace).duration, duration),
  },
  tokens: {
    title: "Tokens",
    width: 100,
    numeric: true,
    render: (trace) => {
      const { tokens, inputTokens, outputTokens } = factsOf(trace);
      return <span title={`${inputTokens ?? "?"} in, ${outputTokens ?? "?"} out`}>{none(tokens, number)}</span>;
    },
  },
  cost: { title: "Cost", width: 100, numeric: true, render: (trace) => none(factsOf(trace).cost, money) },
  assessments: { title: "Assessments", width: 230, render: (trace) => <Verdicts trace={trace} /> },
  session: { title: "Session", width: 130, render: (trace) => <SessionCell trace={trace} /> },
  user: { title: "User", width: 100, render: (trace) => <span>{factsOf(trace).user}</span> },
  tags: {
    title: "Tags",
    width: 180,
    render: (trace) => (
      <span className="row cut">
        {ownTags(trace)
          .slice(0, 4)
          .map((tag) => (
            <Tag key={tag.key} name={tag.key} value={tag.value} />
          ))}
      </span>
    ),
  },
  run: { title: "Run", width: 100, sort: "run_id", render: (trace) => <RunCell trace={trace} /> },
  exact: { title: "Exact time", width: 176, render: (trace) => time(factsOf(trace).start) },
  experiment: { title: "Experiment", width: 150, render: (trace) => <HomeCell experiment={homeOf(trace)} /> },
  id: { title: "Trace ID", width: 290, sort: "request_id", render: (trace) => <code>{trace.trace_id}</code> },
};

export const DEFAULT_COLUMNS = [
  "name", "time", "state", "request", "response", "duration", "tokens", "cost", "assessments", "session", "user", "tags",
];

function NameCell({ trace }: { trace: TraceInfo }) {
  return (
    <Link
      to={paths.trace}
      params={{ experimentId: homeOf(trace), traceId: trace.trace_id }}
      search={{}}
      className="ellipsis strong"
      preload={false}
    >
      {factsOf(trace).name || trace.trace_id}
    </Link>
  );
}

function SessionCell({ trace }: { trace: TraceInfo }) {
  const { session } = factsOf(trace);
  if (!session) return null;
  return (
    <Link to={paths.session} params={{ experimentId: homeOf(trace), sessionId: session }} search={{}} className="quiet ellipsis" preload={false}>
      {session}
    </Link>
  );
}

function RunCell({ trace }: { trace: TraceInfo }) {
  const { run } = factsOf(trace);
  if (!run) return null;
  return (
    <Link to={paths.run} params={{ experimentId: homeOf(trace), runId: run }} search={{}} className="quiet mono" preload={false}>
      {run.slice(0, 8)}
    </Link>
  );
}

function HomeCell({ experiment }: { experiment: string }) {
  const found = useQuery({ ...experimentQuery(experiment), staleTime: 60_000 });
  return (
    <Link to={paths.traces} params={{ experimentId: experiment }} search={{}} className="quiet ellipsis" preload={false} title={found.data?.name}>
      {found.data ? splitName(found.data.name).leaf : experiment}
    </Link>
  );
}

const SHOWN = 4;

function Verdicts({ trace }: { trace: TraceInfo }) {
  const all = (trace.assessments ?? []).filter((each) => isValid(each) && kindOf(each) !== "issue");
  return (
    <span className="row cut">
      {all.slice(0, SHOWN).map((each) => (
        <Verdict key={each.assessment_id} assessment={each} />
      ))}
      {all.length > SHOWN && <span className="muted small">+{all.length - SHOWN}</span>}
    </span>
  );
}

const WORDS: Record<string, string> = { feedback: "feedback", expectation: "expected", tags: "tag" };

/** Names of what these traces were judged by, and of their tags. */
export interface TraceKeys {
  feedback: string[];
  expectation: string[];
  tags: string[];
}

export function keysOf(traces: readonly TraceInfo[]): TraceKeys {
  const found = { feedback: new Set<string>(), expectation: new Set<string>(), tags: new Set<string>() };
  for (const trace of traces.slice(0, 2_000)) {
    for (const each of trace.assessments ?? []) {
      const kind = kindOf(each);
      if (kind !== "issue") found[kind].add(each.assessment_name);
    }
    for (const { key } of ownTags(trace)) found.tags.add(key);
  }
  return { feedback: [...found.feedback].toSorted(), expectation: [...found.expectation].toSorted(), tags: [...found.tags].toSorted() };
}

export function columnGroups(keys: TraceKeys): ColumnGroup[] {
  const named = (kind: keyof TraceKeys) => keys[kind].map((key) => ({ id: `${kind}.${key}`, title: key }));
  return [
    { title: "About the trace", columns: Object.entries(FIXED).filter(([id]) => id !== "name").map(([id, { title }]) => ({ id, title })) },
    { title: "Feedback", columns: named("feedback") },
    { title: "Expectations", columns: named("expectation") },
    { title: "Tags", columns: named("tags") },
  ];
}

export function columnOf(id: string, width: number | undefined): Column<TraceInfo> {
  const fixed = FIXED[id];
  if (fixed) {
    const { title, numeric, sort, render } = fixed;
    return { id, title, numeric, sortable: sort !== undefined, width: width ?? fixed.width, render };
  }
  const at = id.indexOf(".");
  const kind = id.slice(0, at);
  const key = id.slice(at + 1);
  const render = (trace: TraceInfo) => {
    if (kind === "tags") return <span title={trace.tags?.[key]}>{trace.tags?.[key]}</span>;
    return <Said all={(trace.assessments ?? []).filter((each) => each.assessment_name === key && kindOf(each) === kind && isValid(each))} />;
  };
  return { id, title: key, kind: WORDS[kind], width: width ?? 140, render };
}

function Said({ all }: { all: readonly Assessment[] }) {
  return (
    <span className="row cut">
      {all.map((each) => (
        <Verdict key={each.assessment_id} assessment={each} named={false} />
      ))}
    </span>
  );
}

/** The `order_by` of the server for a column. */
export function orderOf(id: string, descending: boolean): string {
  const field = FIXED[id]?.sort;
  return field ? `${field} ${descending ? "DESC" : "ASC"}` : "";
}

/** A filter that finds the traces of a session. */
export const ofSession = (session: string) => `metadata.\`mlflow.trace.session\` = ${quoted(session)}`;
export const ofRun = (run: string) => `run_id = ${quoted(run)}`;

export function summary(traces: readonly TraceInfo[]): string {
  return count(traces.length, "trace");
}
