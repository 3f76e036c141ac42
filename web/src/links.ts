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
} as const;

const VIEWS: Record<string, string> = { "": "", runs: "", models: "/models" };

/** The page for a hash as MLflow's client prints it; null if it is none. */
export function fromPrinted(hash: string): string | null {
  if (!hash.startsWith("#/")) return null;
  const url = new URL(hash.slice(1), "http://lakeward.invalid");
  const [section, experiment, view = "", id, tab, ...rest] = url.pathname.split("/").filter(Boolean);
  const search = url.search;
  if (section === undefined) return `/${search}`;
  if (section !== "experiments") return null;
  if (experiment === undefined) return `/ml/experiments${search}`;
  if (view === "runs" && id) return `/ml/experiments/${experiment}/runs/${id}${withTab(search, tab, rest)}`;
  if (view === "models" && id) return `/ml/experiments/${experiment}/models/${id}${search}`;
  return `/ml/experiments/${experiment}${VIEWS[view] ?? ""}${search}`;
}

const TABS: Record<string, string> = {
  "model-metrics": "metrics",
  "system-metrics": "system",
  artifacts: "artifacts",
};

function withTab(search: string, tab: string | undefined, file: readonly string[]): string {
  const known = tab === undefined ? undefined : TABS[tab];
  if (known === undefined) return search;
  const opened = known === "artifacts" && file.length > 0 ? `&file=${encodeURIComponent(file.map(decodeURIComponent).join("/"))}` : "";
  return `${search}${search ? "&" : "?"}tab=${known}${opened}`;
}
