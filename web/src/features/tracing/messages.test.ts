import { expect, test } from "vitest";
import type { Json } from "~/api/trace_types";
import { messagesOf, toolsOf } from "./messages";

test("chat completions, in and out", () => {
  const input = { model: "m", messages: [{ role: "system", content: "Be brief." }, { role: "user", content: [{ type: "text", text: "Hi" }] }] };
  expect(messagesOf(input)?.map(({ role, text }) => [role, text])).toEqual([
    ["system", "Be brief."],
    ["user", "Hi"],
  ]);
  const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city": "Rome"}' } };
  const [out] = messagesOf({ choices: [{ message: { role: "assistant", content: null, tool_calls: [call] } }] }) ?? [];
  expect(out?.calls).toEqual([{ id: "c1", name: "weather", arguments: { city: "Rome" } }]);
});

test("blocks of the style of Anthropic", () => {
  const found = messagesOf({
    system: "Sys",
    messages: [
      { role: "assistant", content: [{ type: "text", text: "Looking" }, { type: "tool_use", id: "t", name: "find", input: { q: 1 } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "found" }] },
    ],
  });
  expect(found?.map((each) => [each.role, each.text, each.calls.length, each.answers])).toEqual([
    ["system", "Sys", 0, ""],
    ["assistant", "Looking", 1, ""],
    ["tool", "found", 0, "t"],
  ]);
});

test("responses, parts and LangChain", () => {
  const input: Json[] = [
    { role: "user", content: "go" },
    { type: "function_call", call_id: "1", name: "f", arguments: "{}" },
    { type: "function_call_output", call_id: "1", output: "done" },
  ];
  expect(messagesOf({ input })?.map((each) => each.role)).toEqual(["user", "assistant", "tool"]);
  expect(messagesOf([{ role: "user", parts: [{ type: "text", content: "said" }] }])?.[0]?.text).toBe("said");
  expect(messagesOf([{ type: "human", content: "x" }])?.[0]?.role).toBe("user");
});

test("what is no conversation is left alone", () => {
  expect(messagesOf({ question: "x" })).toBeNull();
  expect(messagesOf([1, 2])).toBeNull();
  expect(messagesOf([])).toBeNull();
  expect(messagesOf("text")).toBeNull();
  expect(messagesOf([{ role: "user", content: "x" }, { id: 7 }])).toBeNull();
});

test("definitions of tools", () => {
  const tools = [{ type: "function", function: { name: "f", description: "d", parameters: { type: "object" } } }];
  expect(toolsOf({ tools })).toEqual([{ name: "f", description: "d", schema: { type: "object" } }]);
  expect(toolsOf("x")).toEqual([]);
});
