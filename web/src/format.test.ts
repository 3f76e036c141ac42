import { expect, test } from "vitest";
import { duration, firstLine, number } from "./format";

test("durations leave out what is nothing", () => {
  expect([412, 2_400, 1_200_000, 1_203_000, 7_200_000, 9_000_000, 3 * 86_400_000].map(duration)).toEqual(
    ["412 ms", "2.4 s", "20 min", "20 min 3 s", "2 h", "2 h 30 min", "3 d"],
  );
});

test("large numbers are grouped, small ones have an exponent", () => {
  expect([1_969, 0.5, 6.167e-7, "NaN" as const, "Infinity" as const].map((each) => number(each))).toEqual(["1,969", "0.5", "6.167e-7", "NaN", "∞"]);
});

test("a description in a line has no marks, and keeps what are none", () => {
  expect(firstLine("What the **shop** sells, see [the `notes`](https://x)\n\nmore")).toBe("What the shop sells, see the notes");
  expect(firstLine("## Orders")).toBe("Orders");
  expect(firstLine("- 2 * 3 * 4 of snake_case_names")).toBe("2 * 3 * 4 of snake_case_names");
  expect(firstLine(undefined)).toBe("");
});
