/** What of an address makes a view, and whether it is still what was saved. Pure. */

import type { SavedView, ViewName, ViewState } from "~/api/views";

type Search = Readonly<Record<string, unknown>>;

/** The parameters of a view, as texts: what is not said is not in it. */
export function stateOf(search: Search, keys: readonly string[]): ViewState {
  const said = keys.flatMap((key) => {
    const value = search[key];
    return value === undefined || value === "" || value === false ? [] : [[key, value === true ? "1" : String(value)] as const];
  });
  return Object.fromEntries(said);
}

export function sameState(a: ViewState, b: ViewState): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The address of a view: everything that views may say is as it says, or unsaid; the rest of the address stays. */
export function applied(before: Search, keys: readonly string[], view: SavedView | null): Record<string, unknown> {
  const unsaid = Object.fromEntries(keys.map((key) => [key, undefined]));
  return { ...before, ...unsaid, ...view?.state, peek: undefined, saved: view ? writeName(view) : undefined };
}

/** How an address says which view it began with. */
export function writeName({ name, shared }: ViewName): string {
  return `${shared ? "shared" : "own"}:${name}`;
}

export function readName(text: string | undefined): ViewName | null {
  const [, kind, name] = /^(shared|own):(.+)$/s.exec(text ?? "") ?? [];
  return kind && name ? { name, shared: kind === "shared" } : null;
}
