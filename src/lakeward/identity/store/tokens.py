"""Statements about access tokens."""

from datetime import datetime
from typing import Any, Final

from lakeward.identity.records import Token
from lakeward.runtime.db import Tx

_HOLDER: Final = """
    SELECT p.id, p.name, held.principals,
           (SELECT array_agg(ROW(m.workspace_id, m.role)) FROM workspace_member m
            WHERE m.principal_id = ANY (held.principals)) roles
    FROM principal p CROSS JOIN LATERAL (SELECT array_agg(id) principals FROM principals_of(p.id) id) held
"""


async def add_token(
    tx: Tx, token_id: str, principal_id: int, digest: bytes, comment: str, expires_at: datetime | None
) -> None:
    await tx.execute(
        "INSERT INTO access_token (id, principal_id, hash, comment, expires_at) VALUES ($1, $2, $3, $4, $5)",
        token_id, principal_id, digest, comment, expires_at,
    )  # fmt: skip


async def list_tokens(tx: Tx) -> list[Token]:
    rows = await tx.fetch(
        "SELECT t.id, p.name, t.comment, t.created_at, t.expires_at"
        " FROM access_token t JOIN principal p ON p.id = t.principal_id ORDER BY t.created_at, t.id"
    )
    return [Token(*row) for row in rows]


async def delete_token(tx: Tx, token_id: str) -> bool:
    return bool(await tx.fetchval("DELETE FROM access_token WHERE id = $1 RETURNING true", token_id))


async def any_token(tx: Tx) -> bool:
    return bool(
        await tx.fetchval("SELECT EXISTS (SELECT FROM access_token WHERE expires_at IS NULL OR expires_at > now())")
    )


async def find_token_holder(tx: Tx, digest: bytes) -> Any:
    """The active holder of a live token, or None: (id, name, principals, roles).

    `principals` are the holder and all its groups, `roles` all of theirs as an array of (workspace id, role).
    """
    return await tx.fetchrow(
        _HOLDER + "JOIN access_token t ON t.principal_id = p.id"
        " WHERE t.hash = $1 AND p.is_active AND (t.expires_at IS NULL OR t.expires_at > now())",
        digest,
    )


async def find_holder(tx: Tx, principal_id: int) -> Any:
    """An active principal as `find_token_holder` gives it, or None."""
    return await tx.fetchrow(_HOLDER + "WHERE p.id = $1 AND p.is_active", principal_id)
