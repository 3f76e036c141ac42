"""The wire formats of model providers: each reads a request into `Asked`, and writes `Said`, whole or in pieces."""

import base64
import binascii
import json
import struct
from collections.abc import Iterator
from typing import Any

from .script import TOKENS, VECTOR, Asked, Said

NOW = 1_790_000_000
Json = dict[str, Any]


def words(content: Any) -> list[str]:
    """All texts of a message's content."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        content = [content]
    return [each["text"] for each in content or () if isinstance(each, dict) and isinstance(each.get("text"), str)]


def pieces(text: str) -> list[str]:
    return [text[at : at + 8] for at in range(0, len(text), 8)]


def sse(events: Iterator[Json], *, named: bool = False, end: bool = False) -> Iterator[bytes]:
    for event in events:
        head = f"event: {event['type']}\n" if named else ""
        yield f"{head}data: {json.dumps(event)}\n\n".encode()
    if end:
        yield b"data: [DONE]\n\n"


# ── OpenAI: chat (also Mistral, Groq and Ollama in OpenAI's way), responses, embeddings ──────────────────────────────


def chat_asked(body: Json) -> Asked:
    asked = Asked()
    for message in body["messages"]:
        asked.texts += words(message.get("content"))
        asked.results += message["role"] == "tool"
    for each in body.get("tools") or ():
        asked.tools[each["function"]["name"]] = each["function"].get("parameters") or {}
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        asked.schema = form["json_schema"]["schema"]
    return asked


def chat_usage() -> Json:
    return {
        "prompt_tokens": TOKENS["input"], "completion_tokens": TOKENS["output"], "total_tokens": TOKENS["total"],
    }  # fmt: skip


def _call(said: Said) -> Json:
    return {
        "id": "call_00001", "type": "function",
        "function": {"name": said.tool, "arguments": json.dumps(said.arguments)},
    }  # fmt: skip


def chat_whole(body: Json, said: Said) -> Json:
    message: Json = {"role": "assistant", "content": said.text or None}
    if said.tool:
        message["tool_calls"] = [_call(said)]
    reason = "tool_calls" if said.tool else "stop"
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": NOW, "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": chat_usage(),
    }  # fmt: skip


def chat_stream(body: Json, said: Said) -> Iterator[bytes]:
    def chunk(delta: Json, reason: str | None = None) -> Json:
        return {
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": NOW, "model": body["model"],
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }  # fmt: skip

    def events() -> Iterator[Json]:
        yield chunk({"role": "assistant", "content": ""})
        if said.tool:
            yield chunk({"tool_calls": [{"index": 0} | _call(said)]})
        for piece in pieces(said.text):
            yield chunk({"content": piece})
        last = chunk({}, "tool_calls" if said.tool else "stop")
        if (body.get("stream_options") or {}).get("include_usage"):
            yield last
            yield chunk({}) | {"choices": [], "usage": chat_usage()}
        else:
            yield last | {"usage": chat_usage()}

    return sse(events(), end=True)


def responses_asked(body: Json) -> Asked:
    asked = Asked(words(body.get("instructions")))
    given = body["input"]
    for item in [{"content": given}] if isinstance(given, str) else given:
        asked.texts += words(item.get("content"))
        asked.results += item.get("type") == "function_call_output"
    for each in body.get("tools") or ():
        if each["type"] == "function":
            asked.tools[each["name"]] = each.get("parameters") or {}
    form = (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        asked.schema = form["schema"]
    return asked


def _output(said: Said) -> Json:
    if said.tool:
        return {
            "type": "function_call", "id": "fc_00001", "call_id": "call_00001", "name": said.tool,
            "arguments": json.dumps(said.arguments), "status": "completed",
        }  # fmt: skip
    part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
    return {"type": "message", "id": "msg_00001", "status": "completed", "role": "assistant", "content": [part]}


def responses_whole(body: Json, said: Said) -> Json:
    usage = {
        "input_tokens": TOKENS["input"], "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": TOKENS["output"], "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": TOKENS["total"],
    }  # fmt: skip
    return {
        "id": "resp_00001", "object": "response", "created_at": NOW, "status": "completed", "model": body["model"],
        "output": [_output(said)], "usage": usage, "parallel_tool_calls": True, "tool_choice": "auto",
        "tools": body.get("tools") or [], "temperature": 1.0, "top_p": 1.0, "instructions": body.get("instructions"),
        "metadata": {}, "error": None, "incomplete_details": None, "text": {"format": {"type": "text"}},
    }  # fmt: skip


def responses_stream(body: Json, said: Said) -> Iterator[bytes]:
    whole, item = responses_whole(body, said), _output(said)
    begun = whole | {"status": "in_progress", "output": [], "usage": None}
    where = {"item_id": item["id"], "output_index": 0}

    def events() -> Iterator[Json]:
        yield {"type": "response.created", "response": begun}
        if said.tool:
            yield {"type": "response.output_item.added", "output_index": 0, "item": item | {"arguments": ""}}
            yield {"type": "response.function_call_arguments.delta", "delta": item["arguments"]} | where
            yield {
                "type": "response.function_call_arguments.done",
                "arguments": item["arguments"],
                "name": said.tool,
            } | where
        else:
            part = item["content"][0]
            yield {"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}}
            yield {"type": "response.content_part.added", "content_index": 0, "part": part | {"text": ""}} | where
            for piece in pieces(said.text):
                yield {"type": "response.output_text.delta", "content_index": 0, "delta": piece, "logprobs": []} | where
            yield {"type": "response.output_text.done", "content_index": 0, "text": said.text, "logprobs": []} | where
            yield {"type": "response.content_part.done", "content_index": 0, "part": part} | where
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}
        yield {"type": "response.completed", "response": whole}

    numbered = ({**event, "sequence_number": number} for number, event in enumerate(events()))
    return sse(numbered, named=True)


def embeddings(body: Json) -> Json:
    given = body["input"]
    count = len(given) if isinstance(given, list) and given and not isinstance(given[0], int) else 1
    vector: Any = VECTOR
    if body.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack(f"<{len(VECTOR)}f", *VECTOR)).decode()
    return {
        "object": "list", "model": body["model"], "id": "emb-1",
        "data": [{"object": "embedding", "index": number, "embedding": vector} for number in range(count)],
        "usage": {"prompt_tokens": TOKENS["input"], "completion_tokens": 0, "total_tokens": TOKENS["input"]},
    }  # fmt: skip


# ── Anthropic ────────────────────────────────────────────────────────────────────────────────────────────────────────


def messages_asked(body: Json) -> Asked:
    asked = Asked(words(body.get("system")))
    for message in body["messages"]:
        asked.texts += words(message["content"])
        if isinstance(message["content"], list):
            asked.results += sum(each.get("type") == "tool_result" for each in message["content"])
    for each in body.get("tools") or ():
        asked.tools[each["name"]] = each.get("input_schema") or {}
    return asked


def messages_whole(body: Json, said: Said) -> Json:
    part: Json = {"type": "text", "text": said.text}
    if said.tool:
        part = {"type": "tool_use", "id": "toolu_00001", "name": said.tool, "input": said.arguments}
    return {
        "id": "msg_00001", "type": "message", "role": "assistant", "model": body.get("model", "claude"),
        "content": [part], "stop_reason": "tool_use" if said.tool else "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": TOKENS["input"], "output_tokens": TOKENS["output"]},
    }  # fmt: skip


def messages_stream(body: Json, said: Said) -> Iterator[bytes]:
    whole = messages_whole(body, said)
    [part] = whole["content"]

    def events() -> Iterator[Json]:
        usage = {"input_tokens": TOKENS["input"], "output_tokens": 1}
        yield {"type": "message_start", "message": whole | {"content": [], "stop_reason": None, "usage": usage}}
        empty = {"input": {}} if said.tool else {"text": ""}
        yield {"type": "content_block_start", "index": 0, "content_block": part | empty}
        if said.tool:
            delta = {"type": "input_json_delta", "partial_json": json.dumps(said.arguments)}
            yield {"type": "content_block_delta", "index": 0, "delta": delta}
        for piece in pieces(said.text):
            yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        yield {"type": "content_block_stop", "index": 0}
        ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": TOKENS["output"]}}
        yield {"type": "message_stop"}

    return sse(events(), named=True)


# ── Gemini ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def gemini_asked(body: Json) -> Asked:
    asked = Asked(words((body.get("systemInstruction") or {}).get("parts")))
    for content in body["contents"]:
        asked.texts += words(content.get("parts"))
        asked.results += sum("functionResponse" in part for part in content.get("parts") or ())
    for tool in body.get("tools") or ():
        for each in tool.get("functionDeclarations") or ():
            asked.tools[each["name"]] = each.get("parameters") or each.get("parametersJsonSchema") or {}
    config = body.get("generationConfig") or {}
    asked.schema = config.get("responseSchema") or config.get("responseJsonSchema")
    return asked


def gemini_whole(model: str, said: Said, text: str | None = None) -> Json:
    part: Json = {"text": said.text if text is None else text}
    if said.tool:
        part = {"functionCall": {"name": said.tool, "args": said.arguments}}
    usage = {
        "promptTokenCount": TOKENS["input"], "candidatesTokenCount": TOKENS["output"],
        "totalTokenCount": TOKENS["total"],
    }  # fmt: skip
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": "r1"}


def gemini_stream(model: str, said: Said) -> Iterator[bytes]:
    return sse(gemini_whole(model, said, piece) for piece in (pieces(said.text) or [""]))


# ── Bedrock ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def converse_asked(body: Json) -> Asked:
    asked = Asked(words(body.get("system")))
    for message in body["messages"]:
        asked.texts += words(message["content"])
        asked.results += sum("toolResult" in part for part in message["content"])
    for each in (body.get("toolConfig") or {}).get("tools") or ():
        if "toolSpec" in each:
            asked.tools[each["toolSpec"]["name"]] = each["toolSpec"]["inputSchema"]["json"]
    return asked


def _converse_usage() -> Json:
    return {"inputTokens": TOKENS["input"], "outputTokens": TOKENS["output"], "totalTokens": TOKENS["total"]}


def converse_whole(said: Said) -> Json:
    part: Json = {"text": said.text}
    if said.tool:
        part = {"toolUse": {"toolUseId": "tooluse_00001", "name": said.tool, "input": said.arguments}}
    return {
        "output": {"message": {"role": "assistant", "content": [part]}},
        "stopReason": "tool_use" if said.tool else "end_turn", "usage": _converse_usage(), "metrics": {"latencyMs": 5},
    }  # fmt: skip


def converse_stream(said: Said) -> Iterator[bytes]:
    yield frame("messageStart", {"role": "assistant"})
    if said.tool:
        start = {"toolUse": {"toolUseId": "tooluse_00001", "name": said.tool}}
        yield frame("contentBlockStart", {"contentBlockIndex": 0, "start": start})
        delta = {"toolUse": {"input": json.dumps(said.arguments)}}
        yield frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta})
    for piece in pieces(said.text):
        yield frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
    yield frame("contentBlockStop", {"contentBlockIndex": 0})
    yield frame("messageStop", {"stopReason": "tool_use" if said.tool else "end_turn"})
    yield frame("metadata", {"usage": _converse_usage(), "metrics": {"latencyMs": 5}})


def frame(kind: str, event: Json) -> bytes:
    """A message of AWS's event stream: lengths, headers, payload, each with its checksum."""
    headers = b""
    for name, value in ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event")):
        headers += struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
    payload = json.dumps(event).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", binascii.crc32(message))


# ── Ollama ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def ollama_asked(body: Json) -> Asked:
    asked = chat_asked({"messages": body["messages"], "tools": body.get("tools")})
    if isinstance(body.get("format"), dict):
        asked.schema = body["format"]
    return asked


def ollama_whole(body: Json, said: Said) -> Json:
    message: Json = {"role": "assistant", "content": said.text}
    if said.tool:
        message["tool_calls"] = [{"function": {"name": said.tool, "arguments": said.arguments}}]
    return {
        "model": body["model"], "created_at": "2026-09-21T12:00:00Z", "message": message, "done": True,
        "done_reason": "stop", "prompt_eval_count": TOKENS["input"], "eval_count": TOKENS["output"],
        "total_duration": 5_000_000,
    }  # fmt: skip


def ollama_stream(body: Json, said: Said) -> Iterator[bytes]:
    whole = ollama_whole(body, said)
    for piece in pieces(said.text):
        part = {key: whole[key] for key in ("model", "created_at")}
        yield json.dumps(part | {"message": {"role": "assistant", "content": piece}, "done": False}).encode() + b"\n"
    yield json.dumps(whole | {"message": whole["message"] | {"content": ""}}).encode() + b"\n"
