import { queryOptions } from "@tanstack/react-query";
import { change, get } from "./client";

export type ViewTable = "runs" | "traces";
/** Parameters of a page's address. */
export type ViewState = Readonly<Record<string, string>>;

export interface SavedView {
  name: string;
  table: ViewTable;
  shared: boolean;
  state: ViewState;
  changed_by: string;
  updated_at: number;
}

/** Which view: a name stands once among the shared ones and once among one's own. */
export type ViewName = Pick<SavedView, "name" | "shared">;

const API = "/api/2.0/lakeward/experiments";

function place(experiment: string, table: ViewTable, { name, shared }: ViewName): string {
  return `${API}/${experiment}/${shared ? "shared-views" : "views"}/${table}/${encodeURIComponent(name)}`;
}

export const savedViews = (experiment: string, table: ViewTable) =>
  queryOptions({
    queryKey: ["views", experiment, table],
    queryFn: async ({ signal }) => (await get<{ views: SavedView[] }>(`${API}/${experiment}/views`, { table }, { signal })).views,
    staleTime: 30_000,
  });

export const saveView = (
  experiment: string,
  table: ViewTable,
  view: ViewName & { state: ViewState },
  more: { only_new?: boolean; instead_of?: string } = {},
) => change("PUT", place(experiment, table, view), { state: view.state, ...more });

export const deleteView = (experiment: string, table: ViewTable, view: ViewName) => change("DELETE", place(experiment, table, view));
