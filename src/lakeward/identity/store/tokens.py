"""Statements about access tokens, of whatever kind; what people see and name are the personal ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from lakeward.identity.records import Token
from lakeward.runtime.db import Tx

_HOLDER: Final = """
    SELECT p.id, p.name, held.principals,
           (SELECT array_agg(ROW(m.workspace_id, m.role)) FROM workspace_member m
            WHERE m.principal_id = ANY (held.principals)) roles
    FROM principal p CROSS JOIN LATERAL (SELECT array_agg(id) principals FROM principals_of(p.id) id) held
    WHERE p.id = $1 AND p.is_active
"""
_HOLDER_OF_ONE: Final = """
    SELECT p.id, p.name, held.principals,
           (SELECT array_agg(ROW(m.workspace_id, m.role)) FROM workspace_member m
            WHERE m.principal_id = ANY (held.principals)) roles,
           t.id token_id,
           NOT EXISTS (SELECT FROM access_token_use u
                       WHERE u.token_id = t.id AND u.used_at > now() - interval '1 minute') unnoticed,
           t.scopes, t.kind <> 'PERSONAL' OR may_use('tokens', held.principals) permitted
    FROM access_token t JOIN principal p ON p.id = t.principal_id
    CROSS JOIN LATERAL (SELECT array_agg(id) principals FROM principals_of(p.id) id) held
    WHERE t.hash = $1 AND p.is_active AND (t.expires_at IS NULL OR t.expires_at > now())
"""
_PERSONAL: Final = """
    SELECT t.id, p.id, p.name, t.comment, c.id, c.name, t.created_at, t.expires_at, u.used_at, t.scopes
    FROM access_token t JOIN principal p ON p.id = t.principal_id
    LEFT JOIN principal c ON c.id = t.created_by
    LEFT JOIN access_token_use u ON u.token_id = t.id
    WHERE t.kind = 'PERSONAL'
"""


async def add_token(
    tx: Tx,
    token_id: str,
    principal_id: int,
    digest: bytes,
    comment: str,
    expires_at: datetime | None,
    scopes: Sequence[str] | None,
    created_by: int | None,
) -> None:
    await tx.execute(
        "INSERT INTO access_token (id, principal_id, hash, comment, expires_at, scopes, created_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        token_id, principal_id, digest, comment, expires_at, scopes, created_by,
    )  # fmt: skip


async def list_tokens(
    tx: Tx, *, principal_id: int | None = None, created_by: int | None = None, creator: str | None = None
) -> list[Token]:
    """Oldest first; narrowed to a holder, or to who made them, by id or name."""
    rows = await tx.fetch(
        _PERSONAL + "AND ($1::bigint IS NULL OR t.principal_id = $1) AND ($2::bigint IS NULL OR t.created_by = $2)"
        " AND ($3::text IS NULL OR c.name = $3) ORDER BY t.created_at, t.id",
        principal_id, created_by, creator,
    )  # fmt: skip
    return [Token(*row) for row in rows]


async def find_token(tx: Tx, token_id: str) -> Token | None:
    row = await tx.fetchrow(_PERSONAL + "AND t.id = $1", token_id)
    return Token(*row) if row else None


async def count_tokens(tx: Tx, principal_id: int) -> int:
    """Those that live."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM access_token WHERE principal_id = $1 AND kind = 'PERSONAL'"
        " AND (expires_at IS NULL OR expires_at > now())", principal_id,
    )  # fmt: skip
    return found


async def set_comment(tx: Tx, token_id: str, comment: str) -> None:
    await tx.execute("UPDATE access_token SET comment = $2 WHERE id = $1", token_id, comment)


async def delete_token(tx: Tx, token_id: str, *, principal_id: int | None = None) -> bool:
    """Whether there was one, of this principal if one is named."""
    return bool(
        await tx.fetchval(
            "DELETE FROM access_token WHERE id = $1 AND kind = 'PERSONAL'"
            " AND principal_id = coalesce($2, principal_id) RETURNING true",
            token_id,
            principal_id,
        )
    )


async def any_token(tx: Tx) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM access_token"
            " WHERE kind = 'PERSONAL' AND (expires_at IS NULL OR expires_at > now()))"
        )
    )


async def find_token_holder(tx: Tx, digest: bytes) -> Any:
    """The active holder of a live token, or None, with its token_id, `unnoticed`, `scopes` and `permitted`.

    `principals` are the holder and all its groups, `roles` all of theirs as an array of (workspace id, role);
    `unnoticed` if no use of the token was written down for a minute; `permitted` if the holder may use it.
    """
    return await tx.fetchrow(_HOLDER_OF_ONE, digest)


async def find_holder(tx: Tx, principal_id: int) -> Any:
    """An active principal as `find_token_holder` gives it, or None."""
    return await tx.fetchrow(_HOLDER, principal_id)


async def note_uses(tx: Tx, token_ids: Sequence[str]) -> None:
    """Write down that these tokens were used just now, unless another process did a moment ago."""
    await tx.execute(
        "INSERT INTO access_token_use (token_id, used_at)"
        " SELECT id, now() FROM access_token WHERE id = ANY ($1::text[]) ORDER BY id"
        " ON CONFLICT (token_id) DO UPDATE SET used_at = excluded.used_at"
        " WHERE access_token_use.used_at < excluded.used_at - interval '1 minute'",
        token_ids,
    )  # fmt: skip
