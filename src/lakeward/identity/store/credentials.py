"""Statements about who may come in with which kind of credential."""

from collections.abc import Sequence

from lakeward.runtime.db import Tx


async def list_allowed(tx: Tx, kind: str) -> list[int]:
    """The principals to whom it was given."""
    rows = await tx.fetch("SELECT principal_id FROM credential_use WHERE kind = $1 ORDER BY principal_id", kind)
    return [row[0] for row in rows]


async def allow(tx: Tx, kind: str, principals: Sequence[int]) -> None:
    await tx.execute(
        "INSERT INTO credential_use SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING", kind, principals
    )


async def forbid_all(tx: Tx, kind: str) -> None:
    await tx.execute("DELETE FROM credential_use WHERE kind = $1", kind)


async def may_use(tx: Tx, kind: str, principal_id: int) -> bool:
    """By itself or through a group."""
    return bool(await tx.fetchval("SELECT may_use($1, array(SELECT principals_of($2)))", kind, principal_id))
