"""The rules of bindings: in which workspaces an ISOLATED catalog is seen, and whether it is only read there."""

from collections.abc import Mapping, Sequence

from lakeward.access import Binding
from lakeward.catalog import catalogs
from lakeward.catalog.records import READ_ONLY, READ_WRITE, WorkspaceBinding
from lakeward.catalog.store import places as store
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database, Tx


async def bound(db: Database, workspace: int) -> Mapping[str, Binding]:
    """For the gate: the catalogs that are not simply the workspace's own."""
    async with db.connection() as connection:
        return await store.bound(connection, workspace)


async def of_catalog(tx: Tx, workspace: int, name: str) -> list[WorkspaceBinding]:
    found = await catalogs.get(tx, workspace, name)
    return await store.bindings_of(tx, found.id)


async def change(
    tx: Tx, workspace: int, name: str, added: Sequence[WorkspaceBinding], removed: Sequence[int]
) -> list[WorkspaceBinding]:
    """Needs a transaction. They count while the catalog is ISOLATED."""
    found = await catalogs.get(tx, workspace, name, lock=True)
    for each in added:
        if each.binding_type not in (READ_WRITE, READ_ONLY):
            raise InvalidParameter(f"Invalid binding_type {each.binding_type!r}: it is {READ_WRITE} or {READ_ONLY}.")
    wanted = {each.workspace_id for each in added}
    unknown = sorted(wanted - await store.existing_workspaces(tx, sorted(wanted)))
    if unknown:
        raise NotFound(f"There is no workspace with the id {unknown[0]}.", code="WORKSPACE_DOES_NOT_EXIST")
    await store.unbind(tx, found.id, removed)
    await store.bind(tx, found.id, list({each.workspace_id: each for each in added}.values()))
    return await store.bindings_of(tx, found.id)
