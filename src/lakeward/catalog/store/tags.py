"""Every statement about tags. `kind` and `target` say which object, as grants do."""

from lakeward.catalog.records import Tag
from lakeward.runtime.db import Tx

_TAG = "key, value, updated_at, updated_by"
_OF_ONE = "workspace_id = $1 AND kind = $2 AND object = $3"


async def put(tx: Tx, workspace: int, kind: str, target: str, tag: Tag, *, new: bool) -> bool:
    """False if the key is there already and the tag is to be `new`, or is not there and the tag is not."""
    if new:
        return bool(
            await tx.fetchval(
                "INSERT INTO entity_tag (workspace_id, kind, object, key, value, updated_at, updated_by)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING true",
                workspace, kind, target, tag.key, tag.value, tag.updated_at, tag.updated_by,
            )
        )  # fmt: skip
    return bool(
        await tx.fetchval(
            f"UPDATE entity_tag SET value = $5, updated_at = $6, updated_by = $7 WHERE {_OF_ONE} AND key = $4"
            " RETURNING true",
            workspace, kind, target, tag.key, tag.value, tag.updated_at, tag.updated_by,
        )
    )  # fmt: skip


async def find(tx: Tx, workspace: int, kind: str, target: str, key: str) -> Tag | None:
    row = await tx.fetchrow(f"SELECT {_TAG} FROM entity_tag WHERE {_OF_ONE} AND key = $4", workspace, kind, target, key)
    return Tag(*row) if row else None


async def page(tx: Tx, workspace: int, kind: str, target: str, after: str, limit: int) -> list[Tag]:
    rows = await tx.fetch(
        f"SELECT {_TAG} FROM entity_tag WHERE {_OF_ONE} AND key > $4 ORDER BY key LIMIT $5",
        workspace, kind, target, after, limit,
    )  # fmt: skip
    return [Tag(*row) for row in rows]


async def count(tx: Tx, workspace: int, kind: str, target: str) -> int:
    found: int = await tx.fetchval(f"SELECT count(*) FROM entity_tag WHERE {_OF_ONE}", workspace, kind, target)
    return found


async def delete(tx: Tx, workspace: int, kind: str, target: str, key: str) -> bool:
    return bool(
        await tx.fetchval(
            f"DELETE FROM entity_tag WHERE {_OF_ONE} AND key = $4 RETURNING true", workspace, kind, target, key
        )
    )
