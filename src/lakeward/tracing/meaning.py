"""What the attributes of a span mean: MLflow's own, OpenTelemetry's GenAI conventions, OpenInference, OpenLLMetry.

Attributes are kept as they came. Where several speak of one thing, the first in the table below is believed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from lakeward.kit.errors import TooLarge
from lakeward.tracing import json_size
from lakeward.tracing.otlp import value_of
from lakeward.tracing.records import COST_KEYS, TOKEN_KEYS, Cost, Usage

_SPEAK: Final[Mapping[str, Sequence[str]]] = {
    "type": ("mlflow.spanType", "openinference.span.kind", "gen_ai.operation.name", "traceloop.span.kind"),
    "inputs": (
        "mlflow.spanInputs", "input.value", "gen_ai.input.messages", "gen_ai.tool.call.arguments",
        "traceloop.entity.input", "gen_ai.prompt",
    ),
    "outputs": (
        "mlflow.spanOutputs", "output.value", "gen_ai.output.messages", "gen_ai.tool.call.result",
        "traceloop.entity.output", "gen_ai.completion",
    ),
    "usage": ("mlflow.chat.tokenUsage",),
    "input_tokens": ("gen_ai.usage.input_tokens", "llm.token_count.prompt", "gen_ai.usage.prompt_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "llm.token_count.completion", "gen_ai.usage.completion_tokens"),
    "total_tokens": ("llm.token_count.total", "gen_ai.usage.total_tokens", "llm.usage.total_tokens"),
    "cache_read_input_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read",
        "gen_ai.usage.cache_read_input_tokens",
    ),
    "cache_creation_input_tokens": (
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
        "llm.token_count.prompt_details.cache_write", "gen_ai.usage.cache_creation_input_tokens",
    ),
    "cost": ("mlflow.llm.cost",),
    "input_cost": ("llm.cost.prompt", "gen_ai.usage.input_cost"),
    "output_cost": ("llm.cost.completion", "gen_ai.usage.output_cost"),
    "total_cost": ("llm.cost.total", "gen_ai.usage.cost"),
    "model": (
        "mlflow.llm.model", "gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "embedding.model_name",
        "model",  # litellm, of spans that tell their tokens
    ),
    "provider": ("mlflow.llm.provider", "gen_ai.provider.name", "llm.provider", "gen_ai.system"),
    "session": ("session.id", "gen_ai.conversation.id", "traceloop.association.properties.session_id"),
    "user": ("user.id", "enduser.id", "traceloop.association.properties.user_id"),
}  # fmt: skip
KEYS: Final[Mapping[str, tuple[str, int]]] = {
    key: (slot, rank) for slot, keys in _SPEAK.items() for rank, key in enumerate(keys)
}
# What a span says of itself and of its trace, whatever went in and came out.
BRIEFLY: Final = {key: told for key, told in KEYS.items() if told[0] not in ("inputs", "outputs")}
NUMBERS: Final = frozenset({"usage", "cost", *TOKEN_KEYS, *COST_KEYS})
_COSTS: Final = frozenset({"cost", *COST_KEYS})
_NO_TYPE: Final = frozenset({"", "null", "UNKNOWN", '"UNKNOWN"'})  # of spans that other instrumentations made
_ANY_MODEL: Final = len(_SPEAK["model"]) - 1
# What clients of MLflow look for, and the slot that says it.
TRANSLATED: Final = {
    "mlflow.spanInputs": "inputs",
    "mlflow.spanOutputs": "outputs",
    "mlflow.llm.model": "model",
    "mlflow.llm.provider": "provider",
}
_TYPES: Final = {
    "chat": "CHAT_MODEL", "generate_content": "LLM", "text_completion": "LLM", "completion": "LLM",
    "embeddings": "EMBEDDING", "execute_tool": "TOOL", "create_agent": "AGENT", "invoke_agent": "AGENT",
    "invoke_workflow": "WORKFLOW", "retrieval": "RETRIEVER",
}  # fmt: skip

_MAX_NUMBERS: Final = 64 << 10  # characters of JSON that may tell tokens or cost
# Inputs or outputs that are looked through for a message: characters, and values in them.
_MAX_LOOKED: Final = 8 << 20
_MAX_SHOWN: Final = 200_000

Facts = dict[str, tuple[int, Any]]  # slot → rank of who says it, AnyValue


def facts_of(attributes: Iterable[Any], keys: Mapping[str, tuple[str, int]] = KEYS) -> Facts:
    """The attributes that mean something, by what they say."""
    found: Facts = {}
    known = keys.get
    for attribute in attributes:
        told = known(attribute.key)
        if told is None:
            continue
        slot, rank = told
        if slot in found and rank >= found[slot][0]:
            continue
        value = attribute.value
        if slot == "type" and not rank and value.string_value in _NO_TYPE:
            continue
        found[slot] = (rank, value)
    if "model" in found and found["model"][0] == _ANY_MODEL and not has_numbers(found):
        del found["model"]
    return found


def said(facts: Facts, slot: str) -> Any:
    """The AnyValue that says it."""
    return facts[slot][1]


def plain(value: Any) -> Any:
    """The value of an attribute; text that is a JSON string is that string, as MLflow's own exporter writes it."""
    given = value_of(value)
    if isinstance(given, str) and len(given) > 1 and given[0] == given[-1] == '"':
        try:
            return msgspec.json.decode(given)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return given
    return given


def text_of(facts: Facts, slot: str) -> str | None:
    if slot not in facts:
        return None
    given = plain(facts[slot][1])
    return given if isinstance(given, str) and given else None


