/** What a trace says of itself, as numbers and words. Pure. */

import type { AnyValue, Assessment, Attribute, Json, TraceInfo } from "~/api/trace_types";
import { decoded } from "~/shared/trace/brief";

export interface Facts {
  name: string;
  start: number;
  duration: number | null;
  tokens: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
  cost: number | null;
  session: string;
  user: string;
  run: string;
}

const known = new WeakMap<TraceInfo, Facts>();

export function factsOf(trace: TraceInfo): Facts {
  let made = known.get(trace);
  if (!made) {
    const metadata = trace.trace_metadata ?? {};
    const tokens = numbersIn(metadata["mlflow.trace.tokenUsage"]);
    made = {
      name: trace.tags?.["mlflow.traceName"] ?? "",
      start: Date.parse(trace.request_time),
      duration: trace.execution_duration === undefined ? null : Math.round(Number.parseFloat(trace.execution_duration) * 1_000),
      tokens: tokens.total_tokens ?? null,
      inputTokens: tokens.input_tokens ?? null,
      outputTokens: tokens.output_tokens ?? null,
      cost: numbersIn(metadata["mlflow.trace.cost"]).total_cost ?? null,
      session: metadata["mlflow.trace.session"] ?? "",
      user: metadata["mlflow.trace.user"] ?? metadata["mlflow.user"] ?? "",
      run: metadata["mlflow.sourceRun"] ?? "",
    };
    known.set(trace, made);
  }
  return made;
}

function numbersIn(text: string | undefined): Record<string, number | undefined> {
  const found = text === undefined ? null : decoded(text);
  return found && typeof found === "object" && !Array.isArray(found) ? (found as Record<string, number>) : {};
}

/** A preview is text, or JSON as text. */
export function readPreview(preview: string | undefined): Json | undefined {
  return preview === undefined ? undefined : (decoded(preview) ?? preview);
}

export function ownTags(trace: TraceInfo): { key: string; value: string }[] {
  return Object.entries(trace.tags ?? {})
    .filter(([key]) => !key.startsWith("mlflow."))
    .map(([key, value]) => ({ key, value }));
}

export function money(amount: number): string {
  if (amount === 0) return "$0";
  return `$${amount >= 1 ? amount.toFixed(2) : amount >= 0.001 ? amount.toFixed(4) : amount.toPrecision(2)}`;
}

// ── assessments ──────────────────────────────────────────────────────────────────────────────────────────────────────

export function kindOf(assessment: Assessment): "feedback" | "expectation" | "issue" {
  return assessment.expectation ? "expectation" : assessment.issue ? "issue" : "feedback";
}

export function valueOf(assessment: Assessment): Json {
  const { feedback, expectation, issue } = assessment;
  if (expectation?.serialized_value) return decoded(expectation.serialized_value.value) ?? null;
  return expectation ? (expectation.value ?? null) : issue ? issue.issue_name : (feedback?.value ?? null);
}

/** Good, bad or neither: only what plainly says so. */
export function toneOf(value: Json): "ok" | "bad" | "" {
  if (value === true || value === "yes" || value === "pass") return "ok";
  return value === false || value === "no" || value === "fail" ? "bad" : "";
}

export function saidBriefly(value: Json): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

export const isValid = (assessment: Assessment) => assessment.valid !== false;

// ── attributes ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** An attribute value as JSON. Text that is JSON of something larger is taken as that: so do exporters write it. */
export function plain(value: AnyValue): Json {
  if (value.string_value !== undefined) {
    const text = value.string_value;
    const inside = /^\s*[[{"]/.test(text) ? decoded(text) : undefined;
    return inside === undefined ? text : inside;
  }
  if (value.bool_value !== undefined) return value.bool_value;
  if (value.int_value !== undefined) {
    const number = Number(value.int_value);
    return Number.isSafeInteger(number) ? number : value.int_value;
  }
  if (value.double_value !== undefined) return value.double_value;
  if (value.array_value) return value.array_value.values.map(plain);
  if (value.kvlist_value) return Object.fromEntries(value.kvlist_value.values.map((each) => [each.key, plain(each.value)]));
  return value.bytes_value ?? null;
}

export function attributesOf(attributes: readonly Attribute[] | undefined): Record<string, Json> {
  return Object.fromEntries((attributes ?? []).map((each) => [each.key, plain(each.value)]));
}
