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


async def turn_grant(tx: Tx, client_id: str, refresh: bytes, following: bytes) -> Any:
    """(id, principal_id, scopes) of a refresh token that is good; or None. It gives way to the following one.

    Of several at a time one gets it: the others wait for its row, and find it spent.
    """
    return await tx.fetchrow(
        "WITH turned AS (UPDATE oauth_grant g SET refresh_hash = $3 FROM principal p WHERE p.id = g.principal_id"
        " AND g.refresh_hash = $2 AND g.client_id = $1 AND g.expires_at > now() AND p.is_active"
        " RETURNING g.id, g.principal_id, g.scopes),"
        " spent AS (INSERT INTO oauth_spent (hash, grant_id) SELECT $2, id FROM turned WHERE $2 <> $3)"
        " SELECT id, principal_id, scopes FROM turned",
        client_id, refresh, following,
    )  # fmt: skip


async def find_spent(tx: Tx, refresh: bytes) -> Any:
    """(id of the grant, name of the principal) of a refresh token that gave way to another; or None."""
    return await tx.fetchrow(
        "SELECT g.id, p.name FROM oauth_spent s JOIN oauth_grant g ON g.id = s.grant_id"
        " JOIN principal p ON p.id = g.principal_id WHERE s.hash = $1",
        refresh,
    )


async def delete_grant(tx: Tx, grant_id: int) -> None:
    """With its tokens."""
    await tx.execute("DELETE FROM oauth_grant WHERE id = $1", grant_id)


async def revoke(tx: Tx, digest: bytes) -> None:
    """End an access token, or a refresh token, spent or not, with all that its family gave. Nothing, if it is none.

    Access tokens of a secret go together, and the next generation has other ones.
    """
    await tx.execute(
        "DELETE FROM oauth_grant WHERE refresh_hash = $1 OR id = (SELECT grant_id FROM oauth_spent WHERE hash = $1)",
        digest,
    )
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
