"""Statements about passwords, attempts to sign in, and sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lakeward.runtime.db import Tx


async def find_password(tx: Tx, name: str) -> Any:
    """(principal_id, hash, permitted) of an active user who has a password; None."""
    return await tx.fetchrow(
        "SELECT p.id principal_id, w.hash, may_use('passwords', array(SELECT principals_of(p.id))) permitted"
        " FROM principal p JOIN password w ON w.principal_id = p.id"
        " WHERE p.name = $1 AND p.kind = 'USER' AND p.is_active",
        name,
    )


async def find_password_holder(tx: Tx, name: str) -> Any:
    """An active user who has a password, as `tokens.find_holder` gives one, its `hash`, and `permitted`; None."""
    return await tx.fetchrow(
        """
        SELECT p.id, p.name, held.principals, w.hash, may_use('passwords', held.principals) permitted,
               (SELECT array_agg(ROW(m.workspace_id, m.role)) FROM workspace_member m
                WHERE m.principal_id = ANY (held.principals)) roles
        FROM principal p JOIN password w ON w.principal_id = p.id
        CROSS JOIN LATERAL (SELECT array_agg(id) principals FROM principals_of(p.id) id) held
        WHERE p.name = $1 AND p.kind = 'USER' AND p.is_active
        """,
        name,
    )


async def find_hash(tx: Tx, principal_id: int) -> str | None:
    found: str | None = await tx.fetchval("SELECT hash FROM password WHERE principal_id = $1", principal_id)
    return found


async def set_password(tx: Tx, principal_id: int, hashed: str) -> None:
    """And end the sessions that began with the old one."""
    await tx.execute(
        "INSERT INTO password (principal_id, hash) VALUES ($1, $2)"
        " ON CONFLICT (principal_id) DO UPDATE SET hash = excluded.hash, changed_at = now()",
        principal_id, hashed,
    )  # fmt: skip
    await tx.execute("DELETE FROM access_token WHERE principal_id = $1 AND kind = 'SESSION'", principal_id)


async def rehash(tx: Tx, principal_id: int, old: str, new: str) -> None:
    """The same password under other costs."""
    await tx.execute("UPDATE password SET hash = $3 WHERE principal_id = $1 AND hash = $2", principal_id, old, new)


async def lock_attempts(tx: Tx, keys: Sequence[str]) -> None:
    """Attempts that share a name or an address are counted one after another."""
    for key in sorted(keys):
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 8))", key)


async def blocked_for(tx: Tx, keys: Sequence[str]) -> float:
    """Seconds until these may try again; 0 if they may now."""
    found: float = await tx.fetchval(
        "SELECT coalesce(extract(epoch FROM max(blocked_until) - now())::float8, 0) FROM sign_in_attempt"
        " WHERE key = ANY ($1::text[]) AND blocked_until > now()",
        keys,
    )
    return found


async def count_attempt(tx: Tx, keys: Sequence[str], free: Sequence[int], longest: Sequence[int]) -> None:
    """One failure more for each key. After `free` of them each doubles the wait, up to `longest` seconds.

    What is fifteen minutes old, or as old as its wait was long, is forgotten.
    """
    await tx.execute(
        """
        INSERT INTO sign_in_attempt AS a (key, failures, blocked_until)
        SELECT key, 1, now() FROM unnest($1::text[]) AS key
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN a.last_at < now() - interval '15 minutes' THEN 1
                            ELSE least(a.failures + 1, 1000000) END,
            last_at = now()
        """,
        keys,
    )
    await tx.execute(
        """
        UPDATE sign_in_attempt a SET blocked_until = now() + CASE WHEN a.failures < u.free THEN interval '0'
            ELSE least(2 ^ least(a.failures - u.free, 12), u.longest) * interval '1 second' END
        FROM unnest($1::text[], $2::int[], $3::int[]) AS u(key, free, longest) WHERE a.key = u.key
        """,
        keys, free, longest,
    )  # fmt: skip


async def forget_attempts(tx: Tx, key: str, others: Sequence[str]) -> None:
    """After a success: none for this key, one less for the others."""
    await tx.execute("DELETE FROM sign_in_attempt WHERE key = $1", key)
    await tx.execute(
        "UPDATE sign_in_attempt SET failures = greatest(failures - 1, 0) WHERE key = ANY ($1::text[])", others
    )


async def forget_name(tx: Tx, key: str, beginning: str) -> None:
    """One key, and those that begin so."""
    await tx.execute("DELETE FROM sign_in_attempt WHERE key = $1 OR starts_with(key, $2)", key, beginning)


async def add_session(tx: Tx, token_id: str, principal_id: int, digest: bytes, expires_at: datetime) -> None:
    await tx.execute(
        "INSERT INTO access_token (id, kind, principal_id, hash, expires_at, created_by)"
        " VALUES ($1, 'SESSION', $2, $3, $4, $2)",
        token_id, principal_id, digest, expires_at,
    )  # fmt: skip


async def find_session(tx: Tx, digest: bytes) -> int | None:
    """Whose session this is, if it has not ended."""
    found: int | None = await tx.fetchval(
        "SELECT principal_id FROM access_token WHERE hash = $1 AND kind = 'SESSION' AND expires_at > now()", digest
    )
    return found


async def delete_session(tx: Tx, digest: bytes) -> None:
    await tx.execute("DELETE FROM access_token WHERE hash = $1 AND kind = 'SESSION'", digest)


async def any_password(tx: Tx) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM password w JOIN principal p ON p.id = w.principal_id WHERE p.is_active)"
        )
    )


async def delete_old_attempts(tx: Tx) -> None:
    await tx.execute("DELETE FROM sign_in_attempt WHERE last_at < now() - interval '1 day'")
