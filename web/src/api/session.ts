import { hashKey, queryOptions } from "@tanstack/react-query";
import { change, get, post, send, setCsrf } from "./client";
import type { WhoAmI } from "./types";

const API = "/api/2.0/lakeward";

export const whoAmI = queryOptions({
  queryKey: ["whoami"],
  queryKeyHashFn: hashKey, // the same in every workspace: choosing one must not ask, and draw everything, anew
  queryFn: async ({ signal }) => {
    // Quiet, or its own refusal would ask it again, and again.
    const who = await get<WhoAmI>(`${API}/whoami`, undefined, { signal, anywhere: true, quiet: true });
    setCsrf(who.csrf_token, who.name);
    return who;
  },
  staleTime: 60_000,
  retry: (count, error) => !("status" in error && error.status === 401) && count < 2,
});

export interface WaysIn {
  password: boolean;
  /** What the provider of single sign-on is called; null without one. */
  provider: string | null;
}

export const waysIn = queryOptions({
  queryKey: ["ways in"],
  queryFn: ({ signal }) => get<WaysIn>(`${API}/sign-in`, undefined, { signal, anywhere: true, quiet: true }),
  staleTime: 60_000,
});

export const signIn = (name: string, password: string) => post(`${API}/sign-in`, { name, password }, { anywhere: true, quiet: true });
export const signOut = () => send("POST", `${API}/sign-out`, { anywhere: true, quiet: true });

/** Ends the sessions of the caller, this one too. */
export const changePassword = (current: string, next: string) =>
  send("PUT", `${API}/password`, { body: { current_password: current, new_password: next }, anywhere: true, quiet: true });
export const setPassword = (user: string, password: string) => change("PUT", `${API}/users/${encodeURIComponent(user)}/password`, { new_password: password });
