"""Spans leave the database and come back; `retention` owns when, and the tables of the lake they are in meanwhile.

A trace's row stays. Its segments leave one by one: what comes later is here until it is moved too, and readers put both
together. A trace that comes back has the very segments it had, with signatures made anew.
"""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Final, NamedTuple

from lakeward.kit.clock import now_ms
from lakeward.runtime.db import Database, Tx
from lakeward.tracing import arrivals, export, lake, payloads, prices
from lakeward.tracing.book import Book
from lakeward.tracing.lake import Leaving, Moved, day_of, span_columns, span_rows, trace_columns, trace_rows
from lakeward.tracing.search.candidates import members_of
from lakeward.tracing.store import moved as store
from lakeward.tracing.store import traces as trace_store
from lakeward.tracing.store.moved import Candidate, Segment

__all__ = [
    "Batch", "Candidate", "Leaving", "astray", "bring_back", "day_of", "drop_blocks", "leave", "named", "old", "read",
    "save_strays", "sizes",    "span_columns", "span_rows", "trace_columns", "trace_rows",
]  # fmt: skip

_BACK_AT_ONCE: Final = 100  # traces that come back in one transaction


class Batch(NamedTuple):
    """What leaves together: traces, and the segments they had when it was decided."""

    number: int
    experiment_id: int
    seqs: Sequence[int]
    days: Sequence[date]  # of each; its start may change meanwhile
    segments: Sequence[int]


async def old(tx: Tx, experiment_id: int, since_ms: int, until_ms: int, *, most: int, ended: bool) -> list[Candidate]:
    """Traces that began between these, have segments here, and are not kept here on demand; the oldest first."""
    return await store.old(tx, experiment_id, since_ms, until_ms, now_ms(), most, ended=ended)


async def sizes(tx: Tx, batch: Batch) -> list[tuple[int, int]]:
    """(trace, bytes as they are stored) of what a batch still has here, in order."""
    return await store.sizes(tx, batch.segments)


async def read(tx: Tx, batch: Batch, seqs: Sequence[int]) -> list[Leaving]:
    """Some of a batch's traces, with those of its segments that are here."""
    found = [each for each in await trace_store.find_many(tx, seqs) if each.experiment_id == batch.experiment_id]
    wanted = [each.seq for each in found]
    segments: dict[int, list[tuple[int, bytes]]] = {}
    for seq, number, payload in await store.some_payloads(tx, wanted, batch.segments):
        segments.setdefault(seq, []).append((number, payload))
    exported = await export.whole(tx, [each for each in found if each.seq in segments])
    days = dict(zip(batch.seqs, batch.days, strict=True))
    return [Leaving(each, segments[each.trace.seq], days[each.trace.seq]) for each in exported]


async def leave(tx: Tx, batch: Batch, written: AbstractSet[int]) -> int:
    """The batch is in the lake: its segments are there from now on. Needs a transaction. Returns how many traces.

    Only those leave that can be read there (`written`). What was deleted meanwhile, or is another experiment's, or was
    for a moment, counts no more in the lake.
    """
    homes = await store.lock(tx, batch.seqs)
    good = [seq for seq in batch.seqs if homes.get(seq) == batch.experiment_id and seq in written]
    days = dict(zip(batch.seqs, batch.days, strict=True))
    await store.leave(tx, batch.experiment_id, batch.number, good, [days[seq] for seq in good], batch.segments)
    lost = sorted(set(batch.seqs) - set(good))
    await store.forget(tx, batch.experiment_id, batch.number, lost, [days[seq] for seq in lost])
    return len(good)


# ── back ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def bring_back(db: Database, seqs: Sequence[int], until_ms: int | None = None) -> int:
    """Spans into the database again, from now until then at least. Returns how many traces were elsewhere."""
    count = 0
    book = await prices.recent(db)
    for at in range(0, len(seqs), _BACK_AT_ONCE):
        some = seqs[at : at + _BACK_AT_ONCE]
        async with db.transaction() as tx:
            count += await _bring_some(tx, some, book)
            if until_ms is not None:
                await store.keep(tx, some, until_ms)
    return count


async def save_strays(tx: Tx, experiment_id: int) -> int:
    """Bring back some of what is in the tables of an experiment and is another's now, before the tables go."""
    strays = await store.astray(tx, experiment_id, _BACK_AT_ONCE)
    return await _bring_some(tx, strays, await prices.book(tx)) if strays else 0


async def _bring_some(tx: Tx, seqs: Sequence[int], book: Book) -> int:
    moved = [Moved(*row) for row in await store.places(tx, seqs)]
    if segments := await asyncio.to_thread(_signed, await lake.segments(tx.lake, moved), book):
        await store.put_back(tx, segments)
    await store.come_back(tx, [each.seq for each in moved])
    return len(moved)


def _signed(found: Mapping[int, Sequence[tuple[int, bytes]]], book: Book) -> list[Segment]:
    made = []
    for seq, segments in found.items():
        for number, payload in segments:
            [arrival] = arrivals.of(payloads.open_sealed(payload), book)
            made.append(Segment(seq, number, arrival.spans, payload, arrival.signature, arrival.gist))
    return made


async def named(
    tx: Tx,
    experiment_id: int,
    trace_ids: Sequence[str] | None,
    bounds: tuple[int | None, int | None],
    *,
    most: int,
    after: int = 0,
) -> list[int]:
    """Numbers of traces that are elsewhere: by id, or by their start; those after a number."""
    return await store.named(tx, experiment_id, trace_ids, bounds, most, after)


async def astray(tx: Tx, experiment_id: int, most: int) -> list[int]:
    """Traces in the tables of this experiment that are another's now."""
    return await store.astray(tx, experiment_id, most)


# ── what is left ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def drop_blocks(db: Database, experiment_id: int, last_ms: int) -> int:
    """Blocks of signatures name traces whose spans can be looked at; one that names none any more goes."""
    dropped = after = 0
    while True:
        async with db.transaction() as tx:
            row = await store.blocks_until(tx, experiment_id, last_ms, after)
            if row is None:
                return dropped
            after = row[0]
            if not await store.any_here(tx, members_of(row[1])):
                await store.drop_block(tx, after)
                dropped += 1
