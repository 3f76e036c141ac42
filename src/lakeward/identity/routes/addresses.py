"""IP access lists, and the switch that makes them count.

The lists are the whole server's, so those of a workspace and those of the account are the same ones.
"""

from lakeward.identity import addresses
from lakeward.identity.wire import addresses as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import ADMIN, Call, Routes

routes = Routes("ip access lists", ("/api/2.0/ip-access-lists", "/api/2.0/accounts/{account_id}/ip-access-lists"))
switches = Routes("ip access lists")
_SWITCHES = "/api/2.0/workspace-conf"


def _caller(call: Call) -> addresses.Caller:
    return addresses.Caller(call.actor.id, None if call.local else call.address)


@routes.post("", allow=ADMIN)
async def create_ip_access_list(call: Call, req: wire.CreateIpAccessList) -> wire.IpAccessListResponse:
    made = await addresses.create(call.tx, _caller(call), req.label, req.list_type, req.ip_addresses)
    return wire.IpAccessListResponse(wire.IpAccessListInfo.of(made))


@routes.get("", allow=ADMIN)
async def list_ip_access_lists(call: Call, req: wire.OfAccount) -> wire.ListIpAccessListsResponse:  # noqa: ARG001 - the same lists
    found = await addresses.list_lists(call.tx)
    return wire.ListIpAccessListsResponse([wire.IpAccessListInfo.of(each) for each in found])


@routes.get("/{ip_access_list_id}", allow=ADMIN)
async def get_ip_access_list(call: Call, req: wire.IpAccessListId) -> wire.IpAccessListResponse:
    found = await addresses.get(call.tx, req.ip_access_list_id)
    return wire.IpAccessListResponse(wire.IpAccessListInfo.of(found))


@routes.put("/{ip_access_list_id}", allow=ADMIN)
async def replace_ip_access_list(call: Call, req: wire.ReplaceIpAccessList) -> wire.IpAccessListResponse:
    changed = await addresses.change(
        call.tx, _caller(call), req.ip_access_list_id, label=req.label, list_type=req.list_type,
        addresses=req.ip_addresses, enabled=req.enabled,
    )  # fmt: skip
    return wire.IpAccessListResponse(wire.IpAccessListInfo.of(changed))


@routes.patch("/{ip_access_list_id}", allow=ADMIN)
async def update_ip_access_list(call: Call, req: wire.UpdateIpAccessList) -> wire.IpAccessListResponse:
    changed = await addresses.change(
        call.tx, _caller(call), req.ip_access_list_id, label=req.label, list_type=req.list_type,
        addresses=req.ip_addresses, enabled=req.enabled,
    )  # fmt: skip
    return wire.IpAccessListResponse(wire.IpAccessListInfo.of(changed))


@routes.delete("/{ip_access_list_id}", allow=ADMIN)
async def delete_ip_access_list(call: Call, req: wire.IpAccessListId) -> None:
    await addresses.delete(call.tx, _caller(call), req.ip_access_list_id)


@switches.get(_SWITCHES, allow=ADMIN)
async def get_workspace_conf(call: Call, req: wire.WorkspaceConfKeys) -> wire.WorkspaceConf:
    for key in req.keys.split(","):
        if key.strip() != addresses.SWITCH:
            raise InvalidParameter(f"There is no switch {key.strip()!r}; there is {addresses.SWITCH}.")
    return wire.WorkspaceConf("true" if await addresses.is_on(call.tx) else "false")


@switches.patch(_SWITCHES, allow=ADMIN)
async def set_workspace_conf(call: Call, req: wire.WorkspaceConf) -> None:
    if req.enable_ip_access_lists is not None:
        await addresses.switch(call.tx, _caller(call), on=req.enable_ip_access_lists == "true")
