/** Every page, its address, and what its address may say. Pages other than the shell come in files of their own. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from "@tanstack/react-router";
import { ApiError } from "./api/client";
import { Shell } from "./features/shell/shell";
import { paths } from "./links";
import { Failure } from "./ui/bits";
import { LinkButton } from "./ui/button";

type Search = Record<string, unknown>;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
const flag = (value: unknown): true | undefined => (value === true || value === "true" || value === "1" ? true : undefined);
const oneOf = <T extends string>(value: unknown, known: readonly T[]): T | undefined =>
  known.find((each) => each === value);
const numeric = (value: unknown, least: number, most: number): number | undefined => {
  const n = Number(value);
  return value === undefined || !Number.isFinite(n) ? undefined : Math.min(most, Math.max(least, n));
};

/** Epoch milliseconds. */
const moment = (value: unknown): number | undefined => numeric(value, 0, 8.64e15);

/** Nothing in an address is obligatory. */
const optional =
  <T extends object>(read: (search: Search) => T) =>
  (search: Search): Partial<T> =>
    read(search);

/** Anywhere: the workspace, by name or (as the platform writes it) by number. */
const rootRoute = createRootRoute({
  component: Shell,
  validateSearch: (search: Search): { workspace?: string; o?: string } => ({
    workspace: text(search.workspace),
    o: text(search.o),
  }),
  search: { middlewares: [retainSearchParams(["workspace", "o"])] },
  notFoundComponent: () => <Failure error={new ApiError(404, "", "There is no such page.")} back={<LinkButton to={paths.home}>Home</LinkButton>} />,
});

const home = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.home,
  component: lazyRouteComponent(() => import("./features/shell/home"), "Home"),
});

const mlHome = createRoute({
  getParentRoute: () => rootRoute,
  path: "/ml",
  beforeLoad: () => {
    throw redirect({ to: paths.home, search: (before) => before });
  },
});

const experiments = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.experiments,
  validateSearch: optional((search) => ({
    q: text(search.q),
    view: oneOf(search.view, ["deleted"]),
    sort: text(search.sort),
  })),
  component: lazyRouteComponent(() => import("./features/experiments/list"), "ExperimentsPage"),
});

/** How charts are drawn, wherever there are some. */
const chartSearch = (search: Search) => ({
  x: oneOf(search.x, ["step", "relative", "time"]),
  smooth: numeric(search.smooth, 0, 0.99),
  log: flag(search.log),
});

const experiment = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.experiment,
  validateSearch: optional((search) => ({
    ...chartSearch(search),
    q: text(search.q),
    sort: text(search.sort),
    view: oneOf(search.view, ["deleted"]),
    mode: oneOf(search.mode, ["charts"]),
    cols: text(search.cols),
    pins: text(search.pins),
    diff: flag(search.diff),
    group: text(search.group),
    peek: text(search.peek),
    saved: text(search.saved),
  })),
  component: lazyRouteComponent(() => import("./features/tracking/runs_page"), "RunsPage"),
});

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.run,
  validateSearch: optional((search) => ({
    ...chartSearch(search),
    tab: oneOf(search.tab, ["metrics", "system", "artifacts", "lineage"]),
    file: text(search.file),
  })),
  component: lazyRouteComponent(() => import("./features/tracking/run_page"), "RunPage"),
});

const compare = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.compare,
  validateSearch: optional((search) => ({
    ...chartSearch(search),
    runs: text(search.runs),
    tab: oneOf(search.tab, ["charts", "parallel", "scatter", "contour", "bars", "code", "artifacts"]),
    all: flag(search.all),
    up: flag(search.up),
    file: text(search.file),
    pair: text(search.pair),
    sz: text(search.sz),
    axes: text(search.axes),
    sx: text(search.sx),
    sy: text(search.sy),
  })),
  component: lazyRouteComponent(() => import("./features/tracking/compare_page"), "ComparePage"),
});

const models = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.models,
  validateSearch: optional((search) => ({ q: text(search.q), sort: text(search.sort) })),
  component: lazyRouteComponent(() => import("./features/logged_models/list"), "ModelsPage"),
});

const model = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.model,
  validateSearch: optional((search) => ({ tab: oneOf(search.tab, ["artifacts", "lineage"]), file: text(search.file) })),
  component: lazyRouteComponent(() => import("./features/logged_models/model_page"), "ModelPage"),
});

/** A stretch of time: until now, or between two moments. */
const rangeSearch = (search: Search) => ({
  range: text(search.range),
  from: moment(search.from),
  to: moment(search.to),
});

const traces = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.traces,
  validateSearch: optional((search) => ({
    ...rangeSearch(search),
    q: text(search.q),
    sort: text(search.sort),
    cols: text(search.cols),
    pins: text(search.pins),
    peek: text(search.peek),
    saved: text(search.saved),
  })),
  component: lazyRouteComponent(() => import("./features/tracing/traces_page"), "TracesPage"),
});

const allTraces = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.allTraces,
  validateSearch: optional((search) => ({
    ...rangeSearch(search),
    q: text(search.q),
    sort: text(search.sort),
    cols: text(search.cols),
    pins: text(search.pins),
    peek: text(search.peek),
  })),
  component: lazyRouteComponent(() => import("./features/tracing/all_traces_page"), "AllTracesPage"),
});

