"""Scheduled work of identity."""

from lakeward.identity import store
from lakeward.runtime.db import Database
from lakeward.runtime.objects import ObjectStore


async def sweep_expired(db: Database, _objects: ObjectStore) -> None:
    """Delete tokens, grants and codes that nobody can use any more."""
    async with db.transaction() as tx:
        await store.oauth.delete_expired(tx)
        await store.passwords.delete_old_attempts(tx)
        await store.single_sign_on.delete_expired(tx)
