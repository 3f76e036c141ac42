"""Spans in OTLP's JSON, as its specification maps them: camel case, hexadecimal ids, enums as numbers."""

import bisect
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from lakeward.runtime.http import spell
from lakeward.tracing import payloads
from lakeward.tracing.render import base64_of
from lakeward.tracing.spool import Place, Spool

Json = dict[str, Any]
_encode: Final = msgspec.json.Encoder().encode
_WRITTEN: Final[dict[str, Callable[[Any], Any]]] = {"int_value": str, "double_value": spell, "bytes_value": base64_of}


class Scopes(Spool):
    """Spans as they came, each in its scope and that in its resource."""

    def __init__(self) -> None:
        super().__init__(lambda span: _encode(_span(span)))
        self._firsts: list[int] = []  # of each scope, its first span
        self._heads: list[tuple[Place, Place]] = []  # and what is said of its resource, and of itself

    def take(self, payload: bytes) -> None:
        last, resource = None, (0, 0)
        for resource_spans, scope_spans, spans in payloads.scopes_in(payload):
            if resource_spans is not last:
                last, resource = resource_spans, self.put(_opened(_resource(resource_spans), b"scopeSpans"))
            self._heads.append((resource, self.put(_opened(_scope(scope_spans), b"spans"))))
            self._firsts.append(self.count)
            for span in spans:
                self.add(span)

    def line(self) -> Iterator[bytes]:
        """`{"resourceSpans": […]}`"""
        yield b'{"resourceSpans":['
        last: Place | None = None
        for place, numbers in itertools.groupby(self.numbers(as_they_came=True), self._scope_of):
            resource, scope = self._heads[place]
            if resource == last:
                yield b","
            else:
                yield (b"]}," if last else b"") + self.at(resource)
            last = resource
            yield self.at(scope)
            yield from self.pieces(numbers)
            yield b"]}"
        yield b"]}]}" if last else b"]}"

    def _scope_of(self, number: int) -> int:
        return bisect.bisect_right(self._firsts, number) - 1


def _opened(head: Json, listed: bytes) -> bytes:
    """An object whose last field is a list, up to where that begins."""
    return _encode(head)[:-1] + b',"' + listed + b'":['


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
