"""Workspaces: each object belongs to one, each call happens in one."""

import re
import time
from collections.abc import Mapping

from lakeward.identity import store
from lakeward.identity.records import DEFAULT_ID, Workspace
from lakeward.kit.errors import AlreadyExists, Conflict, InvalidParameter, NotFound, PermissionDenied
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor, workspace_named

# compat(mlflow 3.17): the client checks this shape before it sends a name
_NAME = re.compile(r"(?=.{2,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_RESERVED = frozenset({"workspaces", "api", "ajax-api", "static-files"})
_MODES = ("RESTRICT", "SET_DEFAULT", "CASCADE")
_REMEMBER_SECONDS = 1.0


class WorkspaceDirectory:
    """Names and ids of the workspaces, as of at most a second ago; one that is missing is looked for at once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._until = 0.0
        self._ids: dict[str | int, int] = {}

    async def of_call(self, headers: Mapping[bytes, bytes], actor: Actor | None) -> int:
        """The workspace a call names by header, else the default one, else the only one the caller is in."""
        if actor is None:
            return DEFAULT_ID  # the rule refuses this caller, who learns nothing about workspaces
        named = workspace_named(headers)
        if named is not None:
            return _permitted(await self._find(named), repr(named), actor)
        if not actor.is_admin and DEFAULT_ID not in actor.roles and len(actor.roles) == 1:
            return next(iter(actor.roles))
        return DEFAULT_ID

    async def _find(self, named: str | int) -> int | None:
        """The id of the workspace with this name or id."""
        if time.monotonic() >= self._until or named not in self._ids:
            async with self._db.connection() as connection:
                listed = await store.workspaces.list_workspaces(connection)
            self._ids = {key: each.id for each in listed for key in (each.name, each.id)}
            self._until = time.monotonic() + _REMEMBER_SECONDS
        return self._ids.get(named)


def _permitted(workspace: int | None, named: str, actor: Actor) -> int:
    """The workspace that was named. To who has no role there it is as if it did not exist."""
    if workspace is not None and actor.role_in(workspace) is not None:
        return workspace
    if actor.is_admin:
        raise NotFound(f"There is no workspace {named}.")
    raise PermissionDenied(f"'{actor.name}' has no role in a workspace {named}. Ask a manager of it.")


async def visible(tx: Tx, actor: Actor) -> list[Workspace]:
    return [each for each in await store.workspaces.list_workspaces(tx) if actor.role_in(each.id) is not None]


async def get(tx: Tx, actor: Actor, name: str) -> Workspace:
    found = await store.workspaces.find_workspace(tx, name)
    if found is None or actor.role_in(found.id) is None:
        raise NotFound(f"No workspace named {name!r}.")
    return found


async def get_by_id(tx: Tx, workspace_id: int) -> Workspace:
    """Of administrators, who see all."""
    found = await store.workspaces.find_workspace_by_id(tx, workspace_id)
    if found is None:
        raise NotFound(f"There is no workspace with the id {workspace_id}.")
    return found


async def create(tx: Tx, name: str, description: str) -> Workspace:
    if not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"Invalid workspace name {name!r}: 2 to 63 lower-case letters, digits and hyphens, starting and ending with"
            " a letter or digit."
        )
    if name in _RESERVED:
        raise InvalidParameter(f"The workspace name {name!r} is reserved.")
    created = await store.workspaces.add_workspace(tx, name, description)
    if created is None:
        raise AlreadyExists(f"A workspace named {name!r} exists already.")
    return created


async def describe(tx: Tx, name: str, description: str | None) -> Workspace:
    """The workspace with this description; None leaves it as it is."""
    changed = await store.workspaces.describe_workspace(tx, name, description)
    if changed is None:
        raise NotFound(f"No workspace named {name!r}.")
    return changed


async def delete(tx: Tx, name: str, mode: str) -> None:
    """Only an empty workspace goes, the default one never.

    compat(mlflow 3.17): the names of the modes, and the code of the refusal. What a workspace holds goes by permanent
    deletion, which takes artifacts along; moving it to the default workspace (`SET_DEFAULT`) is not served.
    """
    if mode not in _MODES:
        raise InvalidParameter(f"Invalid workspace deletion mode {mode!r}; use one of {', '.join(_MODES)}.")
    found = await store.workspaces.find_workspace(tx, name)
    if found is None:
        raise NotFound(f"No workspace named {name!r}.")
    if found.id == DEFAULT_ID:
        raise Conflict("The default workspace cannot be deleted.", code="INVALID_STATE")
    if not await store.workspaces.delete_empty_workspace(tx, found.id):
        raise Conflict(
            f"The workspace {name!r} still has experiments or registered models. Delete them permanently first.",
            code="INVALID_STATE",
        )
