import { expect, test } from "vitest";
import type { Outline } from "~/api/trace_types";
import { hasChildren, heat, rowsShown, ticks, treeOf } from "./tree";

function outline(parents: number[]): Outline {
  const many = (value: number) => parents.map(() => value);
  return {
    start_ns: "0", ids: parents.map(String), parents, name: many(0), type: many(0), start_us: parents.map((_, at) => at),
    duration_us: many(10), errors: [], tokens: {}, costs: {}, names: ["x"], types: ["T"],
  }; // prettier-ignore
}

test("children follow their parent, in order", () => {
  const tree = treeOf(outline([-1, 0, 0, 1, 2, 1]));
  expect([...tree.order]).toEqual([0, 1, 3, 5, 2, 4]);
  expect([...tree.depth]).toEqual([0, 1, 2, 2, 1, 2]);
  expect([...tree.end]).toEqual([6, 4, 3, 4, 6, 6]);
  expect(hasChildren(tree, 1)).toBe(true);
  expect(hasChildren(tree, 2)).toBe(false);
  expect(tree.total).toBe(15);
});

test("several roots, and parents in a circle, are all there once", () => {
  expect([...treeOf(outline([-1, -1, 1])).order]).toEqual([0, 1, 2]);
  const circle = treeOf(outline([-1, 2, 1, 2]));
  expect([...circle.order].toSorted()).toEqual([0, 1, 2, 3]);
  expect([...treeOf(outline([0])).order]).toEqual([0]);
});

test("what is shut hides what is below, a search shows what was found and what it is in", () => {
  const spans = outline([-1, 0, 0, 1, 2, 1]);
  const tree = treeOf(spans);
  const places = (rows: number[]) => rows.map((row) => tree.order[row]);
  expect(places(rowsShown(tree, new Set([1]), null, spans.parents))).toEqual([0, 1, 2, 4]);
  expect(places(rowsShown(tree, new Set([1]), new Set([5]), spans.parents))).toEqual([0, 1, 5]);
  expect(rowsShown(tree, new Set(), new Set(), spans.parents)).toEqual([]);
});

test("35,000 spans cost a few looks at each", () => {
  const spans = outline(Array.from({ length: 35_000 }, (_, at) => (at === 0 ? -1 : Math.floor((at - 1) / 3))));
  let looks = 0;
  const count = (target: number[], key: string | symbol) => {
    looks += 1;
    return Reflect.get(target, key) as unknown;
  };
  const parents = new Proxy(spans.parents, { get: count });
  expect(rowsShown(treeOf({ ...spans, parents }), new Set(), null, parents)).toHaveLength(35_000);
  expect(looks).toBeLessThan(10 * 35_000);
});

test("a chain as deep as it is long", () => {
  const tree = treeOf(outline(Array.from({ length: 20_000 }, (_, at) => at - 1)));
  expect(tree.depth.at(-1)).toBe(19_999);
});

test("heat and ticks", () => {
  expect([0.1, 0.5, 0.9].map(heat)).toEqual([0, 1, 2]);
  expect(ticks(1_000, 5)).toEqual([0, 200, 400, 600, 800]);
});
