"""Statements about codes, grants, and the access tokens that OAuth gives out."""

from datetime import datetime
from typing import Any

from lakeward.runtime.db import Tx


async def find_secret(tx: Tx, digest: bytes) -> Any:
    """(id, generation, principal_id, name) of a secret that is good, of an active service principal; or None."""
    return await tx.fetchrow(
        "SELECT s.id, s.generation, p.id principal_id, p.name FROM service_secret s JOIN principal p"
        " ON p.id = s.principal_id WHERE s.hash = $1 AND s.expires_at > now() AND p.is_active",
        digest,
    )


async def add_access_token(
    tx: Tx,
    token_id: str,
    principal_id: int,
    digest: bytes,
    expires_at: datetime,
    *,
    secret_id: str | None = None,
    grant_id: int | None = None,
) -> None:
    """One that is there already stays as it is."""
    await tx.execute(
        "INSERT INTO access_token (id, kind, principal_id, hash, expires_at, created_by, secret_id, grant_id)"
        " VALUES ($1, 'OAUTH', $2, $3, $4, $2, $5, $6) ON CONFLICT DO NOTHING",
        token_id, principal_id, digest, expires_at, secret_id, grant_id,
    )  # fmt: skip


async def add_code(
    tx: Tx,
    digest: bytes,
    principal_id: int,
    client_id: str,
    redirect_uri: str,
    challenge: str,
    scopes: str,
    expires_at: datetime,
) -> None:
    await tx.execute(
        "INSERT INTO oauth_code (hash, principal_id, client_id, redirect_uri, challenge, scopes, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        digest, principal_id, client_id, redirect_uri, challenge, scopes, expires_at,
    )  # fmt: skip


async def take_code(tx: Tx, digest: bytes) -> Any:
    """The code, locked; with whether it and its holder are still good."""
    return await tx.fetchrow(
        "SELECT c.*, c.expires_at > now() AND p.is_active AS good FROM oauth_code c"
        " JOIN principal p ON p.id = c.principal_id WHERE c.hash = $1 FOR UPDATE OF c",
        digest,
    )


async def mark_code(tx: Tx, digest: bytes, grant_id: int) -> None:
    await tx.execute("UPDATE oauth_code SET grant_id = $2 WHERE hash = $1", digest, grant_id)


async def add_grant(
    tx: Tx, principal_id: int, client_id: str, scopes: str, refresh: bytes | None, expires_at: datetime
) -> int:
    made: int = await tx.fetchval(
        "INSERT INTO oauth_grant (principal_id, client_id, scopes, refresh_hash, expires_at)"
        " VALUES ($1, $2, $3, $4, $5) RETURNING id",
        principal_id, client_id, scopes, refresh, expires_at,
    )  # fmt: skip
    return made


async def find_grant(tx: Tx, refresh: bytes) -> Any:
    """(id, principal_id, client_id, scopes) of a refresh token that is good; or None."""
    return await tx.fetchrow(
        "SELECT g.id, g.principal_id, g.client_id, g.scopes FROM oauth_grant g JOIN principal p"
        " ON p.id = g.principal_id WHERE g.refresh_hash = $1 AND g.expires_at > now() AND p.is_active",
        refresh,
    )


async def delete_grant(tx: Tx, grant_id: int) -> None:
    """With its tokens."""
    await tx.execute("DELETE FROM oauth_grant WHERE id = $1", grant_id)


async def revoke(tx: Tx, digest: bytes) -> None:
    """End an access token or a refresh token and the access tokens made with it. Nothing, if it is none.

    Access tokens of a secret go together, and the next generation has other ones.
    """
    await tx.execute("DELETE FROM oauth_grant WHERE refresh_hash = $1", digest)
    secret = await tx.fetchval("SELECT secret_id FROM access_token WHERE hash = $1 AND kind = 'OAUTH'", digest)
    if secret is not None:
        await tx.execute("UPDATE service_secret SET generation = generation + 1 WHERE id = $1", secret)
        await tx.execute("DELETE FROM access_token WHERE secret_id = $1", secret)
    await tx.execute("DELETE FROM access_token WHERE hash = $1 AND kind = 'OAUTH'", digest)


async def delete_expired(tx: Tx) -> None:
    """What nobody can use any more. Personal tokens stay: whoever looks for one finds that it expired."""
    await tx.execute("DELETE FROM access_token WHERE kind <> 'PERSONAL' AND expires_at < now()")
    await tx.execute("DELETE FROM oauth_grant WHERE expires_at < now()")
    await tx.execute("DELETE FROM oauth_code WHERE expires_at < now() - interval '1 day'")
