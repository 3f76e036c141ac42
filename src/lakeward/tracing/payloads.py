"""How spans are kept: OTLP's own bytes, compressed. The one place that seals and opens them.

A payload is a `TracesData` message that holds spans of one trace only, with the resources and scopes they came with.
Such messages can be put end to end, which is how protobuf joins them.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

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
