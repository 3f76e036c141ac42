"""Spans that left the database: the rows of traces and spans as Delta tables hold them, and how they are read there.

A trace's row carries the segments it came in, byte by byte as OTLP, so that nothing is lost on the way out and back;
the rows of its spans are for other engines, and nothing here reads them.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from lakeward.kit.errors import Internal
from lakeward.runtime.lake import Lake, pyarrow
from lakeward.tracing import export_forms, meaning, payloads
from lakeward.tracing.book import Book
from lakeward.tracing.export_forms import Exported

_SEGMENTS: Final = ("seq", "segment_ids", "segments")
_AT_ONCE: Final = 500  # traces of one look into a table


class Moved(NamedTuple):
    """Where the row of a trace is."""

    batch: int
    day: date
    prefix: str
    seq: int


def day_of(start_ms: int) -> date:
    """The partition of a trace: the day on which it began, in UTC."""
    return datetime.fromtimestamp(start_ms / 1000, UTC).date()


# ── out of the lake ──────────────────────────────────────────────────────────────────────────────────────────────────


async def segments(lake: Lake | None, moved: Sequence[Moved]) -> dict[int, list[tuple[int, bytes]]]:
    """(number, payload) of each segment of these traces, as they were in the database."""
    if lake is None:
        raise Internal("Spans were moved to the lake, which this process does not know.")
    groups: dict[tuple[str, date, int], list[int]] = {}
    for each in moved:
        groups.setdefault((each.prefix, each.day, each.batch), []).append(each.seq)
    found: dict[int, list[tuple[int, bytes]]] = {}
    for (prefix, day, batch), seqs in groups.items():
        for at in range(0, len(seqs), _AT_ONCE):
            some = seqs[at : at + _AT_ONCE]
            rows = await asyncio.to_thread(lake.read, prefix, _SEGMENTS, day, batch, some)
            for row in rows:
                sealed = map(payloads.seal, row["segments"])
                found[row["seq"]] = list(zip(row["segment_ids"], sealed, strict=True))
    if missing := {each.seq for each in moved} - found.keys():
        raise Internal(f"The lake has lost the spans of {len(missing)} traces, {min(missing)} among them.")
    return found


# ── into the lake ────────────────────────────────────────────────────────────────────────────────────────────────────


class Leaving(NamedTuple):
    """A trace with all that is known of it; (number, payload) of each of its segments."""

    exported: Exported
    segments: Sequence[tuple[int, bytes]]
    day: date


def trace_columns() -> Any:
    """The pyarrow schema of a table of traces."""
    pa = pyarrow()
    known = export_forms.schema(pa)
    names = [each for each in known.names if each != "spans"]
    return pa.schema(
        [_field(pa, known.field(each)) for each in names]
        + [
            pa.field("segment_ids", pa.list_(pa.int64())),
            pa.field("segments", pa.list_(pa.binary())),
            *_places(pa),
        ]
    )


def span_columns() -> Any:
    """The pyarrow schema of a table of spans."""
    pa = pyarrow()
    span = export_forms.schema(pa).field("spans").type.value_type
    fields = [_field(pa, span.field(at)) for at in range(span.num_fields)]
    added = [("trace_id", pa.string()), ("experiment_id", pa.string()), ("type", pa.string())]
    exact = [("start_time_unix_nano", pa.int64()), ("end_time_unix_nano", pa.int64())]
    return pa.schema(
        [*(pa.field(*each) for each in added), *fields, *(pa.field(*each) for each in exact), *_places(pa)]
    )


def _places(pa: Any) -> list[Any]:
    return [pa.field("seq", pa.int64()), pa.field("batch", pa.int64()), pa.field("day", pa.date32())]


def _field(pa: Any, field: Any) -> Any:
    return field.with_type(_stored(pa, field.type))


def _stored(pa: Any, given: Any) -> Any:
    """Delta's times have microseconds."""
    if pa.types.is_timestamp(given):
        return pa.timestamp("us", tz="UTC")
    if pa.types.is_list(given):
        return pa.list_(_stored(pa, given.value_type))
    if pa.types.is_struct(given):
        return pa.struct([_field(pa, given.field(at)) for at in range(given.num_fields)])
    return given


def trace_rows(leaving: Sequence[Leaving], batch: int, schema: Any) -> Any:
    """A pyarrow table."""
    rows = []
    for each in leaving:
        row = export_forms.trace_row(each.exported)
        row["segment_ids"] = [number for number, _ in each.segments]
        row["segments"] = [payloads.open_sealed(payload) for _, payload in each.segments]
        rows.append(row | _place(each, batch))
    return pyarrow().Table.from_pylist(rows, schema=schema)


def span_rows(leaving: Sequence[Leaving], batch: int, schema: Any, book: Book) -> Any:
    """A pyarrow table; each span once, as it is read."""
    rows = [row for each in leaving for row in _spans(each, batch, book)]
    return pyarrow().Table.from_pylist(rows, schema=schema)


def _spans(leaving: Leaving, batch: int, book: Book) -> Iterator[Mapping[str, Any]]:
    trace = leaving.exported.trace
    place = _place(leaving, batch) | {"trace_id": trace.trace_id, "experiment_id": str(trace.experiment_id)}
    for span in payloads.joined(payload for _, payload in leaving.segments):
        row = export_forms.span_row(span, trace.trace_id, book)
        start, end = row["start_time"], row["end_time"]
        events = [each | {"time": each["time"] // 1000} for each in row["events"]]
        yield (
            row
            | place
            | {
                "type": meaning.type_of(meaning.facts_of(span.attributes)),
                "start_time": start // 1000,
                "end_time": None if end is None else end // 1000,
                "start_time_unix_nano": start,
                "end_time_unix_nano": end,
                "events": events,
            }
        )


def _place(leaving: Leaving, batch: int) -> dict[str, Any]:
    return {"seq": leaving.exported.trace.seq, "batch": batch, "day": leaving.day}
