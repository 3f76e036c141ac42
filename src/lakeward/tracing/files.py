"""Spans as a file, `traces.json`: how clients of version 2 and those in `databricks` mode send and fetch them.

The file is read into segments like any other spans, so that they are searched and read alike.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import msgspec

from lakeward.kit.errors import InvalidParameter, TooLarge
from lakeward.runtime.db import Database, Tx
from lakeward.tracing import arrivals, ingest, load, otlp, prices, reading, render, traces
from lakeward.tracing.book import Book
from lakeward.tracing.pieces import Buffer
from lakeward.tracing.records import Arrival
from lakeward.tracing.store import traces as store

FILE: Final = "traces.json"
MAX_FILE: Final = 64 << 20
MAX_VALUES: Final = 4_000_000
_CODES: Final = {"OK": 1, "ERROR": 2, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_TIMES: Final = range(2**64)


class Home(msgspec.Struct, frozen=True):
    """Where a trace belongs."""

    experiment_id: int
    seq: int
    prefix: str  # of its files in the object store


async def find_home(tx: Tx, workspace: int, trace_id: str) -> Home:
    """Raises NotFound."""
    found = await traces.get(tx, workspace, trace_id)
    return Home(found.experiment_id, found.seq, traces.files_prefix(workspace, found.experiment_id, trace_id))


class Made(msgspec.Struct, frozen=True):
    """A file made from the spans that are here."""

    size: int
    pieces: AsyncIterator[bytes]
    close: Callable[[], None]


async def make_file(db: Database, home: Home, trace_id: str) -> Made | None:
    """The file, which its reader closes; None if there are no spans."""
    async with db.connection() as tx:
        segments = (await store.segments_of(tx, [home.seq])).get(home.seq, ())
        book = await prices.book(tx)
    spans = await reading.spooled(
        db, segments, lambda span: msgspec.json.encode(render.file_span(span, trace_id, book))
    )
    if not len(spans):
        spans.close()
        return None
    before, after = b'{"spans":[', b"]}"
    size = len(before) + spans.size() + len(spans) - 1 + len(after)  # with commas between

    async def pieces() -> AsyncIterator[bytes]:
        with spans:
            yield before
            async for piece in spans.listed():
                yield piece
            yield after

    return Made(size, pieces(), spans.close)


async def take_file(db: Database, workspace: int, experiment_id: int, trace_id: str, content: Buffer) -> None:
    """Keep the spans of an uploaded file. All of it is right, or nothing is kept."""
    book = await prices.recent(db)
    arrived = await load.read(len(content), lambda: _arrived(content, book))
    if not arrived:
        return
    for each in arrived:
        each.trace_id = trace_id
    await db.run(lambda tx: ingest.take(tx, workspace, str(experiment_id), arrived, book), transaction=True)


def _arrived(content: Buffer, book: Book) -> list[Arrival]:
    request = read_file(content)
    return [] if request is None else arrivals.of(request.SerializeToString(), book)


def read_file(content: Buffer) -> otlp.Message | None:
    """The spans of a file, all as of one trace; None if it has none."""
    if len(content) > MAX_VALUES and sum(map(content.count, b"{[,")) > MAX_VALUES:  # attributes are JSON in JSON
        raise TooLarge(f"{FILE} may have more than {MAX_VALUES:,} values, which is more than a trace can hold.")
    try:
        given = msgspec.json.decode(content)
        request = otlp.new_request()
        spans = request.resource_spans.add().scope_spans.add().spans
        for each in given["spans"]:
            _fill(each, spans.add())
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParameter(f"{FILE} is not JSON, or nested too deeply: {error}.") from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InvalidParameter(f"{FILE} does not hold spans as MLflow writes them: {error!r}.") from error
    if not spans:
        return None
    first = spans[0].trace_id
    for span in spans:
        span.trace_id = first
    return request


def _id(given: Any, size: int) -> bytes:
    """Ids are hexadecimal, perhaps with 0x, in version 2 and base64 in version 3."""
    text = str(given or "").removeprefix("tr-").removeprefix("0x")
    if not text:
        return b""
    try:
        found = bytes.fromhex(text.rjust(size * 2, "0"))
    except ValueError:
        found = b""
    if len(found) != size:
        try:
            found = base64.b64decode(str(given), validate=True)
        except binascii.Error:
            raise ValueError(f"{str(given)[:40]!r} is no id") from None
    return found


def _fill(given: Mapping[str, Any], made: Any) -> None:
    old = "context" in given
    ids = given["context"] if old else given
    made.trace_id, made.span_id = _id(ids["trace_id"], 16), _id(ids["span_id"], 8)
    made.parent_span_id = _id(given.get("parent_id" if old else "parent_span_id"), 8)
    made.name = given["name"]
    made.start_time_unix_nano = otlp.integer(given["start_time" if old else "start_time_unix_nano"], _TIMES)
    made.end_time_unix_nano = otlp.integer(given.get("end_time" if old else "end_time_unix_nano"), _TIMES)
    status = given if old else given.get("status") or {}
    made.status.code = _CODES.get(str(status.get("status_code" if old else "code")), 0)
    made.status.message = status.get("status_message" if old else "message") or ""
    _attributes(given.get("attributes") or {}, made.attributes, dumped=True)
    for each in given.get("events") or ():
        event = made.events.add()
        event.name = each["name"]
        # compat(mlflow 2.22): microseconds there, nanoseconds since
        moment = otlp.integer(each.get("timestamp" if old else "time_unix_nano"), _TIMES)
        event.time_unix_nano = moment * 1000 if old and moment < 10**17 else moment
        _attributes(each.get("attributes") or {}, event.attributes, dumped=False)
    for each in given.get("links") or ():
        link = made.links.add()
        link.trace_id, link.span_id = _id(each["trace_id"], 16), _id(each["span_id"], 8)
        _attributes(each.get("attributes") or {}, link.attributes, dumped=False)


def _attributes(given: Mapping[str, Any], made: Any, *, dumped: bool) -> None:
    """`dumped`: each value is JSON text, as the client keeps attributes of spans."""
    for key, value in given.items():
        attribute = made.add()
        attribute.key = key
        otlp.set_value(attribute.value, _loaded(value) if dumped and isinstance(value, str) else value)


def _loaded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return text
