import { queryOptions } from "@tanstack/react-query";
import { change, get, post } from "./client";

const TOKENS = "/api/2.0/token";
const SCIM = "/api/2.0/preview/scim/v2";

export interface TokenInfo {
  token_id: string;
  creation_time: number;
  /** Epoch milliseconds; -1 for never. */
  expiry_time: number;
  comment: string;
}

export const ownTokens = queryOptions({
  queryKey: ["tokens"],
  queryFn: async ({ signal }) => (await get<{ token_infos: TokenInfo[] }>(`${TOKENS}/list`, undefined, { signal })).token_infos ?? [],
});

export const createToken = (comment: string, days: number | null) =>
  post<{ token_value: string; token_info: TokenInfo }>(`${TOKENS}/create`, {
    comment,
    lifetime_seconds: days === null ? undefined : days * 86_400,
  });
export const revokeToken = (id: string) => post(`${TOKENS}/delete`, { token_id: id });

export type PrincipalKind = "Users" | "Groups" | "ServicePrincipals";

interface Reference {
  value: string;
  display?: string;
  type?: string;
  $ref?: string;
}

export interface Principal {
  id: string;
  userName?: string;
  applicationId?: string;
  displayName?: string;
  active?: boolean;
  emails?: { value: string }[];
  groups?: Reference[];
  members?: Reference[];
}

export const PAGE = 100;

export const principals = (kind: PrincipalKind, words: string, start: number) =>
  queryOptions({
    queryKey: ["principals", kind, words, start],
    queryFn: ({ signal }) => {
      const field = kind === "Users" ? "userName" : "displayName";
      const filter = words ? `${field} co ${JSON.stringify(words)}` : undefined;
      return get<{ totalResults: number; Resources: Principal[] }>(`${SCIM}/${kind}`, { filter, startIndex: start, count: PAGE }, { signal });
    },
  });

const patch = (kind: PrincipalKind, id: string, operations: readonly object[]) =>
  change("PATCH", `${SCIM}/${kind}/${id}`, { schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: operations });

export const createPrincipal = (kind: PrincipalKind, name: string) =>
  post<Principal>(`${SCIM}/${kind}`, kind === "Users" ? { userName: name } : { displayName: name });
export const deletePrincipal = (kind: PrincipalKind, id: string) => change("DELETE", `${SCIM}/${kind}/${id}`);
export const setActive = (kind: PrincipalKind, id: string, active: boolean) => patch(kind, id, [{ op: "replace", path: "active", value: active }]);
export const addMember = (group: string, id: string) => patch("Groups", group, [{ op: "add", path: "members", value: [{ value: id }] }]);
export const removeMember = (group: string, id: string) => patch("Groups", group, [{ op: "remove", path: `members[value eq "${id}"]` }]);
