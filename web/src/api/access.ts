import { queryOptions } from "@tanstack/react-query";
import { change, get, post } from "./client";

const API = "/api/2.0/permissions";

export interface AccessEntry {
  user_name?: string;
  group_name?: string;
  service_principal_name?: string;
  display_name?: string;
  all_permissions: { permission_level: string; inherited?: boolean; inherited_from_object?: string[] }[];
}

/** What the permissions API calls an object: `experiments` and an id. */
export interface AccessObject {
  type: string;
  id: string;
}

export const accessOf = (object: AccessObject) =>
  queryOptions({
    queryKey: ["access", object],
    queryFn: async ({ signal }) =>
      (await get<{ access_control_list: AccessEntry[] }>(`${API}/${object.type}/${object.id}`, undefined, { signal })).access_control_list,
    retry: false,
  });

export const accessLevels = (object: AccessObject) =>
  queryOptions({
    queryKey: ["access", "levels", object],
    queryFn: async ({ signal }) =>
      (
        await get<{ permission_levels: { permission_level: string; description: string }[] }>(
          `${API}/${object.type}/${object.id}/permissionLevels`,
          undefined,
          { signal },
        )
      ).permission_levels,
    retry: false,
  });

export interface Given {
  kind: "user_name" | "group_name" | "service_principal_name";
  name: string;
  level: string;
}

const written = (given: readonly Given[]) => given.map(({ kind, name, level }) => ({ [kind]: name, permission_level: level }));

export const giveAccess = (object: AccessObject, given: Given) =>
  change("PATCH", `${API}/${object.type}/${object.id}`, { access_control_list: written([given]) });
/** All that is given on the object itself, anew. */
export const setAccess = (object: AccessObject, given: readonly Given[]) =>
  change("PUT", `${API}/${object.type}/${object.id}`, { access_control_list: written(given) });

export interface Explanation {
  allowed: boolean;
  principal: string;
  right: string;
  because: string[];
}

/** `object` is a type and a name: `experiments/12`, `table/main.default.sales`. */
export const explain = (object: string, principal: string, privilege: string, signal?: AbortSignal) =>
  post<Explanation>("/api/2.0/lakeward/explain", { principal, privilege, object }, { signal });

export function nameOf(entry: AccessEntry): { kind: Given["kind"]; name: string } {
  if (entry.group_name) return { kind: "group_name", name: entry.group_name };
  if (entry.service_principal_name) return { kind: "service_principal_name", name: entry.service_principal_name };
  return { kind: "user_name", name: entry.user_name ?? "" };
}

// ── privileges of Unity Catalog ──

export interface Privilege {
  privilege: string;
  /** What it was given on; absent for what was given on the object itself. */
  inherited_from_type?: string;
  inherited_from_name?: string;
}

export interface PrivilegeHolder {
  principal: string;
  privileges: Privilege[];
}

/** A type that grants know, and a full name. */
export interface SecurableName {
  type: "catalog" | "schema" | "table" | "volume" | "function";
  name: string;
}

const UNITY = "/api/2.1/unity-catalog";

export const privilegesOn = ({ type, name }: SecurableName) =>
  queryOptions({
    queryKey: ["access", "privileges", type, name],
    queryFn: async ({ signal }) => {
      const found: PrivilegeHolder[] = [];
      let token: string | undefined;
      do {
        const page: { privilege_assignments?: PrivilegeHolder[]; next_page_token?: string } = await get(
          `${UNITY}/effective-permissions/${type}/${encodeURIComponent(name)}`,
          { page_token: token },
          { signal },
        );
        found.push(...(page.privilege_assignments ?? []));
        token = page.next_page_token;
      } while (token);
      return found;
    },
    retry: false,
  });

export const changePrivileges = ({ type, name }: SecurableName, principal: string, change_: { add?: readonly string[]; remove?: readonly string[] }) =>
  change("PATCH", `${UNITY}/permissions/${type}/${encodeURIComponent(name)}`, { changes: [{ principal, ...change_ }] });
