"""Every statement about volumes, tables and functions. Each is bounded by the workspace of their catalog."""

import uuid

import msgspec

from lakeward.access import OWN, Sight, seen
from lakeward.catalog.records import Asset
from lakeward.kit.filters import Op
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters, after, text_test

# compat(databricks-sdk 0.156): models are functions to grants, and so are functions
_GRANT_KIND = "CASE a.kind WHEN 'function' THEN 'registered_model' ELSE a.kind END"
_ASSET = f"""
    a.id, a.workspace_id, a.catalog_name, a.schema_name, a.kind, a.name, a.comment, a.properties::text, a.detail::text,
    a.storage_location, a.created_at, a.created_by, a.updated_at, a.updated_by,
    coalesce((SELECT p.name FROM access_grant g JOIN principal p ON p.id = g.principal_id
              WHERE g.workspace_id = a.workspace_id AND g.kind = {_GRANT_KIND} AND g.object = a.id::text
              AND g.privilege = '{OWN}'), 'admins')
"""


class NewAsset(msgspec.Struct, frozen=True):
    """The columns of an asset to be made, in the order of the statement."""

    catalog_name: str
    schema_name: str
    kind: str
    name: str
    comment: str
    properties: str
    detail: str
    storage_location: str
    created_at: int
    created_by: str
    id: uuid.UUID | None = None  # of one whose files were written before it was registered


async def add(tx: Tx, workspace: int, new: NewAsset) -> str | None:
    """Its id as grants have it, or None if the name is taken; the schema is there."""
    made: str | None = await tx.fetchval(
        "INSERT INTO asset (workspace_id, catalog_name, schema_name, kind, name, comment, properties, detail,"
        " storage_location, created_at, created_by, updated_at, updated_by, id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10, $11, $10, $11,"
        " coalesce($12::uuid, gen_random_uuid()))"
        " ON CONFLICT (workspace_id, kind, catalog_name, schema_name, name) DO NOTHING RETURNING id::text",
        workspace, *msgspec.structs.astuple(new),
    )  # fmt: skip
    return made


async def find(tx: Tx, workspace: int, kind: str, catalog: str, schema: str, name: str) -> Asset | None:
    row = await tx.fetchrow(
        f"SELECT {_ASSET} FROM asset a WHERE a.workspace_id = $1 AND a.kind = $2 AND a.catalog_name = $3"
        " AND a.schema_name = $4 AND a.name = $5",
        workspace, kind, catalog, schema, name,
    )  # fmt: skip
    return Asset(*row) if row else None


async def find_by_id(tx: Tx, workspace: int, kind: str, asset_id: str) -> Asset | None:
    row = await tx.fetchrow(
        f"SELECT {_ASSET} FROM asset a WHERE a.workspace_id = $1 AND a.kind = $2 AND a.id::text = $3",
        workspace, kind, asset_id,
    )  # fmt: skip
    return Asset(*row) if row else None


async def page(
    tx: Tx, workspace: int, kind: str, catalog: str, schema: str, sight: Sight | None, last: str, limit: int
) -> list[Asset]:
    """Those of a schema, by name."""
    place = {"kind": kind, "catalog_name": catalog, "schema_name": schema}
    select = f"SELECT {_ASSET} FROM asset a"
    return [Asset(*row) for row in await seen(tx, select, "a", workspace, sight, last, limit, **place)]


async def in_catalog(
    tx: Tx, workspace: int, kind: str, catalog: str, patterns: tuple[str, str], sight: Sight | None,
    last: tuple[str, str], limit: int,
) -> list[Asset]:  # fmt: skip
    """Those of all schemas of a catalog, by schema and name, after `last`. `patterns`: of both, '' for any."""
    parameters = Parameters()
    where = [
        f"a.workspace_id = {parameters.add(workspace)}",
        f"a.kind = {parameters.add(kind)}",
        f"a.catalog_name = {parameters.add(catalog)}",
        after([("a.schema_name", True), ("a.name", True)], last, parameters),
    ]
    schemas, names = patterns
    if schemas:
        where.append(text_test(parameters, "a.schema_name", Op.LIKE, schemas))
    if names:
        where.append(text_test(parameters, "a.name", Op.LIKE, names))
    if sight is not None:
        where.append(sight.condition(parameters, "a"))
    rows = await tx.fetch(
        f"SELECT {_ASSET} FROM asset a WHERE {' AND '.join(where)} ORDER BY a.schema_name, a.name"
        f" LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [Asset(*row) for row in rows]


async def change(
    tx: Tx, asset: Asset, actor: str, now: int, *, name: str | None, comment: str | None, detail: str | None
) -> bool:
    """None leaves a field as it is. False if the new name is taken."""
    return bool(
        await tx.fetchval(
            "UPDATE asset a SET name = coalesce($2, name), comment = coalesce($3, comment),"
            " detail = coalesce($4::jsonb, detail), updated_by = $5, updated_at = greatest(updated_at, $6)"
            " WHERE id = $1 AND NOT EXISTS (SELECT FROM asset o WHERE o.workspace_id = a.workspace_id"
            "  AND o.kind = a.kind AND o.catalog_name = a.catalog_name AND o.schema_name = a.schema_name"
            "  AND o.name = $2 AND o.id <> a.id) RETURNING true",
            asset.id, name, comment, detail, actor, now,
        )
    )  # fmt: skip


async def delete(tx: Tx, asset: Asset) -> None:
    await tx.execute("DELETE FROM asset WHERE id = $1", asset.id)


async def has_any(tx: Tx, workspace: int, catalog: str, schema: str) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM asset WHERE workspace_id = $1 AND catalog_name = $2 AND schema_name = $3)",
            workspace, catalog, schema,
        )
    )  # fmt: skip


async def delete_all(tx: Tx, workspace: int, catalog: str, schema: str) -> None:
    await tx.execute(
        "DELETE FROM asset WHERE workspace_id = $1 AND catalog_name = $2 AND schema_name = $3",
        workspace, catalog, schema,
    )  # fmt: skip


async def remaining(tx: Tx) -> str | None:
    """The prefix of files of something deleted, kept from others until the transaction ends."""
    found: str | None = await tx.fetchval("SELECT prefix FROM asset_remains LIMIT 1 FOR UPDATE SKIP LOCKED")
    return found


async def forget_remains(tx: Tx, prefix: str) -> None:
    await tx.execute("DELETE FROM asset_remains WHERE prefix = $1", prefix)
