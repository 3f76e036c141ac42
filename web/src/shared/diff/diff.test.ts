import { expect, test } from "vitest";
import { changed, diffLines, work } from "./diff";

const kinds = (before: string, after: string) => diffLines(before, after).map((line) => `${line.kind[0]}${line.text}`);

test("lines that stayed, went and came", () => {
  expect(kinds("a\nb\nc", "a\nc\nd")).toEqual(["sa", "rb", "sc", "ad"]);
  expect(kinds("x", "x")).toEqual(["sx"]);
  expect(changed(diffLines("a\nb", "a\nc\nd"))).toEqual({ added: 2, removed: 1 });
});

test("words within a line that was changed", () => {
  const [old, next] = diffLines("Say hello to {{ name }}.", "Say good day to {{ name }}.");
  expect(old?.pieces?.filter((piece) => piece.kind === "removed").map((piece) => piece.text)).toEqual(["hello"]);
  expect(next?.pieces?.filter((piece) => piece.kind === "added").map((piece) => piece.text).join("")).toBe("good day");
  expect(diffLines("one", "entirely else")[0]?.pieces).toBeUndefined();
});

test("numbers of lines on both sides", () => {
  expect(diffLines("a\nb", "b").map((line) => [line.before, line.after])).toEqual([
    [1, undefined],
    [2, 1],
  ]);
});

test("what texts cost is bounded", () => {
  const long = Array.from({ length: 5_000 }, (_, at) => `line ${at}`).join("\n");
  const before = work.cells;
  expect(diffLines(long, long.replaceAll("line", "row"))).toHaveLength(10_000);
  expect(work.cells - before).toBeLessThanOrEqual(5_000 * 3 * 3); // no table of lines, and of each pair of lines its words
  const nearly = work.cells;
  expect(changed(diffLines(long, long.replace("line 2500", "row 2500")))).toEqual({ added: 1, removed: 1 });
  expect(work.cells - nearly).toBeLessThanOrEqual(10); // what is the same at both ends costs nothing
});
