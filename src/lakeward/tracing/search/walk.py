"""The ways through traces that a search takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Op
from lakeward.kit.pages import Part
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters, after
from lakeward.tracing import payloads
from lakeward.tracing.sealed import IN_FULL, Sealed, payload_of
from lakeward.tracing.search.candidates import Candidates
from lakeward.tracing.search.question import Question
from lakeward.tracing.search.spans import SpanClause, combined

_STRETCH: Final = 500  # rows looked at before a walk is judged
_LONGER: Final = 20_000
_COMMON: Final = 50  # one in so many makes walking worth while
_LOOK: Final = 128  # traces whose spans are read at a time
_BUDGET: Final = 20_000  # traces whose spans are read for one page; then the page ends where it is
_SPAN_STRETCH: Final = 512
_MATCHED: Final = 16 << 20  # characters that patterns are compared with at a time
# A span that comes late may move the start of its trace back, by less than this after its signature was put in a block.
_LATE_START: Final = 60_000


class Row(NamedTuple):
    """A trace in the order of every list."""

    start_ms: int
    trace_id: str
    seq: int

    @property
    def place(self) -> tuple[int, str]:
        return (-self.start_ms, self.trace_id)


_Held = tuple[int, list[list[str]]]  # a trace, and of one of its spans the texts that each pattern is compared with
Found = tuple[list[int], list[Part] | None]  # seqs, and where the next page begins


def _cut(rows: list[Row], limit: int) -> Found:
    rows = rows[: limit + 1]
    if len(rows) <= limit:
        return [row.seq for row in rows], None
    last = rows[limit - 1]
    return [row.seq for row in rows[:limit]], [last.start_ms, last.trace_id]


async def walked(tx: Tx, question: Question, limit: int | None = None) -> Found:
    """A page, newest first."""
    limit = limit or question.limit
    if not question.spans:
        return _cut(await _by_rows(tx, question, limit + 1), limit)
    bits = combined(question.spans)
    if bits is None:
        return await _by_reading(tx, question, limit)
    return await _by_signature(tx, question, bits, limit)


# ── rows decide ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _by_rows(tx: Tx, question: Question, want: int) -> list[Row]:
    """Along the index by time while that finds enough; else whatever index the clauses have."""
    found: list[Row] = []
    last = question.last
    length = max(_STRETCH, want) if question.clauses else want
    while True:
        rows, end = await _stretch(tx, question, last, length, want - len(found))
        found += rows
        if len(found) >= want or end is None:
            return found[:want]
        if len(rows) * _COMMON < length:
            return found + await _all_rows(tx, question, end, want - len(found))
        last, length = list(end), _LONGER


async def _stretch(
    tx: Tx, question: Question, last: Sequence[Part] | None, length: int, most: int
) -> tuple[list[Row], tuple[int, str] | None]:
    """What passes among the next `length` traces, and where they end; None if they were the last."""
    parameters = Parameters()
    place = ""
    if last is not None:
        place = f" AND {after([('x.start_ms', False), ('x.trace_id', True)], last, parameters)}"
    length_mark = parameters.add(length)
    # each experiment by itself, as an index has its traces in order; only the first of them all are looked at
    inner = (
        f"SELECT n.seq FROM unnest({parameters.add(question.experiments)}::bigint[]) AS e(id) CROSS JOIN LATERAL"
        " (SELECT x.seq, x.start_ms, x.trace_id FROM trace x WHERE x.experiment_id = e.id"
        f"{place} ORDER BY x.start_ms DESC, x.trace_id LIMIT {length_mark}) n"
        f" ORDER BY n.start_ms DESC, n.trace_id LIMIT {length_mark}"
    )
    if not question.clauses:
        rows = await tx.fetch(
            f"SELECT t.start_ms, t.trace_id, t.seq FROM ({inner}) w JOIN trace t ON t.seq = w.seq"
            f" ORDER BY t.start_ms DESC, t.trace_id LIMIT {parameters.add(most)}",
            *parameters.values,
        )
        return [Row(*row) for row in rows], None if len(rows) < most else (rows[-1][0], rows[-1][1])
    conditions = question.conditions(parameters, None)
    statement = await tx.prepare(
        f"WITH w AS MATERIALIZED ({inner}) SELECT t.start_ms, t.trace_id, t.seq, ({conditions}) IS TRUE FROM w"
        " JOIN trace t ON t.seq = w.seq ORDER BY t.start_ms DESC, t.trace_id"
    )
    rows = await statement.fetch(*parameters.values)
    end = None if len(rows) < length else (rows[-1][0], rows[-1][1])
    return [Row(*row[:3]) for row in rows if row[3]], end


async def _all_rows(tx: Tx, question: Question, last: Sequence[Any] | None, most: int) -> list[Row]:
    parameters = Parameters()
    conditions = question.conditions(parameters, last)
    statement = await tx.prepare(
        f"WITH w AS MATERIALIZED (SELECT t.start_ms, t.trace_id, t.seq FROM trace t WHERE {conditions})"
        f" SELECT * FROM w ORDER BY start_ms DESC, trace_id LIMIT {parameters.add(most)}"
    )
    return [Row(*row) for row in await statement.fetch(*parameters.values)]


# ── spans decide ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _by_signature(tx: Tx, question: Question, bits: list[set[int]], limit: int) -> Found:
    low, high = question.bounds()
    if question.last is not None:
        begin = question.last[0]
        assert isinstance(begin, int | float)
        high = int(begin) if high is None else min(high, int(begin))
    if high is not None:
        high += _LATE_START
    candidates = Candidates(tx, question.experiments, bits, (low, high))
    found: dict[int, Row] = {}
    looked = 0
    while seqs := await candidates.next(_LOOK):
        looked += len(seqs)
        for row in await _verified(tx, question, seqs):
            found[row.seq] = row
        rest = candidates.rest
        if rest is None:
            break
        # a trace may have begun a little before its signature says: what is left may come before what is found
        certain = sum(row.start_ms > rest for row in found.values())
        if certain > limit:
            break
        if looked >= _BUDGET and (high is None or rest < high):
            kept = sorted((row for row in found.values() if row.start_ms > rest), key=lambda row: row.place)
            return [row.seq for row in kept], [rest, ""]
    return _cut(sorted(found.values(), key=lambda row: row.place), limit)


async def _by_reading(tx: Tx, question: Question, limit: int) -> Found:
    """Nothing but the spans themselves decides: along the index by time, reading all."""
    found: list[Row] = []
    last = question.last
    looked = 0
    while True:
        rows, end = await _stretch_or_page(tx, question, last)
        for at in range(0, len(rows), _LOOK):
            part = rows[at : at + _LOOK]
            found += sorted(await _verified(tx, question, [row.seq for row in part]), key=lambda row: row.place)
            if len(found) > limit:
                return _cut(found, limit)
        looked += _SPAN_STRETCH
        if end is None:
            return _cut(found, limit)
        if looked >= _BUDGET:
            return [row.seq for row in found], list(end)
        last = list(end)


async def _stretch_or_page(
    tx: Tx, question: Question, last: Sequence[Part] | None
) -> tuple[list[Row], tuple[int, str] | None]:
    return await _stretch(tx, question, last, _SPAN_STRETCH, _SPAN_STRETCH)


async def _verified(tx: Tx, question: Question, seqs: Sequence[int]) -> list[Row]:
    """Those of these traces for which all clauses hold, those about spans for one span together."""
    parameters = Parameters()
    among = f"t.seq = ANY({parameters.add(list(seqs))}::bigint[])"
    conditions = question.conditions(parameters, question.last if question.newest_first else None)
    rows = await tx.fetch(
        f"SELECT t.start_ms, t.trace_id, t.seq, s.id, CASE WHEN sum(octet_length(s.payload)) OVER (ORDER BY s.id DESC)"
        f" <= {parameters.add(IN_FULL)} THEN s.payload END"
        f" FROM trace t JOIN trace_segment s ON s.trace_seq = t.seq WHERE {among} AND {conditions} ORDER BY s.id DESC",
        *parameters.values,
    )
    by_seq: dict[int, Row] = {}
    segments: dict[int, list[Sealed]] = {}
    for *row, number, payload in rows:
        one = Row(*row)
        by_seq[one.seq] = one
        segments.setdefault(one.seq, []).append(Sealed(number, payload))
    exact = [each for each in question.spans if each.op is not Op.RLIKE]
    patterns = [each for each in question.spans if each.op is Op.RLIKE]
    if patterns:
        found = await _any_like(tx, exact, patterns, segments)
    else:
        found = {seq for seq, backwards in segments.items() if await _any_exact(tx, exact, backwards)}
    return [row for seq, row in by_seq.items() if seq in found]


async def _any_exact(tx: Tx, exact: Sequence[SpanClause], backwards: Sequence[Sealed]) -> bool:
    """Whether a trace has a span for which all of these clauses hold."""
    seen: set[bytes] = set()
    for segment in backwards:
        for _ in _holding(exact, await payload_of(tx, segment), seen):
            return True
    return False


async def _any_like(
    tx: Tx, exact: Sequence[SpanClause], patterns: Sequence[SpanClause], segments: Mapping[int, Sequence[Sealed]]
) -> set[int]:
    """Traces with a span for which all of these clauses hold, patterns among them."""
    found: set[int] = set()
    held: list[_Held] = []
    size = 0
    for seq, backwards in segments.items():
        seen: set[bytes] = set()
        for segment in backwards:
            for span in _holding(exact, await payload_of(tx, segment), seen):
                texts = [list(clause.texts(span)) for clause in patterns]
                held.append((seq, texts))
                size += sum(len(text) for some in texts for text in some)
                if size > _MATCHED:
                    found |= await _like_regex(tx, patterns, held)
                    held, size = [], 0
    return found | await _like_regex(tx, patterns, held)


def _holding(clauses: Sequence[SpanClause], payload: bytes, seen: set[bytes]) -> Iterator[Any]:
    """The spans of a segment for which all of these clauses hold; not those that came again later."""
    here: list[bytes] = []
    for span in payloads.latest_in(payload):
        span_id = span.span_id
        here.append(span_id)
        if span_id not in seen and all(clause.holds(span) for clause in clauses):
            yield span
    seen.update(here)


async def _like_regex(tx: Tx, patterns: Sequence[SpanClause], held: Sequence[_Held]) -> set[int]:
    """PostgreSQL matches regular expressions here, the same ones as everywhere, and without backtracking."""
    for at, clause in enumerate(patterns):
        places, words = [], []
        for place, (_, texts) in enumerate(held):
            for text in texts[at]:
                places.append(place)
                words.append(text.replace("\0", ""))
        rows = await tx.fetch(
            "SELECT DISTINCT w.place FROM unnest($1::integer[], $2::text[]) AS w(place, word) WHERE w.word ~ $3",
            places, words, clause.value,
        )  # fmt: skip
        held = [held[row[0]] for row in rows]
    return {seq for seq, _ in held}


# ── other orders ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def collected(tx: Tx, question: Question, most: int) -> Found:
    """A page in any order: everything that matches is found first."""
    parameters = Parameters()
    conditions = question.conditions(parameters, question.last)
    if question.spans:
        seqs = await _matching_spans(tx, question, most)
        conditions = f"t.seq = ANY({parameters.add(seqs)}::bigint[]) AND {conditions}"
    columns = question.columns()
    values = ", ".join(expression for expression, _ in columns)
    ordering = ", ".join(f"{expression}{'' if ascending else ' DESC'}" for expression, ascending in columns)
    statement = await tx.prepare(
        f"SELECT t.seq, {values} FROM trace t WHERE {conditions}"
        f" ORDER BY {ordering} LIMIT {parameters.add(question.limit + 1)}"
    )
    rows = await statement.fetch(*parameters.values)
    seqs = [row[0] for row in rows[: question.limit]]
    return seqs, None if len(rows) <= question.limit else list(rows[question.limit - 1])[1:]


async def _matching_spans(tx: Tx, question: Question, most: int) -> list[int]:
    asked = question.newest()
    found: list[int] = []
    while True:
        more, beyond = await walked(tx, asked, limit=most)
        found += more
        if beyond is None:
            return found
        if len(found) > most:
            raise InvalidParameter(
                f"More than {most:,} traces match; narrow the filter, or take them newest first, as they come."
            )
        asked = asked.after(beyond)
