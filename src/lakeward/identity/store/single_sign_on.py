"""Statements about people on their way to the OpenID provider and back, and what it gave them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lakeward.identity.records import USERS_ID
from lakeward.runtime.db import Tx


async def count_attempts(tx: Tx, address: str) -> int:
    """How many left from this address and did not come back yet."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM sso_attempt WHERE address = $1 AND expires_at > now()", address
    )
    return found


async def add_attempt(
    tx: Tx,
    state: bytes,
    browser: bytes,
    nonce: str,
    verifier: str,
    redirect_uri: str,
    back: str,
    address: str,
    expires_at: datetime,
) -> None:
    await tx.execute(
        "INSERT INTO sso_attempt (state, browser, nonce, verifier, redirect_uri, back, address, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        state, browser, nonce, verifier, redirect_uri, back, address, expires_at,
    )  # fmt: skip


async def take_attempt(tx: Tx, state: bytes) -> Any:
    """The attempt, which is gone then; None if there is none, or it is too old."""
    return await tx.fetchrow(
        "DELETE FROM sso_attempt WHERE state = $1"
        " RETURNING browser, nonce, verifier, redirect_uri, back, expires_at > now() AS good",
        state,
    )


async def delete_expired(tx: Tx) -> None:
    await tx.execute("DELETE FROM sso_attempt WHERE expires_at < now()")


async def find_linked(tx: Tx, issuer: str, subject: str) -> Any:
    """(id, kind, name, is_active) of whom the provider means."""
    return await tx.fetchrow(
        "SELECT p.id, p.kind, p.name, p.is_active FROM sso_identity s JOIN principal p ON p.id = s.principal_id"
        " WHERE s.issuer = $1 AND s.subject = $2",
        issuer, subject,
    )  # fmt: skip


async def find_named(tx: Tx, issuer: str, name: str) -> Any:
    """(id, kind, name, is_active, linked) of whoever has this name in whatever case; `linked` to another subject."""
    return await tx.fetchrow(
        "SELECT p.id, p.kind, p.name, p.is_active,"
        " EXISTS (SELECT FROM sso_identity s WHERE s.principal_id = p.id AND s.issuer = $1) linked"
        " FROM principal p WHERE lower(p.name) = lower($2)",
        issuer, name,
    )  # fmt: skip


async def link(tx: Tx, issuer: str, subject: str, principal_id: int) -> None:
    await tx.execute(
        "INSERT INTO sso_identity (issuer, subject, principal_id) VALUES ($1, $2, $3)", issuer, subject, principal_id
    )


async def groups_named(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    """The groups of these names that somebody can be put into."""
    rows = await tx.fetch(
        "SELECT name, id FROM principal WHERE kind = 'GROUP' AND id <> $2 AND name = ANY ($1::text[])", names, USERS_ID
    )
    return {row["name"]: row["id"] for row in rows}


async def give(tx: Tx, member: int, groups: Sequence[int]) -> list[str]:
    """Put somebody into those of these groups in which they are not. The names of these."""
    rows = await tx.fetch(
        """
        WITH added AS (
            INSERT INTO group_member (group_id, member_id) SELECT id, $1 FROM unnest($2::bigint[]) AS id
            ON CONFLICT DO NOTHING RETURNING group_id
        )
        SELECT p.id, p.name FROM added JOIN principal p ON p.id = added.group_id ORDER BY p.name
        """,
        member, groups,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO sso_membership (member_id, group_id) SELECT $1, id FROM unnest($2::bigint[]) AS id",
        member, [row["id"] for row in rows],
    )  # fmt: skip
    return [row["name"] for row in rows]


async def take_others(tx: Tx, member: int, groups: Sequence[int]) -> list[tuple[int, str]]:
    """Take somebody out of the groups that the provider gave, but for these. (id, name) of those left."""
    rows = await tx.fetch(
        """
        WITH left_behind AS (
            DELETE FROM group_member m USING sso_membership s
            WHERE s.member_id = $1 AND m.member_id = $1 AND m.group_id = s.group_id AND m.group_id <> ALL ($2::bigint[])
            RETURNING m.group_id
        )
        SELECT p.id, p.name FROM left_behind l JOIN principal p ON p.id = l.group_id ORDER BY p.name
        """,
        member, groups,
    )  # fmt: skip
    return [(row["id"], row["name"]) for row in rows]
