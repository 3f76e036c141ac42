"""The metastore, of which there is one; every workspace is assigned to it."""

from lakeward.catalog.records import MAIN
from lakeward.catalog.store import places as store
from lakeward.catalog.wire import places as wire
from lakeward.kit.errors import NotFound
from lakeward.runtime.http import SIGNED_IN, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog",))


@routes.get("/metastore_summary", allow=SIGNED_IN)
async def get_metastore_summary(call: Call) -> wire.MetastoreSummary:
    return wire.MetastoreSummary.of(await store.metastore(call.tx))


@routes.get("/current-metastore-assignment", allow=SIGNED_IN)
async def get_current_metastore_assignment(call: Call) -> wire.MetastoreAssignment:
    found = await store.metastore(call.tx)
    return wire.MetastoreAssignment(call.workspace, str(found.id), MAIN)


@routes.get("/metastores", allow=SIGNED_IN)
async def list_metastores(call: Call, _req: wire.ListMetastores) -> wire.ListMetastoresResponse:
    return wire.ListMetastoresResponse([wire.MetastoreInfo.of(await store.metastore(call.tx))])


@routes.get("/metastores/{id}", allow=SIGNED_IN)
async def get_metastore(call: Call, req: wire.MetastoreById) -> wire.MetastoreInfo:
    found = await store.metastore(call.tx)
    if req.id != str(found.id):
        raise NotFound(f"No metastore with the id {req.id[:50]!r}.", code="METASTORE_DOES_NOT_EXIST")
    return wire.MetastoreInfo.of(found)
