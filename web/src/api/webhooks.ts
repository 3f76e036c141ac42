import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { change, get, post, send } from "./client";

const API = "/api/2.0/lakeward/webhooks";

export interface Webhook {
  webhook_id: string;
  name: string;
  description: string;
  url: string;
  events: string[];
  status: "ACTIVE" | "DISABLED" | "TEST_MODE";
  /** The one model or prompt it hears of; empty for all. */
  model_name: string;
  form: string;
  has_secret: boolean;
  created_by: string;
  creation_timestamp: number;
  last_updated_timestamp: number;
}

export interface Attempt {
  number: number;
  timestamp: number;
  milliseconds: number;
  response_status?: number;
  problem?: string;
}

export type DeliveryState = "PENDING" | "DELIVERED" | "DEAD";

export interface Delivery {
  delivery_id: string;
  event: string;
  state: DeliveryState;
  creation_timestamp: number;
  attempts: Attempt[];
  body: string;
  next_attempt_timestamp?: number;
  finish_timestamp?: number;
}

/** What may be said of a webhook; what is left out stays as it is, and an empty secret takes it away. */
export interface WebhookFields {
  name?: string;
  description?: string;
  url?: string;
  events?: string[];
  model_name?: string;
  secret?: string;
  authorization?: string;
  status?: string;
}

export const webhooks = queryOptions({
  queryKey: ["webhooks"],
  queryFn: async ({ signal }) => {
    const found: Webhook[] = [];
    let token: string | undefined;
    do {
      const page: { webhooks: Webhook[]; next_page_token?: string } = await get(API, { page_token: token }, { signal });
      found.push(...page.webhooks);
      token = page.next_page_token;
    } while (token);
    return found;
  },
});

const PENDING_MS = 3_000;
const WELL_MS = 15_000;

/** The newest first; looked at again by itself, sooner while something waits. */
export const deliveries = (id: string, state: DeliveryState | undefined) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", "deliveries", id, state],
    queryFn: ({ pageParam, signal }) =>
      get<{ deliveries: Delivery[]; next_page_token?: string }>(`${API}/${id}/deliveries`, { state, page_token: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
    refetchInterval: (query) => (query.state.data?.pages[0]?.deliveries.some((each) => each.state === "PENDING") ? PENDING_MS : WELL_MS),
  });

export const createWebhook = (fields: WebhookFields) => post<{ webhook: Webhook }>(API, fields);
export const updateWebhook = (id: string, fields: WebhookFields) => change("PATCH", `${API}/${id}`, fields);
export const deleteWebhook = (id: string) => send("DELETE", `${API}/${id}`);

export interface TestResult {
  success: boolean;
  response_status?: number;
  response_body?: string;
  error_message?: string;
}

export const testWebhook = (id: string, event: string) => post<TestResult>(`${API}/${id}/test`, { event });
export const sendAgain = (id: string, delivery: string) => send("POST", `${API}/${id}/deliveries/${delivery}/send-again`, { body: {} });

/** What a webhook may hear of, by what it happens to. */
export const EVENTS: Readonly<Record<string, readonly string[]>> = {
  Runs: ["run.finished", "run.failed", "run.killed"],
  Traces: ["assessment.created", "assessment.updated"],
  Models: [
    "registered_model.created", "registered_model.deleted", "registered_model_tag.set", "registered_model_tag.deleted",
    "model_version.created", "model_version.ready", "model_version.deleted", "model_version_tag.set", "model_version_tag.deleted",
    "model_version_alias.created", "model_version_alias.deleted", "model_version.stage_set", "model_version.to_staging",
    "model_version.to_production", "model_version.to_archived", "model_version_comment.created", "model_version_request.created",
    "model_version_request.to_staging", "model_version_request.to_production", "model_version_request.to_archived",
  ],
  Prompts: [
    "prompt.created", "prompt.deleted", "prompt_version.created", "prompt_version.deleted", "prompt_tag.set", "prompt_tag.deleted",
    "prompt_version_tag.set", "prompt_version_tag.deleted", "prompt_alias.created", "prompt_alias.deleted",
  ],
}; // prettier-ignore
