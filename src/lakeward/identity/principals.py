"""Principals by name, as the command line makes them."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from lakeward.identity import store
from lakeward.identity.records import ADMINS_ID, Principal
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Role

Note = Callable[..., Awaitable[None]]  # hears of each change: its name in the audit log, and `params`
_NAME = re.compile(r"(?!.*\s\Z)[^\s:/\\\x00-\x1f][^:/\\\x00-\x1f]{0,254}")


def check_name(name: str) -> None:
    """Of a user or a service principal: it must survive a Basic header and mislead nobody."""
    if not _NAME.fullmatch(name) or name.lower() == "token":  # in a Basic header that word announces a token
        raise InvalidParameter(
            f"Invalid principal name {name!r}: 1 to 255 characters without ':', '/' or '\\', without a blank"
            " at its ends, and not 'token'.",
            code="invalidValue",
        )


async def unnoted(*_: Any, **__: Any) -> None:
    """The `Note` of who keeps none."""


async def get_or_create_principal(
    tx: Tx,
    name: str,
    *,
    is_admin: bool = False,
    workspace: str | None = None,
    role: Role | None = None,
    note: Note = unnoted,
) -> Principal:
    """The principal of this name, made if need be, with `role` in `workspace`.

    Without a role, one that exists keeps what it has, and a new one may edit.
    """
    check_name(name)
    added = await store.principals.add_principal(tx, name)
    if added is not None:
        role = role or Role.EDIT
        await note("add", params={"user_name": name})
        if is_admin:
            await make_admin(tx, added, name, note)
    principal = await store.principals.find_principal(tx, name)
    if principal is None:
        raise AlreadyExists(
            f"There is a principal whose name differs from {name!r} in case only, or a group of this name."
        )
    if workspace is not None and role is not None:
        found = await store.workspaces.find_workspace(tx, workspace)
        if found is None:
            raise NotFound(f"No workspace named {workspace!r}.")
        await store.workspaces.set_role(tx, principal.id, found.id, role.name)
        params = {"principal": name, "workspace_name": workspace, "permissions": [role.name]}
        await note("updateWorkspaceAssignment", params=params, workspace=found.id)
    return principal


async def is_active(tx: Tx, principal: Principal) -> bool:
    """Whether its tokens work."""
    return await store.principals.is_active(tx, principal.id)


async def make_admin(tx: Tx, principal_id: int, name: str, note: Note) -> None:
    """Into the group `admins`, if it is not there yet."""
    if await store.principals.add_member(tx, ADMINS_ID, principal_id):
        await note("addPrincipalToGroup", params={"principal": name, "group_name": "admins"})
