"""Every statement about staging tables. Whoever made one is the only one who sees it."""

import uuid

from lakeward.catalog.records import Staging
from lakeward.runtime.db import Tx

_STAGING = "id, workspace_id, catalog_name, schema_name, name"


async def add(tx: Tx, workspace: int, catalog: str, schema: str, name: str, principal: int, now: int) -> Staging:
    row = await tx.fetchrow(
        "INSERT INTO staging_table (workspace_id, catalog_name, schema_name, name, principal_id, created_at)"
        f" VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_STAGING}",
        workspace, catalog, schema, name, principal, now,
    )  # fmt: skip
    return Staging(*row)


async def find(tx: Tx, staging: uuid.UUID, principal: int) -> Staging | None:
    row = await tx.fetchrow(
        f"SELECT {_STAGING} FROM staging_table WHERE id = $1 AND principal_id = $2", staging, principal
    )
    return Staging(*row) if row else None


async def forget(tx: Tx, staging: uuid.UUID) -> None:
    await tx.execute("DELETE FROM staging_table WHERE id = $1", staging)


async def delete_stale(tx: Tx, before: int) -> None:
    await tx.execute("DELETE FROM staging_table WHERE created_at < $1", before)
