import { expect, test } from "vitest";
import { fromPlatform, fromPrinted, safeAddress } from "./links";

test.each([
  ["#/", "/"],
  ["#/experiments", "/ml/experiments"],
  ["#/experiments/7", "/ml/experiments/7"],
  ["#/experiments/7/runs/abc", "/ml/experiments/7/runs/abc"],
  ["#/experiments/7/runs/abc?workspace=a%20b", "/ml/experiments/7/runs/abc?workspace=a%20b"],
  ["#/experiments/7/runs/abc/model-metrics?workspace=x", "/ml/experiments/7/runs/abc?workspace=x&tab=metrics"],
  ["#/experiments/7/runs/abc/unheard-of", "/ml/experiments/7/runs/abc"],
  ["#/experiments/7/runs/abc/artifacts/a%20b/c.png", "/ml/experiments/7/runs/abc?tab=artifacts&file=a%20b%2Fc.png"],
  ["#/experiments/7/overview", "/ml/experiments/7/overview"],
  ["#/experiments/7/models/m-1", "/ml/experiments/7/models/m-1"],
  ["#/experiments/7/models", "/ml/experiments/7/models"],
  ["#/experiments/7/traces", "/ml/experiments/7/traces"],
  ["#/experiments/7/traces?selectedEvaluationId=tr-1&workspace=x", "/ml/experiments/7/traces/tr-1?workspace=x"],
  ["#/experiments/7/traces/tr-1", "/ml/experiments/7/traces/tr-1"],
  ["#/experiments/7/chat-sessions/s-1", "/ml/experiments/7/sessions/s-1"],
  ["#/experiments/7/evaluation-runs?selectedRunUuid=abc", "/ml/experiments/7/runs/abc"],
  ["#/experiments/7/prompts/ask?promptVersion=2", "/ml/prompts/ask?version=2"],
  ["#/models", "/ml/models"],
  ["#/models/iris", "/ml/models/iris"],
  ["#/models/a%20b/versions/3?workspace=x", "/ml/models/a%20b?workspace=x&version=3"],
  ["#mlflow/models/iris/versions/3", "/ml/models/iris?version=3"],
  ["#/prompts", "/ml/prompts"],
  ["#/prompts/ask?promptVersion=4", "/ml/prompts/ask?version=4"],
])("%s leads to %s", (hash, page) => {
  expect(fromPrinted(hash)).toBe(page);
});

test.each(["", "#", "#main", "#/elsewhere/1", "#//evil.example"])("%s is no link of a client", (hash) => {
  const page = fromPrinted(hash);
  expect(page === null || page.startsWith("/?") || page === "/").toBe(true);
});

test.each([
  ["/explore/data/models/main/default/iris/version/3", "?o=1", "/ml/models/main.default.iris?version=3&o=1"],
  ["/explore/data/models/main/default/iris", "?o=1", "/ml/models/main.default.iris?o=1"],
  ["/explore/data", "?o=1", "/ml/catalog?o=1"],
  ["/explore/data/main/default", "", "/ml/catalog/main/default"],
  ["/explore/data/main/default/sales", "?o=1", "/ml/catalog/main/default/tables/sales?o=1"],
  ["/explore/data/volumes/main/default/raw", "", "/ml/catalog/main/default/volumes/raw"],
  ["/ml/experiments/7/runs", "", "/ml/experiments/7"],
  ["/ml/experiments/7/prompts/a.b.ask", "?o=1&promptVersion=2", "/ml/prompts/a.b.ask?o=1&version=2"],
  ["/ml/experiments/7/evaluation-runs", "?selectedRunUuid=r&o=1", "/ml/experiments/7/runs/r?o=1"],
  ["/ml/experiments/7/traces", "?selectedEvaluationId=tr-1", "/ml/experiments/7/traces/tr-1"],
  ["/ml/models/iris/versions/3", "", "/ml/models/iris?version=3"],
  ["/ml/experiments/7/traces", "?q=x", null],
  ["/ml/experiments/7/runs/abc", "", null],
  ["/ml/models/iris", "", null],
])("%s%s of the platform leads to %s", (path, search, page) => {
  expect(fromPlatform(path, search)).toBe(page);
});

test.each([
  ["/ml/settings?tab=tokens", "/ml/settings?tab=tokens"],
  ["/oidc/v1/authorize?client_id=lakeward&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F", "/oidc/v1/authorize?client_id=lakeward&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F"],
  [undefined, "/"],
  ["", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["https://evil.example/", "/"],
  ["javascript:alert(1)", "/"],
  ["ml/settings", "/"],
])("from signing in to %s one comes to %s", (next, lands) => {
  expect(safeAddress(next)).toBe(lands);
});
