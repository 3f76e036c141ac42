"""SCIM 2.0, at the workspace's paths and at the account's.

Principals belong to the whole server, so both families write the same ones. Read through a workspace, they show whom
its people may see; through the account, administrators see all.
"""

from typing import Any, TypeVar

import msgspec

from lakeward.identity import directory, patches, search
from lakeward.identity.patches import Draft, Membership
from lakeward.identity.records import USERS_ID, Email, Identity, Kind
from lakeward.identity.roles import GROUP_MANAGER, SERVICE_MANAGER, SERVICE_USER, On
from lakeward.identity.wire import scim as wire
from lakeward.kit import errors
from lakeward.runtime.http import ADMIN, READ, SIGNED_IN, Call, Dialect, Reply, Routes, status_of

_WORKSPACE = "/api/2.0/preview/scim/v2"
_ACCOUNT = "/api/2.0/accounts/{account_id}/scim/v2"
_KEYWORDS = frozenset(
    "invalidFilter tooMany uniqueness mutability invalidSyntax invalidPath noTarget invalidValue sensitive".split()
)
Resource = TypeVar("Resource", bound=wire.Resource)


def _render(error: errors.LakewardError, _request_id: str) -> Reply:
    """RFC 7644 §3.12. compat(databricks-sdk 0.156): it shows the keyword before the text, and `None` without one."""
    status = {errors.AlreadyExists: 409, errors.Conflict: 400}.get(type(error)) or status_of(error)
    keyword = error.code if error.code in _KEYWORDS else ""
    if isinstance(error, errors.AlreadyExists):
        keyword = "uniqueness"
    elif not keyword and isinstance(error, errors.InvalidParameter):
        keyword = "invalidValue"
    headers = {"content-type": "application/json"}
    if isinstance(error, errors.Unavailable | errors.LimitExceeded):
        headers["retry-after"] = "1"
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="lakeward", Basic realm="lakeward"'
    body = wire.Error(detail=error.message, status=str(status), scim_type=keyword)
    return Reply(status, headers, msgspec.json.encode(body))


_GROUP_MANAGED = ADMIN.on(On("GROUP", "id", GROUP_MANAGER))
_SERVICE_HELD = ADMIN.on(On("SERVICE_PRINCIPAL", "id", SERVICE_MANAGER, SERVICE_USER))
SCIM = Dialect(wire.Error, _render)
routes = Routes("scim", (_WORKSPACE,), dialect=SCIM)
account = Routes("scim", (_ACCOUNT,), dialect=SCIM)
both = Routes("scim", (_WORKSPACE, _ACCOUNT), dialect=SCIM)


def _scope(call: Call) -> int | None:
    """Through a workspace, administrators see everybody as well: it is they who let people in."""
    return None if call.actor.is_admin else call.workspace


async def _page(
    call: Call, kind: Kind, req: wire.ListRequest, workspace: int | None
) -> tuple[list[Identity], dict[str, Any]]:
    asked = search.query(kind, workspace, req.filter, req.sort_by, descending=req.sort_order.lower().startswith("desc"))
    found, total = await directory.page(call.tx, asked, start=req.start_index, count=req.count)
    return found, {"total_results": total, "start_index": max(req.start_index, 1), "items_per_page": len(found)}


def _narrowed(resource: Resource, req: wire.ListRequest | wire.GetRequest | wire.GetMe) -> Resource:
    return resource.narrowed(req.attributes, req.excluded_attributes)


def _draft(kind: Kind, req: wire.Create, before: Identity | None = None) -> Draft:
    """The whole resource; a deactivated one is not activated by leaving `active` out, nor is its name changed."""
    name = {"USER": req.user_name, "SERVICE_PRINCIPAL": req.application_id, "GROUP": req.display_name}[kind]
    draft = Draft(
        kind=kind,
        name=before.name if before and (kind != "GROUP" or not name) else name,
        display_name="" if kind == "GROUP" else req.display_name,
        is_active=(before.is_active if before else True) if req.active is None else req.active,
        external_id=req.external_id,
        given_name=req.name.given_name or "",
        family_name=req.name.family_name or "",
        emails=[Email(each.value, each.type or "", bool(each.primary)) for each in req.emails],
        entitlements=list(dict.fromkeys(each.value for each in req.entitlements)),
        roles=list(dict.fromkeys(each.value for each in req.roles)),
    )
    if kind == "GROUP":
        draft.is_active = True
        of_everybody = before is not None and before.id == USERS_ID and not req.members
        if not of_everybody:
            ids = patches.member_ids([each.value for each in req.members])
            draft.membership.append(Membership("replace" if before else "add", ids))
    return draft


