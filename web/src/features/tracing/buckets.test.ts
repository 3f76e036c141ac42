import { expect, test } from "vitest";
import { axisOf, intervalFor, linesOf } from "./buckets";

const HOUR = 3_600_000;

test("some dozens of buckets, whatever the stretch", () => {
  expect([1, 24, 7 * 24, 90 * 24].map((hours) => intervalFor(0, hours * HOUR))).toEqual([60, 1_800, 3 * 3_600, 7 * 86_400]);
  expect(axisOf(30_000, 150_000, 60)).toEqual([0, 60, 120]);
});

const at = (seconds: number, status: string, count: number) => ({
  metric_name: "trace_count",
  dimensions: { time_bucket: new Date(seconds * 1_000).toISOString(), trace_status: status },
  values: { COUNT: count, "P50.0": count * 10 },
});

test("a line per value of a dimension, with what is missing said", () => {
  const points = [at(0, "OK", 3), at(120, "OK", 1), at(60, "ERROR", 2)];
  const counts = linesOf(points, [0, 60, 120], "trace_status", "COUNT", 0);
  expect([...counts]).toEqual([["ERROR", [0, 2, 0]], ["OK", [3, 0, 1]]]);
  expect(linesOf(points.slice(0, 1), [0, 60], null, "P50", null).get("")).toEqual([30, null]);
});
