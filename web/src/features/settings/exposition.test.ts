import { expect, test } from "vitest";
import { callsOf } from "./exposition";

const TEXT = `# HELP lakeward_requests_total Requests answered, by status code.
lakeward_requests_total{method="GET",path="/health",status="200"} 8.0
lakeward_requests_total{method="GET",path="/health",status="503"} 2.0
lakeward_requests_total{method="POST",path="/a/{b}",status="404"} 30.0
lakeward_request_seconds_bucket{method="GET",path="/health",le="0.01"} 9.0
lakeward_request_seconds_bucket{method="GET",path="/health",le="0.025"} 10.0
lakeward_request_seconds_bucket{method="GET",path="/health",le="+Inf"} 10.0
lakeward_request_seconds_sum{method="GET",path="/health"} 0.1
lakeward_request_seconds_count{method="GET",path="/health"} 10.0
process_open_fds{pid="1"} 3
`;

test("calls are counted by route, the busiest first", () => {
  expect(callsOf(TEXT)).toEqual([
    { method: "POST", path: "/a/{b}", count: 30, refused: 30, failed: 0, mean: 0, p95: null },
    { method: "GET", path: "/health", count: 10, refused: 0, failed: 2, mean: 0.01, p95: 0.025 },
  ]);
  expect(callsOf("")).toEqual([]);
});
