import { infiniteQueryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { Json } from "./trace_types";

export interface AuditEvent {
  seq: number;
  event_id: string;
  time: number;
  workspace_id: number;
  principal: string | null;
  source_ip_address: string | null;
  user_agent: string | null;
  service_name: string;
  action_name: string;
  request_id: string | null;
  request_params: Record<string, Json>;
  status_code: number;
  error_code: string | null;
  count: number;
}

export interface AuditSearch {
  principal?: string;
  action_name?: string;
  start_time?: number;
  end_time?: number;
  denied?: true;
}

export const auditLog = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ["audit", search],
    queryFn: ({ pageParam, signal }) =>
      get<{ events: AuditEvent[]; next_page_token?: string }>(
        "/api/2.0/lakeward/audit",
        { ...search, max_results: 100, page_token: pageParam },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });
