"""The rules of staging tables: managed tables that open-source clients write before they register them.

A client asks for a place, writes the first files of a Delta table there, and registers a managed table at that place.
Nobody else sees it until then; what is not registered within a week is deleted.
"""

import uuid
from typing import Final

from lakeward.catalog import names, schemas
from lakeward.catalog.records import TABLE, Staging
from lakeward.catalog.store import staging as store
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor
from lakeward.runtime.objects import ObjectStore

_STALE_MS: Final = 7 * 24 * 3_600_000


async def create(tx: Tx, workspace: int, creator: Actor, catalog: str, schema: str, name: str) -> Staging:
    """Needs a transaction."""
    kept = names.checked(TABLE, name)
    above = await schemas.get(tx, workspace, f"{catalog}.{schema}")
    return await store.add(tx, workspace, above.catalog_name, above.name, kept, creator.id, now_ms())


async def take(
    tx: Tx, workspace: int, creator: Actor, catalog: str, schema: str, name: str, location: str
) -> uuid.UUID:
    """The id of the table that stands at its place from now on. Needs a transaction, in which it is made."""
    last = location.rstrip("/").rpartition("/")[2]
    found = await store.find(tx, _number(last), creator.id)
    if found is None or (found.workspace_id, found.full_name) != (
        workspace,
        names.fold(f"{catalog}.{schema}.{name}"),
    ):
        raise InvalidParameter(
            "A managed table has no storage_location of its own: leave it out, or give the staging_location of a"
            " staging table that was made under this name."
        )
    return found.id


async def find(tx: Tx, table_id: str, creator: Actor) -> Staging | None:
    return await store.find(tx, _number(table_id), creator.id)


async def sweep(db: Database, _objects: ObjectStore) -> None:
    """Give up what nobody registered; its files go with the next sweep of the catalog."""
    async with db.transaction() as tx:
        await store.delete_stale(tx, now_ms() - _STALE_MS)


def _number(written: str) -> uuid.UUID:
    try:
        return uuid.UUID(written)
    except ValueError:
        return uuid.UUID(int=0)
