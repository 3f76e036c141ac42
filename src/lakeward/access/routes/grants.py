"""Grants on Unity Catalog's securables, in the spelling of the platform or of the open-source clients."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from lakeward.access import grants, kinds
from lakeward.access import unity_wire as wire
from lakeward.access.objects import Found
from lakeward.access.records import MANAGE as MANAGING
from lakeward.access.records import Grant, Way
from lakeward.access.unity import BROWSE
from lakeward.kit import pages
from lakeward.runtime.http import MANAGE, READ, Call, Routes

routes = Routes("unity catalog grants", ("/api/2.1/unity-catalog",))


def _securable(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    yield kinds.securable(request.securable_type).way, request.full_name


_READ = READ.on(Found(_securable, "the securable", BROWSE))
_MANAGE = MANAGE.on(Found(_securable, "the securable", MANAGING, of_rights=True))


def _spaced(call: Call) -> bool:
    """compat(unitycatalog 0.4): its clients know `USE CATALOG`, and no underscores."""
    agent = (call.header("user-agent") or "").lower()
    return "unitycatalog" in agent or "openapi-generator" in agent


def _page(call: Call, req: wire.GrantsOn, found: Sequence[Grant]) -> tuple[list[Grant], str | None]:
    """The grants of a page of principals, and the token of the next one."""
    size = grants.page_size(req.max_results if req.page_size is None else req.page_size)
    context = pages.context_of("grants", call.workspace, req.securable_type.lower(), req.full_name, req.principal)
    [after] = pages.decode(req.page_token, context, [str]) if req.page_token else [""]
    left = [each for each in found if each.principal.name > str(after)]
    if req.principal is not None:
        left = [each for each in left if each.principal.name == req.principal]
    shown = list(dict.fromkeys(each.principal.name for each in left))
    page = set(shown[:size])
    token = pages.encode([shown[size - 1]], context) if len(shown) > size else None
    return [each for each in left if each.principal.name in page], token


@routes.get("/privilege-assignments/{securable_type}/{full_name}", allow=_READ)
@routes.get("/permissions/{securable_type}/{full_name}", allow=_READ)
async def get_grants(call: Call, req: wire.GrantsOn) -> wire.PermissionsList:
    """What was given on the securable itself."""
    securable = kinds.securable(req.securable_type)
    found, token = _page(call, req, await grants.given(call.tx, securable, call.workspace, req.full_name))
    return wire.PermissionsList(wire.PrivilegeAssignment.all_of(found, spaced=_spaced(call)), token)


@routes.patch("/permissions/{securable_type}/{full_name}", allow=_MANAGE)
async def update_grants(call: Call, req: wire.UpdatePermissions) -> wire.PermissionsList:
    securable = kinds.securable(req.securable_type)
    changes = [grants.Change(each.principal, each.add, each.remove) for each in req.changes]
    await grants.change(call.tx, securable, call.workspace, req.full_name, changes)
    found = await grants.given(call.tx, securable, call.workspace, req.full_name)
    return wire.PermissionsList(wire.PrivilegeAssignment.all_of(found, spaced=req.spaced or _spaced(call)))


@routes.get("/effective-permissions/{securable_type}/{full_name}", allow=_READ)
async def get_effective_grants(call: Call, req: wire.GrantsOn) -> wire.EffectivePermissionsList:
    """What counts on the securable, and from where."""
    return wire.EffectivePermissionsList(*await _effective(call, req))


@routes.get("/effective-privilege-assignments/{securable_type}/{full_name}", allow=_READ)
async def list_effective_grants(call: Call, req: wire.GrantsOn) -> wire.EffectivePrivilegeAssignmentsList:
    return wire.EffectivePrivilegeAssignmentsList(*await _effective(call, req))


async def _effective(call: Call, req: wire.GrantsOn) -> tuple[list[wire.EffectivePrivilegeAssignment], str | None]:
    securable = kinds.securable(req.securable_type)
    found, token = _page(call, req, await grants.effective(call.tx, securable, call.workspace, req.full_name))
    spaced = _spaced(call)

    def shown(grant: Grant) -> wire.EffectivePrivilege:
        source = grants.source_of(grant, securable) or ("", "")
        return wire.EffectivePrivilege(wire.written(grant.privilege, spaced=spaced), *source)

    held = groupby(found, key=lambda grant: grant.principal.name)
    return [wire.EffectivePrivilegeAssignment(name, [shown(each) for each in given]) for name, given in held], token
