/**
 * Every URL form there is. Pages live under /ml, where clients in `databricks` mode point; those in http mode print
 * `/#/experiments/…?workspace=…`, which `fromPrinted` turns into a page of ours.
 */

export const paths = {
  home: "/",
  experiments: "/ml/experiments",
  experiment: "/ml/experiments/$experimentId",
  models: "/ml/experiments/$experimentId/models",
  model: "/ml/experiments/$experimentId/models/$modelId",
  run: "/ml/experiments/$experimentId/runs/$runId",
  compare: "/ml/experiments/$experimentId/compare",
  allTraces: "/ml/traces",
  traces: "/ml/experiments/$experimentId/traces",
  trace: "/ml/experiments/$experimentId/traces/$traceId",
  sessions: "/ml/experiments/$experimentId/sessions",
  session: "/ml/experiments/$experimentId/sessions/$sessionId",
  overview: "/ml/experiments/$experimentId/overview",
  registry: "/ml/models",
  registered: "/ml/models/$name",
  prompts: "/ml/prompts",
  prompt: "/ml/prompts/$name",
  catalog: "/ml/catalog",
  inCatalog: "/ml/catalog/$catalog",
  inSchema: "/ml/catalog/$catalog/$schema",
  asset: "/ml/catalog/$catalog/$schema/$kind/$name",
  settings: "/ml/settings",
  signIn: "/ml/sign-in",
} as const;

/** Where the browser leaves for the provider of single sign-on, to come back to a page of ours. */
export const singleSignOn = (back: string) => `/sso/sign-in?next=${encodeURIComponent(back)}`;

/** An address on this server that somebody may be led to; the home page for everything else. */
export function safeAddress(address: string | undefined): string {
  if (!address?.startsWith("/") || /^\/[/\\]|\\|[^\x20-\x7e]/.test(address)) return paths.home;
  try {
    const url = new URL(address, "http://lakeward.invalid");
    return url.host === "lakeward.invalid" ? address : paths.home;
  } catch {
    return paths.home;
  }
}

/** The page for a hash as MLflow's client prints it; null if it is none. */
export function fromPrinted(hash: string): string | null {
  const printed = hash.startsWith("#mlflow/") ? hash.slice("#mlflow".length) : hash.slice(1); // the platform's first form
  if (!printed.startsWith("/")) return null;
  const url = new URL(printed, "http://lakeward.invalid");
  const [section, ...rest] = url.pathname.split("/").filter(Boolean);
  if (section === undefined) return `/${url.search}`;
  if (section === "experiments") return ofExperiment(rest, url.searchParams);
  if (section === "models") return ofModel(rest, url.searchParams);
  return section === "prompts" ? ofPrompt(rest, url.searchParams) : null;
}

/** `/explore/data/models/main/default/iris/version/3`: a version of a model in a catalog; or what else is in one. */
export function fromExplorer(path: string): string {
  const [kind, ...parts] = path.split("/").filter(Boolean);
  if (kind === undefined) return paths.catalog;
  if (kind === "volumes" || kind === "functions") return inExplorer(kind, parts.join("."));
  if (kind !== "models") return inExplorer(parts.length < 2 ? "" : "tables", [kind, ...parts].join("."));
  const at = parts.lastIndexOf("version");
  const name = (at > 0 ? parts.slice(0, at) : parts).map(decodeURIComponent).join(".");
  if (!name) return "/ml/models";
  const version = at > 0 ? parts[at + 1] : undefined;
  return `/ml/models/${encodeURIComponent(name)}${version ? `?version=${encodeURIComponent(version)}` : ""}`;
}

/** Where something of the catalog is shown; `kind` is how clients or lists call it. */
export function inExplorer(kind: string, fullName: string): string {
  const [catalog, schema, ...rest] = fullName.split(".");
  const place = [paths.catalog, catalog, schema].filter(Boolean).join("/");
  return rest.length > 0 ? `${place}/${kind.replace(/s?$/, "s")}/${rest.join(".")}` : place;
}

type Query = URLSearchParams;

function page(path: string, search: Query): string {
  const query = search.toString().replaceAll("+", "%20");
  return query ? `${path}?${query}` : path;
}

/** Takes a parameter out of the address. */
function taken(search: Query, ...names: string[]): string {
  const found = names.map((name) => search.get(name)).find(Boolean) ?? "";
  for (const name of names) search.delete(name);
  return found;
}

function ofExperiment([experiment, view = "", id, tab, ...rest]: string[], search: Query): string {
  if (experiment === undefined) return page("/ml/experiments", search);
  const base = `/ml/experiments/${experiment}`;
  if (view === "runs" && id) return page(`${base}/runs/${id}`, withTab(search, tab, rest));
  if (view === "models") return page(`${base}/models${id ? `/${id}` : ""}`, search);
  if (view === "traces") {
    const trace = id ?? taken(search, "selectedEvaluationId", "selectedTraceId");
    return page(`${base}/traces${trace ? `/${trace}` : ""}`, search);
  }
  if (view === "chat-sessions") return page(`${base}/sessions${id ? `/${id}` : ""}`, search);
  if (view === "prompts") return ofPrompt(id === undefined ? [] : [id], search);
  if (view === "evaluation-runs") {
    const run = taken(search, "selectedRunUuid");
    return page(run ? `${base}/runs/${run}` : base, search);
  }
  return page(view === "overview" ? `${base}/overview` : base, search);
}

function ofModel([name, versions, version]: string[], search: Query): string {
  if (versions === "versions" && version) search.set("version", version);
  return page(name === undefined ? "/ml/models" : `/ml/models/${name}`, search);
}

function ofPrompt([name]: string[], search: Query): string {
  const version = taken(search, "promptVersion");
  if (version) search.set("version", version);
  return page(name === undefined ? "/ml/prompts" : `/ml/prompts/${name}`, search);
}

const TABS: Record<string, string> = {
  "model-metrics": "metrics",
  "system-metrics": "system",
  artifacts: "artifacts",
};

function withTab(search: Query, tab: string | undefined, file: readonly string[]): Query {
  const known = tab === undefined ? undefined : TABS[tab];
  if (known === undefined) return search;
  search.set("tab", known);
  if (known === "artifacts" && file.length > 0) search.set("file", file.map(decodeURIComponent).join("/"));
  return search;
}

/** Addresses of the platform's own pages that are ours by another name; null if it is ours already. */
export function fromPlatform(path: string, search: string): string | null {
  if (path === "/explore/data" || path.startsWith("/explore/data/")) {
    const query = search.replace(/^\?/, "&");
    const found = fromExplorer(path.slice("/explore/data/".length));
    return found.includes("?") ? found + query : found + query.replace(/^&/, "?");
  }
  const parts = path.split("/").filter(Boolean);
  const [root, section, id, view, rest] = parts;
  if (root !== "ml") return null;
  const given = new URLSearchParams(search);
  const experiment = section === "experiments" && id !== undefined;
  const renamed =
    (experiment && ["chat-sessions", "prompts", "evaluation-runs"].includes(view ?? "")) ||
    (experiment && view === "traces" && rest === undefined && (given.has("selectedEvaluationId") || given.has("selectedTraceId"))) ||
    (experiment && view === "runs" && rest === undefined) ||
    (section === "models" && view === "versions") ||
    (section === "prompts" && given.has("promptVersion"));
  return renamed ? fromPrinted(`#/${parts.slice(1).join("/")}${search}`) : null;
}
