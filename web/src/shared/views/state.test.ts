import { describe, expect, it } from "vitest";
import { applied, readName, sameState, stateOf, writeName } from "./state";

const KEYS = ["q", "sort", "diff", "smooth"];

describe("views", () => {
  it("are what the address says of them, as texts", () => {
    expect(stateOf({ q: "a = 1", diff: true, smooth: 0.5, sort: undefined, peek: "r" }, KEYS)).toEqual({ q: "a = 1", diff: "1", smooth: "0.5" });
  });

  it("replace what is said, and leave what is not theirs", () => {
    const view = { name: "best", table: "runs", shared: true, state: { q: "b" }, changed_by: "", updated_at: 0 } as const;
    expect(applied({ workspace: "w", q: "a", sort: "x:desc", peek: "r" }, KEYS, view)).toEqual({
      workspace: "w", q: "b", sort: undefined, diff: undefined, smooth: undefined, peek: undefined, saved: "shared:best",
    });
    expect(applied({ q: "a", saved: "own:b" }, KEYS, null)).toMatchObject({ q: undefined, saved: undefined });
  });

  it("are changed when anything differs", () => {
    expect(sameState({ q: "a" }, { q: "a" })).toBe(true);
    expect(sameState({ q: "a" }, { q: "b" })).toBe(false);
    expect(sameState({ q: "a" }, {})).toBe(false);
    expect(sameState({}, { q: "a" })).toBe(false);
  });

  it("have names that an address can say", () => {
    for (const view of [{ name: "own:ed", shared: true }, { name: "a: b", shared: false }]) expect(readName(writeName(view))).toEqual(view);
    expect(readName("best")).toBeNull();
    expect(readName(undefined)).toBeNull();
  });
});
