"""Spans as JSON: the protobuf form that MLflow's client reads, OTLP's own, and the `traces.json` of older stores."""

import base64
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from lakeward.runtime.http import spell
from lakeward.tracing import meaning
from lakeward.tracing.book import Book
from lakeward.tracing.otlp import INT64, value_of

Encode = Callable[[bytes], str]
_CODES: Final = ("STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR")
_REQUEST_ID: Final = "mlflow.traceRequestId"
_TYPE: Final = "mlflow.spanType"
_USAGE: Final = "mlflow.chat.tokenUsage"
_COST: Final = "mlflow.llm.cost"


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


_WRITTEN: Final[dict[str, Callable[[Any], Any]]] = {
    "bytes_value": base64_of,
    "int_value": str,
    "double_value": spell,
}


def value_json(value: Any) -> dict[str, Any]:
    """An attribute value in protobuf's JSON."""
    kind = value.WhichOneof("value")
    if kind is None:
        return {}
    given = getattr(value, kind)
    if kind == "array_value":
        return {kind: {"values": [value_json(each) for each in given.values]}}
    if kind == "kvlist_value":
        return {kind: {"values": [{"key": each.key, "value": value_json(each.value)} for each in given.values]}}
    write = _WRITTEN.get(kind)
    return {kind: write(given) if write else given}


def plain_json(value: Any) -> dict[str, Any]:
    """A Python value as an attribute value in protobuf's JSON."""
    made: dict[str, Any] = {}
    match value:
        case None:
            pass
        case bool():
            made["bool_value"] = value
        case int() if value in INT64:
            made["int_value"] = str(value)
        case int() | float():
            made["double_value"] = spell(float(value))
        case list():
            made["array_value"] = {"values": [plain_json(each) for each in value]}
        case dict():
            pairs = [{"key": str(key), "value": plain_json(each)} for key, each in value.items()]
            made["kvlist_value"] = {"values": pairs}
        case _:
            made["string_value"] = str(value)
    return made


def _attributes(attributes: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"key": each.key, "value": value_json(each.value)} for each in attributes]


def translations(span: Any, book: Book) -> dict[str, Any]:
    """MLflow's attributes of a span that speaks other conventions. What it says itself is not among them."""
    facts = meaning.facts_of(span.attributes)
    own = {each.key for each in span.attributes}
    found: dict[str, Any] = {}
    if "type" not in facts or facts["type"][0]:  # MLflow's attribute is not there, or does not say it
        found[_TYPE] = meaning.type_of(facts)
    for key, slot in meaning.TRANSLATED.items():
        if key not in own and slot in facts:
            found[key] = meaning.plain(meaning.said(facts, slot))
    if _USAGE not in own and (usage := meaning.usage_of(facts)):
        found[_USAGE] = usage
    if _COST not in own and (cost := book.cost(facts, span.start_time_unix_nano)):
        found[_COST] = cost
    return found


def span_json(span: Any, book: Book, encode: Encode = base64_of) -> dict[str, Any]:
    """A span as clients of MLflow read it; `encode` writes ids."""
    made = _span(span, encode)
    if extra := translations(span, book):
        kept = [each for each in made["attributes"] if each["key"] not in extra]
        made["attributes"] = kept + [{"key": key, "value": plain_json(value)} for key, value in extra.items()]
    return made


def _span(span: Any, encode: Encode) -> dict[str, Any]:
    made: dict[str, Any] = {
        "trace_id": encode(span.trace_id),
        "span_id": encode(span.span_id),
        "parent_span_id": encode(span.parent_span_id),
        "name": span.name,
        "kind": span.kind if span.kind < 6 else 0,
        "start_time_unix_nano": str(span.start_time_unix_nano),
        "end_time_unix_nano": str(span.end_time_unix_nano),
        "attributes": _attributes(span.attributes),
        "status": {"code": span.status.code if span.status.code < 3 else 0, "message": span.status.message},
    }
    if span.events:
        made["events"] = [
            {"time_unix_nano": str(each.time_unix_nano), "name": each.name, "attributes": _attributes(each.attributes)}
            for each in span.events
        ]
    if span.links:
        made["links"] = [
            {
                "trace_id": encode(each.trace_id),
                "span_id": encode(each.span_id),
                "attributes": _attributes(each.attributes),
            }
            for each in span.links
        ]
    return made


# ── traces.json ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _dumped(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def file_span(span: Any, trace_id: str, book: Book) -> dict[str, Any]:
    """A span of the `traces.json` that a client of version 3 downloads: ids in base64, attributes each as JSON."""
    attributes = {each.key: _dumped(meaning.plain(each.value)) for each in span.attributes}
    attributes |= {key: _dumped(value) for key, value in translations(span, book).items()}
    attributes[_REQUEST_ID] = _dumped(trace_id)
    return {
        "trace_id": base64_of(span.trace_id),
        "span_id": base64_of(span.span_id),
        "parent_span_id": base64_of(span.parent_span_id) if span.parent_span_id else None,
        "name": span.name,
        "start_time_unix_nano": span.start_time_unix_nano,
        "end_time_unix_nano": span.end_time_unix_nano or None,
        "events": [
            {
                "name": each.name,
                "time_unix_nano": each.time_unix_nano,
                "attributes": {pair.key: value_of(pair.value) for pair in each.attributes},
            }
            for each in span.events
        ],
        "status": {
            "code": _CODES[span.status.code] if span.status.code < 3 else _CODES[0],
            "message": span.status.message,
        },
        "attributes": attributes,
        "links": [
            {
                "trace_id": f"tr-{each.trace_id.hex()}",
                "span_id": each.span_id.hex(),
                "attributes": {pair.key: value_of(pair.value) for pair in each.attributes},
            }
            for each in span.links
        ],
    }
