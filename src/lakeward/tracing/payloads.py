"""How spans are kept: OTLP's own bytes, compressed. The one place that seals and opens them.

A payload is a `TracesData` message that holds spans of one trace only, with the resources and scopes they came with.
Such messages can be put end to end, which is how protobuf joins them.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, NamedTuple

import zstandard
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1 import trace_pb2

from lakeward.kit.errors import Internal

_LEVEL: Final = 1  # 10 kB in 25 µs; the next levels take twice as long for a twentieth less

_compressor = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True, write_checksum=True)
_decompressor = zstandard.ZstdDecompressor()


def seal(message: bytes) -> bytes:
    sealed: bytes = _compressor.compress(message)
    return sealed


def open_sealed(payload: bytes) -> bytes:
    message: bytes = _decompressor.decompress(payload)
    return message


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


class Scope(NamedTuple):
    """What a `ScopeSpans` is made of: its own field, and where in the message each of its spans begins and ends."""

    scope: bytes
    spans: list[tuple[int, int]]


def cut(message: bytes) -> list[tuple[bytes, list[Scope]]]:
    """A `TracesData` that protobuf has read already, cut up: the resource of each of its parts, and its scopes.

    All are fields as they stand in the message, so that they can be put together again without being written anew.
    """
    parts = []
    for number, _, begin, end in _fields(message, 0, len(message)):
        if number != 1:
            continue
        resource, scopes = b"", []
        for inner, start, inside, stop in _fields(message, begin, end):
            if inner == 1:
                resource += message[start:stop]
            elif inner == 2:
                scopes.append(_scope(message, inside, stop))
        parts.append((resource, scopes))
    return parts


def _scope(message: bytes, begin: int, end: int) -> Scope:
    scope = b""
    spans: list[tuple[int, int]] = []
    for number, start, _, stop in _fields(message, begin, end):
        if number == 2:
            spans.append((start, stop))
        elif number == 1:
            scope += message[start:stop]
    return Scope(scope, spans)


def _fields(message: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(number, start, start of the content, end) of each length-delimited field between these places."""
    groups = 0  # of unknown fields, which may be nested: what is in them is not the message's
    while at < end:
        start = at
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 2:
            size, at = _varint(message, at)
            if not groups:
                yield tag >> 3, start, at, at + size
            at += size
        elif kind == 0:
            _, at = _varint(message, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            groups += 1 if kind == 3 else -1


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    byte = message[at]
    at += 1
    if byte < 0x80:
        return byte, at
    number, shift = byte & 0x7F, 7
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def parsed(payload: bytes) -> Any:
    """The `TracesData` of a payload."""
    try:
        return trace_pb2.TracesData.FromString(open_sealed(payload))
    except (DecodeError, zstandard.ZstdError) as error:
        raise Internal("A stored segment of a trace cannot be read.") from error


def spans_in(payloads: Iterable[bytes]) -> Iterator[tuple[Any, Any]]:
    """(span, resource) of every span, in the order they came."""
    for payload in payloads:
        for resource_spans in parsed(payload).resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    yield span, resource_spans.resource


def latest(payloads: Iterable[bytes]) -> Collection[Any]:
    """The spans of a trace, each once, in no order: the later arrival of one that came twice."""
    return {span.span_id: span for span, _ in spans_in(payloads)}.values()


def joined(payloads: Iterable[bytes]) -> list[Any]:
    """The spans of a trace, each once. The root first, then by start."""
    return sorted(latest(payloads), key=lambda span: (bool(span.parent_span_id), span.start_time_unix_nano))
