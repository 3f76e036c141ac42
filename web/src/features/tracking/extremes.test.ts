import { expect, test } from "vitest";
import { parts, smallerIsBetter } from "./extreme_parts";

test("what is better by being smaller", () => {
  for (const key of ["loss", "val/loss", "trainLoss", "test_rmse", "latency_ms", "eval.error"]) expect(smallerIsBetter(key), key).toBe(true);
  for (const key of ["accuracy", "f1", "lossless", "throughput", "times_won"]) expect(smallerIsBetter(key), key).toBe(false);
});

test("cells are asked for together, within the server's limits", () => {
  const asked = Array.from({ length: 150 }, (_, run) => ["a", "b"].map((key) => ({ run: `r${run}`, key }))).flat();
  const made = parts(asked);
  expect(made.map((part) => [part.runs.length, part.keys.length, part.asked.length])).toEqual([
    [100, 2, 200],
    [50, 2, 100],
  ]);
  expect(parts(Array.from({ length: 21 }, (_, key) => ({ run: "r", key: `k${key}` }))).map((part) => part.keys.length)).toEqual([20, 1]);
});
