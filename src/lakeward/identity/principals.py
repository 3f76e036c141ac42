"""Principals: people and services that call."""

import re

from lakeward.identity import store
from lakeward.identity.records import ADMINS_ID, Principal
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Role

_NAME = re.compile(r"[^\s:/\\\x00-\x1f][^:/\\\x00-\x1f]{0,254}")


async def get_or_create_principal(
    tx: Tx, name: str, *, is_admin: bool = False, workspace: str | None = None, role: Role | None = None
) -> Principal:
    """The principal of this name, made if need be, with `role` in `workspace`.

    Without a role, one that exists keeps what it has, and a new one may edit.
    """
    if not _NAME.fullmatch(name):
        raise InvalidParameter(f"Invalid principal name {name!r}: 1 to 255 characters without ':', '/' or '\\'.")
    added = await store.add_principal(tx, name)
    if added is not None:
        role = role or Role.EDIT
        if is_admin:
            await store.add_member(tx, ADMINS_ID, added)
    principal = await store.find_principal(tx, name)
    assert principal is not None
    if workspace is not None and role is not None:
        found = await store.find_workspace(tx, workspace)
        if found is None:
            raise NotFound(f"No workspace named {workspace!r}.")
        await store.set_role(tx, principal.id, found.id, role.name)
    return principal
