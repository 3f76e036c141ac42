"""Spans in OTLP's JSON, as its specification maps them: camel case, hexadecimal ids, enums as numbers."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from lakeward.runtime.http import spell
from lakeward.tracing import payloads
from lakeward.tracing.render import base64_of

Json = dict[str, Any]
_WRITTEN: Final[dict[str, Callable[[Any], Any]]] = {"int_value": str, "double_value": spell, "bytes_value": base64_of}


def traces_data(segments: Sequence[bytes]) -> Json:
    """The spans of stored segments with their resources and scopes; of a span that came twice, the later."""
    parsed = [payloads.parsed(each) for each in segments]
    latest: dict[bytes, tuple[int, int, int, int]] = {}
    for n, data in enumerate(parsed):
        for i, resource_spans in enumerate(data.resource_spans):
            for j, scope_spans in enumerate(resource_spans.scope_spans):
                for k, span in enumerate(scope_spans.spans):
                    latest[span.span_id] = (n, i, j, k)
    found = []
    for n, data in enumerate(parsed):
        for i, resource_spans in enumerate(data.resource_spans):
            scopes = []
            for j, scope_spans in enumerate(resource_spans.scope_spans):
                spans = [
                    _span(span) for k, span in enumerate(scope_spans.spans) if latest[span.span_id] == (n, i, j, k)
                ]
                if spans:
                    scopes.append(_scope(scope_spans) | {"spans": spans})
            if scopes:
                found.append(_resource(resource_spans) | {"scopeSpans": scopes})
    return {"resourceSpans": found}


def _resource(given: Any) -> Json:
    made: Json = {"resource": {"attributes": _attributes(given.resource.attributes)}}
    if given.schema_url:
        made["schemaUrl"] = given.schema_url
    return made


def _scope(given: Any) -> Json:
    scope: Json = {"name": given.scope.name}
    if given.scope.version:
        scope["version"] = given.scope.version
    if given.scope.attributes:
        scope["attributes"] = _attributes(given.scope.attributes)
    made: Json = {"scope": scope}
    if given.schema_url:
        made["schemaUrl"] = given.schema_url
    return made


def _span(given: Any) -> Json:
    made: Json = {
        "traceId": given.trace_id.hex(),
        "spanId": given.span_id.hex(),
        "parentSpanId": given.parent_span_id.hex(),
        "name": given.name,
        "kind": given.kind,
        "startTimeUnixNano": str(given.start_time_unix_nano),
        "endTimeUnixNano": str(given.end_time_unix_nano),
        "attributes": _attributes(given.attributes),
        "status": {"code": given.status.code} | ({"message": given.status.message} if given.status.message else {}),
    }
    if given.trace_state:
        made["traceState"] = given.trace_state
    if given.flags:
        made["flags"] = given.flags
    if given.events:
        made["events"] = [
            {"timeUnixNano": str(each.time_unix_nano), "name": each.name, "attributes": _attributes(each.attributes)}
            for each in given.events
        ]
    if given.links:
        made["links"] = [
            {
                "traceId": each.trace_id.hex(),
                "spanId": each.span_id.hex(),
                "attributes": _attributes(each.attributes),
            }
            for each in given.links
        ]
    return made


def _attributes(given: Iterable[Any]) -> list[Json]:
    return [{"key": each.key, "value": _value(each.value)} for each in given]


def _value(given: Any) -> Json:
    kind = given.WhichOneof("value")
    match kind:
        case None:
            return {}
        case "array_value":
            return {"arrayValue": {"values": [_value(each) for each in given.array_value.values]}}
        case "kvlist_value":
            return {"kvlistValue": {"values": _attributes(given.kvlist_value.values)}}
    value = getattr(given, kind)
    write = _WRITTEN.get(kind)
    return {f"{kind.partition('_')[0]}Value": write(value) if write else value}
