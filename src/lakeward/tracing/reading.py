"""Traces read from the first span to the last, whatever they hold.

What is in memory of a trace are some megabytes of its segments, one of them open.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from lakeward.runtime.db import Database
from lakeward.tracing import load, payloads
from lakeward.tracing.sealed import Sealed, payload_of
from lakeward.tracing.spool import Spool
from lakeward.tracing.store import traces as store

_TRACES: Final = 32  # that are looked up together


class _Turn:
    """Large traces are read one at a time by a process, segment by segment."""

    def __init__(self, _: Database) -> None:
        self.lock = asyncio.Lock()


async def through(db: Database, segments: Sequence[Sealed], work: Callable[[bytes], None]) -> None:
    """`work` is given one payload after the other. Who calls holds no connection: one may be needed here."""
    there = [each.payload for each in segments if each.payload is not None]
    if len(there) == len(segments) and sum(map(payloads.size_of, there)) <= load.SMALL:
        for each in there:
            work(each)
        return
    turn = db.one(_Turn)
    for segment in segments:
        async with turn.lock:
            await _one(db, segment, work)


async def _one(db: Database, segment: Sealed, work: Callable[[bytes], None]) -> None:
    payload = segment.payload
    if payload is None:
        async with db.connection() as tx:
            payload = await payload_of(tx, segment)
    await asyncio.to_thread(work, payload)


async def spooled(db: Database, segments: Sequence[Sealed], write: Callable[[Any], bytes]) -> Spool:
    """The spans of a trace, read. Whoever calls closes it."""
    spool = Spool(write)
    try:
        await through(db, segments, spool.take)
    except BaseException:
        spool.close()
        raise
    return spool


async def each(db: Database, seqs: Sequence[int]) -> AsyncIterator[Sequence[Sealed]]:
    """The segments of each of these traces, which are looked up some at a time."""
    for at in range(0, len(seqs), _TRACES):
        some = seqs[at : at + _TRACES]
        async with db.connection() as tx:
            found = await store.segments_of(tx, some)
        for seq in some:
            yield found.pop(seq, ())
