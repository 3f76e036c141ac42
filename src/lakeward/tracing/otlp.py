"""OTLP requests off the wire: protobuf, and JSON with hexadecimal ids. All of a request is right, or none is taken."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from lakeward.kit.errors import InvalidParameter
from lakeward.tracing import json_size, pieces
from lakeward.tracing.payloads import field
from lakeward.tracing.pieces import Buffer

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
EMPTY_ANSWER: Final = {PROTOBUF: b"", JSON: b"{}"}
_MAX_DEPTH: Final = 64
_CODES: Final = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_KINDS: Final = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"))
}
_INT: Final = re.compile(r"-?\d{1,20}")
_UINT64: Final = range(2**64)
INT64: Final = range(-(2**63), 2**63)
_UINT32: Final = range(2**32)

Message = Any  # ExportTraceServiceRequest, which has the layout of TracesData


def decode(body: Buffer, media_type: str) -> Buffer:
    """A request as protobuf, which is not read yet. Raises TooLarge for what would become far larger than it is."""
    message = _from_json(body) if media_type == JSON else body
    pieces.check_size(message)
    return message


def check(span: Any) -> None:
    """Refuse a span without an identity."""
    if len(span.trace_id) != 16 or span.trace_id == bytes(16):
        raise InvalidParameter(f"A span has a trace_id of {len(span.trace_id)} bytes; 16 are needed, not all zero.")
    if len(span.span_id) != 8 or span.span_id == bytes(8):
        raise InvalidParameter(f"A span has a span_id of {len(span.span_id)} bytes; 8 are needed, not all zero.")
    if len(span.parent_span_id) not in (0, 8):
        raise InvalidParameter(
            f"A span has a parent_span_id of {len(span.parent_span_id)} bytes; 8 are needed, or none."
        )


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_json(body: Buffer) -> bytes:
    try:
        data = json_size.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"The body is no OTLP trace request: {error}.") from error
    except RecursionError as error:
        raise InvalidParameter("The body is nested too deeply.") from error
    try:
        return b"".join([field(1, _resource_spans(_dict(each))) for each in _list(_dict(data), *_RESOURCE_SPANS)])
    except (
        TypeError,
        ValueError,
        UnicodeError,
        OverflowError,
    ) as error:  # what protobuf says of a value it cannot take
        raise InvalidParameter(f"The body is no OTLP trace request: {error}.") from error


_RESOURCE_SPANS: Final = ("resourceSpans", "resource_spans")


def _resource_spans(given: Mapping[str, Any]) -> bytes:
    """As protobuf, each span made and written before the next: all together would be several times as large."""
    made = trace_pb2.ResourceSpans()
    if resource := given.get("resource"):
        _attributes(_list(_dict(resource), "attributes"), made.resource.attributes)
    made.schema_url = _text(_any(given, "schemaUrl", "schema_url"))
    written = [made.SerializeToString()]
    for each in _list(given, "scopeSpans", "scope_spans"):
        scope_spans = trace_pb2.ScopeSpans()
        if scope := _dict(each).get("scope"):
            scope_spans.scope.name = _text(_dict(scope).get("name"))
            scope_spans.scope.version = _text(scope.get("version"))
            _attributes(_list(scope, "attributes"), scope_spans.scope.attributes)
        scope_spans.schema_url = _text(_any(each, "schemaUrl", "schema_url"))
        within = [scope_spans.SerializeToString()]
        for span in _list(each, "spans"):
            filled = trace_pb2.Span()
            fill_span(_dict(span), filled)
            within.append(field(2, filled.SerializeToString()))
        written.append(field(2, b"".join(within)))
    return b"".join(written)


def fill_span(given: Mapping[str, Any], made: Any) -> None:
    """A span of OTLP JSON as protobuf."""
    made.trace_id = _id(_any(given, "traceId", "trace_id"))
    made.span_id = _id(_any(given, "spanId", "span_id"))
    made.parent_span_id = _id(_any(given, "parentSpanId", "parent_span_id"))
    made.trace_state = _text(_any(given, "traceState", "trace_state"))
    made.flags = integer(given.get("flags"), _UINT32)
    made.name = _text(given.get("name"))
    made.kind = _enum(given.get("kind"), _KINDS)
    made.start_time_unix_nano = integer(_any(given, "startTimeUnixNano", "start_time_unix_nano"), _UINT64)
    made.end_time_unix_nano = integer(_any(given, "endTimeUnixNano", "end_time_unix_nano"), _UINT64)
    if status := given.get("status"):
        made.status.code = _enum(_dict(status).get("code"), _CODES)
        made.status.message = _text(status.get("message"))
    _attributes(_list(given, "attributes"), made.attributes)
    for each in _list(given, "events"):
        event = made.events.add()
        event.name = _text(_dict(each).get("name"))
        event.time_unix_nano = integer(_any(each, "timeUnixNano", "time_unix_nano"), _UINT64)
        _attributes(_list(each, "attributes"), event.attributes)
    for each in _list(given, "links"):
        link = made.links.add()
        link.trace_id = _id(_any(_dict(each), "traceId", "trace_id"))
        link.span_id = _id(_any(each, "spanId", "span_id"))
        _attributes(_list(each, "attributes"), link.attributes)


def _attributes(given: list[Any], made: Any) -> None:
    for each in given:
        attribute = made.add()
        attribute.key = _text(_dict(each).get("key"))
        if (value := each.get("value")) is not None:
            _any_value(_dict(value), attribute.value, 0)


def _any_value(given: Mapping[str, Any], made: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError("an attribute is nested too deeply")
    for name, value in given.items():
        kind = _VALUES.get(name)
        if kind == "array_value":
            made.array_value.SetInParent()
            for each in _list(_dict(value), "values"):
                _any_value(_dict(each), made.array_value.values.add(), depth + 1)
        elif kind == "kvlist_value":
            made.kvlist_value.SetInParent()
            for each in _list(_dict(value), "values"):
                pair = made.kvlist_value.values.add()
                pair.key = _text(_dict(each).get("key"))
                _any_value(_dict(each.get("value") or {}), pair.value, depth + 1)
        elif kind is not None:
            setattr(made, kind, _SCALARS[kind](value))


def _any(given: Mapping[str, Any], *names: str) -> Any:
    return next((given[name] for name in names if given.get(name) is not None), None)


def _list(given: Mapping[str, Any], *names: str) -> list[Any]:
    found = _any(given, *names)
    if found is None:
        return []
    if not isinstance(found, list):
        raise TypeError(f"{names[0]} must be a list")
    return found


def _dict(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise TypeError(f"an object is expected, not {type(given).__name__}")
    return given


def _text(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise TypeError(f"a string is expected, not {type(given).__name__}")
    return given


def _id(given: Any) -> bytes:
    """Hexadecimal, as OTLP says; base64 where a protobuf library wrote it."""
    text = _text(given)
    try:
        return bytes.fromhex(text)
    except ValueError:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise ValueError(f"{text[:40]!r} is no id: hexadecimal digits are expected") from None


def integer(given: Any, bounds: range) -> int:
    if given is None:
        return 0
    if isinstance(given, str) and _INT.fullmatch(given):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or given not in bounds:
        raise ValueError(f"{str(given)[:40]!r} is not an integer within its bounds")
    return given


def _enum(given: Any, names: Mapping[str, int]) -> int:
    if isinstance(given, str) and given in names:
        return names[given]
    return integer(given, _UINT32) if given is None or given in range(16) else 0


_SCALARS: Final[Mapping[str, Any]] = {
    "string_value": _text,
    "bool_value": lambda value: value,
    "int_value": lambda value: integer(value, INT64),
    "double_value": float,
    "bytes_value": lambda value: base64.b64decode(_text(value), validate=True),
}
_VALUES: Final = {
    spelling: kind
    for kind in (*_SCALARS, "array_value", "kvlist_value")
    for spelling in (kind, f"{kind.partition('_')[0]}Value")
}


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def value_of(given: common_pb2.AnyValue) -> Any:
    """The Python value of an attribute; bytes become base64."""
    kind = given.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [value_of(each) for each in given.array_value.values]
    if kind == "kvlist_value":
        return {each.key: value_of(each.value) for each in given.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(given.bytes_value).decode()
    return getattr(given, kind)


def set_value(made: common_pb2.AnyValue, value: Any, depth: int = 0) -> None:
    """The reverse of `value_of` for what JSON can hold."""
    if depth > _MAX_DEPTH:
        raise InvalidParameter("An attribute is nested too deeply.")
    match value:
        case None:
            return
        case bool():
            made.bool_value = value
        case int() if value in INT64:
            made.int_value = value
        case int() | float():
            made.double_value = float(value)
        case list():
            made.array_value.SetInParent()
            for each in value:
                set_value(made.array_value.values.add(), each, depth + 1)
        case dict():
            made.kvlist_value.SetInParent()
            for key, each in value.items():
                pair = made.kvlist_value.values.add()
                pair.key = str(key)
                set_value(pair.value, each, depth + 1)
        case _:
            made.string_value = str(value)


def new_request() -> Message:
    return trace_service_pb2.ExportTraceServiceRequest()
