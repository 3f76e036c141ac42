/** What the palette finds: everything that has a name, and whatever an id names. */

import { findNames, type NamedEntry } from "~/api/catalog";
import { get, post } from "~/api/client";
import { searchExperiments } from "~/api/experiments";
import { pattern } from "~/api/run_filter";
import { modelsNamed } from "~/api/models";
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
  catalog: NamedEntry[];
}

const SEARCHED_EXPERIMENTS = 20;
const SHOWN = 5;
const SHORTEST_TEXT = 3; // of which signatures know something

const NOTHING: Found = { experiments: [], runs: [], models: [], registered: [], prompts: [], traces: [], sessions: [], catalog: [] };

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

/** By name: experiments, registered models and prompts anywhere; what lies in experiments in the most recent ones. */
export async function find(words: string, signal: AbortSignal): Promise<Found> {
  const exact = await byId(words, signal);
  if (exact) return exact;
  const order = "last_update_time DESC";
  const recent = searchExperiments({ order, limit: SEARCHED_EXPERIMENTS }, signal);
  // All together: what is asked side by side is cancelled side by side, and each of them says so.
  const [named, registered, prompts, catalog, below] = await Promise.all([
    words ? searchExperiments({ text: words, limit: 8, order }, signal) : recent,
    registeredNamed("model", words, signal),
    registeredNamed("prompt", words, signal),
    words ? maybe(inCatalog(words, signal), []) : [],
    recent.then((page) => insideOf(page.experiments.map((each) => each.experiment_id), words, signal)),
  ]);
  const experiments = named.experiments.slice(0, 8).map((each) => ({ id: each.experiment_id, name: each.name }));
  return { ...NOTHING, experiments, registered, prompts, catalog, ...below };
}

async function inCatalog(words: string, signal: AbortSignal): Promise<NamedEntry[]> {
  return (await findNames(words, signal)).slice(0, SHOWN);
}

async function registeredNamed(kind: "model" | "prompt", words: string, signal: AbortSignal): Promise<RegisteredModel[]> {
  if (!words) return [];
  const none = { registered_models: [] as RegisteredModel[] };
  const page = await maybe(searchRegistry(kind, { filter: nameLike(words), limit: SHOWN }, signal), none);
  return page.registered_models ?? [];
}

/** Runs, traces and sessions of these experiments. */
async function insideOf(places: string[], words: string, signal: AbortSignal): Promise<Partial<Found>> {
  if (places.length === 0) return {};
  const start = /^[0-9a-f]{6,31}$/.test(words); // as run ids are shown
  const named = words && (start ? `attributes.run_id LIKE '${words}%'` : `attributes.run_name ILIKE ${pattern(words)}`);
  const deep = words.length >= SHORTEST_TEXT;
  const holding = `trace.text ILIKE ${pattern(words)}`;
  const [page, models, traces, sessions] = await Promise.all([
    searchRuns({ experiments: places, filter: named, order: "", view: "ACTIVE_ONLY" }, 8, undefined, signal),
    words ? maybe(modelsNamed(places, words, SHOWN, signal), []) : [],
    deep ? maybe(searchTraces({ experiments: places, filter: holding, order: "" }, SHOWN, undefined, signal), { traces: [] }) : { traces: [] },
    deep ? maybe(sessionsNamed(places, words, signal), []) : [],
  ]);
  return { runs: page.runs ?? [], models, traces: traces.traces, sessions };
}

const nameLike = (words: string) => `name ILIKE ${pattern(words)}`;

async function sessionsNamed(places: readonly string[], words: string, signal: AbortSignal): Promise<Session[]> {
  const body = { experiment_ids: places, filter: `metadata.\`mlflow.trace.session\` ILIKE ${pattern(words)}`, max_results: SHOWN };
  return (await post<{ sessions: Session[] }>("/api/3.0/mlflow/traces/sessions/search", body, { signal })).sessions;
}
