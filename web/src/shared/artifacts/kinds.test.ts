import { expect, test } from "vitest";
import { kindOf, numericColumns, parseDelimited, tabular } from "./kinds";

test.each([
  ["a/b.PNG", "image"],
  ["MLmodel", "text"],
  ["x.tar.gz", "binary"],
  ["notes.md", "markdown"],
  ["page.html", "html"],
  [".png", "image"],
  ["png", "binary"],
])("%s is %s", (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test("quoted fields hold what they like", () => {
  expect(parseDelimited('a,b\r\n"x, ""y""\nz",2\n,', ",", 100)).toEqual([
    ["a", "b"],
    ['x, "y"\nz', "2"],
    ["", ""],
  ]);
  expect(parseDelimited("", ",", 100)).toEqual([]);
  expect(parseDelimited("a\nb\nc", ",", 2)).toEqual([["a"], ["b"]]);
});

test("tables in JSON, and what is none", () => {
  expect(tabular({ columns: ["a"], data: [[1], [2]] })).toEqual({ columns: ["a"], rows: [[1], [2]] });
  expect(tabular([{ a: 1 }, { b: 2 }])).toEqual({ columns: ["a", "b"], rows: [[1, undefined], [undefined, 2]] }); // prettier-ignore
  for (const other of [null, 1, "x", [], [1], [[1]], { columns: ["a"] }, { a: 1 }]) expect(tabular(other)).toBeNull();
});

test("columns of numbers", () => {
  const rows = [[1, "2.5", "x", "", null, "007"], [2, "-1e-3", "3", "4", null, ""]];
  expect(numericColumns({ columns: ["a", "b", "c", "d", "e", "f"], rows })).toEqual([true, true, false, true, false, true]);
});
