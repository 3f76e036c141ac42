import { expect, test } from "vitest";
import type { RunGroup } from "~/api/runs";
import type { Run } from "~/api/types";
import { groupField, groupFilter, ordered, rowsOf } from "./grouping";

const group = (value: string | null, runs: number, mean?: number): RunGroup => ({ value, runs, metrics: mean === undefined ? [] : [{ key: "acc", runs, mean }] });

test("what runs are grouped by", () => {
  expect(["params.a b", "tags.x", "status", "duration", "metrics.acc", "params.a`b"].map(groupField)).toEqual([
    "params.`a b`", "tags.`x`", "attributes.status", undefined, undefined, undefined,
  ]);
});

test("the filter of a group", () => {
  expect(groupFilter("", "params.`f`", "it's")).toBe("params.`f` = 'it''s'");
  expect(groupFilter("metrics.a > 1", "tags.`t`", null)).toBe("metrics.a > 1 AND tags.`t` IS NULL");
  expect(groupFilter("conv", "tags.`t`", "x")).toBe("attributes.run_name ILIKE '%conv%' AND tags.`t` = 'x'");
});

test("groups in the order of the table", () => {
  const groups = [group("b", 9, 0.5), group("a10", 4), group("a9", 2, 0.7), group(null, 1, 0.6)];
  const values = (sort: { id: string; descending: boolean } | null) => ordered(groups, "params.f", sort).map((each) => each.value);
  expect(values(null)).toEqual(["b", "a10", "a9", null]);
  expect(values({ id: "metrics.acc", descending: true })).toEqual(["a9", null, "b", "a10"]);
  expect(values({ id: "name", descending: false })).toEqual([null, "a9", "a10", "b"]);
});

test("rows: an open group shows its runs, and that there are more", () => {
  const run = { info: { run_id: "r1" } } as Run;
  const rows = rowsOf([group("a", 2), group("b", 1)], new Set(["group:a"]), () => [run]);
  expect(rows.map((row) => row.id)).toEqual(["group:a", "r1", "more group:a", "group:b"]);
});
