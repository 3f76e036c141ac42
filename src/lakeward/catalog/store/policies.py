"""Every statement about tag policies. Each is bounded by a workspace."""

from collections.abc import Sequence

from lakeward.access import Sight, seen
from lakeward.catalog.records import TagPolicy
from lakeward.runtime.db import Tx

_POLICY = "o.id, o.tag_key, o.description, o.allowed_values, o.created_at, o.updated_at"


async def add(
    tx: Tx, workspace: int, key: str, description: str, values: Sequence[str], now: int, most: int
) -> TagPolicy | None:
    """None if the key has one, or there are as many as there may be."""
    row = await tx.fetchrow(
        "INSERT INTO tag_policy AS o (workspace_id, tag_key, description, allowed_values, created_at, updated_at)"
        " SELECT $1, $2, $3, $4, $5, $5 WHERE (SELECT count(*) FROM tag_policy WHERE workspace_id = $1) < $6"
        f" ON CONFLICT (workspace_id, tag_key) DO NOTHING RETURNING {_POLICY}",
        workspace, key, description, values, now, most,
    )  # fmt: skip
    return TagPolicy(*row) if row else None


async def find(tx: Tx, workspace: int, key: str) -> TagPolicy | None:
    row = await tx.fetchrow(
        f"SELECT {_POLICY} FROM tag_policy o WHERE o.workspace_id = $1 AND o.tag_key = $2", workspace, key
    )
    return TagPolicy(*row) if row else None


async def keys(tx: Tx, workspace: int) -> list[str]:
    return [row[0] for row in await tx.fetch("SELECT tag_key FROM tag_policy WHERE workspace_id = $1", workspace)]


async def of_keys(tx: Tx, workspace: int, keys: Sequence[str]) -> list[TagPolicy]:
    rows = await tx.fetch(
        f"SELECT {_POLICY} FROM tag_policy o WHERE o.workspace_id = $1 AND o.tag_key = ANY($2::text[])", workspace, keys
    )
    return [TagPolicy(*row) for row in rows]


async def page(tx: Tx, workspace: int, sight: Sight | None, after: str, limit: int) -> list[TagPolicy]:
    select = f"SELECT {_POLICY} FROM tag_policy o"
    return [TagPolicy(*row) for row in await seen(tx, select, "o", workspace, sight, after, limit, key="tag_key")]


async def change(
    tx: Tx, workspace: int, key: str, description: str | None, values: Sequence[str] | None, now: int
) -> TagPolicy | None:
    """None leaves a field as it is. None if there is no such policy."""
    row = await tx.fetchrow(
        "UPDATE tag_policy o SET description = coalesce($3, description),"
        " allowed_values = coalesce($4::text[], allowed_values), updated_at = greatest(updated_at, $5)"
        f" WHERE o.workspace_id = $1 AND o.tag_key = $2 RETURNING {_POLICY}",
        workspace, key, description, values, now,
    )  # fmt: skip
    return TagPolicy(*row) if row else None


async def delete(tx: Tx, workspace: int, key: str) -> bool:
    return bool(
        await tx.fetchval(
            "DELETE FROM tag_policy WHERE workspace_id = $1 AND tag_key = $2 RETURNING true", workspace, key
        )
    )
