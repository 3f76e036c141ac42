"""The permissions API: who may do what with one object."""

from collections.abc import Iterator
from typing import Any

from lakeward.access import kinds, permissions, wire
from lakeward.access.objects import Found
from lakeward.access.records import MANAGE as MANAGING
from lakeward.access.records import READ as READING
from lakeward.access.records import Way
from lakeward.runtime.http import MANAGE, READ, Call, Routes

routes = Routes("permissions", ("/api/2.0/permissions",))


def _object(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    way, _ = kinds.object_type(request.object_type)
    yield way, request.object_id


_READ = READ.on(Found(_object, "the object", READING))
_MANAGE = MANAGE.on(Found(_object, "the object", MANAGING))


async def _answer(call: Call, req: wire.ObjectById) -> wire.ObjectPermissions:
    way, acl = kinds.object_type(req.object_type)
    entries = await permissions.get(call.tx, way, acl, call.workspace, req.object_id)
    return wire.ObjectPermissions.of(acl, req.object_id, entries)


async def _change(call: Call, req: wire.ChangePermissions, *, replace: bool) -> wire.ObjectPermissions:
    way, acl = kinds.object_type(req.object_type)
    given = [each.record() for each in req.access_control_list]
    await permissions.change(call.tx, way, acl, call.workspace, req.object_id, given, replace=replace)
    return await _answer(call, wire.ObjectById(req.object_type, req.object_id))


@routes.get("/{object_type}/{object_id}", allow=_READ)
async def get_permissions(call: Call, req: wire.ObjectById) -> wire.ObjectPermissions:
    return await _answer(call, req)


@routes.put("/{object_type}/{object_id}", allow=_MANAGE)
async def set_permissions(call: Call, req: wire.ChangePermissions) -> wire.ObjectPermissions:
    """The levels given on the object are these from now on; what is inherited stays."""
    return await _change(call, req, replace=True)


@routes.patch("/{object_type}/{object_id}", allow=_MANAGE)
async def update_permissions(call: Call, req: wire.ChangePermissions) -> wire.ObjectPermissions:
    """Give these principals these levels, and leave all others as they are."""
    return await _change(call, req, replace=False)


@routes.get("/{object_type}/{object_id}/permissionLevels", allow=_READ)
async def get_permission_levels(call: Call, req: wire.ObjectById) -> wire.PermissionLevels:
    way, acl = kinds.object_type(req.object_type)
    await permissions.check(call.tx, way, call.workspace, req.object_id)
    return wire.PermissionLevels([wire.PermissionLevel(*each) for each in acl.grades.items()])
