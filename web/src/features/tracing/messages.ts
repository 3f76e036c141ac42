/** Inputs and outputs of a span as a conversation, whichever API's shapes they have. Pure. */

import type { Json } from "~/api/trace_types";

export interface ToolCall {
  id: string;
  name: string;
  arguments: Json;
}

export interface Message {
  role: string;
  /** Who among those of that role. */
  name: string;
  text: string;
  calls: ToolCall[];
  /** The call that this message answers. */
  answers: string;
  /** Parts that are no text: pictures, sound, files. */
  media: { kind: string; source: string }[];
  /** What a tool answered, where it is no text. */
  data?: Json;
}

type Dict = { [key: string]: Json };

const isDict = (value: Json | undefined): value is Dict => typeof value === "object" && value !== null && !Array.isArray(value);
const str = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** The messages in inputs or outputs, or null if there are none that are surely messages. */
export function messagesOf(value: Json | undefined): Message[] | null {
  const given = listOf(value);
  if (!given) return null;
  const found = given.map(messageOf);
  return found.length > 0 && found.every((each) => each !== null) ? merged(found) : null;
}

/** Definitions of tools that a model was given. */
export function toolsOf(value: Json | undefined): { name: string; description: string; schema: Json }[] {
  const tools = isDict(value) ? value.tools : undefined;
  if (!Array.isArray(tools)) return [];
  return tools.filter(isDict).map((tool) => {
    const said = isDict(tool.function) ? tool.function : tool;
    return { name: str(said.name) || "tool", description: str(said.description), schema: said.parameters ?? said.input_schema ?? null };
  });
}

function listOf(value: Json | undefined): Json[] | null {
  if (Array.isArray(value)) return value;
  if (!isDict(value)) return null;
  if (Array.isArray(value.messages)) {
    const system = value.system ?? value.instructions; // beside the messages, in the style of Anthropic
    return typeof system === "string" ? [{ role: "system", content: system }, ...value.messages] : value.messages;
  }
  if (Array.isArray(value.choices)) return value.choices.map((each) => (isDict(each) ? (each.message ?? null) : null));
  if (Array.isArray(value.input)) return value.input;
  if (Array.isArray(value.output)) return value.output;
  if (isDict(value.message)) return [value.message];
  if (Array.isArray(value.generations)) return value.generations.flat(2).map((each) => (isDict(each) ? (each.message ?? null) : null));
  return typeof value.role === "string" || value.type === "function_call" ? [value] : null;
}

const LANGCHAIN: Record<string, string> = { human: "user", ai: "assistant", system: "system", tool: "tool", function: "tool" };

function messageOf(value: Json): Message | null {
  if (!isDict(value)) return null;
  const made: Message = { role: "", name: str(value.name), text: "", calls: [], answers: "", media: [] };
  if (value.type === "function_call") {
    made.role = "assistant";
    made.name = "";
    made.calls = [callOf(value)];
    return made;
  }
  if (value.type === "function_call_output") {
    return answer({ ...made, role: "tool", answers: str(value.call_id) }, value.output ?? null);
  }
  made.role = str(value.role) || LANGCHAIN[str(value.type)] || "";
  if (!made.role || !("content" in value || "parts" in value || "tool_calls" in value)) return null;
  made.answers = str(value.tool_call_id);
  if (Array.isArray(value.tool_calls)) made.calls = value.tool_calls.filter(isDict).map(callOf);
  const content = value.content ?? value.parts ?? null;
  if (Array.isArray(content)) for (const part of content) addPart(made, part);
  else if (made.role === "tool") return answer(made, content);
  else if (typeof content === "string") made.text = content;
  else if (content !== null) made.data = content;
  return made;
}

function answer(made: Message, content: Json): Message {
  if (typeof content === "string") made.text = content;
  else if (content !== null) made.data = content;
  return made;
}

function callOf(value: Dict): ToolCall {
  const said = isDict(value.function) ? value.function : value;
  const given = said.arguments ?? said.args ?? said.input ?? null;
  return { id: str(value.id) || str(value.call_id), name: str(said.name) || "tool", arguments: parsed(given) };
}

function parsed(value: Json): Json {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

function addPart(made: Message, part: Json): void {
  if (typeof part === "string") return addText(made, part);
  if (!isDict(part)) return;
  const kind = str(part.type);
  if (kind === "tool_use" || kind === "tool_call" || kind === "tool-call") made.calls.push(callOf(part));
  else if (kind === "tool_result" || kind === "tool_call_response") {
    made.role = "tool";
    made.answers = str(part.tool_use_id) || str(part.id);
    const said = part.content ?? part.result ?? part.response ?? null;
    if (Array.isArray(said)) for (const each of said) addPart(made, each);
    else if (typeof said === "string") addText(made, said);
    else made.data = said;
  } else if (typeof part.text === "string") addText(made, part.text);
  else if (typeof part.content === "string") addText(made, part.content);
  else if (typeof part.refusal === "string") addText(made, part.refusal);
  else made.media.push({ kind: kind || "part", source: mediaSource(part) });
}

function addText(made: Message, text: string): void {
  made.text = made.text ? `${made.text}\n\n${text}` : text;
}

/** A picture's own bytes as a data address, and nothing that would be loaded from elsewhere. */
function mediaSource(part: Dict): string {
  const image = part.image_url;
  const url = isDict(image) ? str(image.url) : str(image);
  if (url) return url;
  const source = part.source;
  if (isDict(source) && source.type === "base64") return `data:${str(source.media_type)};base64,${str(source.data)}`;
  return "";
}

/** Of several calls in a row by one role, as some APIs list them, one message. */
function merged(messages: readonly Message[]): Message[] {
  const found: Message[] = [];
  for (const each of messages) {
    const before = found.at(-1);
    if (before && before.role === "assistant" && each.role === "assistant" && !each.text && each.calls.length > 0) {
      found[found.length - 1] = { ...before, calls: [...before.calls, ...each.calls] };
    } else found.push(each);
  }
  return found;
}
