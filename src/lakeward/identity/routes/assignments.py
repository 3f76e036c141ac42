"""Workspace assignments: of any workspace for administrators, of their own for who manages one."""

from collections.abc import Sequence

from lakeward.identity import assignments
from lakeward.identity.wire import assignments as wire
from lakeward.runtime.http import ADMIN, MANAGE, Call, Routes

_ACCOUNT = "/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments"
_HERE = "/api/2.0/preview/permissionassignments"

routes = Routes("workspace assignments")


async def _list(call: Call, workspace: int) -> wire.ListAssignmentsResponse:
    found = await assignments.list_assignments(call.tx, workspace)
    return wire.ListAssignmentsResponse([wire.PermissionAssignment.of(each) for each in found])


async def _update(call: Call, workspace: int, principal: int, permissions: Sequence[str]) -> wire.PermissionAssignment:
    anybody = call.actor.is_admin
    changed = await assignments.assign(call.tx, workspace, principal, permissions, anybody=anybody)
    if changed is None:
        return wire.PermissionAssignment([], wire.PrincipalOutput(principal))
    return wire.PermissionAssignment.of(changed)


@routes.get(_ACCOUNT, allow=ADMIN)
async def list_workspace_assignments(call: Call, req: wire.OfWorkspace) -> wire.ListAssignmentsResponse:
    await assignments.check_workspace(call.tx, req.workspace_id)
    return await _list(call, req.workspace_id)


@routes.get(_ACCOUNT + "/permissions", allow=ADMIN)
async def list_workspace_permissions(call: Call, req: wire.OfWorkspace) -> wire.WorkspacePermissions:
    """The words that assignments take, and what they mean."""
    await assignments.check_workspace(call.tx, req.workspace_id)
    return wire.WorkspacePermissions(
        [wire.PermissionOutput(level, text) for level, text in assignments.DESCRIPTIONS.items()]
    )


@routes.put(_ACCOUNT + "/principals/{principal_id}", allow=ADMIN)
async def update_workspace_assignment(call: Call, req: wire.Update) -> wire.PermissionAssignment:
    await assignments.check_workspace(call.tx, req.workspace_id)
    return await _update(call, req.workspace_id, req.principal_id, req.permissions)


@routes.delete(_ACCOUNT + "/principals/{principal_id}", allow=ADMIN)
async def delete_workspace_assignment(call: Call, req: wire.OfPrincipal) -> None:
    await assignments.unassign(call.tx, req.workspace_id, req.principal_id)


@routes.get(_HERE, allow=MANAGE)
async def list_own_assignments(call: Call) -> wire.ListAssignmentsResponse:
    return await _list(call, call.workspace)


@routes.put(_HERE + "/principals/{principal_id}", allow=MANAGE)
async def update_own_assignment(call: Call, req: wire.UpdateHere) -> wire.PermissionAssignment:
    return await _update(call, call.workspace, req.principal_id, req.permissions)


@routes.delete(_HERE + "/principals/{principal_id}", allow=MANAGE)
async def delete_own_assignment(call: Call, req: wire.OfPrincipalHere) -> None:
    await assignments.unassign(call.tx, call.workspace, req.principal_id)
