import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { change, get, post } from "./client";
import { pattern } from "./run_filter";
import type { KeyValue } from "./types";

const MODELS = "/api/2.0/mlflow/registered-models";
const VERSIONS = "/api/2.0/mlflow/model-versions";
/** What tells a prompt from a model, and keeps its text. Named by the clients. */
export const IS_PROMPT = "mlflow.prompt.is_prompt";
export const PROMPT_TEXT = "mlflow.prompt.text";
export const PROMPT_TYPE = "_mlflow_prompt_type";

export interface ModelVersion {
  name: string;
  version: string;
  creation_timestamp: number;
  last_updated_timestamp: number;
  user_id: string;
  current_stage: string;
  source: string;
  run_id: string;
  run_link: string;
  status: string;
  tags: KeyValue[];
  aliases: string[];
  description?: string;
  status_message?: string;
  model_id?: string;
}

export interface RegisteredModel {
  name: string;
  creation_timestamp: number;
  last_updated_timestamp: number;
  user_id: string;
  description: string;
  latest_versions: ModelVersion[];
  tags: KeyValue[];
  aliases: { alias: string; version: string }[];
}

export type RegistryKind = "model" | "prompt";

interface ListPage {
  registered_models: RegisteredModel[];
  next_page_token?: string;
}

const COMPARES = /(<=|>=|!=|[<>=]|\b(like|ilike|in)\b)/i;

function filterOf(kind: RegistryKind, text: string): string | undefined {
  const words = text.trim();
  const clauses = [
    kind === "prompt" ? `tags.\`${IS_PROMPT}\` = 'true'` : "",
    words && (COMPARES.test(words) ? words : `name ILIKE ${pattern(words)}`),
  ].filter(Boolean);
  return clauses.length ? clauses.join(" AND ") : undefined;
}

export function searchRegistry(
  kind: RegistryKind,
  request: { filter: string; order?: string; limit?: number; token?: string },
  signal?: AbortSignal,
): Promise<ListPage> {
  const query = {
    filter: filterOf(kind, request.filter),
    order_by: request.order ? [request.order] : undefined,
    max_results: request.limit ?? 100,
    page_token: request.token,
  };
  return get<ListPage>(`${MODELS}/search`, query, { signal });
}

export const registryList = (kind: RegistryKind, filter: string, order: string) =>
  infiniteQueryOptions({
    queryKey: ["registry", "list", kind, filter, order],
    queryFn: ({ pageParam, signal }) => searchRegistry(kind, { filter, order, token: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });

export const registeredModel = (name: string) =>
  queryOptions({
    queryKey: ["registry", "one", name],
    queryFn: async ({ signal }) =>
      (await get<{ registered_model: RegisteredModel }>(`${MODELS}/get`, { name }, { signal })).registered_model,
  });

/** The versions of a model or prompt, the newest first. */
export const versionList = (kind: RegistryKind, name: string) =>
  infiniteQueryOptions({
    queryKey: ["registry", "versions", kind, name],
    queryFn: ({ pageParam, signal }) => {
      const named = `name = '${name.replaceAll("'", "''")}'`;
      const filter = kind === "prompt" ? `${named} AND tags.\`${IS_PROMPT}\` = 'true'` : named;
      const query = { filter, order_by: ["version_number DESC"], max_results: 100, page_token: pageParam };
      return get<{ model_versions: ModelVersion[]; next_page_token?: string }>(`${VERSIONS}/search`, query, { signal });
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token,
  });

export const createRegistered = (name: string, description: string, tags: KeyValue[] = []) =>
  post(`${MODELS}/create`, { name, description, tags });
export const describeRegistered = (name: string, description: string) => change("PATCH", `${MODELS}/update`, { name, description });
export const renameRegistered = (name: string, new_name: string) => post(`${MODELS}/rename`, { name, new_name });
export const deleteRegistered = (name: string) => change("DELETE", `${MODELS}/delete`, { name });
export const setRegisteredTag = (name: string, key: string, value: string) => post(`${MODELS}/set-tag`, { name, key, value });
export const deleteRegisteredTag = (name: string, key: string) => change("DELETE", `${MODELS}/delete-tag`, { name, key });
export const setAlias = (name: string, alias: string, version: string) => post(`${MODELS}/alias`, { name, alias, version });
export const deleteAlias = (name: string, alias: string) => change("DELETE", `${MODELS}/alias`, { name, alias });

export const describeVersion = (name: string, version: string, description: string) =>
  change("PATCH", `${VERSIONS}/update`, { name, version, description });
export const deleteVersion = (name: string, version: string) => change("DELETE", `${VERSIONS}/delete`, { name, version });
export const setVersionTag = (name: string, version: string, key: string, value: string) =>
  post(`${VERSIONS}/set-tag`, { name, version, key, value });
export const deleteVersionTag = (name: string, version: string, key: string) =>
  change("DELETE", `${VERSIONS}/delete-tag`, { name, version, key });
export const moveToStage = (name: string, version: string, stage: string, archive: boolean) =>
  post(`${VERSIONS}/transition-stage`, { name, version, stage, archive_existing_versions: archive });

export interface ChatMessage {
  role: string;
  content: string;
}

/** A prompt's template: a text, or messages. */
export type Template = string | ChatMessage[];

/** The next version of a prompt, with what was changed in it. */
export const createPromptVersion = (name: string, template: Template, message: string, kept: KeyValue[] = []) =>
  post<{ model_version: ModelVersion }>(`${VERSIONS}/create`, {
    name,
    source: "dummy-source", // compat(mlflow 3.17): a version must say where it comes from; clients write this
    description: message,
    tags: [
      { key: IS_PROMPT, value: "true" },
      { key: PROMPT_TEXT, value: typeof template === "string" ? template : JSON.stringify(template) },
      { key: PROMPT_TYPE, value: typeof template === "string" ? "text" : "chat" },
      ...kept,
    ],
  });

export function templateOf(version: ModelVersion): Template {
  const tag = (key: string) => version.tags.find((each) => each.key === key)?.value ?? "";
  const text = tag(PROMPT_TEXT);
  if (tag(PROMPT_TYPE) !== "chat") return text;
  try {
    const messages = JSON.parse(text) as unknown;
    if (Array.isArray(messages)) {
      return messages.map((each: { role?: unknown; content?: unknown }) => ({
        role: String(each.role ?? "user"),
        content: typeof each.content === "string" ? each.content : JSON.stringify(each.content ?? "", null, 2),
      }));
    }
  } catch {
    // not messages after all: shown as it is
  }
  return text;
}

/** A model or prompt as access calls it. */
export interface RegistryEntry {
  id: string;
  full_name: string;
  owner: string;
}

const ENTRY = "/api/2.0/lakeward/registry/entry";

export const registryEntry = (name: string) =>
  queryOptions({ queryKey: ["access", "entry", name], queryFn: ({ signal }) => get<RegistryEntry>(ENTRY, { name }, { signal }), retry: false });

export const giveRegistered = (name: string, owner: string) => change("PATCH", ENTRY, { name, owner });
