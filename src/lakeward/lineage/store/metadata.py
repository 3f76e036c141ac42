"""Every statement about external metadata. Each is bounded by a workspace, or by an id that was found in one."""

import uuid

import msgspec

from lakeward.access import OWN, Sight, seen
from lakeward.lineage.records import Metadata
from lakeward.runtime.db import Tx

_METADATA = f"""
    o.id, o.workspace_id, o.name, o.system_type, o.entity_type, o.url, o.description, o.columns::text,
    o.properties::text, o.created_at, o.created_by, o.updated_at, o.updated_by,
    coalesce((SELECT p.name FROM access_grant g JOIN principal p ON p.id = g.principal_id
              WHERE g.workspace_id = o.workspace_id AND g.kind = 'external_metadata' AND g.object = o.id::text
              AND g.privilege = '{OWN}'), 'admins')
"""


class NewMetadata(msgspec.Struct, frozen=True):
    """The columns of one to be made, in the order of the statement."""

    name: str
    system_type: str
    entity_type: str
    url: str
    description: str
    columns: str
    properties: str
    at: int
    by: str


async def add(tx: Tx, workspace: int, new: NewMetadata) -> str | None:
    """Its id as grants have it, or None if the name is taken."""
    made: str | None = await tx.fetchval(
        "INSERT INTO external_metadata (workspace_id, name, system_type, entity_type, url, description, columns,"
        " properties, created_at, created_by, updated_at, updated_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10, $9, $10)"
        " ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id::text",
        workspace, *msgspec.structs.astuple(new),
    )  # fmt: skip
    return made


async def find(tx: Tx, workspace: int, name: str) -> Metadata | None:
    row = await tx.fetchrow(
        f"SELECT {_METADATA} FROM external_metadata o WHERE o.workspace_id = $1 AND o.name = $2", workspace, name
    )
    return Metadata(*row) if row else None


async def page(tx: Tx, workspace: int, sight: Sight | None, after: str, limit: int) -> list[Metadata]:
    select = f"SELECT {_METADATA} FROM external_metadata o"
    return [Metadata(*row) for row in await seen(tx, select, "o", workspace, sight, after, limit)]


async def change(
    tx: Tx, found: uuid.UUID, actor: str, now: int, *, system_type: str | None, entity_type: str | None,
    url: str | None, description: str | None, columns: str | None, properties: str | None,
) -> None:  # fmt: skip
    """None leaves a field as it is."""
    await tx.execute(
        "UPDATE external_metadata SET system_type = coalesce($2, system_type),"
        " entity_type = coalesce($3, entity_type), url = coalesce($4, url),"
        " description = coalesce($5, description), columns = coalesce($6::jsonb, columns),"
        " properties = coalesce($7::jsonb, properties), updated_by = $8, updated_at = greatest(updated_at, $9)"
        " WHERE id = $1",
        found, system_type, entity_type, url, description, columns, properties, actor, now,
    )  # fmt: skip


async def delete(tx: Tx, found: uuid.UUID) -> None:
    await tx.execute("DELETE FROM external_metadata WHERE id = $1", found)
