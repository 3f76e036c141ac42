"""A trace as its reader draws it first: every span's place, name and duration, and none of what it carries.

A trace of 35,000 spans may carry a hundred megabytes, of which a person looks at little. That is read span by span. To
make its outline takes half a second, so that is kept.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database, Tx
from lakeward.tracing import meaning, payloads, prices
from lakeward.tracing.book import Book
from lakeward.tracing.records import Cost, Trace
from lakeward.tracing.search.spans import text_of
from lakeward.tracing.store import outlines as outlines_store
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire.outline import Outline

_ERROR: Final = 2  # STATUS_CODE_ERROR
MAX_FOUND: Final = 10_000
DEFAULT_PAGE: Final = 100
MAX_PAGE: Final = 1_000  # spans
MANY: Final = 1_000  # spans, from which an outline is kept

Later = Callable[[], Awaitable[None]]


async def of_trace(tx: Tx, db: Database, trace: Trace) -> tuple[msgspec.Raw, Later | None]:
    """The outline of a trace as JSON, and what keeps it for the next reader, if that is worth it."""
    book = await prices.book(tx)
    digest = hashlib.sha256(msgspec.json.encode(book.said)).digest()
    kept = await outlines_store.find(tx, trace.seq, digest)
    if kept is not None:
        return msgspec.Raw(payloads.open_sealed(kept)), None
    segments = await outlines_store.made_of(tx, trace.seq)  # before they are read: more may come meanwhile
    sealed = await store.payloads(tx, trace.seq)
    made = await asyncio.to_thread(_made, sealed, book) if len(sealed) > 1 else _made(sealed, book)
    if len(made.ids) < MANY or segments[1] is None:
        return msgspec.Raw(msgspec.json.encode(made)), None
    plain = msgspec.json.encode(made)

    async def keep() -> None:
        async with db.transaction() as writing:
            await outlines_store.keep(writing, trace.seq, segments, digest, payloads.seal(plain))

    return msgspec.Raw(plain), keep


def _made(sealed: Sequence[bytes], book: Book) -> Outline:
    return of(payloads.joined(sealed), book)


def of(spans: Sequence[Any], book: Book) -> Outline:
    """The outline of spans that are in the order in which they are shown, parents by their place in it."""
    places = {span.span_id: at for at, span in enumerate(spans)}
    names: dict[str, int] = {}
    types: dict[str, int] = {}
    base = min((span.start_time_unix_nano for span in spans), default=0)
    made = Outline(str(base))
    for at, span in enumerate(spans):
        start, end = span.start_time_unix_nano, span.end_time_unix_nano
        facts = meaning.facts_of(span.attributes)
        made.ids.append(span.span_id.hex())
        made.parents.append(places.get(span.parent_span_id, -1) if span.parent_span_id else -1)
        made.name.append(names.setdefault(span.name, len(names)))
        made.type.append(types.setdefault(meaning.type_of(facts), len(types)))
        made.start_us.append((start - base) // 1_000)
        made.duration_us.append(max(0, end - start) // 1_000 if end else -1)
        if span.status.code == _ERROR:
            made.errors.append(at)
        if meaning.has_numbers(facts):
            _count(made, at, facts, book.cost(facts, start))
    made.names = list(names)
    made.types = list(types)
    return made


def _count(made: Outline, at: int, facts: meaning.Facts, cost: Cost | None) -> None:
    usage = meaning.usage_of(facts)
    if usage and "total_tokens" in usage:
        made.tokens[str(at)] = usage["total_tokens"]
    if cost and "total_cost" in cost:
        made.costs[str(at)] = cost["total_cost"]


async def span(tx: Tx, trace: Trace, span_id: str) -> Any:
    """One span, as it came last."""
    try:
        wanted = bytes.fromhex(span_id)
    except ValueError:
        wanted = b""
    for payload in reversed(await store.payloads(tx, trace.seq)):
        found = [each for each, _ in payloads.spans_in([payload]) if each.span_id == wanted]
        if found:
            return found[-1]
    raise NotFound(f"The trace {trace.trace_id} has no span {span_id[:40]!r}.")


async def holding(tx: Tx, trace: Trace, text: str) -> list[str]:
    """The ids of the spans that hold a text, in any case: in a name, a key or a text they carry."""
    wanted = text.lower()
    spans = payloads.joined(await store.payloads(tx, trace.seq))
    return [each.span_id.hex() for each in spans if wanted in text_of(each).lower()][:MAX_FOUND]


async def page(
    tx: Tx, trace: Trace, under: str | None, max_results: int | None, page_token: str | None
) -> tuple[list[Any], str | None]:
    """Spans in full: some of all, or of those below a span and that itself; the root first, then by start."""
    limit = DEFAULT_PAGE if max_results is None else max_results
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidParameter(
            f"Invalid value {limit} for parameter 'max_results': it must be between 1 and {MAX_PAGE}."
        )
    context = pages.context_of("spans", trace.seq, under or "")
    last = tuple(pages.decode(page_token, context, [int, int, str])) if page_token else None
    spans = sorted(payloads.latest(await store.payloads(tx, trace.seq)), key=_place)
    if under:
        wanted = _below(spans, under)
        if not wanted:
            raise NotFound(f"The trace {trace.trace_id} has no span {under[:40]!r}.")
        spans = [each for each in spans if each.span_id in wanted]
    rest = [each for each in spans if last is None or _place(each) > last]
    token = pages.encode(_place(rest[limit - 1]), context) if len(rest) > limit else None
    return rest[:limit], token


def _place(span: Any) -> tuple[int, int, str]:
    return (int(bool(span.parent_span_id)), span.start_time_unix_nano, span.span_id.hex())


def _below(spans: Sequence[Any], under: str) -> set[bytes]:
    """The ids of a span and of all below it, whatever circles parents form; none if it is not here."""
    children: dict[bytes, list[bytes]] = {}
    for each in spans:
        children.setdefault(each.parent_span_id, []).append(each.span_id)
    found: set[bytes] = set()
    ahead = [each.span_id for each in spans if each.span_id.hex() == under.lower()]
    while ahead:
        span = ahead.pop()
        if span not in found:
            found.add(span)
            ahead += children.get(span, [])
    return found