def type_of(facts: Facts) -> str:
    if "type" not in facts:
        return "UNKNOWN"
    rank, value = facts["type"]
    given: str = value.string_value
    if not given or given[0] == '"':
        given = text_of(facts, "type") or "UNKNOWN"
    return _TYPES.get(given.lower(), given.upper()) if rank else given


def _decoded(value: Any) -> Any:
    """A mapping that came as such, or as JSON."""
    given = value_of(value)
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given) if len(given) <= _MAX_NUMBERS else {}
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return {}
    return given if isinstance(given, dict) else {}


def count_of(value: Any) -> int | None:
    """A number of tokens, however it was written."""
    if type(value) is int:
        return value if 0 <= value < 2**53 else None
    if isinstance(value, str):
        try:
            value = float(value.strip('"'))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**53 else None


def amount_of(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value.strip('"'))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e15 else None


def usage_from(given: Mapping[str, Any]) -> Usage | None:
    """Token counts by MLflow's names; the total is made where it is not said."""
    usage = {key: count for key in TOKEN_KEYS if (count := count_of(given.get(key))) is not None}
    if not usage:
        return None
    if "total_tokens" not in usage and ("input_tokens" in usage or "output_tokens" in usage):
        usage["total_tokens"] = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
    return usage


def cost_from(given: Mapping[str, Any]) -> Cost | None:
    cost = {key: amount for key in COST_KEYS if (amount := amount_of(given.get(key))) is not None}
    if not cost:
        return None
    if "total_cost" not in cost:
        cost["total_cost"] = sum(cost.values())
    return cost


def has_numbers(facts: Facts) -> bool:
    return not NUMBERS.isdisjoint(facts)


def usage_of(facts: Facts) -> Usage | None:
    if "usage" in facts:
        return usage_from(_decoded(facts["usage"][1]))
    if "input_tokens" not in facts and "output_tokens" not in facts and "total_tokens" not in facts:
        return None
    return usage_from({key: value_of(facts[key][1]) for key in TOKEN_KEYS if key in facts})


def says_cost(facts: Facts) -> bool:
    """Whether a span speaks of its cost, be it that there is none."""
    return not _COSTS.isdisjoint(facts)


def cost_of(facts: Facts) -> Cost | None:
    """What a span itself says that it cost."""
    if "cost" in facts:
        return cost_from(_decoded(facts["cost"][1]))
    if "total_cost" not in facts and "input_cost" not in facts and "output_cost" not in facts:
        return None
    return cost_from({key: value_of(facts[key][1]) for key in COST_KEYS if key in facts})


def total(parents: Mapping[bytes, bytes], numbers: Mapping[bytes, Mapping[str, Any]]) -> dict[str, Any] | None:
    """The sum over a trace's spans. A span below one that has numbers of its own is in those already.

    compat(mlflow 3.17): the same rule as the client's, for frameworks that write sums on parents. Parents may form a
    circle; whoever is in it has no top and counts.
    """
    totals: dict[str, Any] = {}
    nearest: dict[bytes, bytes | None] = {}  # of spans without numbers: the next above that has some
    for span, data in numbers.items():
        if _nearest(parents[span], parents, numbers, nearest) not in (None, span):
            continue
        for key, number in data.items():
            totals[key] = totals.get(key, 0) + number
    return totals or None


def _nearest(
    span: bytes, parents: Mapping[bytes, bytes], numbers: Mapping[bytes, Any], known: dict[bytes, bytes | None]
) -> bytes | None:
    """The first span with numbers, from this one upwards. Each is looked at once, however deep the trace is."""
    passed = []
    while span in parents and span not in numbers and span not in known:
        known[span] = None  # whoever comes back here has gone in a circle
        passed.append(span)
        span = parents[span]
    found = span if span in numbers else known.get(span)
    known.update(dict.fromkeys(passed, found))
    return found


# ── previews ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def preview(value: Any, role: str, limit: int) -> str | None:
    """What a person wants to see of inputs or outputs: the last message of that role, or all of it as text."""
    given = value_of(value)
    decoded, text = given, given
    if isinstance(given, str):
        try:
            decoded = json_size.decode(given.encode(), _MAX_SHOWN) if len(given) <= _MAX_LOOKED else None
        except (msgspec.DecodeError, UnicodeError, RecursionError, TooLarge):
            decoded = None
    else:
        text = msgspec.json.encode(given).decode()
    shown = (_message_text(_messages(decoded), role) or text)[: limit + 1]
    shown = shown.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def _messages(value: Any) -> list[dict[str, Any]]:
    found = value
    if isinstance(value, dict):
        found = None
        choices = value.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            found = [choices[0].get("message")]
        for key in ("messages", "input", "output"):
            if isinstance(value.get(key), list):
                found = value[key]
                break
        if found is None and isinstance(value.get("request"), dict) and "request" not in value["request"]:
            return _messages(value["request"])
    if not isinstance(found, list):
        return []
    return [
        each for each in found if isinstance(each, dict) and "role" in each and ("content" in each or "parts" in each)
    ]


def _message_text(messages: Sequence[Mapping[str, Any]], role: str) -> str | None:
    if not messages:
        return None
    message = next((each for each in reversed(messages) if each.get("role") == role), messages[-1])
    content = message.get("content", message.get("parts"))
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                return part
            if isinstance(part, dict) and part.get("type") in ("text", "output_text", "input_text"):
                said = part.get("text", part.get("content"))
                if isinstance(said, str):
                    return said
    return None
