import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, post } from "./client";
import { severally } from "./severally";
import { filterOf } from "./run_filter";
import { pageOf, type RunTable } from "./run_table";
import type { Float, Run, RunsPage, View } from "./types";

const API = "/api/2.0/mlflow/runs";
const OWN = "/api/2.0/lakeward/runs";
/** The first page comes quickly, the following ones are large; of runs with very many values less so. */
export const FIRST_PAGE = 100;
const LEAST = 100;
const MOST = 1_000;
const VALUES = 60_000; // in a page: some three megabytes, which a browser reads in a frame or two
/** How many runs are compared or worked on together; charts show some more. */
export const MAX_HISTORY_RUNS = 100;
export const MAX_CHART_RUNS = 400;

export interface RunSearch {
  experiments: readonly string[];
  filter: string;
  order: string;
  view: View;
}

export async function searchRuns(search: RunSearch, limit: number, token?: string, signal?: AbortSignal): Promise<RunsPage> {
  const table = await post<RunTable>(
    `${OWN}/table`,
    {
      experiment_ids: search.experiments,
      filter: filterOf(search.filter) || undefined,
      order_by: search.order ? [search.order] : [],
      run_view_type: search.view,
      max_results: limit,
      page_token: token,
    },
    { signal },
  );
  return pageOf(table);
}

interface Further {
  token: string;
  limit: number;
}

function further(page: RunsPage): Further | undefined {
  if (!page.next_page_token) return undefined;
  const widths = (page.runs ?? []).map(({ data }) => (data.metrics?.length ?? 0) + (data.params?.length ?? 0) + (data.tags?.length ?? 0));
  const values = Math.max(0, ...widths);
  return { token: page.next_page_token, limit: Math.min(MOST, Math.max(LEAST, Math.round(VALUES / (values + 1)))) };
}

export const runList = (search: RunSearch) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", search],
    queryFn: ({ pageParam, signal }) => searchRuns(search, pageParam?.limit ?? FIRST_PAGE, pageParam?.token, signal),
    initialPageParam: undefined as Further | undefined,
    getNextPageParam: further,
    refetchOnWindowFocus: false,
    staleTime: 30_000,
  });

/** The newest state of the first page, asked again and again while somebody looks. */
export const runHead = (search: RunSearch, every: number) =>
  queryOptions({
    queryKey: ["runs", "head", search],
    queryFn: ({ signal }) => searchRuns(search, FIRST_PAGE, undefined, signal),
    refetchInterval: every,
  });

export interface MetricSummary {
  key: string;
  runs: number;
  min?: Float;
  max?: Float;
  mean?: Float;
}

export interface RunGroup {
  /** Null: the runs that have none. */
  value: string | null;
  runs: number;
  metrics: MetricSummary[];
}

const MOST_SUMMARIES = 50;

/** Runs by what they have in a param, a tag or an attribute; the largest groups first. */
export const runGroups = (search: RunSearch, by: string, metrics: readonly string[]) =>
  queryOptions({
    queryKey: ["runs", "groups", search, by, metrics],
    queryFn: ({ signal }) =>
      post<{ groups: RunGroup[]; complete: boolean }>(
        `${OWN}/group`,
        {
          experiment_ids: search.experiments,
          filter: filterOf(search.filter) || undefined,
          run_view_type: search.view,
          by,
          metric_keys: metrics.slice(0, MOST_SUMMARIES),
        },
        { signal },
      ),
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });

/** The first runs of a group. */
export const runsOfGroup = (search: RunSearch, limit: number) =>
  queryOptions({
    queryKey: ["runs", "of group", search, limit],
    queryFn: ({ signal }) => searchRuns(search, limit, undefined, signal),
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });

export interface Extremes {
  run_id: string;
  key: string;
  points: number;
  min: Float;
  max: Float;
}

/** Over all steps, of up to a hundred runs and twenty metrics. */
export async function metricExtremes(runs: readonly string[], keys: readonly string[]): Promise<Extremes[]> {
  return (await post<{ extremes: Extremes[] }>(`${OWN}/metric-extremes`, { run_ids: runs, metric_keys: keys })).extremes;
}

const KEYS_AT_ONCE = 20;

/** How many points each metric of a run has. `steps`, of their last points: others mean that there are more points. */
export const pointCounts = (id: string, keys: readonly string[], steps: string) =>
  queryOptions({
    queryKey: ["points", id, keys, steps],
    queryFn: async () => {
      const parts = Array.from({ length: Math.ceil(keys.length / KEYS_AT_ONCE) }, (_, at) => keys.slice(at * KEYS_AT_ONCE, (at + 1) * KEYS_AT_ONCE));
      const found = await Promise.all(parts.map((part) => metricExtremes([id], part)));
      return new Map(found.flat().map(({ key, points }) => [key, points]));
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export const run = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: async ({ signal }) => (await get<{ run: Run }>(`${API}/get`, { run_id: id }, { signal })).run,
    refetchInterval: (query) => (query.state.data?.info.status === "RUNNING" ? 3_000 : false),
  });

export const renameRun = (id: string, name: string) => post(`${API}/update`, { run_id: id, run_name: name });
export const setRunTag = (id: string, key: string, value: string) => post(`${API}/set-tag`, { run_id: id, key, value });
export const deleteRunTag = (id: string, key: string) => post(`${API}/delete-tag`, { run_id: id, key });

export const deleteRuns = (ids: readonly string[]) => severally(ids, (id) => post(`${API}/delete`, { run_id: id }));
export const restoreRuns = (ids: readonly string[]) => severally(ids, (id) => post(`${API}/restore`, { run_id: id }));
export const tagRuns = (ids: readonly string[], key: string, value: string) =>
  severally(ids, (id) => setRunTag(id, key, value));

/** The most runs that one call moves, all of them or none. */
export const MAX_MOVED = 1_000;
export const moveRuns = (ids: readonly string[], experiment: string) =>
  post<{ runs_moved: number; models_moved: number }>(`${OWN}/move`, { run_ids: ids, experiment_id: experiment });