const trace = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.trace,
  validateSearch: optional((search) => ({ span: text(search.span), layout: oneOf(search.layout, ["timeline", "graph"]) })),
  component: lazyRouteComponent(() => import("./features/tracing/trace_page"), "TracePage"),
});

const sessions = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.sessions,
  validateSearch: optional((search) => ({ ...rangeSearch(search), q: text(search.q) })),
  component: lazyRouteComponent(() => import("./features/tracing/sessions_page"), "SessionsPage"),
});

const session = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.session,
  component: lazyRouteComponent(() => import("./features/tracing/session_page"), "SessionPage"),
});

const overview = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.overview,
  validateSearch: optional(rangeSearch),
  component: lazyRouteComponent(() => import("./features/tracing/dashboard"), "DashboardPage"),
});

const registry = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.registry,
  validateSearch: optional((search) => ({ q: text(search.q), sort: text(search.sort) })),
  component: lazyRouteComponent(() => import("./features/registry/list"), "RegistryPage"),
});

const registered = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.registered,
  validateSearch: optional((search) => ({ version: text(search.version), against: text(search.against), tab: oneOf(search.tab, ["lineage", "activity"]) })),
  component: lazyRouteComponent(() => import("./features/registry/model_page"), "RegisteredModelPage"),
});

const prompts = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.prompts,
  validateSearch: optional((search) => ({ q: text(search.q), sort: text(search.sort) })),
  component: lazyRouteComponent(() => import("./features/prompts/list"), "PromptsPage"),
});

const prompt = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.prompt,
  validateSearch: optional((search) => ({ version: text(search.version), against: text(search.against), tab: oneOf(search.tab, ["lineage", "activity"]) })),
  component: lazyRouteComponent(() => import("./features/prompts/prompt_page"), "PromptPage"),
});

/** The tree of catalogs stands beside all of these. */
const catalog = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.catalog,
  component: lazyRouteComponent(() => import("./features/catalog/explorer"), "Explorer"),
});

const catalogs = createRoute({
  getParentRoute: () => catalog,
  path: "/",
  component: lazyRouteComponent(() => import("./features/catalog/catalogs_page"), "CatalogsPage"),
});

const inCatalog = createRoute({
  getParentRoute: () => catalog,
  path: "$catalog",
  validateSearch: optional((search) => ({ tab: oneOf(search.tab, ["permissions"]) })),
  component: lazyRouteComponent(() => import("./features/catalog/catalog_page"), "CatalogPage"),
});

const inSchema = createRoute({
  getParentRoute: () => catalog,
  path: "$catalog/$schema",
  validateSearch: optional((search) => ({
    tab: oneOf(search.tab, ["permissions"]),
    q: text(search.q),
    kind: oneOf(search.kind, ["tables", "volumes", "functions", "models"]),
  })),
  component: lazyRouteComponent(() => import("./features/catalog/schema_page"), "SchemaPage"),
});

const asset = createRoute({
  getParentRoute: () => catalog,
  path: "$catalog/$schema/$kind/$name",
  validateSearch: optional((search) => ({ tab: oneOf(search.tab, ["sample", "permissions"]), file: text(search.file) })),
  component: lazyRouteComponent(() => import("./features/catalog/asset_page"), "AssetPage"),
});

const settings = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.settings,
  validateSearch: optional((search) => ({
    ...rangeSearch(search),
    who: text(search.who),
    what: text(search.what),
    denied: flag(search.denied),
    tab: oneOf(search.tab, ["tokens", "users", "groups", "services", "secrets", "webhooks", "audit", "system"]),
    hook: text(search.hook),
    state: oneOf(search.state, ["PENDING", "DELIVERED", "DEAD"]),
  })),
  component: lazyRouteComponent(() => import("./features/settings/settings_page"), "SettingsPage"),
});

/** Drawn by the shell itself, for whoever is not in yet. */
const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: paths.signIn,
  validateSearch: optional((search) => ({ next: text(search.next), problem: text(search.problem) })),
  component: () => null,
});

/** `/ml/experiments/1/runs` and other addresses of the platform that mean the experiment. */
const experimentRuns = createRoute({
  getParentRoute: () => rootRoute,
  path: "/ml/experiments/$experimentId/runs",
  beforeLoad: ({ params }) => {
    throw redirect({ to: paths.experiment, params, search: (before) => before });
  },
});

/** Plain texts, so that an address can be read and written by hand. */
function parseSearch(query: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(query));
}

function stringifySearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "" && value !== false);
  const query = new URLSearchParams(given.map(([name, value]) => [name, value === true ? "1" : String(value)])).toString();
  return query && `?${query}`;
}

export function makeRouter() {
  const router = createRouter({
    routeTree: rootRoute.addChildren([
      home,
      mlHome,
      experiments,
      experiment,
      experimentRuns,
      runRoute,
      compare,
      models,
      model,
      traces,
      allTraces,
      trace,
      sessions,
      session,
      overview,
      registry,
      registered,
      prompts,
      prompt,
      catalog.addChildren([catalogs, inCatalog, inSchema, asset]),
      settings,
      signIn,
    ]),
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultErrorComponent: ({ error }) => <Failure error={error} retry={() => window.location.reload()} />,
  });
  // An address that is replaced is still the same page: nothing on it scrolls back to where it was before.
  const navigate = router.navigate;
  router.navigate = ((options) => navigate({ ...options, resetScroll: options.resetScroll ?? !options.replace })) as typeof navigate;
  return router;
}
