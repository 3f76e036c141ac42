import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { change, get, post } from "./client";
import { searchRuns } from "./runs";
import type { LoggedModel, ModelsPage } from "./types";

const API = "/api/2.0/mlflow/logged-models";

export interface ModelSearch {
  experiment: string;
  filter: string;
  order: string;
}

const COMPARES = /(<=|>=|!=|[<>=]|\b(like|ilike|in)\b)/i;

export const modelList = (search: ModelSearch) =>
  infiniteQueryOptions({
    queryKey: ["models", "list", search],
    queryFn: ({ pageParam, signal }) => {
      const words = search.filter.trim();
      const [field, direction] = search.order.split(" ");
      return post<ModelsPage>(
        `${API}/search`,
        {
          experiment_ids: [search.experiment],
          filter: !words || COMPARES.test(words) ? words || undefined : `name ILIKE '%${words.replaceAll("'", "''")}%'`,
          order_by: field ? [{ field_name: field, ascending: direction === "ASC" }] : [],
          max_results: 100,
          page_token: pageParam,
        },
        { signal },
      );
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });

export const model = (id: string) =>
  queryOptions({
    queryKey: ["models", "one", id],
    queryFn: async ({ signal }) =>
      (await get<{ model: LoggedModel }>(`${API}/${encodeURIComponent(id)}`, { allow_deleted: true }, { signal })).model,
  });

/** The models a run made, newest first. */
export const modelsOfRun = (experiment: string, run: string) =>
  queryOptions({
    queryKey: ["models", "run", experiment, run],
    queryFn: async ({ signal }) => {
      const body = { experiment_ids: [experiment], filter: `source_run_id = '${run}'`, max_results: 100 };
      return (await post<ModelsPage>(`${API}/search`, body, { signal })).models;
    },
  });

const MOST_NAMES = 300;

/** How the runs are called that made these models, by their ids; of very many only the first. */
export const namesOfRuns = (experiment: string, models: readonly LoggedModel[]) => {
  const ids = [...new Set(models.map((each) => each.info.source_run_id).filter((id) => /^[\w-]+$/.test(id)))].slice(0, MOST_NAMES);
  return queryOptions({
    queryKey: ["runs", "names", experiment, ids],
    queryFn: async ({ signal }) => {
      const asked = { experiments: [experiment], filter: `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(", ")})`, order: "", view: "ALL" } as const;
      const { runs = [] } = await searchRuns(asked, MOST_NAMES, undefined, signal);
      return new Map(runs.map(({ info }) => [info.run_id, info.run_name]));
    },
    enabled: ids.length > 0,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
};

export const deleteModel = (id: string) => change("DELETE", `${API}/${encodeURIComponent(id)}`);
export const setModelTag = (id: string, key: string, value: string) =>
  change("PATCH", `${API}/${encodeURIComponent(id)}/tags`, { tags: [{ key, value }] });
export const deleteModelTag = (id: string, key: string) =>
  change("DELETE", `${API}/${encodeURIComponent(id)}/tags/${encodeURIComponent(key)}`);
