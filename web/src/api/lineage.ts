import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get } from "./client";
import { type Lineage, type LineageObject, objectKey } from "./lineage_types";

const SHOWN = 24;

/** The first links of an object, to what it was made from and to what was made from it. */
export const lineageOf = (object: LineageObject) =>
  queryOptions({
    queryKey: ["lineage", objectKey(object)],
    queryFn: ({ signal }) => {
      const { kind, id, name, version, digest } = object;
      return get<Lineage>("/api/2.0/lakeward/lineage", { kind, id, name: kind === "RUN" || kind === "LOGGED_MODEL" || kind === "TRACE" ? undefined : name, version, digest, max_results: SHOWN }, { signal });
    },
    staleTime: 15_000,
  });

export interface Activity {
  activity_id: string;
  action: string;
  user_id: string;
  timestamp: number;
  version?: string;
  key?: string;
  value?: string;
  before?: string;
}

interface ActivityPage {
  activities: Activity[];
  next_page_token?: string;
}

/** What happened to a registered model or prompt, the newest first. */
export const activityOf = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["registry", "activity", name],
    queryFn: ({ pageParam, signal }) => get<ActivityPage>("/api/2.0/lakeward/registry/activity", { name, max_results: 100, page_token: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });
