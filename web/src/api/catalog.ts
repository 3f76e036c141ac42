import { queryOptions } from "@tanstack/react-query";
import { change, get, post, send, sendFile } from "./client";
import type { KeyValue } from "./types";

const API = "/api/2.1/unity-catalog";
const OWN = "/api/2.0/lakeward/catalog";

/** What stands in a schema, as addresses and lists of the API call it. */
export type AssetKind = "tables" | "volumes" | "functions";
/** All that may be granted on, as lists of the API call it. */
export type SecurableKind = "catalogs" | "schemas" | AssetKind | "models";

interface Securable {
  name: string;
  owner: string;
  comment?: string;
  created_at: number;
  created_by: string;
  updated_at: number;
  updated_by?: string;
  full_name: string;
  /** One may see that it is there, and no more. */
  browse_only?: boolean;
}

export interface Catalog extends Securable {
  id: string;
  isolation_mode: string;
  /** It is at home in another workspace. */
  from_elsewhere?: boolean;
  /** It is bound to this workspace for reading only. */
  read_only?: boolean;
  properties?: Record<string, string>;
}

export interface Schema extends Securable {
  catalog_name: string;
  schema_id: string;
  properties?: Record<string, string>;
}

export interface Column {
  name: string;
  type_text?: string;
  type_name?: string;
  comment?: string;
  nullable?: boolean;
  partition_index?: number;
}

export interface Table extends Securable {
  table_id: string;
  table_type: string;
  data_source_format: string;
  columns?: Column[];
  properties?: Record<string, string>;
  storage_location?: string;
  view_definition?: string;
}

export interface Volume extends Securable {
  volume_id: string;
  volume_type: string;
  storage_location: string;
}

export interface Parameter {
  name: string;
  type_text?: string;
  type_name?: string;
  parameter_default?: string;
  comment?: string;
}

export interface CatalogFunction extends Securable {
  function_id: string;
  input_params?: { parameters: Parameter[] };
  return_params?: { parameters: Parameter[] };
  data_type?: string;
  full_data_type?: string;
  routine_body?: string;
  routine_definition?: string;
  external_language?: string;
  is_deterministic?: boolean;
}

export interface CatalogModel extends Securable {
  id: string;
  aliases?: { alias_name: string; version_num: number }[];
}

export interface Assets {
  tables: Table[];
  volumes: Volume[];
  functions: CatalogFunction[];
}

const path = (kind: SecurableKind, name: string) => `${API}/${kind}/${encodeURIComponent(name)}`;

/** All pages of a list; a schema with more than this is looked through by search. */
const MOST = 5_000;

async function all<T>(kind: SecurableKind, query: Record<string, string>, signal: AbortSignal): Promise<T[]> {
  const found: T[] = [];
  let token: string | undefined;
  do {
    const page: Record<string, unknown> = await get(`${API}/${kind}`, { ...query, include_browse: "true", page_token: token }, { signal });
    found.push(...((page[kind === "models" ? "registered_models" : kind] as T[] | undefined) ?? []));
    token = page.next_page_token as string | undefined;
  } while (token && found.length < MOST);
  return found;
}

export const catalogs = queryOptions({
  queryKey: ["catalog", "catalogs"],
  queryFn: ({ signal }) => all<Catalog>("catalogs", {}, signal),
});

export const schemas = (catalog: string) =>
  queryOptions({
    queryKey: ["catalog", "schemas", catalog],
    queryFn: ({ signal }) => all<Schema>("schemas", { catalog_name: catalog }, signal),
  });

export const assets = <K extends AssetKind>(kind: K, catalog: string, schema: string) =>
  queryOptions({
    queryKey: ["catalog", kind, catalog, schema],
    queryFn: ({ signal }) =>
      all<Assets[K][number]>(kind, { catalog_name: catalog, schema_name: schema, ...(kind === "tables" ? { omit_columns: "true", omit_properties: "true" } : {}) }, signal),
  });

export const models = (catalog: string, schema: string) =>
  queryOptions({
    queryKey: ["catalog", "models", catalog, schema],
    queryFn: ({ signal }) => all<CatalogModel>("models", { catalog_name: catalog, schema_name: schema }, signal),
  });

function one<T>(kind: SecurableKind, name: string) {
  return queryOptions({
    queryKey: ["catalog", "one", kind, name],
    queryFn: ({ signal }) => get<T>(path(kind, name), { include_browse: "true" }, { signal }),
  });
}

