"""A trace as its reader draws it first: every span's place, name and duration, and none of what it carries.

A trace of 35,000 spans may carry a hundred megabytes, of which a person looks at little. That is read span by span. To
make its outline takes half a second, so that is kept.
"""

import asyncio
import bisect
import hashlib
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database
from lakeward.tracing import meaning, payloads, reading
from lakeward.tracing.book import Book
from lakeward.tracing.reading import Spool
from lakeward.tracing.records import Cost, Trace, Usage
from lakeward.tracing.search.spans import text_of
from lakeward.tracing.store import outlines as outlines_store
from lakeward.tracing.store import traces as store
from lakeward.tracing.store.traces import Sealed
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
    made = await asyncio.to_thread(_drawn, lines) if len(lines) >= MANY else _drawn(lines)
    if len(made.ids) < MANY or made_of[1] is None:
        return msgspec.Raw(msgspec.json.encode(made)), None
    plain = msgspec.json.encode(made)

    async def keep() -> None:
        async with db.transaction() as writing:
            await outlines_store.keep(writing, trace.seq, made_of, digest, payloads.seal(plain))

    return msgspec.Raw(plain), keep


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


def _drawn(lines: Mapping[bytes, _Line]) -> Outline:
    """In the order in which spans are shown, parents by their place in it."""
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
    return made


# ── some of the spans ────────────────────────────────────────────────────────────────────────────────────────────────


async def _segments(db: Database, trace: Trace) -> Sequence[Sealed]:
    async with db.connection() as tx:
        return (await store.segments_of(tx, [trace.seq])).get(trace.seq, ())


async def span(db: Database, trace: Trace, span_id: str) -> Any:
    """One span, as it came last."""
    try:
        wanted = bytes.fromhex(span_id)
    except ValueError:
        wanted = b""
    found: list[Any] = []

    def look(payload: bytes) -> None:
        found.extend(each for each in payloads.spans_in([payload]) if each.span_id == wanted)

    for segment in reversed(await _segments(db, trace)):
        await reading.through(db, [segment], look)
        if found:
            return found[-1]
    raise NotFound(f"The trace {trace.trace_id} has no span {span_id[:40]!r}.")


async def holding(db: Database, trace: Trace, text: str) -> list[str]:
    """The ids of the spans that hold a text, in any case: in a name, a key or a text they carry."""
    wanted = text.lower()
    with Spool(lambda span: b"yes" if wanted in text_of(span).lower() else b"") as spans:
        await reading.through(db, await _segments(db, trace), spans.take)
        numbers = spans.numbers()
        found = [spans.id_of(number) for number, said in zip(numbers, spans.contents(numbers), strict=True) if said]
    return [each.hex() for each in found[:MAX_FOUND]]


async def page(
    db: Database, trace: Trace, write: Callable[[Any], bytes], under: str | None, most: int | None, token: str | None
) -> tuple[list[tuple[str, bytes]], str | None]:
    """Spans in full, as (id, what `write` makes of it), and where the next page begins.

    Some of all, or of those below a span and that itself; the root first, then by start. Where they carry much, a page
    is shorter than asked.
    """
    limit = DEFAULT_PAGE if most is None else most
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidParameter(
            f"Invalid value {limit} for parameter 'max_results': it must be between 1 and {MAX_PAGE}."
        )
    context = pages.context_of("spans", trace.seq, under or "")
    last = tuple(pages.decode(token, context, [int, int, int])) if token else None
    segments = await _segments(db, trace)
    firsts: list[int] = []  # of each segment, its first span
    with Spool(lambda span: span.parent_span_id) as parents, Spool(write) as made:

        def count(payload: bytes) -> None:
            firsts.append(parents.count)
            parents.take(payload)

        await reading.through(db, segments, count)
        numbers = parents.numbers()
        if under and not (numbers := _below(parents, under)):
            raise NotFound(f"The trace {trace.trace_id} has no span {under[:40]!r}.")
        rest = [number for number in numbers if last is None or parents.place(number) > last]
        chosen = frozenset(rest[:limit])
        for at in sorted({bisect.bisect_right(firsts, number) - 1 for number in chosen}):

            def read(payload: bytes, first: int = firsts[at]) -> None:
                for number, each in enumerate(payloads.spans_in([payload]), first):
                    if number in chosen:
                        made.add(each)

            await reading.through(db, [segments[at]], read)
        found: list[tuple[str, bytes]] = []
        size = 0
        for number, content in zip(made.numbers(), made.contents(made.numbers()), strict=True):
            size += len(content)
            if found and size > _PAGE_BYTES:
                break
            found.append((made.id_of(number).hex(), content))
        more = len(rest) > len(found)
        return found, pages.encode(parents.place(rest[len(found) - 1]), context) if more else None


def _below(parents: Spool, under: str) -> list[int]:
    """The places of a span and of all below it, in order, whatever circles parents form; none if it is not here."""
    numbers = parents.numbers()
    children: dict[bytes, list[int]] = {}
    for number, parent in zip(numbers, parents.contents(numbers), strict=True):
        children.setdefault(parent, []).append(number)
    found: set[int] = set()
    ahead = [number for number in numbers if parents.id_of(number).hex() == under.lower()]
    while ahead:
        number = ahead.pop()
        if number not in found:
            found.add(number)
            ahead += children.get(parents.id_of(number), [])
    return [number for number in numbers if number in found]
