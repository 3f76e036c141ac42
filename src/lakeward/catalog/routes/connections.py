"""Connections to systems elsewhere. What is secret about them is sealed, and no answer has it."""

from lakeward.access import MANAGE as MANAGING
from lakeward.access import Listed
from lakeward.catalog import connections
from lakeward.catalog.connections import CONNECTIONS, of_connection
from lakeward.catalog.securable import in_metastore, unity
from lakeward.catalog.store import places
from lakeward.catalog.wire import connections as wire
from lakeward.runtime.crypto import Vault
from lakeward.runtime.http import EDIT, MANAGE, READ, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog/connections",))

_CONNECTION = of_connection("name")
_MANAGED = MANAGE.on(_CONNECTION.needs(MANAGING))


def _vault(call: Call) -> Vault:
    return Vault(call.settings.master_key_source)


@routes.post("", allow=EDIT.on(in_metastore("CREATE_CONNECTION")))
async def create_connection(call: Call, req: wire.CreateConnection) -> wire.ConnectionInfo:
    made = await connections.create(
        call.tx,
        _vault(call),
        call.workspace,
        call.actor,
        req.name,
        req.connection_type,
        comment=req.comment,
        given=req.properties,
        options=req.options,
        secrets=req.secrets,
        read_only=req.read_only,
    )
    return wire.ConnectionInfo.of(made, await places.metastore(call.tx))


@routes.get("", allow=READ.on(Listed(CONNECTIONS, unity.BROWSE)))
async def list_connections(call: Call, req: wire.ListConnections) -> wire.ListConnectionsResponse:
    found, token = await connections.page(call.tx, call.workspace, call.sight, req.max_results, req.page_token)
    metastore = await places.metastore(call.tx)
    return wire.ListConnectionsResponse([wire.ConnectionInfo.of(each, metastore) for each in found], token)


@routes.get("/{name}", allow=READ.on(_CONNECTION.needs(unity.BROWSE)))
async def get_connection(call: Call, req: wire.ConnectionByName) -> wire.ConnectionInfo:
    found = await connections.get(call.tx, call.workspace, req.name)
    return wire.ConnectionInfo.of(found, await places.metastore(call.tx))


@routes.patch("/{name}", allow=_MANAGED)
async def update_connection(call: Call, req: wire.UpdateConnection) -> wire.ConnectionInfo:
    changed = await connections.update(
        call.tx,
        _vault(call),
        call.workspace,
        req.name,
        new_name=req.new_name,
        options=req.options,
        secrets=req.secrets,
        owner=req.owner,
    )
    return wire.ConnectionInfo.of(changed, await places.metastore(call.tx))


@routes.delete("/{name}", allow=_MANAGED)
async def delete_connection(call: Call, req: wire.ConnectionByName) -> None:
    await connections.delete(call.tx, call.workspace, req.name)