async def _replace(call: Call, kind: Kind, req: wire.Replace) -> Identity:
    before = await directory.begin(call.tx, kind, req.id)
    return await directory.save(call.tx, before, _draft(kind, req, before))


async def _patch(call: Call, kind: Kind, req: wire.PatchRequest) -> Identity:
    before = await directory.begin(call.tx, kind, req.id)
    draft = Draft.of(before)
    patches.apply(draft, req.operations)
    if call.confined and msgspec.structs.replace(draft, membership=[]) != Draft.of(before):
        raise errors.PermissionDenied("Who manages a group says who is in it; all else takes an administrator.")
    return await directory.save(call.tx, before, draft)


@routes.get("/Me", allow=SIGNED_IN)
async def get_me(call: Call, req: wire.GetMe) -> wire.User:
    """Who calls. Clients ask first of all, and read the workspace's id from a header of the answer."""
    return _narrowed(wire.User.of(await directory.get(call.tx, None, call.actor.id, None)), req)


# ── users ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _users(call: Call, req: wire.ListRequest, workspace: int | None) -> wire.ListUsersResponse:
    found, counts = await _page(call, "USER", req, workspace)
    return wire.ListUsersResponse(resources=[_narrowed(wire.User.of(each), req) for each in found], **counts)


async def _user(call: Call, req: wire.GetRequest, workspace: int | None) -> wire.User:
    return _narrowed(wire.User.of(await directory.get(call.tx, "USER", req.id, workspace)), req)


@routes.get("/Users", allow=READ)
async def list_users(call: Call, req: wire.ListRequest) -> wire.ListUsersResponse:
    return await _users(call, req, _scope(call))


@account.get("/Users", allow=ADMIN)
async def list_account_users(call: Call, req: wire.ListRequest) -> wire.ListUsersResponse:
    return await _users(call, req, None)


@routes.get("/Users/{id}", allow=READ)
async def get_user(call: Call, req: wire.GetRequest) -> wire.User:
    return await _user(call, req, _scope(call))


@account.get("/Users/{id}", allow=ADMIN)
async def get_account_user(call: Call, req: wire.GetRequest) -> wire.User:
    return await _user(call, req, None)


@both.post("/Users", allow=ADMIN, status=201)
async def create_user(call: Call, req: wire.Create) -> wire.User:
    return wire.User.of(await directory.create(call.tx, _draft("USER", req)))


@both.put("/Users/{id}", allow=ADMIN)
async def replace_user(call: Call, req: wire.Replace) -> wire.User:
    return wire.User.of(await _replace(call, "USER", req))


@both.patch("/Users/{id}", allow=ADMIN)
async def patch_user(call: Call, req: wire.PatchRequest) -> wire.User:
    return wire.User.of(await _patch(call, "USER", req))


@both.delete("/Users/{id}", allow=ADMIN, status=204)
async def delete_user(call: Call, req: wire.DeleteRequest) -> None:
    await directory.delete(call.tx, "USER", req.id)


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _groups(call: Call, req: wire.ListRequest, workspace: int | None) -> wire.ListGroupsResponse:
    found, counts = await _page(call, "GROUP", req, workspace)
    return wire.ListGroupsResponse(resources=[_narrowed(wire.Group.of(each), req) for each in found], **counts)


async def _group(call: Call, req: wire.GetRequest, workspace: int | None) -> wire.Group:
    return _narrowed(wire.Group.of(await directory.get(call.tx, "GROUP", req.id, workspace)), req)


@routes.get("/Groups", allow=READ)
async def list_groups(call: Call, req: wire.ListRequest) -> wire.ListGroupsResponse:
    return await _groups(call, req, _scope(call))


