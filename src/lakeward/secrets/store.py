"""Every statement about secrets. Scopes are found within a workspace; the rest hangs on a scope that was found."""

import uuid
from collections.abc import Iterable
from typing import Any

from lakeward.runtime.db import Tx
from lakeward.secrets.records import Permission, Scope, ScopeId

_HELD = "(SELECT array_agg(a.permission) FROM secret_acl a WHERE a.scope_id = s.id AND a.principal_id = ANY ($3))"


async def find_scope(tx: Tx, workspace: int, name: str, principals: Iterable[int], *, lock: bool) -> Scope | None:
    """The scope, and the strongest permission these principals hold on it. A locked one stays, and stays as it is."""
    statement = f"""
        SELECT s.id, s.workspace_id, s.name, s.data_key_id, {_HELD} AS held
        FROM secret_scope s WHERE s.workspace_id = $1 AND s.name = $2
    """
    if lock:
        statement += " FOR NO KEY UPDATE OF s"
    row = await tx.fetchrow(statement, workspace, name, list(principals))
    if row is None:
        return None
    held = [Permission[each] for each in row["held"] or ()]
    return Scope(row["id"], row["workspace_id"], row["name"], row["data_key_id"], max(held, default=None))


async def list_scopes(tx: Tx, workspace: int, principals: Iterable[int] | None) -> list[str]:
    """The names of the scopes on which one of these principals has a permission; None: of all."""
    rows = await tx.fetch(
        "SELECT s.name FROM secret_scope s WHERE s.workspace_id = $1 AND ($2::bigint[] IS NULL OR EXISTS ("
        "  SELECT FROM secret_acl a WHERE a.scope_id = s.id AND a.principal_id = ANY ($2))) ORDER BY s.name",
        workspace, None if principals is None else list(principals),
    )  # fmt: skip
    return [row[0] for row in rows]


async def count_scopes(tx: Tx, workspace: int) -> int:
    found: int = await tx.fetchval("SELECT count(*) FROM secret_scope WHERE workspace_id = $1", workspace)
    return found


async def lock_workspace(tx: Tx, workspace: int) -> None:
    """Until the transaction ends nobody else adds a scope here, so that the limit holds."""
    await tx.execute("SELECT FROM workspace WHERE id = $1 FOR NO KEY UPDATE", workspace)


async def add_scope(tx: Tx, workspace: int, name: str, data_key_id: uuid.UUID) -> ScopeId | None:
    """None if the name is taken."""
    found: ScopeId | None = await tx.fetchval(
        "INSERT INTO secret_scope (workspace_id, name, data_key_id) VALUES ($1, $2, $3)"
        " ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        workspace, name, data_key_id,
    )  # fmt: skip
    return found


async def delete_scope(tx: Tx, scope: Scope) -> None:
    """The scope, all in it, and the key without which copies of that are noise."""
    await tx.execute("DELETE FROM secret_scope WHERE id = $1", scope.id)
    await tx.execute("DELETE FROM data_key WHERE id = $1", scope.data_key_id)


# --- secrets


async def put_secret(tx: Tx, scope: ScopeId, key: str, sealed: bytes, now: int) -> int:
    """Add or overwrite; how many secrets the scope has now. The scope is locked."""
    await tx.execute(
        "INSERT INTO secret (scope_id, key, sealed, updated_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (scope_id, key) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at",
        scope, key, sealed, now,
    )  # fmt: skip
    found: int = await tx.fetchval("SELECT count(*) FROM secret WHERE scope_id = $1", scope)
    return found


async def delete_secret(tx: Tx, scope: ScopeId, key: str) -> bool:
    statement = "DELETE FROM secret WHERE scope_id = $1 AND key = $2 RETURNING true"
    return bool(await tx.fetchval(statement, scope, key))


async def find_secret(tx: Tx, scope: ScopeId, key: str) -> bytes | None:
    found: bytes | None = await tx.fetchval("SELECT sealed FROM secret WHERE scope_id = $1 AND key = $2", scope, key)
    return found


async def list_secrets(tx: Tx, scope: ScopeId) -> list[Any]:
    """(key, time of the last change) of each."""
    rows: list[Any] = await tx.fetch("SELECT key, updated_at FROM secret WHERE scope_id = $1 ORDER BY key", scope)
    return rows


# --- access lists; principals are named, as everywhere on the wire


async def find_principal(tx: Tx, name: str) -> tuple[int, str] | None:
    """(id, kind)."""
    row = await tx.fetchrow("SELECT id, kind FROM principal WHERE name = $1", name)
    return (row[0], row[1]) if row else None


async def kind_of(tx: Tx, principal: int) -> str | None:
    found: str | None = await tx.fetchval("SELECT kind FROM principal WHERE id = $1", principal)
    return found


async def put_acl(tx: Tx, scope: ScopeId, principal: int, permission: Permission) -> int:
    """Add or overwrite; how many entries the list has now."""
    await tx.execute(
        "INSERT INTO secret_acl (scope_id, principal_id, permission) VALUES ($1, $2, $3)"
        " ON CONFLICT (scope_id, principal_id) DO UPDATE SET permission = excluded.permission",
        scope, principal, permission.name,
    )  # fmt: skip
    found: int = await tx.fetchval("SELECT count(*) FROM secret_acl WHERE scope_id = $1", scope)
    return found


async def delete_acl(tx: Tx, scope: ScopeId, principal: str) -> bool:
    found = await tx.fetchval(
        "DELETE FROM secret_acl a USING principal p"
        " WHERE a.scope_id = $1 AND p.id = a.principal_id AND p.name = $2 RETURNING true",
        scope, principal,
    )  # fmt: skip
    return bool(found)


async def list_acls(tx: Tx, scope: ScopeId) -> list[Any]:
    """(name of the principal, permission) of each."""
    rows: list[Any] = await tx.fetch(
        "SELECT p.name, a.permission FROM secret_acl a JOIN principal p ON p.id = a.principal_id"
        " WHERE a.scope_id = $1 ORDER BY p.name",
        scope,
    )
    return rows
