import { queryOptions } from "@tanstack/react-query";
import { get, post } from "./client";

const API = "/api/2.0/secrets";

export const scopes = queryOptions({
  queryKey: ["secrets"],
  queryFn: async ({ signal }) => (await get<{ scopes: { name: string }[] }>(`${API}/scopes/list`, undefined, { signal })).scopes ?? [],
});

export const secretsOf = (scope: string) =>
  queryOptions({
    queryKey: ["secrets", scope],
    queryFn: async ({ signal }) =>
      (await get<{ secrets: { key: string; last_updated_timestamp: number }[] }>(`${API}/list`, { scope }, { signal })).secrets ?? [],
  });

export const createScope = (scope: string) => post(`${API}/scopes/create`, { scope });
export const deleteScope = (scope: string) => post(`${API}/scopes/delete`, { scope });
export const putSecret = (scope: string, key: string, value: string) => post(`${API}/put`, { scope, key, string_value: value });
export const deleteSecret = (scope: string, key: string) => post(`${API}/delete`, { scope, key });

export interface Acl {
  principal: string;
  permission: "READ" | "WRITE" | "MANAGE";
}

export const aclsOf = (scope: string) =>
  queryOptions({
    queryKey: ["secret acls", scope],
    queryFn: async ({ signal }) => (await get<{ items?: Acl[] }>(`${API}/acls/list`, { scope }, { signal })).items ?? [],
  });
export const putAcl = (scope: string, principal: string, permission: Acl["permission"]) => post(`${API}/acls/put`, { scope, principal, permission });
export const deleteAcl = (scope: string, principal: string) => post(`${API}/acls/delete`, { scope, principal });
