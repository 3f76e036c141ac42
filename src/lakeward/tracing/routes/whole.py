"""Traces with all their spans as answers, sent as they are read: no answer is put together in memory."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec

from lakeward.runtime.db import Database
from lakeward.runtime.http import Reply
from lakeward.tracing import reading, traces
from lakeward.tracing.book import Book
from lakeward.tracing.records import Trace
from lakeward.tracing.render import span_json
from lakeward.tracing.sealed import Sealed
from lakeward.tracing.spool import Spool

_AT_ONCE: Final = 8 << 20
_JSON: Final = {"content-type": "application/json"}
_encode: Final = msgspec.json.Encoder().encode


async def spans_of(db: Database, segments: Sequence[Sealed], book: Book) -> Spool:
    """Spans as clients of MLflow read them."""
    return await reading.spooled(db, segments, lambda span: _encode(span_json(span, book)))


async def one(info: msgspec.Struct, spans: Spool) -> AsyncIterator[bytes]:
    """`{"trace_info": …, "spans": […]}`. Closes the spans."""
    with spans:
        yield b'{"trace_info":' + _encode(info) + b',"spans":['
        async for piece in spans.listed():
            yield piece
        yield b"]}"


async def many(db: Database, found: Sequence[tuple[Trace, Any]], book: Book) -> AsyncIterator[bytes]:
    """`{"traces": […]}`, of traces and what is told of them; without those that are not complete yet."""
    before = b'{"traces":['
    place = 0
    async for segments in reading.each(db, [trace.seq for trace, _ in found]):
        trace, info = found[place]
        place += 1
        spans = await spans_of(db, segments, book)
        if not traces.complete(trace, len(spans)):
            spans.close()
            continue
        yield before
        async for piece in one(info, spans):
            yield piece
        before = b","
    yield b"]}" if before == b"," else before + b"]}"


async def within(before: bytes, pieces: AsyncIterator[bytes], after: bytes) -> AsyncIterator[bytes]:
    yield before
    async for piece in pieces:
        yield piece
    yield after


async def reply(pieces: AsyncIterator[bytes]) -> Reply:
    """JSON. What goes wrong before it is much can still be told."""
    first: list[bytes] = []
    size = 0
    async for piece in pieces:
        first.append(piece)
        size += len(piece)
        if size > _AT_ONCE:
            return Reply(200, _JSON, within(b"".join(first), pieces, b""))
    return Reply(200, _JSON, b"".join(first))