export const catalogNamed = (name: string) => one<Catalog>("catalogs", name);
export const schemaNamed = (name: string) => one<Schema>("schemas", name);
export const tableNamed = (name: string) => one<Table>("tables", name);
export const volumeNamed = (name: string) => one<Volume>("volumes", name);
export const functionNamed = (name: string) => one<CatalogFunction>("functions", name);

export const createCatalog = (name: string, comment: string) => post<Catalog>(`${API}/catalogs`, { name, comment });
export const createSchema = (catalog: string, name: string, comment: string) =>
  post<Schema>(`${API}/schemas`, { catalog_name: catalog, name, comment });
export const createVolume = (catalog: string, schema: string, name: string, comment: string) =>
  post<Volume>(`${API}/volumes`, { catalog_name: catalog, schema_name: schema, name, comment, volume_type: "MANAGED" });

export const describe = (kind: SecurableKind, name: string, comment: string) => change("PATCH", path(kind, name), { comment });
export const giveTo = (kind: SecurableKind, name: string, owner: string) => change("PATCH", path(kind, name), { owner });

/** Catalogs and schemas with all that is in them. */
export async function remove(kind: SecurableKind, name: string): Promise<void> {
  const query = kind === "catalogs" || kind === "schemas" ? { force: "true" } : undefined;
  await send("DELETE", path(kind, name), { query });
}

// ── tags ──

const TAGS = `${API}/entity-tag-assignments`;

interface Assignment {
  tag_key: string;
  tag_value: string;
}

/** Of catalogs, schemas, volumes, tables, and as `columns` of a table's columns. */
export const tagsOf = (type: string, name: string) =>
  queryOptions({ queryKey: ["catalog", "tags", type, name], queryFn: ({ signal }) => tagsNow(type, name, signal) });

async function tagsNow(type: string, name: string, signal?: AbortSignal): Promise<KeyValue[]> {
  const page = await get<{ tag_assignments?: Assignment[] }>(`${TAGS}/${type}/${encodeURIComponent(name)}/tags`, undefined, { signal });
  return (page.tag_assignments ?? []).map(({ tag_key, tag_value }) => ({ key: tag_key, value: tag_value }));
}

/** The server tells a tag's first value from its next ones, so what there is now is asked first. */
export async function setTag(type: string, name: string, key: string, value: string): Promise<unknown> {
  const there = await tagsNow(type, name);
  if (there.every((each) => each.key !== key)) return post(TAGS, { entity_type: type, entity_name: name, tag_key: key, tag_value: value });
  return change("PATCH", `${TAGS}/${type}/${encodeURIComponent(name)}/tags/${encodeURIComponent(key)}`, { tag_value: value });
}

export async function deleteTag(type: string, name: string, key: string): Promise<void> {
  await send("DELETE", `${TAGS}/${type}/${encodeURIComponent(name)}/tags/${encodeURIComponent(key)}`);
}

// ── looking around ──

export interface Sample {
  written: boolean;
  version: number | null;
  files: number;
  columns: { name: string; type: string }[];
  rows: unknown[][];
  more: boolean;
}

export const sampleOf = (name: string) =>
  queryOptions({
    queryKey: ["catalog", "sample", name],
    queryFn: ({ signal }) => get<Sample>(`${OWN}/tables/${encodeURIComponent(name)}/sample`, undefined, { signal }),
    staleTime: 30_000,
    retry: false,
  });

export interface NamedEntry {
  kind: "catalog" | "schema" | "table" | "volume" | "function";
  full_name: string;
  comment: string;
}

/** Catalogs, schemas, and what is in them, with these letters in the name. */
export const findNames = async (words: string, signal: AbortSignal) =>
  (await get<{ found: NamedEntry[] }>(`${OWN}/search`, { words }, { signal })).found;

export const namesLike = (words: string) =>
  queryOptions({ queryKey: ["catalog", "search", words], queryFn: ({ signal }) => findNames(words, signal), enabled: words !== "" });

// ── files of volumes ──

const FILES = "/api/2.0/fs";
const written = (file: string) => file.split("/").map(encodeURIComponent).join("/");

/** `told` hears how many bytes are on their way. */
export async function uploadFile(volume: string, file: string, content: Blob, overwrite: boolean, told?: (sent: number) => void): Promise<void> {
  await sendFile(`${FILES}/files${written(`${volume}/${file}`)}`, content, { overwrite }, told);
}

export async function deleteFile(volume: string, file: string): Promise<void> {
  await send("DELETE", `${FILES}/files${written(`${volume}/${file}`)}`);
}
