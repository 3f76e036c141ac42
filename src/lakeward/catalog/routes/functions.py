"""Functions: registered with their parameters and body, and run by whoever reads them."""

from typing import Any

import msgspec

from lakeward.access import MANAGE as MANAGING
from lakeward.access import Listed
from lakeward.catalog import assets, names
from lakeward.catalog.kinds import BROWSE, BY_FUNCTION, FUNCTIONS, of_function
from lakeward.catalog.records import FUNCTION
from lakeward.catalog.routes.browsing import browsed
from lakeward.catalog.routes.volumes import in_schema
from lakeward.catalog.store import places
from lakeward.catalog.wire import assets as wire
from lakeward.runtime.http import EDIT, READ, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog/functions",))

_MANAGED = EDIT.on(of_function("name").needs(MANAGING))


def _reading(request: Any) -> str:
    return BROWSE if request.include_browse else "EXECUTE"


@routes.post("", allow=EDIT.on(in_schema("CREATE_FUNCTION")))
async def create_function(call: Call, req: wire.CreateFunction) -> wire.FunctionInfo:
    told = req.function_info
    names.check_entries("parameter", wire.places(told.input_params.parameters))
    if not isinstance(told.return_params, msgspec.UnsetType):
        names.check_entries("column", wire.places(told.return_params.parameters))
    made = await assets.create(
        call.tx,
        call.workspace,
        call.actor,
        FUNCTION,
        told.catalog_name,
        told.schema_name,
        told.name,
        comment=told.comment,
        detail=req.detail(),
    )
    return wire.FunctionInfo.of(made, await places.metastore(call.tx))


@routes.get("", allow=READ.on(Listed(FUNCTIONS, _reading, within=lambda request: request.catalog_name)))
async def list_functions(call: Call, req: wire.ListAssets) -> wire.ListFunctionsResponse:
    found, token = await assets.page(
        call.tx, call.workspace, FUNCTION, req.catalog_name, req.schema_name, call.sight, req.max_results,
        req.page_token,
    )  # fmt: skip
    hidden = await browsed(call, BY_FUNCTION, "EXECUTE", found)
    metastore = await places.metastore(call.tx)
    shown = [wire.FunctionInfo.of(each, metastore, browse_only=each.full_name in hidden) for each in found]
    return wire.ListFunctionsResponse(shown, token)


@routes.get("/{name}", allow=READ.on(of_function("name").needs(_reading)))
async def get_function(call: Call, req: wire.GetByName) -> wire.FunctionInfo:
    found = await assets.get(call.tx, call.workspace, FUNCTION, req.name)
    hidden = await browsed(call, BY_FUNCTION, "EXECUTE", [found])
    return wire.FunctionInfo.of(found, await places.metastore(call.tx), browse_only=bool(hidden))


@routes.patch("/{name}", allow=_MANAGED)
async def update_function(call: Call, req: wire.UpdateFunction) -> wire.FunctionInfo:
    changed = await assets.update(call.tx, call.workspace, FUNCTION, req.name, comment=req.comment, owner=req.owner)
    return wire.FunctionInfo.of(changed, await places.metastore(call.tx))


@routes.delete("/{name}", allow=_MANAGED)
async def delete_function(call: Call, req: wire.DeleteFunction) -> None:
    await assets.delete(call.tx, call.workspace, FUNCTION, req.name)
