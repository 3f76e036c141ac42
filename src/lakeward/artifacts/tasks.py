"""Scheduled work: clean up uploads that nobody finished."""

from typing import Final

from lakeward.artifacts import store
from lakeward.runtime.db import Database
from lakeward.runtime.objects import ObjectStore

ABANDONED_SECONDS: Final = 2 * 24 * 3600
_BATCH: Final = 500


async def sweep_uploads(db: Database, objects: ObjectStore, *, older_than: int = ABANDONED_SECONDS) -> int:
    """Remove uploads begun longer ago than that, parts without an upload, and remains of writes that were cut off.

    Safe to run anywhere, at any time, any number of times. Returns how many uploads were removed.
    """
    removed = 0
    while True:
        async with db.transaction() as tx:
            upload_id = await store.lock_stale_upload(tx, older_than)
            if upload_id is None:
                break
            await objects.delete_prefix(f"uploads/{upload_id}")
            await store.remove_upload(tx, upload_id)
            removed += 1
    await _sweep_orphans(db, objects)
    await objects.sweep()
    return removed


async def _sweep_orphans(db: Database, objects: ObjectStore) -> None:
    """Parts that came after their upload was completed or aborted. An upload is recorded before its first part."""
    after = ""
    while level := await objects.level("uploads", after=after, limit=_BATCH):
        names = [entry.name for entry in level.entries]
        async with db.connection() as connection:
            known = await store.known_uploads(connection, names)
        for name in names:
            if name not in known:
                await objects.delete_prefix(f"uploads/{name}")
        if not level.more or not names:
            return
        after = names[-1]
