/** What the palette finds: everything that has a name, and whatever an id names. */

import { get, post } from "~/api/client";
import { pattern, searchExperiments } from "~/api/experiments";
import { type RegisteredModel, searchRegistry } from "~/api/registry";
import { searchRuns } from "~/api/runs";
import { searchTraces } from "~/api/traces";
import type { Session, TraceInfo } from "~/api/trace_types";
import type { LoggedModel, Run } from "~/api/types";

export interface Found {
  experiments: { id: string; name: string }[];
  runs: Run[];
  models: LoggedModel[];
  registered: RegisteredModel[];
  prompts: RegisteredModel[];
  traces: TraceInfo[];
  sessions: Session[];
}

const SEARCHED_EXPERIMENTS = 20;
const SHOWN = 5;
const SHORTEST_TEXT = 3; // of which signatures know something

const NOTHING: Found = { experiments: [], runs: [], models: [], registered: [], prompts: [], traces: [], sessions: [] };

async function maybe<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  return asked.catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    return otherwise;
  });
}

/** By id: any run, LoggedModel or trace. */
async function byId(words: string, signal: AbortSignal): Promise<Found | null> {
  if (/^[0-9a-f]{32}$/.test(words)) {
    const found = await maybe(get<{ run: Run } | null>("/api/2.0/mlflow/runs/get", { run_id: words }, { signal }), null);
    return found && { ...NOTHING, runs: [found.run] };
  }
  if (/^m-[0-9a-f]{32}$/.test(words)) {
    const found = await maybe(get<{ model: LoggedModel } | null>(`/api/2.0/mlflow/logged-models/${words}`, undefined, { signal }), null);
    return found && { ...NOTHING, models: [found.model] };
  }
  if (/^tr-[0-9a-f]{32}$/.test(words)) {
    const path = `/api/3.0/mlflow/traces/${words}`;
    const found = await maybe(get<{ trace: { trace_info: TraceInfo } } | null>(path, undefined, { signal }), null);
    return found && { ...NOTHING, traces: [found.trace.trace_info] };
  }
  return null;
}

/** By name: experiments, models and prompts anywhere; runs, sessions and traces in the most recent experiments. */
export async function find(words: string, signal: AbortSignal): Promise<Found> {
  const exact = await byId(words, signal);
  if (exact) return exact;
  const order = "last_update_time DESC";
  const recent = searchExperiments({ order, limit: SEARCHED_EXPERIMENTS }, signal);
  const named = words ? searchExperiments({ text: words, limit: 8, order }, signal) : recent;
  const none = { registered_models: [] as RegisteredModel[] };
  const registered = words ? maybe(searchRegistry("model", { filter: nameLike(words), limit: SHOWN }, signal), none) : none;
  const prompts = words ? maybe(searchRegistry("prompt", { filter: nameLike(words), limit: SHOWN }, signal), none) : none;
  const places = (await recent).experiments.map((each) => each.experiment_id);
  const known = places.length > 0;
  const runs = known
    ? searchRuns({ experiments: places, filter: words && `attributes.run_name ILIKE ${pattern(words)}`, order: "", view: "ACTIVE_ONLY" }, 8, undefined, signal)
    : null;
  const deep = known && words.length >= SHORTEST_TEXT;
  const sessions = deep ? maybe(sessionsNamed(places, words, signal), []) : [];
  const quoted = pattern(words);
  const traces = deep
    ? maybe(searchTraces({ experiments: places, filter: `trace.text ILIKE ${quoted}`, order: "" }, SHOWN, undefined, signal), { traces: [] })
    : { traces: [] };
  return {
    ...NOTHING,
    experiments: (await named).experiments.slice(0, 8).map((each) => ({ id: each.experiment_id, name: each.name })),
    runs: (await runs)?.runs ?? [],
    registered: (await registered).registered_models ?? [],
    prompts: (await prompts).registered_models ?? [],
    traces: (await traces).traces,
    sessions: await sessions,
  };
}

const nameLike = (words: string) => `name ILIKE ${pattern(words)}`;

async function sessionsNamed(places: readonly string[], words: string, signal: AbortSignal): Promise<Session[]> {
  const body = { experiment_ids: places, filter: `metadata.\`mlflow.trace.session\` ILIKE ${pattern(words)}`, max_results: SHOWN };
  return (await post<{ sessions: Session[] }>("/api/3.0/mlflow/traces/sessions/search", body, { signal })).sessions;
}
