"""Every statement of identity."""

from datetime import datetime
from typing import Any

from lakeward.identity.records import ADMINS_ID, Principal, Token, Workspace
from lakeward.runtime.db import Tx


async def find_principal(tx: Tx, name: str) -> Principal | None:
    row = await tx.fetchrow(
        "SELECT id, name, $2 IN (SELECT principals_of(id)) FROM principal WHERE name = $1", name, ADMINS_ID
    )
    return Principal(*row) if row else None


async def add_principal(tx: Tx, name: str) -> int | None:
    """The id of the new user; None if there is a principal of this name."""
    statement = "INSERT INTO principal (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id"
    found: int | None = await tx.fetchval(statement, name)
    return found


async def add_member(tx: Tx, group_id: int, member_id: int) -> None:
    await tx.execute(
        "INSERT INTO group_member (group_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", group_id, member_id
    )


async def set_role(tx: Tx, principal_id: int, workspace_id: int, role: str) -> None:
    await tx.execute(
        "INSERT INTO workspace_member (workspace_id, principal_id, role) VALUES ($1, $2, $3)"
        " ON CONFLICT (principal_id, workspace_id) DO UPDATE SET role = excluded.role",
        workspace_id, principal_id, role,
    )  # fmt: skip


async def add_token(
    tx: Tx, token_id: str, principal_id: int, digest: bytes, comment: str, expires_at: datetime | None
) -> None:
    await tx.execute(
        "INSERT INTO access_token (id, principal_id, hash, comment, expires_at) VALUES ($1, $2, $3, $4, $5)",
        token_id, principal_id, digest, comment, expires_at,
    )  # fmt: skip


async def list_tokens(tx: Tx) -> list[Token]:
    rows = await tx.fetch(
        "SELECT t.id, p.name, t.comment, t.created_at, t.expires_at"
        " FROM access_token t JOIN principal p ON p.id = t.principal_id ORDER BY t.created_at, t.id"
    )
    return [Token(*row) for row in rows]


async def delete_token(tx: Tx, token_id: str) -> bool:
    return bool(await tx.fetchval("DELETE FROM access_token WHERE id = $1 RETURNING true", token_id))


async def any_token(tx: Tx) -> bool:
    return bool(
        await tx.fetchval("SELECT EXISTS (SELECT FROM access_token WHERE expires_at IS NULL OR expires_at > now())")
    )


async def find_token_holder(tx: Tx, digest: bytes) -> Any:
    """The active holder of a live token, or None: (id, name, principals, roles).

    `principals` are the holder and all its groups, `roles` all of theirs as an array of (workspace id, role).
    """
    return await tx.fetchrow(
        """
        SELECT p.id, p.name, held.principals,
               (SELECT array_agg(ROW(m.workspace_id, m.role)) FROM workspace_member m
                WHERE m.principal_id = ANY (held.principals)) roles
        FROM access_token t JOIN principal p ON p.id = t.principal_id
        CROSS JOIN LATERAL (SELECT array_agg(id) principals FROM principals_of(p.id) id) held
        WHERE t.hash = $1 AND p.is_active AND (t.expires_at IS NULL OR t.expires_at > now())
        """,
        digest,
    )


async def list_workspaces(tx: Tx) -> list[Workspace]:
    rows = await tx.fetch("SELECT id, name, description FROM workspace ORDER BY name")
    return [Workspace(*row) for row in rows]


async def find_workspace(tx: Tx, name: str) -> Workspace | None:
    row = await tx.fetchrow("SELECT id, name, description FROM workspace WHERE name = $1", name)
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
        "UPDATE workspace SET description = coalesce($2, description) WHERE name = $1 RETURNING id, name, description",
        name, description,
    )  # fmt: skip
    return Workspace(*row) if row else None


async def delete_empty_workspace(tx: Tx, workspace_id: int) -> bool:
    return bool(
        await tx.fetchval(
            "DELETE FROM workspace w WHERE w.id = $1"
            " AND NOT EXISTS (SELECT FROM experiment e WHERE e.workspace_id = w.id)"
            " AND NOT EXISTS (SELECT FROM registered_model r WHERE r.workspace_id = w.id)"
            " AND NOT EXISTS (SELECT FROM model_files f WHERE f.workspace_id = w.id) RETURNING true",
            workspace_id,
        )
    )
