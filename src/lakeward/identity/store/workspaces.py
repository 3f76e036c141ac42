"""Statements about workspaces and the roles in them. 0, where what is the whole server's stands, is none of them."""

from lakeward.identity.records import Assignment, Workspace
from lakeward.runtime.db import Tx


async def set_role(tx: Tx, principal_id: int, workspace_id: int, role: str) -> None:
    await tx.execute(
        "INSERT INTO workspace_member (workspace_id, principal_id, role) VALUES ($1, $2, $3)"
        " ON CONFLICT (principal_id, workspace_id) DO UPDATE SET role = excluded.role",
        workspace_id, principal_id, role,
    )  # fmt: skip


async def list_workspaces(tx: Tx) -> list[Workspace]:
    rows = await tx.fetch("SELECT id, name, description FROM workspace WHERE id > 0 ORDER BY name")
    return [Workspace(*row) for row in rows]


async def find_workspace(tx: Tx, name: str) -> Workspace | None:
    row = await tx.fetchrow("SELECT id, name, description FROM workspace WHERE name = $1 AND id > 0", name)
    return Workspace(*row) if row else None


async def find_workspace_by_id(tx: Tx, workspace_id: int) -> Workspace | None:
    row = await tx.fetchrow("SELECT id, name, description FROM workspace WHERE id = $1 AND id > 0", workspace_id)
    return Workspace(*row) if row else None


async def add_workspace(tx: Tx, name: str, description: str) -> Workspace | None:
    row = await tx.fetchrow(
        "INSERT INTO workspace (name, description) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
        " RETURNING id, name, description",
        name, description,
    )  # fmt: skip
    return Workspace(*row) if row else None


async def describe_workspace(tx: Tx, name: str, description: str | None) -> Workspace | None:
    row = await tx.fetchrow(
        "UPDATE workspace SET description = coalesce($2, description) WHERE name = $1 AND id > 0"
        " RETURNING id, name, description",
        name, description,
    )  # fmt: skip
    return Workspace(*row) if row else None


async def delete_empty_workspace(tx: Tx, workspace_id: int) -> bool:
    return bool(
        await tx.fetchval(
            "DELETE FROM workspace w WHERE w.id = $1"
            " AND NOT EXISTS (SELECT FROM experiment e WHERE e.workspace_id = w.id)"
            " AND NOT EXISTS (SELECT FROM registered_model r WHERE r.workspace_id = w.id)"
            " AND NOT EXISTS (SELECT FROM secret_scope s WHERE s.workspace_id = w.id)"
            " AND NOT EXISTS (SELECT FROM asset a WHERE a.workspace_id = w.id)"
            " AND NOT EXISTS (SELECT FROM connection c WHERE c.workspace_id = w.id)"
            " AND NOT EXISTS (SELECT FROM model_files f WHERE f.workspace_id = w.id) RETURNING true",
            workspace_id,
        )
    )


async def list_assignments(tx: Tx, workspace_id: int) -> list[Assignment]:
    rows = await tx.fetch(
        "SELECT p.id, p.kind, p.name, p.display_name, m.role FROM workspace_member m"
        " JOIN principal p ON p.id = m.principal_id WHERE m.workspace_id = $1 ORDER BY p.id",
        workspace_id,
    )  # fmt: skip
    return [Assignment(*row) for row in rows]


async def remove_role(tx: Tx, principal_id: int, workspace_id: int) -> bool:
    statement = "DELETE FROM workspace_member WHERE principal_id = $1 AND workspace_id = $2 RETURNING true"
    return bool(await tx.fetchval(statement, principal_id, workspace_id))


async def find_assignment(tx: Tx, principal_id: int, workspace_id: int) -> Assignment | None:
    row = await tx.fetchrow(
        "SELECT p.id, p.kind, p.name, p.display_name, m.role FROM workspace_member m"
        " JOIN principal p ON p.id = m.principal_id WHERE m.workspace_id = $1 AND p.id = $2",
        workspace_id, principal_id,
    )  # fmt: skip
    return Assignment(*row) if row else None


async def workspace_exists(tx: Tx, workspace_id: int) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM workspace WHERE id = $1 AND id > 0)", workspace_id))
