/** A trace in a line, wherever one is listed. */

import type { Json, TraceState } from "~/api/trace_types";

const STATES: Record<TraceState, { word: string; tone: string }> = {
  OK: { word: "OK", tone: "ok" },
  ERROR: { word: "Error", tone: "bad" },
  IN_PROGRESS: { word: "Running", tone: "run" },
  STATE_UNSPECIFIED: { word: "Unknown", tone: "" },
};

export function TraceStatus({ state, plain }: { state: TraceState; plain?: boolean }) {
  const { word, tone } = STATES[state] ?? STATES.STATE_UNSPECIFIED;
  return (
    <span className={plain ? `status ${tone}` : `status pill ${tone}`}>
      <span className="dot" />
      {word}
    </span>
  );
}

/** Text that is JSON, as what it says; undefined if it is none. */
export function decoded(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What a preview comes to in one line: `{"question": "Why?"}` is its text. */
export function briefly(preview: string | undefined): string {
  let said = preview ?? "";
  const inside = /^\s*[{"]/.test(said) ? decoded(said) : undefined;
  if (typeof inside === "string") said = inside;
  else if (typeof inside === "object" && inside !== null && !Array.isArray(inside)) {
    const [only, ...more] = Object.values(inside);
    if (typeof only === "string" && more.length === 0) said = only;
  }
  return said.slice(0, 400).replaceAll(/\s+/g, " ");
}
