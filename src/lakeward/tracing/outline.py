"""A trace as its reader draws it first: every span's place, name and duration, and none of what it carries.

A trace of 35,000 spans may carry a hundred megabytes, of which a person looks at little. That is read span by span. To
make its outline takes half a second, so that is kept.
"""

import asyncio
import hashlib
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

import msgspec

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database
from lakeward.tracing import gist, meaning, payloads, reading
from lakeward.tracing.book import Book
from lakeward.tracing.records import Cost, Trace, Usage
from lakeward.tracing.sealed import Sealed
from lakeward.tracing.search.spans import text_of
from lakeward.tracing.spool import Spool
from lakeward.tracing.store import outlines as outlines_store
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire.outline import Outline

_ERROR: Final = 2  # STATUS_CODE_ERROR
MAX_FOUND: Final = 10_000
DEFAULT_PAGE: Final = 100
MAX_PAGE: Final = 1_000  # spans
_PAGE_BYTES: Final = 8 << 20
MANY: Final = 1_000  # spans, from which an outline is kept

Later = Callable[[], Awaitable[None]]


async def of_trace(db: Database, trace: Trace, book: Book) -> tuple[msgspec.Raw, Later | None]:
    """The outline of a trace as JSON, and what keeps it for the next reader, if that is worth it."""
    digest = hashlib.sha256(msgspec.json.encode(book.said)).digest()
    async with db.connection() as tx:
        kept = await outlines_store.find(tx, trace.seq, digest)
        if kept is not None:
            return msgspec.Raw(payloads.open_sealed(kept)), None
        made_of = await outlines_store.made_of(tx, trace.seq)  # before they are read: more may come meanwhile
        segments = (await store.segments_of(tx, [trace.seq])).get(trace.seq, ())
    lines: dict[bytes, _Line] = {}

    def draw(payload: bytes) -> None:
        lines.update((each.span_id, _line(each, book)) for each in payloads.spans_in([payload]))

    await reading.through(db, segments, draw)
    if len(lines) < MANY or made_of[1] is None:
        return _drawn(lines), None
    plain = await asyncio.to_thread(_drawn, lines)

    async def keep() -> None:
        async with db.transaction() as writing:
            await outlines_store.keep(writing, trace.seq, made_of, digest, payloads.seal(plain))

    return plain, keep


class _Line(NamedTuple):
    """What is drawn of a span."""

    parent: bytes
    start: int
    end: int
    name: str
    type: str
    failed: bool
    tokens: int | None
    cost: float | None


def _line(span: Any, book: Book) -> _Line:
    facts = meaning.facts_of(span.attributes)
    usage: Usage | None = None
    cost: Cost | None = None
    if meaning.has_numbers(facts):
        usage, cost = meaning.usage_of(facts), book.cost(facts, span.start_time_unix_nano)
    return _Line(
        span.parent_span_id,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        sys.intern(span.name),
        meaning.type_of(facts),
        span.status.code == _ERROR,
        usage.get("total_tokens") if usage else None,
        cost.get("total_cost") if cost else None,
    )


