"""Scheduled work: forget deliveries that ended long ago, and what deleted webhooks and models left behind."""

from collections.abc import Awaitable, Callable
from typing import Final

from lakeward.runtime.db import Database, Tx
from lakeward.webhooks import store

_BATCH: Final = 1_000


async def sweep_deliveries(db: Database, days: int) -> int:
    """Safe to run anywhere, at any time. `days`: how long ended ones are kept. Returns how many were forgotten."""
    forgotten = await _in_batches(db, lambda tx: store.sweep_finished(tx, days, _BATCH))
    forgotten += await _in_batches(db, lambda tx: store.sweep_left_behind(tx, _BATCH))
    async with db.transaction() as tx:
        await store.sweep_pointless(tx)
    return forgotten


async def _in_batches(db: Database, sweep: Callable[[Tx], Awaitable[int]]) -> int:
    """A transaction each, so that none is long."""
    forgotten, gone = 0, _BATCH
    while gone == _BATCH:
        async with db.transaction() as tx:
            gone = await sweep(tx)
        forgotten += gone
    return forgotten
