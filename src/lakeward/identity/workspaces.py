"""Workspaces: each object belongs to one, each call happens in one."""

import re
import time
from collections.abc import Mapping

from lakeward.identity import store
from lakeward.identity.records import DEFAULT_WORKSPACE, Workspace
from lakeward.kit.errors import AlreadyExists, Conflict, InvalidParameter, NotFound
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor

# compat(mlflow 3.17): the client checks this shape before it sends a name
_NAME = re.compile(r"(?=.{2,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_REMEMBER_SECONDS = 1.0


class WorkspaceDirectory:
    """Names and ids of the workspaces, as of at most a second ago."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._until = 0.0
        self._by_name: dict[str, int] = {DEFAULT_WORKSPACE: 1}

    async def of_call(self, headers: Mapping[bytes, bytes], actor: Actor | None) -> int:
        """The workspace a call names by header, else the default one, else the only one the caller is in."""
        name = headers.get(b"x-mlflow-workspace")
        org = headers.get(b"x-databricks-org-id")
        if name is not None:
            found = (await self._names()).get(name.decode("latin-1").strip())
            if found is None:
                raise NotFound(f"No workspace named {name.decode('latin-1')!r}.")
            return found
        if org is not None:
            if not org.isdigit() or int(org) not in (await self._names()).values():
                raise NotFound(f"No workspace with the id {org.decode('latin-1')!r}.")
            return int(org)
        if actor is not None and not actor.is_admin and 1 not in actor.roles and len(actor.roles) == 1:
            return next(iter(actor.roles))
        return 1

    async def _names(self) -> dict[str, int]:
        if time.monotonic() >= self._until:
            async with self._db.connection() as connection:
                self._by_name = {each.name: each.id for each in await store.list_workspaces(connection)}
            self._until = time.monotonic() + _REMEMBER_SECONDS
        return self._by_name


async def visible(tx: Tx, actor: Actor) -> list[Workspace]:
    return [each for each in await store.list_workspaces(tx) if actor.role_in(each.id) is not None]


async def get(tx: Tx, actor: Actor, name: str) -> Workspace:
    found = await store.find_workspace(tx, name)
    if found is None or actor.role_in(found.id) is None:
        raise NotFound(f"No workspace named {name!r}.")
    return found


async def create(tx: Tx, name: str, description: str) -> Workspace:
    if not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"Invalid workspace name {name!r}: 2 to 63 lower-case letters, digits and hyphens, starting and ending with"
            " a letter or digit."
        )
    created = await store.add_workspace(tx, name, description)
    if created is None:
        raise AlreadyExists(f"A workspace named {name!r} exists already.")
    return created


async def describe(tx: Tx, name: str, description: str) -> Workspace:
    changed = await store.describe_workspace(tx, name, description)
    if changed is None:
        raise NotFound(f"No workspace named {name!r}.")
    return changed


async def delete(tx: Tx, name: str) -> None:
    """Only an empty workspace goes; the default one never."""
    found = await store.find_workspace(tx, name)
    if found is None:
        raise NotFound(f"No workspace named {name!r}.")
    if name == DEFAULT_WORKSPACE:
        raise Conflict("The default workspace cannot be deleted.")
    if not await store.delete_empty_workspace(tx, found.id):
        raise Conflict(f"The workspace {name!r} still has experiments. Delete them permanently first.")
