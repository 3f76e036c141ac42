"""Scheduled work: forget deliveries that were finished long ago."""

from typing import Any, Final

from lakeward.runtime.db import Database
from lakeward.webhooks import store

KEPT_DAYS: Final = 30
_BATCH: Final = 1_000


async def sweep_deliveries(db: Database, _objects: Any) -> int:
    """Safe to run anywhere, at any time. Returns how many were forgotten."""
    forgotten = 0
    while True:
        async with db.transaction() as tx:
            gone = await store.sweep(tx, KEPT_DAYS, _BATCH)
        forgotten += gone
        if gone < _BATCH:
            return forgotten
