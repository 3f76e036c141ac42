import { expect, test } from "vitest";
import { fromPrinted } from "./links";

test.each([
  ["#/", "/"],
  ["#/experiments", "/ml/experiments"],
  ["#/experiments/7", "/ml/experiments/7"],
  ["#/experiments/7/runs/abc", "/ml/experiments/7/runs/abc"],
  ["#/experiments/7/runs/abc?workspace=a%20b", "/ml/experiments/7/runs/abc?workspace=a%20b"],
  ["#/experiments/7/runs/abc/model-metrics?workspace=x", "/ml/experiments/7/runs/abc?workspace=x&tab=metrics"],
  ["#/experiments/7/runs/abc/unheard-of", "/ml/experiments/7/runs/abc"],
  ["#/experiments/7/runs/abc/artifacts/a%20b/c.png", "/ml/experiments/7/runs/abc?tab=artifacts&file=a%20b%2Fc.png"],
  ["#/experiments/7/overview", "/ml/experiments/7"],
  ["#/experiments/7/models/m-1", "/ml/experiments/7/models/m-1"],
  ["#/experiments/7/models", "/ml/experiments/7/models"],
])("%s leads to %s", (hash, page) => {
  expect(fromPrinted(hash)).toBe(page);
});

test.each(["", "#", "#main", "#/elsewhere/1", "#//evil.example"])("%s is no link of a client", (hash) => {
  const page = fromPrinted(hash);
  expect(page === null || page.startsWith("/?") || page === "/").toBe(true);
});
