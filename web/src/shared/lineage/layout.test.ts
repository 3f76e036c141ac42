import { expect, test } from "vitest";
import { type Lineage, type LineageObject, objectKey } from "~/api/lineage_types";
import { layout } from "./layout";

const run = (id: string): LineageObject => ({ kind: "RUN", id });
const model: LineageObject = { kind: "LOGGED_MODEL", id: "m" };
const version: LineageObject = { kind: "MODEL_VERSION", name: "n", version: "1" };
const data: LineageObject = { kind: "DATASET", name: "d", digest: "x" };
const lineage = (object: LineageObject, up: LineageObject[], down: LineageObject[], more = false): Lineage => ({
  object,
  links: [
    ...up.map((each) => ({ direction: "UPSTREAM" as const, relation: "MADE", object: each })),
    ...down.map((each) => ({ direction: "DOWNSTREAM" as const, relation: "READ", object: each })),
  ],
  next_page_token: more ? "t" : undefined,
});
const known = (...all: Lineage[]) => new Map(all.map((each) => [objectKey(each.object), each]));

test("what it was made from is left, what was made from it right", () => {
  const graph = layout(model, known(lineage(model, [run("a")], [version, run("b")], true)));
  expect(graph.columns).toEqual([-1, 0, 1]);
  expect(graph.rows).toBe(2);
  expect(graph.places.map(({ object, column, row, more }) => [object.kind, column, row, more])).toEqual([
    ["LOGGED_MODEL", 0, 0, true],
    ["RUN", -1, 0, false],
    ["MODEL_VERSION", 1, 0, false],
    ["RUN", 1, 1, false],
  ]);
  expect(graph.edges).toHaveLength(3);
});

test("it goes on outwards, and turns back nowhere", () => {
  const graph = layout(model, known(lineage(model, [run("a")], []), lineage(run("a"), [data], [model, version])));
  expect(graph.places.map(({ object, column }) => [object.kind, column])).toEqual([
    ["LOGGED_MODEL", 0],
    ["RUN", -1],
    ["DATASET", -2],
  ]);
  expect(graph.edges.map(({ from, to }) => [from.split("\n")[0], to.split("\n")[0]])).toEqual([
    ["RUN", "LOGGED_MODEL"],
    ["DATASET", "RUN"],
  ]);
});

test("an object that comes by two ways stands once", () => {
  const graph = layout(model, known(lineage(model, [run("a"), run("b")], []), lineage(run("a"), [data], []), lineage(run("b"), [data], [])));
  expect(graph.places.filter((place) => place.object.kind === "DATASET")).toHaveLength(1);
  expect(graph.edges).toHaveLength(4);
});
