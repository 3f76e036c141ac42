import { expect, test } from "vitest";
import type { HistoryPoint } from "~/api/types";
import { align, groupByPrefix, seriesOf, smooth } from "./series";

const point = (run_id: string, step: number, value: HistoryPoint["value"], timestamp = step * 1_000): HistoryPoint => ({
  run_id,
  key: "k",
  step,
  value,
  timestamp,
});

test("a series per run that has points, in order", () => {
  const points = [point("b", 2, 20), point("a", 1, 1), point("b", 1, 10, 500), point("c", 0, "NaN")];
  const found = seriesOf(points, ["a", "b", "none", "c"], "step");
  expect(found.map(({ id, xs, ys }) => [id, xs, ys])).toEqual([
    ["a", [1], [1]],
    ["b", [1, 2], [10, 20]],
    ["c", [0], [Number.NaN]],
  ]);
});

test("time since start begins at zero for each run", () => {
  const points = [point("a", 0, 1, 5_000), point("a", 1, 2, 8_000), point("b", 0, 1, 90_000)];
  expect(seriesOf(points, ["a", "b"], "relative").map(({ xs }) => xs)).toEqual([[0, 3], [0]]);
});

test("smoothing leaves a constant as it is, and gaps as gaps", () => {
  for (const y of smooth([4, 4, Number.NaN, 4], 0.9)) if (!Number.isNaN(y)) expect(y).toBeCloseTo(4, 12);
  expect(smooth([1, Number.NaN, 3], 0.5)[1]).toBeNaN();
  expect(smooth([1, 5], 0)).toEqual([1, 5]);
  const calm = smooth([0, 10, 0, 10, 0, 10], 0.9);
  expect(Math.max(...calm) - Math.min(...calm.slice(1))).toBeLessThan(10);
});

test("series share an axis, and what they lack stays undefined", () => {
  const [xs, a, b] = align([
    { id: "a", xs: [0, 2], ys: [1, 2] },
    { id: "b", xs: [1, 2], ys: [5, Number.NaN] },
  ]);
  expect(xs).toEqual([0, 1, 2]);
  expect(a).toEqual([1, undefined, 2]);
  expect(b).toEqual([undefined, 5, null]);
});

test("a spike survives the grid", () => {
  const xs = Array.from({ length: 10_000 }, (_, at) => at);
  const ys = xs.map((x) => (x === 5_003 ? 99 : 0));
  const [axis, column] = align([{ id: "a", xs, ys }], 500);
  expect(axis.length).toBeLessThanOrEqual(500);
  expect(Math.max(...(column ?? []).map(Number))).toBe(99);
});

test("names with a prefix stand together", () => {
  expect(groupByPrefix(["val/loss", "lr", "train/loss", "train/acc", "a/b/c"])).toEqual([
    ["", ["lr"]],
    ["a/b", ["a/b/c"]],
    ["train", ["train/acc", "train/loss"]],
    ["val", ["val/loss"]],
  ]);
});
