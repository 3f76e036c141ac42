import { expect, test } from "vitest";
import { type Curve, unpacked } from "~/api/packed";
import { align, groupByPrefix, seriesOf, smooth } from "./series";

const curve = (run: string, points: [step: number, value: number, time?: number][]): Curve => ({
  run,
  steps: Float64Array.from(points, ([step]) => step),
  values: Float64Array.from(points, ([, value]) => value),
  times: Float64Array.from(points, ([step, , time]) => time ?? step * 1_000),
});

test("a series per run that has points, in order", () => {
  const curves = [curve("b", [[1, 10, 500], [2, 20]]), curve("a", [[1, 1]]), curve("c", [[0, Number.NaN]]), curve("d", [])];
  const plain = (x: "step" | "time") => seriesOf(curves, ["a", "b", "none", "c", "d"], x).map(({ id, xs, ys }) => [id, [...(xs as Float64Array)], [...(ys as Float64Array)]]);
  expect(plain("step")).toEqual([
    ["a", [1], [1]],
    ["b", [1, 2], [10, 20]],
    ["c", [0], [Number.NaN]],
  ]);
  expect(plain("time")[1]).toEqual(["b", [0.5, 2], [10, 20]]);
});

test("time since start begins at zero for each run, and goes forward", () => {
  const curves = [curve("a", [[0, 1, 5_000], [1, 2, 8_000]]), curve("b", [[0, 1, 95_000], [1, 2, 90_000]])];
  const found = seriesOf(curves, ["a", "b"], "relative");
  expect(found.map(({ xs, ys }) => [Array.from(xs), Array.from(ys)])).toEqual([
    [[0, 3], [1, 2]],
    [[0, 5], [2, 1]],
  ]);
});

test("an answer is read without copying a number", () => {
  const head = new TextEncoder().encode("[[1,0,2],[0,1,1]]".padEnd(20));
  const answer = new ArrayBuffer(4 + head.length + 3 * 24);
  new DataView(answer).setUint32(0, head.length, true);
  new Uint8Array(answer).set(head, 4);
  new Float64Array(answer, 4 + head.length).set([1_000, 2_000, 1, 2, 0.1, 0.2, 5_000, 7, 0.7]);
  const [first, second, third] = unpacked(answer, ["a", "b"], 3);
  expect(first).toEqual([curve("b", [[1, 0.1], [2, 0.2]])]);
  expect(second).toEqual([curve("a", [[7, 0.7, 5_000]])]);
  expect(third).toEqual([]);
});

test("smoothing leaves a constant as it is, and gaps as gaps", () => {
  for (const y of Array.from(smooth([4, 4, Number.NaN, 4], 0.9))) if (!Number.isNaN(y)) expect(y).toBeCloseTo(4, 12);
  expect(smooth([1, Number.NaN, 3], 0.5)[1]).toBeNaN();
  expect(smooth([1, 5], 0)).toEqual([1, 5]);
  const calm = Array.from(smooth([0, 10, 0, 10, 0, 10], 0.9));
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
