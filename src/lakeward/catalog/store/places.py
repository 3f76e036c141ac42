"""Every statement about catalogs, schemas and bindings, each bounded by the workspace where the catalog is at home."""

import uuid
from collections.abc import Sequence

import msgspec

from lakeward.access import EVERYWHERE, OWN, Binding, Sight, seen
from lakeward.catalog.records import ISOLATED, READ_ONLY, Catalog, Metastore, Schema, WorkspaceBinding
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters

# What has no owner of its own belongs to the administrators.
_OWNER = f"""coalesce((SELECT p.name FROM access_grant g JOIN principal p ON p.id = g.principal_id
    WHERE g.workspace_id = {{row}}.workspace_id AND g.kind = '{{kind}}' AND g.object = {{name}}
    AND g.privilege = '{OWN}'), 'admins')"""
_CATALOG = f"""
    c.id, c.workspace_id, c.name, c.comment, c.properties::text, c.options::text, c.storage_root, c.isolation_mode,
    c.created_at, c.created_by, c.updated_at, c.updated_by, {_OWNER.format(row="c", kind="catalog", name="c.name")}
"""
_CATALOGS = "(SELECT *, name AS catalog_name FROM catalog) c"  # as access calls it
_SCHEMA_OWNER = _OWNER.format(row="s", kind="schema", name="s.catalog_name || '.' || s.name")
_SCHEMA = f"""
    s.id, s.workspace_id, s.catalog_name, s.name, s.comment, s.properties::text, s.storage_root,
    s.created_at, s.created_by, s.updated_at, s.updated_by, {_SCHEMA_OWNER}
"""
_SCHEMAS = "(SELECT *, name AS schema_name FROM catalog_schema) s"


async def metastore(tx: Tx) -> Metastore:
    return Metastore(*await tx.fetchrow("SELECT id, name, created_at FROM metastore"))


# ── catalogs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class NewCatalog(msgspec.Struct, frozen=True):
    """The columns of a catalog to be made, in the order of the statement."""

    name: str
    comment: str
    properties: str
    options: str
    storage_root: str
    isolation_mode: str
    created_at: int
    created_by: str


async def add_catalog(tx: Tx, workspace: int, new: NewCatalog) -> bool:
    """False if the name is taken. An ISOLATED one is bound to its home."""
    return bool(
        await tx.fetchval(
            f"""
            WITH made AS (
                INSERT INTO catalog (workspace_id, name, comment, properties, options, storage_root, isolation_mode,
                                     created_at, created_by, updated_at, updated_by)
                VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8, $9, $8, $9)
                ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id, isolation_mode
            ), bound AS (
                INSERT INTO catalog_binding (catalog_id, workspace_id)
                SELECT id, $1 FROM made WHERE isolation_mode = '{ISOLATED}'
            )
            SELECT true FROM made
            """,
            workspace, *msgspec.structs.astuple(new),
        )
    )  # fmt: skip


async def find_catalog(tx: Tx, workspace: int, name: str, *, lock: bool = False) -> Catalog | None:
    """A locked one stays, and takes nothing new meanwhile."""
    row = await tx.fetchrow(
        f"SELECT {_CATALOG} FROM catalog c WHERE c.workspace_id = $1 AND c.name = $2"
        f"{' FOR UPDATE OF c' if lock else ''}",
        workspace, name,
    )  # fmt: skip
    return Catalog(*row) if row else None


