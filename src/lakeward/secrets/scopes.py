"""The rules of scopes and their access lists."""

import re

from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from lakeward.runtime.crypto import Vault
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor, Role
from lakeward.secrets import store
from lakeward.secrets.records import MAX_ACLS, MAX_NAME, MAX_SCOPES, Permission, Scope

_NAME = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_NAME}}}")
_EVERYBODY = "users"


def check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidParameter(  # it is not repeated: it may be a value in the wrong place
            f"Invalid {what} name: 1 to {MAX_NAME} letters, digits, dashes, underscores and periods."
        )


def limit_exceeded(message: str) -> InvalidParameter:
    return InvalidParameter(message, code="RESOURCE_LIMIT_EXCEEDED")


async def permitted(
    tx: Tx, actor: Actor, workspace: int, name: str, needed: Permission, *, lock: bool = False
) -> Scope:
    """The scope, on which the caller holds at least this permission."""
    scope = await store.find_scope(tx, workspace, name, actor.principals | {actor.id}, lock=lock)
    if scope is None:
        raise NotFound(f"The secret scope {name[:MAX_NAME]!r} does not exist.")
    held = Permission.MANAGE if _manages_all(actor, workspace) else scope.permission
    if held is None or held < needed:
        has = "no permission" if held is None else f"the permission {held.name}"
        raise PermissionDenied(
            f"'{actor.name}' has {has} on the secret scope {name!r}; this needs {needed.name}. Ask who manages it."
        )
    return scope


def _manages_all(actor: Actor, workspace: int) -> bool:
    return actor.role_in(workspace) is Role.MANAGE


async def create(tx: Tx, vault: Vault, actor: Actor, workspace: int, name: str, *, manager: str | None) -> None:
    """A scope that its maker manages, or everybody (`manager="users"`, the only other one there may be)."""
    check_name("secret scope", name)
    if manager not in (None, "", _EVERYBODY):
        raise InvalidParameter(f"initial_manage_principal can only be {_EVERYBODY!r}; grant others by acls/put.")
    await store.lock_workspace(tx, workspace)
    if await store.count_scopes(tx, workspace) >= MAX_SCOPES:
        raise limit_exceeded(f"This workspace has {MAX_SCOPES} secret scopes, which is the most there may be.")
    scope_id = await store.add_scope(tx, workspace, name, await vault.add_data_key(tx, "secret scope"))
    if scope_id is None:
        raise AlreadyExists(f"The secret scope {name!r} exists already.")
    holder = await store.find_principal(tx, _EVERYBODY) if manager else None
    await store.put_acl(tx, scope_id, holder[0] if holder else actor.id, Permission.MANAGE)


async def delete(tx: Tx, actor: Actor, workspace: int, name: str) -> None:
    await store.delete_scope(tx, await permitted(tx, actor, workspace, name, Permission.MANAGE, lock=True))


async def visible(tx: Tx, actor: Actor, workspace: int) -> list[str]:
    """The names of the scopes the caller may do something with."""
    principals = None if _manages_all(actor, workspace) else actor.principals | {actor.id}
    return await store.list_scopes(tx, workspace, principals)


# --- access lists


async def put_acl(tx: Tx, actor: Actor, workspace: int, name: str, *, principal: str, permission: str) -> None:
    scope = await permitted(tx, actor, workspace, name, Permission.MANAGE, lock=True)
    if permission not in Permission.__members__:
        raise InvalidParameter(f"Invalid permission {permission[:40]!r}; use READ, WRITE or MANAGE.")
    holder = await store.find_principal(tx, principal)
    if holder is None:
        raise InvalidParameter(f"There is no user, group or service principal named {principal[:255]!r}.")
    if await store.put_acl(tx, scope.id, holder[0], Permission[permission]) > MAX_ACLS:
        raise limit_exceeded(f"The access list of {name!r} has {MAX_ACLS} entries, which is the most there may be.")


async def delete_acl(tx: Tx, actor: Actor, workspace: int, name: str, principal: str) -> None:
    scope = await permitted(tx, actor, workspace, name, Permission.MANAGE, lock=True)
    if not await store.delete_acl(tx, scope.id, principal):
        raise _no_acl(name, principal)


async def list_acls(tx: Tx, actor: Actor, workspace: int, name: str) -> list[tuple[str, str]]:
    scope = await permitted(tx, actor, workspace, name, Permission.MANAGE)
    return [(row[0], row[1]) for row in await store.list_acls(tx, scope.id)]


async def get_acl(tx: Tx, actor: Actor, workspace: int, name: str, principal: str) -> tuple[str, str]:
    found = await list_acls(tx, actor, workspace, name)
    try:
        return next(each for each in found if each[0] == principal)
    except StopIteration:
        raise _no_acl(name, principal) from None


def _no_acl(name: str, principal: str) -> NotFound:
    return NotFound(f"{principal[:255]!r} is not in the access list of the secret scope {name!r}.")
