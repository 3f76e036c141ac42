"""Every statement about connections. Each is bounded by a workspace."""

import uuid

import msgspec

from lakeward.access import OWN, Sight, seen
from lakeward.catalog.records import Connection
from lakeward.runtime.db import Tx

_CONNECTION = f"""
    c.id, c.workspace_id, c.name, c.connection_type, c.comment, c.properties::text, c.options::text, c.sealed,
    c.data_key_id, c.read_only, c.created_at, c.created_by, c.updated_at, c.updated_by,
    coalesce((SELECT p.name FROM access_grant g JOIN principal p ON p.id = g.principal_id
              WHERE g.workspace_id = c.workspace_id AND g.kind = 'connection' AND g.object = c.id::text
              AND g.privilege = '{OWN}'), 'admins')
"""


class NewConnection(msgspec.Struct, frozen=True):
    """The columns of a connection to be made, in the order of the statement."""

    name: str
    connection_type: str
    comment: str
    properties: str
    options: str
    sealed: bytes
    data_key_id: uuid.UUID
    read_only: bool
    created_at: int
    created_by: str


async def add(tx: Tx, workspace: int, new: NewConnection) -> str | None:
    """Its id as grants have it, or None if the name is taken."""
    made: str | None = await tx.fetchval(
        "INSERT INTO connection (workspace_id, name, connection_type, comment, properties, options, sealed,"
        " data_key_id, read_only, created_at, created_by, updated_at, updated_by)"
        " VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $10, $11, $10, $11)"
        " ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id::text",
        workspace, *msgspec.structs.astuple(new),
    )  # fmt: skip
    return made


async def find(tx: Tx, workspace: int, name: str, *, lock: bool = False) -> Connection | None:
    row = await tx.fetchrow(
        f"SELECT {_CONNECTION} FROM connection c WHERE c.workspace_id = $1 AND c.name = $2"
        f"{' FOR UPDATE OF c' if lock else ''}",
        workspace, name,
    )  # fmt: skip
    return Connection(*row) if row else None


async def page(tx: Tx, workspace: int, sight: Sight | None, after: str, limit: int) -> list[Connection]:
    select = f"SELECT {_CONNECTION} FROM connection c"
    return [Connection(*row) for row in await seen(tx, select, "c", workspace, sight, after, limit)]


async def change(
    tx: Tx, connection: Connection, actor: str, now: int, *, name: str, options: str, sealed: bytes
) -> bool:
    """False if the new name is taken."""
    return bool(
        await tx.fetchval(
            "UPDATE connection c SET name = $2, options = $3::jsonb, sealed = $4, updated_by = $5,"
            " updated_at = greatest(updated_at, $6) WHERE id = $1 AND NOT EXISTS (SELECT FROM connection o"
            "  WHERE o.workspace_id = c.workspace_id AND o.name = $2 AND o.id <> c.id) RETURNING true",
            connection.id, name, options, sealed, actor, now,
        )
    )  # fmt: skip


async def delete(tx: Tx, connection: Connection) -> None:
    await tx.execute("DELETE FROM connection WHERE id = $1", connection.id)