async def page_of_catalogs(
    tx: Tx, workspace: int, names: Sequence[str] | None, sight: Sight | None, after: str, limit: int
) -> list[Catalog]:
    """By name; of these names if they are given."""
    parameters = Parameters()
    where = [f"c.workspace_id = {parameters.add(workspace)}", f"c.name > {parameters.add(after)}"]
    if names is not None:
        where.append(f"c.name = ANY ({parameters.add(list(names))}::text[])")
    if sight is not None:
        where.append(sight.condition(parameters, "c"))
    rows = await tx.fetch(
        f"SELECT {_CATALOG} FROM {_CATALOGS} WHERE {' AND '.join(where)} ORDER BY c.name LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [Catalog(*row) for row in rows]


async def change_catalog(
    tx: Tx, workspace: int, name: str, actor: str, now: int, *,
    comment: str | None, properties: str | None, options: str | None, isolation_mode: str | None,
) -> None:  # fmt: skip
    """None leaves a field as it is. What becomes ISOLATED stays bound to its home."""
    await tx.execute(
        f"""
        WITH changed AS (
            UPDATE catalog SET comment = coalesce($3, comment), properties = coalesce($4::jsonb, properties),
                options = coalesce($5::jsonb, options), isolation_mode = coalesce($6, isolation_mode),
                updated_by = $7, updated_at = greatest(updated_at, $8)
            WHERE workspace_id = $1 AND name = $2 RETURNING id
        )
        INSERT INTO catalog_binding (catalog_id, workspace_id) SELECT id, $1 FROM changed WHERE $6 = '{ISOLATED}'
        ON CONFLICT DO NOTHING
        """,
        workspace, name, comment, properties, options, isolation_mode, actor, now,
    )  # fmt: skip


async def delete_catalog(tx: Tx, workspace: int, name: str) -> None:
    """With its schemas, which are empty."""
    await tx.execute("DELETE FROM catalog WHERE workspace_id = $1 AND name = $2", workspace, name)


# ── schemas ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class NewSchema(msgspec.Struct, frozen=True):
    """The columns of a schema to be made, in the order of the statement."""

    catalog_name: str
    name: str
    comment: str
    properties: str
    storage_root: str
    created_at: int
    created_by: str


async def add_schema(tx: Tx, workspace: int, new: NewSchema) -> bool:
    """False if the name is taken; the catalog is there."""
    return bool(
        await tx.fetchval(
            "INSERT INTO catalog_schema (workspace_id, catalog_name, name, comment, properties, storage_root,"
            " created_at, created_by, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $7, $8)"
            " ON CONFLICT (workspace_id, catalog_name, name) DO NOTHING RETURNING true",
            workspace, *msgspec.structs.astuple(new),
        )
    )  # fmt: skip


async def find_schema(tx: Tx, workspace: int, catalog: str, name: str, *, lock: bool = False) -> Schema | None:
    """A locked one stays, and takes nothing new meanwhile."""
    row = await tx.fetchrow(
        f"SELECT {_SCHEMA} FROM catalog_schema s WHERE s.workspace_id = $1 AND s.catalog_name = $2 AND s.name = $3"
        f"{' FOR UPDATE OF s' if lock else ''}",
        workspace, catalog, name,
    )  # fmt: skip
    return Schema(*row) if row else None


async def page_of_schemas(
    tx: Tx, workspace: int, catalog: str, sight: Sight | None, after: str, limit: int
) -> list[Schema]:
    select = f"SELECT {_SCHEMA} FROM {_SCHEMAS}"
    return [Schema(*row) for row in await seen(tx, select, "s", workspace, sight, after, limit, catalog_name=catalog)]


async def schemas_of(tx: Tx, workspace: int, catalog: str) -> list[str]:
    rows = await tx.fetch(
        "SELECT name FROM catalog_schema WHERE workspace_id = $1 AND catalog_name = $2 ORDER BY name",
        workspace, catalog,
    )  # fmt: skip
    return [row[0] for row in rows]


async def change_schema(
    tx: Tx, workspace: int, catalog: str, name: str, actor: str, now: int, *,
    comment: str | None, properties: str | None,
) -> None:  # fmt: skip
    """None leaves a field as it is."""
    await tx.execute(
        "UPDATE catalog_schema SET comment = coalesce($4, comment), properties = coalesce($5::jsonb, properties),"
        " updated_by = $6, updated_at = greatest(updated_at, $7)"
        " WHERE workspace_id = $1 AND catalog_name = $2 AND name = $3",
        workspace, catalog, name, comment, properties, actor, now,
    )  # fmt: skip


async def delete_schema(tx: Tx, workspace: int, catalog: str, name: str) -> None:
    await tx.execute(
        "DELETE FROM catalog_schema WHERE workspace_id = $1 AND catalog_name = $2 AND name = $3",
        workspace, catalog, name,
    )  # fmt: skip


# ── bindings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def bound(tx: Tx, workspace: int) -> dict[str, Binding]:
    """Catalogs that are seen in this workspace without being at home there, and its own that are not, or only read.

    A catalog of its own hides one from elsewhere of the same name; of several from elsewhere the oldest is seen. The
    server's own is seen everywhere and only read.
    """
    rows = await tx.fetch(
        f"""
        SELECT c.name, c.workspace_id, b.catalog_id IS NOT NULL, coalesce(b.binding_type, '') <> '{READ_ONLY}'
        FROM catalog c JOIN catalog_binding b ON b.catalog_id = c.id AND b.workspace_id = $1
        WHERE c.isolation_mode = '{ISOLATED}' AND (c.workspace_id <> $1 OR b.binding_type = '{READ_ONLY}')
        UNION ALL
        SELECT c.name, c.workspace_id, false, false FROM catalog c
        WHERE c.workspace_id = $1 AND c.isolation_mode = '{ISOLATED}'
        AND NOT EXISTS (SELECT FROM catalog_binding b WHERE b.catalog_id = c.id AND b.workspace_id = $1)
        UNION ALL
        SELECT c.name, c.workspace_id, true, c.workspace_id <> {EVERYWHERE} FROM catalog c
        WHERE c.workspace_id <> $1 AND c.isolation_mode <> '{ISOLATED}'
        """,
        workspace,
    )
    own = {row[0]: Binding(row[1] if row[2] else None, writable=row[3]) for row in rows if row[1] == workspace}
    # the server's own catalog has a name that no other has
    from_elsewhere = any(row[1] not in (workspace, EVERYWHERE) for row in rows)
    taken = await _names_of(tx, workspace) if from_elsewhere else set(own)
    found = dict(own)
    for name, home, _, writable in sorted(rows, key=lambda row: row[1]):
        if home != workspace and name not in taken:
            taken.add(name)
            found[name] = Binding(home, writable=writable)
    return found


async def _names_of(tx: Tx, workspace: int) -> set[str]:
    return {row[0] for row in await tx.fetch("SELECT name FROM catalog WHERE workspace_id = $1", workspace)}


async def is_seen_from_elsewhere(tx: Tx, workspace: int, name: str) -> bool:
    """Whether a catalog of this name, at home elsewhere, is seen in this workspace."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM catalog c WHERE c.name = $2 AND c.workspace_id <> $1 AND (c.isolation_mode ="
            " 'OPEN' OR EXISTS (SELECT FROM catalog_binding b WHERE b.catalog_id = c.id AND b.workspace_id = $1)))",
            workspace, name,
        )
    )  # fmt: skip


async def bindings_of(tx: Tx, catalog: uuid.UUID) -> list[WorkspaceBinding]:
    rows = await tx.fetch(
        "SELECT workspace_id, binding_type FROM catalog_binding WHERE catalog_id = $1 ORDER BY workspace_id", catalog
    )
    return [WorkspaceBinding(*row) for row in rows]


async def existing_workspaces(tx: Tx, ids: Sequence[int]) -> set[int]:
    return {row[0] for row in await tx.fetch("SELECT id FROM workspace WHERE id = ANY ($1::bigint[]) AND id > 0", ids)}


async def bind(tx: Tx, catalog: uuid.UUID, added: Sequence[WorkspaceBinding]) -> None:
    await tx.execute(
        "INSERT INTO catalog_binding (catalog_id, workspace_id, binding_type)"
        " SELECT $1, w, t FROM unnest($2::bigint[], $3::text[]) AS n(w, t)"
        " ON CONFLICT (catalog_id, workspace_id) DO UPDATE SET binding_type = excluded.binding_type",
        catalog, [each.workspace_id for each in added], [each.binding_type for each in added],
    )  # fmt: skip


async def unbind(tx: Tx, catalog: uuid.UUID, workspaces: Sequence[int]) -> None:
    await tx.execute(
        "DELETE FROM catalog_binding WHERE catalog_id = $1 AND workspace_id = ANY ($2::bigint[])", catalog, workspaces
    )


# ── other names ──────────────────────────────────────────────────────────────────────────────────────────────────────

# Grants and tags call catalogs and schemas by their names.
_FOLLOW_CATALOG = """
    WITH granted AS (
        UPDATE access_grant SET object = $3 || substr(object, length($2) + 1) WHERE workspace_id = $1
        AND (kind = 'catalog' AND object = $2 OR kind = 'schema' AND starts_with(object, $2 || '.'))
    )
    UPDATE entity_tag SET object = $3 || substr(object, length($2) + 1) WHERE workspace_id = $1
    AND (kind = 'catalog' AND object = $2 OR kind = 'schema' AND starts_with(object, $2 || '.'))
"""
_FOLLOW_SCHEMA = """
    WITH granted AS (
        UPDATE access_grant SET object = $2 || '.' || $4
        WHERE workspace_id = $1 AND kind = 'schema' AND object = $2 || '.' || $3
    )
    UPDATE entity_tag SET object = $2 || '.' || $4
    WHERE workspace_id = $1 AND kind = 'schema' AND object = $2 || '.' || $3
"""


async def rename_catalog(tx: Tx, workspace: int, name: str, new: str) -> bool:
    """With its schemas and assets. False if the name is taken; the catalog and its schemas are locked."""
    if await tx.fetchval("SELECT EXISTS (SELECT FROM catalog WHERE workspace_id = $1 AND name = $2)", workspace, new):
        return False
    await tx.execute("UPDATE catalog SET name = $3 WHERE workspace_id = $1 AND name = $2", workspace, name, new)
    await tx.execute(_FOLLOW_CATALOG, workspace, name, new)
    return True


async def rename_schema(tx: Tx, workspace: int, catalog: str, name: str, new: str) -> bool:
    """With its assets. False if the name is taken; the schema is locked."""
    if await tx.fetchval(
        "SELECT EXISTS (SELECT FROM catalog_schema WHERE workspace_id = $1 AND catalog_name = $2 AND name = $3)",
        workspace, catalog, new,
    ):  # fmt: skip
        return False
    await tx.execute(
        "UPDATE catalog_schema SET name = $4 WHERE workspace_id = $1 AND catalog_name = $2 AND name = $3",
        workspace, catalog, name, new,
    )  # fmt: skip
    await tx.execute(_FOLLOW_SCHEMA, workspace, catalog, name, new)
    return True
