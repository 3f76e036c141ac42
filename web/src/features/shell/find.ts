/** What the palette finds: everything that has a name, and whatever an id names. */

import { findNames, type NamedEntry } from "~/api/catalog";
import { post } from "~/api/client";
import { searchExperiments } from "~/api/experiments";
import { findInExperiments, type FoundObject } from "~/api/find";
import { type RegisteredModel, searchRegistry } from "~/api/registry";
import { pattern } from "~/api/run_filter";
import { searchTraces } from "~/api/traces";
import type { Session, TraceInfo, TracesPage } from "~/api/trace_types";

/** What has the words in its name, or begins with them as an id. */
export interface Named {
  experiments: { id: string; name: string }[];
  registered: RegisteredModel[];
  prompts: RegisteredModel[];
  /** Runs, LoggedModels, traces and sessions, whichever experiment they are in. */
  objects: FoundObject[];
  catalog: NamedEntry[];
}

/** What holds the words, or has them somewhere in its id. */
export interface Holding {
  traces: TraceInfo[];
  sessions: FoundObject[];
  /** In the traces of how many experiments the words were looked for, where there was no time for those of all. */
  readOnly: number | null;
}

const EXPERIMENTS_AT_ONCE = 1_000; // of whose traces the server answers in one search
const SESSION_EXPERIMENTS = 100; // that changed last: in the others a session is found by the beginning of its id
const PATIENCE = 2_500; // ms for words in traces; what was found by then is shown
const SHOWN = 5;
const NEWEST_FIRST = "last_update_time DESC";
const SHORTEST_TEXT = 3; // of which signatures know something

async function maybe<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  return asked.catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    return otherwise;
  });
}

export async function findNamed(words: string, signal: AbortSignal): Promise<Named> {
  // All together: what is asked side by side is cancelled side by side, and each of them says so.
  const [named, registered, prompts, catalog, objects] = await Promise.all([
    searchExperiments({ text: words, limit: 8, order: NEWEST_FIRST }, signal),
    registeredNamed("model", words, signal),
    registeredNamed("prompt", words, signal),
    words ? maybe(inCatalog(words, signal), []) : [],
    findInExperiments(words, words ? SHOWN : 8, signal),
  ]);
  const numbered = objects.filter((each) => each.kind === "experiment").map(({ id, name }) => ({ id, name }));
  const experiments = [...numbered, ...named.experiments.filter((each) => each.experiment_id !== words).map((each) => ({ id: each.experiment_id, name: each.name }))];
  return { experiments, registered, prompts, catalog, objects: objects.filter((each) => each.kind !== "experiment") };
}

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

const NOTHING: Holding = { traces: [], sessions: [], readOnly: null };

/** Goes through the traces of one experiment after the other, those that changed last first, as long as it may take. */
export async function findHolding(words: string, signal: AbortSignal): Promise<Holding> {
  if (words.length < SHORTEST_TEXT) return NOTHING;
  const until = performance.now() + PATIENCE;
  const traces: TraceInfo[] = [];
  const goesOn = () => traces.length < SHOWN && performance.now() < until;
  const filter = `trace.text ILIKE ${pattern(words)}`;
  let sessions: Promise<Session[]> | undefined;
  let read = 0;
  let experiments: string | undefined; // the token of the next ones
  let rest: string | undefined; // and of what there is left to read in these
  do {
    const page = await searchExperiments({ order: NEWEST_FIRST, limit: EXPERIMENTS_AT_ONCE, token: experiments }, signal);
    const places = page.experiments.map((each) => each.experiment_id);
    if (places.length === 0) break;
    if (!sessions) {
      sessions = maybe(sessionsNamed(places.slice(0, SESSION_EXPERIMENTS), words, signal), []);
      sessions.catch(() => undefined); // they are awaited last: a cancelled search is told of by what is awaited before
    }
    do {
      const some: TracesPage = await maybe(searchTraces({ experiments: places, filter, order: "" }, SHOWN - traces.length, rest, signal), { traces: [] });
      traces.push(...some.traces);
      rest = some.next_page_token;
    } while (rest && goesOn());
    read += places.length;
    experiments = page.next_page_token;
  } while (experiments && goesOn());
  const cut = traces.length < SHOWN && (experiments ?? rest) !== undefined;
  return { traces, sessions: ((await sessions) ?? []).map(sessionFound), readOnly: cut ? read : null };
}

async function sessionsNamed(places: readonly string[], words: string, signal: AbortSignal): Promise<Session[]> {
  const body = { experiment_ids: places, filter: `metadata.\`mlflow.trace.session\` ILIKE ${pattern(words)}`, max_results: SHOWN };
  return (await post<{ sessions: Session[] }>("/api/3.0/mlflow/traces/sessions/search", body, { signal })).sessions;
}
