import { queryOptions } from "@tanstack/react-query";
import { ApiError, get, send } from "./client";

export interface Check {
  name: string;
  ok: boolean;
  ms: number;
  reason?: string;
}

export interface Health {
  status: "ok" | "degraded";
  checks: Check[];
}

/** A server that is not well says so with a 503, which is an answer here. */
export const health = queryOptions({
  queryKey: ["system", "health"],
  queryFn: async ({ signal }): Promise<Health> => {
    try {
      return await get<Health>("/health", undefined, { signal, anywhere: true });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503) throw error;
      return JSON.parse(error.message) as Health;
    }
  },
  refetchInterval: 5_000,
  retry: false,
});

export interface SystemFacts {
  version: string;
  mlflow: string;
  python: string;
  platform: string;
  started_at: number;
  objects: string;
  database: { where: string; version: string; schema: string; size: number; connections: number; most_connections: number };
  disk: { path: string; free: number; size: number };
  workers: Worker[];
  parts: Record<string, string>;
}

/** A process for scheduled work, as it told of itself last. */
export interface Worker {
  host: string;
  pid: number;
  started_at: number;
  seen_seconds_ago: number;
  waiting: Record<string, number>;
}

export const systemFacts = queryOptions({
  queryKey: ["system", "facts"],
  queryFn: ({ signal }) => get<SystemFacts>("/api/2.0/lakeward/system", undefined, { signal, anywhere: true }),
  refetchInterval: 10_000,
  retry: false,
});

/** Prometheus text. */
export const metricsText = queryOptions({
  queryKey: ["system", "metrics"],
  queryFn: async ({ signal }) => (await send("GET", "/metrics", { signal, anywhere: true })).text(),
  refetchInterval: 15_000,
  retry: false,
});