@account.get("/Groups", allow=ADMIN)
async def list_account_groups(call: Call, req: wire.ListRequest) -> wire.ListGroupsResponse:
    return await _groups(call, req, None)


@routes.get("/Groups/{id}", allow=READ)
async def get_group(call: Call, req: wire.GetRequest) -> wire.Group:
    return await _group(call, req, _scope(call))


@account.get("/Groups/{id}", allow=_GROUP_MANAGED)
async def get_account_group(call: Call, req: wire.GetRequest) -> wire.Group:
    return await _group(call, req, None)


@both.post("/Groups", allow=ADMIN, status=201)
async def create_group(call: Call, req: wire.Create) -> wire.Group:
    return wire.Group.of(await directory.create(call.tx, _draft("GROUP", req)))


@both.put("/Groups/{id}", allow=ADMIN)
async def replace_group(call: Call, req: wire.Replace) -> wire.Group:
    return wire.Group.of(await _replace(call, "GROUP", req))


@both.patch("/Groups/{id}", allow=_GROUP_MANAGED)
async def patch_group(call: Call, req: wire.PatchRequest) -> wire.Group:
    """Who manages a group and is no administrator says who is in it, and nothing else."""
    return wire.Group.of(await _patch(call, "GROUP", req))


@both.delete("/Groups/{id}", allow=ADMIN, status=204)
async def delete_group(call: Call, req: wire.DeleteRequest) -> None:
    await directory.delete(call.tx, "GROUP", req.id)


# ── service principals ───────────────────────────────────────────────────────────────────────────────────────────


async def _services(call: Call, req: wire.ListRequest, workspace: int | None) -> wire.ListServicePrincipalsResponse:
    found, counts = await _page(call, "SERVICE_PRINCIPAL", req, workspace)
    listed = [_narrowed(wire.ServicePrincipal.of(each), req) for each in found]
    return wire.ListServicePrincipalsResponse(resources=listed, **counts)


async def _service(call: Call, req: wire.GetRequest, workspace: int | None) -> wire.ServicePrincipal:
    found = await directory.get(call.tx, "SERVICE_PRINCIPAL", req.id, workspace)
    return _narrowed(wire.ServicePrincipal.of(found), req)


@routes.get("/ServicePrincipals", allow=READ)
async def list_service_principals(call: Call, req: wire.ListRequest) -> wire.ListServicePrincipalsResponse:
    return await _services(call, req, _scope(call))


@account.get("/ServicePrincipals", allow=ADMIN)
async def list_account_service_principals(call: Call, req: wire.ListRequest) -> wire.ListServicePrincipalsResponse:
    return await _services(call, req, None)


@routes.get("/ServicePrincipals/{id}", allow=READ)
async def get_service_principal(call: Call, req: wire.GetRequest) -> wire.ServicePrincipal:
    return await _service(call, req, _scope(call))


@account.get("/ServicePrincipals/{id}", allow=_SERVICE_HELD)
async def get_account_service_principal(call: Call, req: wire.GetRequest) -> wire.ServicePrincipal:
    return await _service(call, req, None)


@both.post("/ServicePrincipals", allow=ADMIN, status=201)
async def create_service_principal(call: Call, req: wire.Create) -> wire.ServicePrincipal:
    return wire.ServicePrincipal.of(await directory.create(call.tx, _draft("SERVICE_PRINCIPAL", req)))


@both.put("/ServicePrincipals/{id}", allow=ADMIN)
async def replace_service_principal(call: Call, req: wire.Replace) -> wire.ServicePrincipal:
    return wire.ServicePrincipal.of(await _replace(call, "SERVICE_PRINCIPAL", req))


@both.patch("/ServicePrincipals/{id}", allow=ADMIN)
async def patch_service_principal(call: Call, req: wire.PatchRequest) -> wire.ServicePrincipal:
    return wire.ServicePrincipal.of(await _patch(call, "SERVICE_PRINCIPAL", req))


@both.delete("/ServicePrincipals/{id}", allow=ADMIN, status=204)
async def delete_service_principal(call: Call, req: wire.DeleteRequest) -> None:
    await directory.delete(call.tx, "SERVICE_PRINCIPAL", req.id)
