"""Statements about roles on principals."""

from collections.abc import Collection, Sequence

from lakeward.identity.records import Holding, Kind
from lakeward.runtime.db import Tx


async def find_object(tx: Tx, kind: Kind, name: str) -> int | None:
    """The group or service principal of this id; a service principal also by its application id."""
    found: int | None = await tx.fetchval(
        "SELECT id FROM principal WHERE kind = $1 AND (id::text = $2"
        " OR kind = 'SERVICE_PRINCIPAL' AND lower(name) = lower($2)) ORDER BY id::text = $2 LIMIT 1",
        kind, name,
    )  # fmt: skip
    return found


async def find_holder(tx: Tx, kind: Kind, name: str) -> int | None:
    found: int | None = await tx.fetchval("SELECT id FROM principal WHERE kind = $1 AND name = $2", kind, name)
    return found


async def lock(tx: Tx, principal: int) -> None:
    """Changes of one rule set wait for each other until the transaction ends."""
    await tx.execute("SELECT FROM principal WHERE id = $1 FOR NO KEY UPDATE", principal)


async def held_on(tx: Tx, principal: int) -> list[Holding]:
    rows = await tx.fetch(
        "SELECT r.role, p.kind, p.name FROM principal_role r JOIN principal p ON p.id = r.holder_id"
        " WHERE r.principal_id = $1 ORDER BY r.role, p.kind, p.name",
        principal,
    )
    return [Holding(*row) for row in rows]


async def replace(tx: Tx, principal: int, held: Sequence[tuple[str, int]]) -> None:
    """`held` is (role, holder) of each."""
    await tx.execute("DELETE FROM principal_role WHERE principal_id = $1", principal)
    await tx.execute(
        "INSERT INTO principal_role (principal_id, holder_id, role)"
        " SELECT $1, h, r FROM unnest($2::bigint[], $3::text[]) AS given(h, r) ON CONFLICT DO NOTHING",
        principal, [holder for _, holder in held], [role for role, _ in held],
    )  # fmt: skip


async def holds(tx: Tx, principal: int, roles: Sequence[str], holders: Collection[int]) -> bool:
    """Whether one of these holds one of these roles on it."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM principal_role WHERE principal_id = $1 AND role = ANY ($2::text[])"
            " AND holder_id = ANY ($3::bigint[]))",
            principal, list(roles), list(holders),
        )
    )  # fmt: skip