def _drawn(lines: Mapping[bytes, _Line]) -> msgspec.Raw:
    """An `Outline`, in the order in which spans are shown, parents by their place in it."""
    ordered = sorted(lines, key=lambda each: (bool(lines[each].parent), lines[each].start))
    places = {span_id: at for at, span_id in enumerate(ordered)}
    names: dict[str, int] = {}
    types: dict[str, int] = {}
    base = min((line.start for line in lines.values()), default=0)
    made = Outline(str(base))
    for at, span_id in enumerate(ordered):
        line = lines[span_id]
        made.ids.append(span_id.hex())
        made.parents.append(places.get(line.parent, -1) if line.parent else -1)
        made.name.append(names.setdefault(line.name, len(names)))
        made.type.append(types.setdefault(line.type, len(types)))
        made.start_us.append((line.start - base) // 1_000)
        made.duration_us.append(max(0, line.end - line.start) // 1_000 if line.end else -1)
        if line.failed:
            made.errors.append(at)
        if line.tokens is not None:
            made.tokens[str(at)] = line.tokens
        if line.cost is not None:
            made.costs[str(at)] = line.cost
    made.names = list(names)
    made.types = list(types)
    return msgspec.Raw(msgspec.json.encode(made))


# ── some of the spans ────────────────────────────────────────────────────────────────────────────────────────────────


async def _segments(db: Database, trace: Trace) -> Sequence[Sealed]:
    async with db.connection() as tx:
        return (await store.segments_of(tx, [trace.seq])).get(trace.seq, ())


async def _holders(db: Database, trace: Trace, wanted: AbstractSet[bytes]) -> Sequence[Sealed]:
    """The segments that have these spans as they came last; all, where that is not known."""
    async with db.connection() as tx:
        segments = (await store.segments_of(tx, [trace.seq])).get(trace.seq, ())
        gists = (await store.gists_of(tx, [trace.seq])).get(trace.seq, ()) if len(segments) > 1 else ()
    if len(gists) != len(segments) or None in gists:
        return segments
    left = set(wanted)
    found: list[Sealed] = []
    for segment, kept in zip(reversed(segments), reversed(gists), strict=True):
        if here := left & gist.ids_of(kept or b""):
            left -= here
            found.insert(0, segment)
    return found


async def span(db: Database, trace: Trace, span_id: str) -> Any:
    """One span, as it came last."""
    try:
        wanted = bytes.fromhex(span_id)
    except ValueError:
        wanted = b""
    found: list[Any] = []

    def look(payload: bytes) -> None:
        found.extend(each for each in payloads.spans_in([payload]) if each.span_id == wanted)

    await reading.through(db, await _holders(db, trace, {wanted}), look)
    if not found:
        raise NotFound(f"The trace {trace.trace_id} has no span {span_id[:40]!r}.")
    return found[-1]


async def holding(db: Database, trace: Trace, text: str) -> list[str]:
    """The ids of the spans that hold a text, in any case: in a name, a key or a text they carry."""
    wanted = text.lower()
    with Spool(lambda span: b"yes" if wanted in text_of(span).lower() else b"") as spans:
        await reading.through(db, await _segments(db, trace), spans.take)
        numbers = spans.numbers()
        found = [spans.id_of(number) for number, said in zip(numbers, spans.contents(numbers), strict=True) if said]
    return [each.hex() for each in found[:MAX_FOUND]]


async def page(
    db: Database, trace: Trace, outline: Outline, write: Callable[[Any], bytes],
    under: str | None, most: int | None, token: str | None,
) -> tuple[list[tuple[str, bytes]], str | None]:  # fmt: skip
    """Spans in full, as (id, what `write` makes of it), and where the next page begins.

    Some of all, or of those below a span and that itself, in the order of the outline. Where they carry much, a page is
    shorter than asked.
    """
    limit = DEFAULT_PAGE if most is None else most
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidParameter(
            f"Invalid value {limit} for parameter 'max_results': it must be between 1 and {MAX_PAGE}."
        )
    context = pages.context_of("spans", trace.seq, under or "")
    ids = outline.ids
    if under:
        ids = _below(outline, under.lower())
        if not ids:
            raise NotFound(f"The trace {trace.trace_id} has no span {under[:40]!r}.")
    if token:
        [last] = pages.decode(token, context, [str])
        ids = ids[ids.index(last) + 1 :] if last in ids else []
    chosen = {bytes.fromhex(each) for each in ids[:limit]}
    found: list[tuple[str, bytes]] = []
    with Spool(lambda span: write(span) if span.span_id in chosen else b"") as spans:
        await reading.through(db, await _holders(db, trace, chosen), spans.take)
        numbers = {spans.id_of(number).hex(): number for number in spans.numbers()}
        size = 0
        for span_id in [each for each in ids[:limit] if each in numbers]:  # some may have been deleted since
            [content] = spans.contents([numbers[span_id]])
            size += len(content)
            if found and size > _PAGE_BYTES:
                break
            found.append((span_id, content))
    more = len(ids) > len(found)
    return found, pages.encode([found[-1][0]], context) if more and found else None


def _below(outline: Outline, under: str) -> list[str]:
    """The ids of a span and of all below it, in order, whatever circles parents form; none if it is not here."""
    children: dict[int, list[int]] = {}
    for place, parent in enumerate(outline.parents):
        children.setdefault(parent, []).append(place)
    found: set[int] = set()
    ahead = [outline.ids.index(under)] if under in outline.ids else []
    while ahead:
        place = ahead.pop()
        if place not in found:
            found.add(place)
            ahead += children.get(place, ())
    return [span_id for place, span_id in enumerate(outline.ids) if place in found]
