import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, post } from "./client";
import { pattern } from "./experiments";
import type { HistoryPoint, Run, RunsPage, View } from "./types";

const API = "/api/2.0/mlflow/runs";
/** The first page comes quickly, the following ones are large. */
export const FIRST_PAGE = 200;
const NEXT_PAGE = 1_000;
export const MAX_HISTORY_RUNS = 100;

export interface RunSearch {
  experiments: readonly string[];
  filter: string;
  order: string;
  view: View;
}

const OPERATOR = /(<=|>=|!=|[<>=]|\b(like|ilike|in|is)\b)/i;

/** What the server is asked: a filter as it is; words without any comparison are looked for in the name. */
export function filterOf(text: string): string {
  const plain = text.trim();
  if (!plain) return "";
  return OPERATOR.test(plain) ? plain : `attributes.run_name ILIKE ${pattern(plain)}`;
}

export function searchRuns(search: RunSearch, limit: number, token?: string, signal?: AbortSignal): Promise<RunsPage> {
  return post<RunsPage>(
    `${API}/search`,
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
}

export const runList = (search: RunSearch) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", search],
    queryFn: ({ pageParam, signal }) => searchRuns(search, pageParam ? NEXT_PAGE : FIRST_PAGE, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
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

export const run = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: async ({ signal }) => (await get<{ run: Run }>(`${API}/get`, { run_id: id }, { signal })).run,
    refetchInterval: (query) => (query.state.data?.info.status === "RUNNING" ? 3_000 : false),
  });

/** At most `points` a run, with the extremes of every stretch kept by the server. */
export const history = (
  runs: readonly string[],
  key: string,
  points: number,
  range: readonly [number, number] | null,
  live: boolean,
) =>
  queryOptions({
    queryKey: ["history", key, runs, points, range],
    queryFn: async ({ signal }) => {
      const query = {
        run_ids: runs.slice(0, MAX_HISTORY_RUNS),
        metric_key: key,
        max_results: points,
        start_step: range?.[0],
        end_step: range?.[1],
      };
      const path = "/api/2.0/mlflow/metrics/get-history-bulk-interval";
      return (await get<{ metrics: HistoryPoint[] }>(path, query, { signal })).metrics;
    },
    refetchInterval: live ? 4_000 : false,
    placeholderData: keepPreviousData,
    staleTime: live ? 0 : 60_000,
  });

export const renameRun = (id: string, name: string) => post(`${API}/update`, { run_id: id, run_name: name });
export const setRunTag = (id: string, key: string, value: string) => post(`${API}/set-tag`, { run_id: id, key, value });
export const deleteRunTag = (id: string, key: string) => post(`${API}/delete-tag`, { run_id: id, key });

/** Some at a time: each is its own request, and the server has other callers. */
async function each(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<void> {
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await act(id);
  };
  await Promise.all(Array.from({ length: Math.min(6, ids.length) }, work));
}

export const deleteRuns = (ids: readonly string[]) => each(ids, (id) => post(`${API}/delete`, { run_id: id }));
export const restoreRuns = (ids: readonly string[]) => each(ids, (id) => post(`${API}/restore`, { run_id: id }));
export const tagRuns = (ids: readonly string[], key: string, value: string) =>
  each(ids, (id) => setRunTag(id, key, value));
