"""Who has which role in a workspace, in the platform's two words.

ADMIN is the role MANAGE. USER is EDIT for who had no role yet or managed; who has less keeps it. A principal
has one role of its own in a workspace; the strongest of its own and its groups' counts.
"""

from collections.abc import Sequence

from lakeward.identity import directory, store
from lakeward.identity.records import Assignment
from lakeward.kit.errors import NotFound
from lakeward.runtime.db import Tx

DESCRIPTIONS = {
    "USER": "Works in the workspace: reads, and writes unless the role is less.",
    "ADMIN": "Manages the workspace and who is in it.",
}


async def list_assignments(tx: Tx, workspace_id: int) -> list[Assignment]:
    return await store.workspaces.list_assignments(tx, workspace_id)


async def check_workspace(tx: Tx, workspace_id: int) -> None:
    if not await store.workspaces.workspace_exists(tx, workspace_id):
        raise NotFound(f"There is no workspace with the id {workspace_id}.")


async def assign(
    tx: Tx, workspace_id: int, principal_id: int, permissions: Sequence[str], *, anybody: bool
) -> Assignment | None:
    """The assignment as it is now; None if these permissions are none, which ends it. Unknown words are ignored.

    Unless it may be `anybody`, the principal must be known in the workspace already, if only by way of a group: who
    manages one workspace cannot look around in the rest of the server.
    """
    await directory.get(tx, None, principal_id, None if anybody else workspace_id)
    wanted = [each for each in permissions if each in DESCRIPTIONS]
    if not wanted:
        await store.workspaces.remove_role(tx, principal_id, workspace_id)
        return None
    held = await store.workspaces.find_assignment(tx, principal_id, workspace_id)
    less = held is not None and held.role in ("USE", "READ")
    role = "MANAGE" if "ADMIN" in wanted else held.role if held is not None and less else "EDIT"
    await store.workspaces.set_role(tx, principal_id, workspace_id, role)
    return await store.workspaces.find_assignment(tx, principal_id, workspace_id)


async def unassign(tx: Tx, workspace_id: int, principal_id: int) -> None:
    if not await store.workspaces.remove_role(tx, principal_id, workspace_id):
        raise NotFound(f"The principal {principal_id} has no role of its own in this workspace.")
