import { expect, test } from "vitest";
import { filesOf, questionsOf } from "./early";

const asked = (address: string) => {
  const url = new URL(address, "http://localhost");
  return questionsOf(url.pathname, url.searchParams).map(({ method, address: each, body }) => [method, each, body]);
};

test("what a page of runs asks", () => {
  const head = ["GET", "/api/2.0/mlflow/experiments/get?experiment_id=7", undefined];
  const body = '{"experiment_ids":["7"],"order_by":[],"run_view_type":"ACTIVE_ONLY","max_results":100}';
  expect(asked("/ml/experiments/7?mode=charts")).toEqual([["POST", "/api/2.0/lakeward/runs/table", body], head]);
  expect(asked("/ml/experiments/7?q=x")).toEqual([head]);
  expect(asked("/ml/experiments/7/traces/tr-1")).toEqual([["GET", "/api/2.0/lakeward/traces/tr-1/outline", undefined], head]);
  for (const other of ["/", "/ml/experiments", "/ml/experiments/7/traces", "/ml/models/x", "/ml/experiments/7/runs/a/b"]) expect(asked(other)).toEqual([]);
});

test("the files of a page", () => {
  const pages = { "/ml/experiments/*": ["runs.js"], "/ml/experiments/*?charts": ["charts.js"], "/ml/experiments/*/traces/*": ["trace.js"] };
  const files = (path: string, query = "") => filesOf(pages, path, new URLSearchParams(query));
  expect(files("/ml/experiments/7")).toEqual(["runs.js"]);
  expect(files("/ml/experiments/7", "mode=charts")).toEqual(["runs.js", "charts.js"]);
  expect(files("/ml/experiments/7/traces/tr-1")).toEqual(["trace.js"]);
  expect(files("/ml/experiments")).toEqual([]);
});
