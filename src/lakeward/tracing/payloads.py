"""How spans are kept: OTLP's own bytes, compressed. The one place that seals and opens them.

A payload is a `TracesData` message that holds spans of one trace only, with the resources and scopes they came with.
Such messages can be put end to end, which is how protobuf joins them.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import zstandard
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1 import trace_pb2

from lakeward.kit.errors import Internal
from lakeward.tracing import pieces

_PARSED_AT_ONCE: Final = 1 << 20
_LEVEL: Final = 1  # 10 kB in 25 µs; the next levels take twice as long for a twentieth less

_compressor = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True, write_checksum=True)
_decompressor = zstandard.ZstdDecompressor()


def seal(message: bytes) -> bytes:
    sealed: bytes = _compressor.compress(message)
    return sealed


def open_sealed(payload: bytes) -> bytes:
    message: bytes = _decompressor.decompress(payload)
    return message


def size_of(payload: bytes) -> int:
    """How large it is when it is open."""
    size: int = zstandard.frame_content_size(payload)
    return size


def field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size = len(content)
    if size < 0x80:
        return bytes((number << 3 | 2, size)) + content
    head = bytearray((number << 3 | 2,))
    while size >= 0x80:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + content


def scopes_in(payload: bytes) -> Iterator[tuple[Any, Any, Iterator[Any]]]:
    """(resource spans, scope spans, spans) of each scope of a payload, in the order they came.

    Spans of a large one are parsed a megabyte at a time, so take those of a scope before the next. The first two are
    for what they say of the resource and the scope.
    """
    try:
        message = open_sealed(payload)
        if len(message) > _PARSED_AT_ONCE:
            yield from _piecewise(message)
            return
        data = trace_pb2.TracesData.FromString(message)
    except (DecodeError, zstandard.ZstdError) as error:
        raise Internal("A stored segment of a trace cannot be read.") from error
    for resource_spans in data.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            yield resource_spans, scope_spans, iter(scope_spans.spans)


def _piecewise(message: bytes) -> Iterator[tuple[Any, Any, Iterator[Any]]]:
    for part in pieces.cut(message):
        resource_spans = trace_pb2.ResourceSpans.FromString(part.resource)
        for scope in part.scopes:
            scope_spans = trace_pb2.ScopeSpans.FromString(scope.scope)
            yield resource_spans, scope_spans, (span for span, _ in pieces.spans_of(message, scope))


def spans_in(payloads: Iterable[bytes]) -> Iterator[Any]:
    """Every span, in the order they came."""
    for payload in payloads:
        for _, _, spans in scopes_in(payload):
            yield from spans


def latest_in(payload: bytes) -> Iterator[Any]:
    """The spans of a payload, each once, in no order: the later of one that came twice."""
    if size_of(payload) <= _PARSED_AT_ONCE:
        yield from {span.span_id: span for span in spans_in([payload])}.values()
        return
    last = {span.span_id: number for number, span in enumerate(spans_in([payload]))}
    yield from (span for number, span in enumerate(spans_in([payload])) if last[span.span_id] == number)


def joined(payloads: Iterable[bytes]) -> list[Any]:
    """The spans of a trace that is known to be small, each once. The root first, then by start."""
    latest = {span.span_id: span for span in spans_in(payloads)}.values()
    return sorted(latest, key=lambda span: (bool(span.parent_span_id), span.start_time_unix_nano))
