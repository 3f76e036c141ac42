"""Scheduled work: put the signatures of many traces together into blocks, which searches read many times faster."""

import asyncio

from lakeward.runtime.db import Database
from lakeward.tracing.search.candidates import MEMBERS, packed
from lakeward.tracing.signature import transposed
from lakeward.tracing.store import blocks as store


async def seal_blocks(db: Database) -> int:
    """Make as many blocks as there are traces for. Safe to run anywhere, at any time. Returns how many were made."""
    made = 0
    async with db.connection() as connection:
        experiments = await store.ripe(connection, MEMBERS)
    for experiment_id in experiments:
        while await _seal(db, experiment_id):
            made += 1
    return made


async def _seal(db: Database, experiment_id: int) -> bool:
    async with db.transaction() as tx:
        rows = await store.take(tx, experiment_id, MEMBERS)
        bits: dict[int, int] = {}
        starts: dict[int, int] = {}
        for _, seq, start_ms, signature in rows:
            bits[seq] = bits.get(seq, 0) | int.from_bytes(signature, "big")
            starts[seq] = min(start_ms, starts.get(seq, start_ms))
        if len(bits) < MEMBERS:
            return False
        members = sorted((start, seq) for seq, start in starts.items())
        size = len(rows[0][3])
        signatures = [bits[seq].to_bytes(size, "big") for _, seq in members]
        planes = await asyncio.to_thread(transposed, signatures, MEMBERS)
        span = (members[0][0], members[-1][0])
        await store.add(tx, experiment_id, span, packed(members), planes, [row[0] for row in rows])
    return True
