"""Workspace bindings: the API for any securable, and the older one for catalogs."""

from lakeward.catalog import bindings
from lakeward.catalog.records import READ_WRITE, WorkspaceBinding
from lakeward.catalog.securable import MANAGE as MANAGING
from lakeward.catalog.securable import of_catalog_at_home
from lakeward.catalog.wire import places as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import MANAGE, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog",))

_BY_TYPE = MANAGE.on(of_catalog_at_home("securable_name").needs(MANAGING))
_BY_NAME = MANAGE.on(of_catalog_at_home("name").needs(MANAGING))


def _check_type(securable_type: str) -> None:
    if securable_type.lower() != "catalog":
        raise InvalidParameter(f"Catalogs are bound to workspaces, and nothing else; not {securable_type[:50]!r}.")


@routes.get("/bindings/{securable_type}/{securable_name}", allow=_BY_TYPE)
async def get_bindings(call: Call, req: wire.BindingsOf) -> wire.BindingsResponse:
    _check_type(req.securable_type)
    found = await bindings.of_catalog(call.tx, call.workspace, req.securable_name)
    return wire.BindingsResponse(wire.Bound.all_of(found))


@routes.patch("/bindings/{securable_type}/{securable_name}", allow=_BY_TYPE)
async def update_bindings(call: Call, req: wire.UpdateBindings) -> wire.BindingsResponse:
    _check_type(req.securable_type)
    added = [each.record() for each in req.add]
    removed = [each.workspace_id for each in req.remove]
    changed = await bindings.change(call.tx, call.workspace, req.securable_name, added, removed)
    call.access.forget_bindings()
    return wire.BindingsResponse(wire.Bound.all_of(changed))


@routes.get("/workspace-bindings/catalogs/{name}", allow=_BY_NAME)
async def get_catalog_bindings(call: Call, req: wire.CatalogByName) -> wire.CatalogBindingsResponse:
    found = await bindings.of_catalog(call.tx, call.workspace, req.name)
    return wire.CatalogBindingsResponse([each.workspace_id for each in found])


@routes.patch("/workspace-bindings/catalogs/{name}", allow=_BY_NAME)
async def update_catalog_bindings(call: Call, req: wire.UpdateCatalogBindings) -> wire.CatalogBindingsResponse:
    added = [WorkspaceBinding(each, READ_WRITE) for each in req.assign_workspaces]
    changed = await bindings.change(call.tx, call.workspace, req.name, added, req.unassign_workspaces)
    call.access.forget_bindings()
    return wire.CatalogBindingsResponse([each.workspace_id for each in changed])
