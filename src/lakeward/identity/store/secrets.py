"""Statements about the secrets of service principals."""

from datetime import datetime

from lakeward.identity.records import ServiceSecret
from lakeward.runtime.db import Tx


async def add_secret(tx: Tx, secret_id: str, principal_id: int, digest: bytes, expires_at: datetime) -> ServiceSecret:
    row = await tx.fetchrow(
        "INSERT INTO service_secret (id, principal_id, hash, expires_at) VALUES ($1, $2, $3, $4)"
        " RETURNING id, hash, created_at, expires_at",
        secret_id, principal_id, digest, expires_at,
    )  # fmt: skip
    return ServiceSecret(*row)


async def list_secrets(tx: Tx, principal_id: int) -> list[ServiceSecret]:
    """Oldest first, also those that are no longer good."""
    rows = await tx.fetch(
        "SELECT id, hash, created_at, expires_at FROM service_secret WHERE principal_id = $1 ORDER BY created_at, id",
        principal_id,
    )
    return [ServiceSecret(*row) for row in rows]


async def delete_secret(tx: Tx, principal_id: int, secret_id: str) -> bool:
    statement = "DELETE FROM service_secret WHERE principal_id = $1 AND id = $2 RETURNING true"
    return bool(await tx.fetchval(statement, principal_id, secret_id))
