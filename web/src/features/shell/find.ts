/** What the palette finds: everything that has a name, and whatever an id names. */

import { findNames, type NamedEntry } from "~/api/catalog";
import { post } from "~/api/client";
import { searchExperiments } from "~/api/experiments";
import { findInExperiments, type FoundObject } from "~/api/find";
import { type RegisteredModel, searchRegistry } from "~/api/registry";
import { pattern } from "~/api/run_filter";
import { searchTraces } from "~/api/traces";
import type { Session, TraceInfo } from "~/api/trace_types";

export interface Found {
  experiments: { id: string; name: string }[];
  registered: RegisteredModel[];
  prompts: RegisteredModel[];
  /** Runs, LoggedModels, traces and sessions, whichever experiment they are in. */
  objects: FoundObject[];
  catalog: NamedEntry[];
  /** Those that hold the words, in the experiments that changed last. */
  traces: TraceInfo[];
}

const READ_EXPERIMENTS = 100; // in whose traces the words are looked for
const SHOWN = 5;
const NEWEST_FIRST = "last_update_time DESC";
const SHORTEST_TEXT = 3; // of which signatures know something

async function maybe<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  return asked.catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    return otherwise;
  });
}

export async function find(words: string, signal: AbortSignal): Promise<Found> {
  // All together: what is asked side by side is cancelled side by side, and each of them says so.
  const [named, registered, prompts, catalog, objects, [traces, sessions]] = await Promise.all([
    searchExperiments({ text: words, limit: 8, order: NEWEST_FIRST }, signal),
    registeredNamed("model", words, signal),
    registeredNamed("prompt", words, signal),
    words ? maybe(inCatalog(words, signal), []) : [],
    findInExperiments(words, words ? SHOWN : 8, signal),
    words.length < SHORTEST_TEXT ? NOTHING : inTraces(words, signal),
  ]);
  const numbered = objects.filter((each) => each.kind === "experiment").map(({ id, name }) => ({ id, name }));
  const experiments = [...numbered, ...named.experiments.filter((each) => each.experiment_id !== words).map((each) => ({ id: each.experiment_id, name: each.name }))];
  const known = new Set(objects.map((each) => each.id));
  return {
    experiments,
    registered,
    prompts,
    catalog,
    objects: [...objects.filter((each) => each.kind !== "experiment"), ...sessions.filter((each) => !known.has(each.session_id)).map(sessionFound)],
    traces: traces.filter((each) => !known.has(each.trace_id)),
  };
}

const NOTHING: [TraceInfo[], Session[]] = [[], []];

const sessionFound = (each: Session): FoundObject => ({
  kind: "session",
  id: each.session_id,
  name: each.session_id,
  experiment_id: each.experiment_id,
  experiment_name: "",
});

async function inCatalog(words: string, signal: AbortSignal): Promise<NamedEntry[]> {
  return (await findNames(words, signal)).slice(0, SHOWN);
}

async function registeredNamed(kind: "model" | "prompt", words: string, signal: AbortSignal): Promise<RegisteredModel[]> {
  if (!words) return [];
  const none = { registered_models: [] as RegisteredModel[] };
  const page = await maybe(searchRegistry(kind, { filter: `name ILIKE ${pattern(words)}`, limit: SHOWN }, signal), none);
  return page.registered_models ?? [];
}

/** Traces that hold the words, and sessions that have them somewhere in their id. */
async function inTraces(words: string, signal: AbortSignal): Promise<[TraceInfo[], Session[]]> {
  const recent = await searchExperiments({ order: NEWEST_FIRST, limit: READ_EXPERIMENTS }, signal);
  const places = recent.experiments.map((each) => each.experiment_id);
  if (places.length === 0) return NOTHING;
  const holding = `trace.text ILIKE ${pattern(words)}`;
  return Promise.all([
    maybe(searchTraces({ experiments: places, filter: holding, order: "" }, SHOWN, undefined, signal).then((page) => page.traces), []),
    maybe(sessionsNamed(places, words, signal), []),
  ]);
}

async function sessionsNamed(places: readonly string[], words: string, signal: AbortSignal): Promise<Session[]> {
  const body = { experiment_ids: places, filter: `metadata.\`mlflow.trace.session\` ILIKE ${pattern(words)}`, max_results: SHOWN };
  return (await post<{ sessions: Session[] }>("/api/3.0/mlflow/traces/sessions/search", body, { signal })).sessions;
}
