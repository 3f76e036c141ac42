import { expect, test } from "vitest";
import type { Run } from "~/api/types";
import { decodeList, encodeList } from "~/shared/table/lists";
import { differs, keysOf, merge } from "./flat";

function run(id: string, params: Record<string, string>, status: Run["info"]["status"] = "FINISHED"): Run {
  return {
    info: { run_id: id, run_name: id, experiment_id: "1", user_id: "", status, start_time: 0, artifact_uri: "", lifecycle_stage: "active" },
    data: { metrics: [], params: Object.entries(params).map(([key, value]) => ({ key, value })), tags: [] },
    inputs: {},
    outputs: {},
  };
}

test("keys, the most common first", () => {
  expect(keysOf([run("a", { x: "1" }), run("b", { x: "2", y: "3" })]).params).toEqual(["x", "y"]);
});

test("runs differ where one lacks what another has", () => {
  const runs = [run("a", { x: "1", y: "1" }), run("b", { x: "1" })];
  expect(differs(runs, "params", "x")).toBe(false);
  expect(differs(runs, "params", "y")).toBe(true);
});

test("the head wins over older pages, and nothing comes twice", () => {
  const merged = merge([run("new", {}), run("a", {}, "FINISHED")], [[run("a", {}, "RUNNING"), run("b", {})]]);
  expect(merged.map(({ info }) => `${info.run_id} ${info.status}`)).toEqual(["new FINISHED", "a FINISHED", "b FINISHED"]);
});

test("lists of names come back from an address as they went", () => {
  const ids = ["metrics.a,b", "params.100%", "name", "tags.%2C"];
  expect(decodeList(encodeList(ids))).toEqual(ids);
  expect(decodeList(undefined)).toEqual([]);
});
