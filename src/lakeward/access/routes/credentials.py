"""Who may use access tokens and who passwords: the permissions API for what belongs to the server as a whole."""

from collections.abc import Sequence

import msgspec

from lakeward import identity
from lakeward.access import store, wire
from lakeward.access.permissions import principals_of
from lakeward.access.records import Acl, Entry
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import ADMIN, Call, Routes

routes = Routes("permissions", ("/api/2.0/permissions/authorization",))

_LEVEL = "CAN_USE"
_ADMINS = "admins"
_ACLS = {
    kind: Acl("authorization", kind, {_LEVEL: description}, {}) for kind, description in identity.CREDENTIALS.items()
}


class ChangeUsers(msgspec.Struct):
    access_control_list: list[wire.AccessControlRequest] = []


async def _answer(call: Call, kind: str) -> wire.ObjectPermissions:
    allowed = await store.principals_by_id(call.tx, await identity.users_of_credentials(call.tx, kind))
    [admins] = (await store.find_principals(call.tx, [_ADMINS], None)).values()
    entries = [Entry(each, _LEVEL, "") for each in allowed] + [Entry(admins, "CAN_MANAGE", "authorization/")]
    return wire.ObjectPermissions.of(_ACLS[kind], kind, entries)


async def _change(
    call: Call, kind: str, given: Sequence[wire.AccessControlRequest], *, replace: bool
) -> wire.ObjectPermissions:
    wanted = [each.record() for each in given]
    for each in wanted:
        if each.level != _LEVEL:
            raise InvalidParameter(f"Invalid permission_level {each.level!r}: here it is {_LEVEL}.")
    known = await principals_of(call.tx, None, wanted)
    await identity.allow_credentials(call.tx, kind, list(known.values()), replace=replace)
    return await _answer(call, kind)


@routes.get("/tokens", allow=ADMIN)
async def get_token_permissions(call: Call) -> wire.ObjectPermissions:
    return await _answer(call, "tokens")


@routes.put("/tokens", allow=ADMIN)
async def set_token_permissions(call: Call, req: ChangeUsers) -> wire.ObjectPermissions:
    """These may make and use tokens from now on, and administrators; tokens of all others stop working."""
    return await _change(call, "tokens", req.access_control_list, replace=True)


@routes.patch("/tokens", allow=ADMIN)
async def update_token_permissions(call: Call, req: ChangeUsers) -> wire.ObjectPermissions:
    return await _change(call, "tokens", req.access_control_list, replace=False)


@routes.get("/tokens/permissionLevels", allow=ADMIN)
async def get_token_permission_levels(_call: Call) -> wire.PermissionLevels:
    return _levels("tokens")


@routes.get("/passwords", allow=ADMIN)
async def get_password_permissions(call: Call) -> wire.ObjectPermissions:
    return await _answer(call, "passwords")


@routes.put("/passwords", allow=ADMIN)
async def set_password_permissions(call: Call, req: ChangeUsers) -> wire.ObjectPermissions:
    """These may sign in with a password from now on, and administrators."""
    return await _change(call, "passwords", req.access_control_list, replace=True)


@routes.patch("/passwords", allow=ADMIN)
async def update_password_permissions(call: Call, req: ChangeUsers) -> wire.ObjectPermissions:
    return await _change(call, "passwords", req.access_control_list, replace=False)


@routes.get("/passwords/permissionLevels", allow=ADMIN)
async def get_password_permission_levels(_call: Call) -> wire.PermissionLevels:
    return _levels("passwords")


def _levels(kind: str) -> wire.PermissionLevels:
    return wire.PermissionLevels([wire.PermissionLevel(*each) for each in _ACLS[kind].grades.items()])
