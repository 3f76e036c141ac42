import type { TraceInfo } from "~/api/trace_types";
import { type Field, fieldName, type Vocabulary } from "~/shared/filter/suggest";
import type { TraceKeys } from "./columns";
import { factsOf, ownTags, saidBriefly, valueOf } from "./facts";

const SESSION = "metadata.`mlflow.trace.session`";
const USER = "metadata.`mlflow.trace.user`";

const FIXED: readonly Field[] = [
  { name: "status", hint: "OK, ERROR, IN_PROGRESS", kind: "text" },
  { name: "name", hint: "of the trace", kind: "label" },
  { name: "execution_time_ms", hint: "duration", kind: "number" },
  { name: "timestamp_ms", hint: "start", kind: "number" },
  { name: "trace.text", hint: "anything a span says", kind: "text" },
  { name: "span.name", hint: "of any span", kind: "text" },
  { name: "span.type", hint: "of any span", kind: "text" },
  { name: "span.status", hint: "of any span", kind: "text" },
  { name: SESSION, hint: "session", kind: "label" },
  { name: USER, hint: "user", kind: "label" },
  { name: "run_id", hint: "run", kind: "text" },
  { name: "prompt", hint: "name/version", kind: "text" },
  { name: "client_request_id", hint: "the application's own id", kind: "label" },
];

const VALUES: Record<string, readonly string[]> = {
  status: ["OK", "ERROR", "IN_PROGRESS"],
  "span.status": ["OK", "ERROR", "UNSET"],
  "span.type": ["LLM", "CHAT_MODEL", "AGENT", "TOOL", "RETRIEVER", "CHAIN", "EMBEDDING", "RERANKER", "PARSER", "MEMORY"],
};

/** What traces are filtered by, with the names and values of those that are loaded. */
export function traceVocabulary(traces: readonly TraceInfo[], keys: TraceKeys): Vocabulary {
  const fields: Field[] = [
    ...FIXED,
    ...keys.feedback.map((key): Field => ({ name: fieldName("feedback", key), hint: "feedback", kind: "judged" })),
    ...keys.expectation.map((key): Field => ({ name: fieldName("expectation", key), hint: "expectation", kind: "judged" })),
    ...keys.tags.map((key): Field => ({ name: fieldName("tags", key), hint: "tag", kind: "label" })),
  ];
  return { fields, values: (field) => VALUES[field] ?? seen(traces, field) };
}

function seen(traces: readonly TraceInfo[], field: string): string[] {
  const found = new Set<string>();
  for (const trace of traces) {
    for (const value of valuesIn(trace, field)) if (value) found.add(value);
    if (found.size >= 50) break;
  }
  return [...found];
}

function valuesIn(trace: TraceInfo, field: string): string[] {
  const facts = factsOf(trace);
  if (field === "name") return [facts.name];
  if (field === SESSION) return [facts.session];
  if (field === USER) return [facts.user];
  if (field === "run_id") return [facts.run];
  const at = field.indexOf(".");
  const kind = field.slice(0, at);
  const key = field.slice(at + 1).replaceAll("`", "");
  if (kind === "tags") return ownTags(trace).filter((tag) => tag.key === key).map((tag) => tag.value);
  if (kind !== "feedback" && kind !== "expectation") return [];
  return (trace.assessments ?? []).filter((each) => each.assessment_name === key && kind in each).map((each) => saidBriefly(valueOf(each)));
}
