import { expect, test } from "vitest";
import { changed, diffLines } from "./diff";

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

test("large texts are answered at once", () => {
  const long = Array.from({ length: 5_000 }, (_, at) => `line ${at}`).join("\n");
  const start = performance.now();
  expect(diffLines(long, long.replaceAll("line", "row"))).toHaveLength(10_000);
  expect(performance.now() - start).toBeLessThan(500);
});
