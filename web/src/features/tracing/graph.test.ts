import { expect, test } from "vitest";
import type { Outline } from "~/api/trace_types";
import { callGraph } from "./graph";

function outline(spans: [parent: number, name: number][], errors: number[] = []): Outline {
  const names = ["agent", "llm", "tool", "helper"];
  return {
    start_ns: "0", ids: spans.map((_, at) => String(at)), parents: spans.map(([parent]) => parent), name: spans.map(([, name]) => name),
    type: spans.map(() => 0), start_us: spans.map((_, at) => at), duration_us: spans.map(() => 10), errors, tokens: {}, costs: { 1: 0.5 }, names, types: ["T"],
  }; // prettier-ignore
}

test("spans of one name are one step, and calls are counted", () => {
  const graph = callGraph(outline([[-1, 0], [0, 1], [0, 2], [0, 1], [2, 3]], [3]));
  expect(graph.steps.map(({ name, places, depth, errors, cost, took }) => [name, places, depth, errors, cost, took])).toEqual([
    ["agent", [0], 0, 0, 0, 10],
    ["llm", [1, 3], 1, 1, 0.5, 20],
    ["tool", [2], 1, 0, 0, 10],
    ["helper", [4], 2, 0, 0, 10],
  ]);
  expect(graph.calls.map(({ from, to, count, back }) => [from, to, count, back])).toEqual([
    ["agent 0", "llm 0", 2, false],
    ["agent 0", "tool 0", 1, false],
    ["tool 0", "helper 0", 1, false],
  ]);
});

test("what calls itself, and what leads back", () => {
  const graph = callGraph(outline([[-1, 0], [0, 0], [1, 2], [2, 0]]));
  expect(graph.steps[0]?.again).toBe(1);
  expect(graph.calls.map(({ back }) => back)).toEqual([false, true]);
});

test("of very many steps those with most spans are shown, and the root", () => {
  const graph = callGraph(outline([[-1, 3], [0, 0], [1, 1], [1, 1], [1, 2]]), 2);
  expect(graph.steps.map((step) => step.name).toSorted()).toEqual(["helper", "llm"]);
  expect(graph.hidden).toBe(2);
});

test("circles end", () => {
  expect(callGraph(outline([[1, 0], [0, 1]])).steps.map((step) => step.depth)).toEqual([0, 1]);
});

test("steps that are numbered are one step", () => {
  const numbered = { ...outline([[-1, 0], [0, 1], [0, 2]]), names: ["shelf of 3", "book 1", "book 2"] };
  expect(callGraph(numbered).steps.map((step) => [step.name, step.places.length])).toEqual([["shelf of 3", 1], ["book #", 2]]);
});
