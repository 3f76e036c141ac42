import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get, post } from "./client";
import { pattern } from "./run_filter";
import type { Experiment, View } from "./types";

const API = "/api/2.0/mlflow/experiments";

export interface ExperimentsPage {
  experiments: Experiment[];
  next_page_token?: string;
}

export function searchExperiments(
  request: { text?: string; view?: View; order?: string; limit?: number; token?: string },
  signal?: AbortSignal,
): Promise<ExperimentsPage> {
  const body = {
    filter: request.text ? `name ILIKE ${pattern(request.text)}` : undefined,
    view_type: request.view,
    order_by: request.order ? [request.order] : undefined,
    max_results: request.limit ?? 200,
    page_token: request.token,
  };
  return post<ExperimentsPage>(`${API}/search`, body, { signal });
}

export const experimentList = (text: string, view: View, order: string) =>
  infiniteQueryOptions({
    queryKey: ["experiments", "list", text, view, order],
    queryFn: ({ pageParam, signal }) => searchExperiments({ text, view, order, token: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });

export const experiment = (id: string) =>
  queryOptions({
    queryKey: ["experiments", "one", id],
    queryFn: async ({ signal }) =>
      (await get<{ experiment: Experiment }>(`${API}/get`, { experiment_id: id }, { signal })).experiment,
  });

export const createExperiment = (name: string) => post<{ experiment_id: string }>(`${API}/create`, { name });
export const renameExperiment = (id: string, name: string) =>
  post(`${API}/update`, { experiment_id: id, new_name: name });
export const deleteExperiment = (id: string) => post(`${API}/delete`, { experiment_id: id });
export const restoreExperiment = (id: string) => post(`${API}/restore`, { experiment_id: id });
export const setExperimentTag = (id: string, key: string, value: string) =>
  post(`${API}/set-experiment-tag`, { experiment_id: id, key, value });
export const deleteExperimentTag = (id: string, key: string) =>
  post(`${API}/delete-experiment-tag`, { experiment_id: id, key });
