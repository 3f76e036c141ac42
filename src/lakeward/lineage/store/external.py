"""Every statement about declared relationships, and about the ends that they and versions name."""

import uuid
from typing import Any, Final

from lakeward.lineage.records import Direction, End, Found, Kind, Node, Related, Relationship
from lakeward.runtime.db import Tx

# The other end `o`, as it is called now; what is gone is not among them.
_OTHER: Final = """
    LEFT JOIN asset a ON a.id = CASE WHEN o.kind = 'TABLE' THEN o.key::uuid END
    LEFT JOIN registered_model m ON m.id = CASE WHEN o.kind = 'MODEL_VERSION' THEN o.key::bigint END
         AND EXISTS (SELECT FROM model_version v WHERE v.model_id = m.id AND v.version = o.version)
    LEFT JOIN external_metadata x ON x.id = CASE WHEN o.kind = 'EXTERNAL_METADATA' THEN o.key::uuid END
"""
_NAME: Final = (
    "coalesce(a.catalog_name || '.' || a.schema_name || '.' || a.name, m.full_name, x.name,"
    " CASE WHEN o.kind = 'PATH' THEN o.key END)"
)
_RELATED: Final = f"""
    SELECT l.seq, l.id, o.kind, o.key, {_NAME}, o.version, l.columns::text, l.properties::text, l.updated_at,
           coalesce(x.system_type, ''), coalesce(x.entity_type, '')
"""
# Upstream of an object are the sources of what has it for a target.
_SIDES: Final = {Direction.UPSTREAM: ("source", "target"), Direction.DOWNSTREAM: ("target", "source")}


def _of_side(direction: Direction) -> str:
    other, own = _SIDES[direction]
    return f"""
        FROM external_lineage l
        CROSS JOIN LATERAL (SELECT l.{other}_kind AS kind, l.{other} AS key, l.{other}_version AS version) o {_OTHER}
        WHERE l.workspace_id = $1 AND l.{own}_kind = $2 AND l.{own} = $3 AND l.{own}_version = $4 AND l.seq > $5
        AND {_NAME} IS NOT NULL ORDER BY l.seq LIMIT $6
    """


_PAGES: Final = {direction: _RELATED + _of_side(direction) for direction in Direction}


async def page(tx: Tx, workspace: int, end: End, direction: Direction, after: int, limit: int) -> list[Related]:
    """The relationships of one end in one direction, in the order in which they were declared."""
    rows = await tx.fetch(_PAGES[direction], workspace, end.kind.value, end.key, end.version, after, limit)
    return [_related(end, direction, row) for row in rows]


def _related(end: End, direction: Direction, row: Any) -> Related:
    other = End(Kind(row[2]), row[3], row[4], row[5])
    source, target = (other, end) if direction is Direction.UPSTREAM else (end, other)
    return Related(row[0], Relationship(row[1], source, target, *row[6:9]), other, row[9], row[10])


async def add(
    tx: Tx, workspace: int, source: End, target: End, columns: str, properties: str, now: int, actor: str
) -> Relationship | None:
    """None if there is one between these already."""
    row = await tx.fetchrow(
        "INSERT INTO external_lineage (workspace_id, source_kind, source, source_version, target_kind, target,"
        " target_version, columns, properties, updated_at, updated_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, $11) ON CONFLICT DO NOTHING"
        " RETURNING id, columns::text, properties::text, updated_at",
        workspace, source.kind.value, source.key, source.version, target.kind.value, target.key, target.version,
        columns, properties, now, actor,
    )  # fmt: skip
    return Relationship(row[0], source, target, *row[1:]) if row else None


_BETWEEN: Final = (
    "workspace_id = $1 AND source_kind = $2 AND source = $3 AND source_version = $4 AND target_kind = $5"
    " AND target = $6 AND target_version = $7"
)


def _ends(source: End, target: End) -> tuple[Any, ...]:
    return source.kind.value, source.key, source.version, target.kind.value, target.key, target.version


async def change(
    tx: Tx, workspace: int, source: End, target: End, columns: str | None, properties: str | None, now: int, actor: str
) -> Relationship | None:
    """None leaves a field as it is. None if there is no such relationship."""
    row = await tx.fetchrow(
        "UPDATE external_lineage SET columns = coalesce($8::jsonb, columns),"
        " properties = coalesce($9::jsonb, properties), updated_at = greatest(updated_at, $10), updated_by = $11"
        f" WHERE {_BETWEEN} RETURNING id, columns::text, properties::text, updated_at",
        workspace, *_ends(source, target), columns, properties, now, actor,
    )  # fmt: skip
    return Relationship(row[0], source, target, *row[1:]) if row else None


async def delete(tx: Tx, workspace: int, source: End, target: End, only: uuid.UUID | None) -> bool:
    """`only`: if it has this id."""
    return bool(
        await tx.fetchval(
            f"DELETE FROM external_lineage WHERE {_BETWEEN} AND ($8::uuid IS NULL OR id = $8) RETURNING true",
            workspace, *_ends(source, target), only,
        )
    )  # fmt: skip


# ── ends by name ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def find_asset(tx: Tx, workspace: int, kind: Kind, name: str) -> Node | None:
    """A table or function by its full name in lower case."""
    parts = name.split(".")
    if len(parts) != 3:
        return None
    row = await tx.fetchrow(
        "SELECT id::text, catalog_name || '.' || schema_name || '.' || name, created_at FROM asset"
        " WHERE workspace_id = $1 AND kind = lower($2) AND catalog_name = $3 AND schema_name = $4 AND name = $5",
        workspace, kind.value, *parts,
    )  # fmt: skip
    return Node(kind, row[0], row[1], at=row[2]) if row else None


async def versions_of_input(tx: Tx, workspace: int, kind: Kind, name: str, after: int, limit: int) -> list[Found]:
    """The versions that say they were made from a table or function."""
    rows = await tx.fetch(
        "SELECT i.place, m.name, v.version, v.status, v.created_at FROM model_version_input i"
        " JOIN registered_model m ON m.id = i.model_id AND m.workspace_id = $1"
        " JOIN model_version v ON v.model_id = i.model_id AND v.version = i.version"
        " WHERE i.kind = $2 AND i.name = $3 AND i.place > $4 ORDER BY i.place LIMIT $5",
        workspace, kind.value, name, after, limit,
    )  # fmt: skip
    return [
        Found(row[0], Node(Kind.MODEL_VERSION, name=row[1], version=row[2], status=row[3], at=row[4])) for row in rows
    ]


async def inputs_of_version(
    tx: Tx, workspace: int, model: int, version: int, kind: Kind, after: int, limit: int
) -> list[Found]:
    """The tables or functions that a version says it was made from; some may be gone, or never have been here."""
    rows = await tx.fetch(
        "SELECT i.place, coalesce(a.id::text, ''), i.name, coalesce(a.created_at, 0), a.id IS NULL"
        " FROM model_version_input i LEFT JOIN asset a ON a.workspace_id = $1 AND a.kind = lower($4)"
        "  AND a.catalog_name = split_part(i.name, '.', 1) AND a.schema_name = split_part(i.name, '.', 2)"
        "  AND a.name = split_part(i.name, '.', 3)"
        " WHERE i.model_id = $2 AND i.version = $3 AND i.kind = $4 AND i.place > $5 ORDER BY i.place LIMIT $6",
        workspace, model, version, kind.value, after, limit,
    )  # fmt: skip
    return [Found(row[0], Node(kind, row[1], row[2], at=row[3], deleted=row[4])) for row in rows]
