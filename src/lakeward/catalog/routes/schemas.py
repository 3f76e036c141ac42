"""Schemas, as the platform's SDK and the open-source clients ask for them."""

from collections.abc import Sequence

from lakeward.access import Listed
from lakeward.catalog import schemas
from lakeward.catalog.records import Schema
from lakeward.catalog.securable import MANAGE as MANAGING
from lakeward.catalog.securable import SCHEMA, browsing_schemas, of_catalog, of_schema, unity
from lakeward.catalog.store import places as store
from lakeward.catalog.wire import places as wire
from lakeward.runtime.http import EDIT, MANAGE, READ, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog/schemas",))

_MANAGED = MANAGE.on(of_schema("full_name").needs(MANAGING))


async def _browsed(call: Call, found: Sequence[Schema]) -> set[str]:
    """Those of these schemas that the caller may see and not use."""
    if not call.confined or not call.request.include_browse:
        return set()
    names = [each.full_name for each in found]
    verdicts = await call.access.verdicts(call.actor, call.workspace, unity.BY_SCHEMA, names, "USE_SCHEMA")
    return {name for name in names if not verdicts[name]}


@routes.post("", allow=EDIT.on(of_catalog("catalog_name").needs("CREATE_SCHEMA")))
async def create_schema(call: Call, req: wire.CreateSchema) -> wire.SchemaInfo:
    made = await schemas.create(
        call.tx,
        call.workspace,
        call.actor,
        req.catalog_name,
        req.name,
        comment=req.comment,
        given=req.properties,
        storage_root=req.storage_root,
    )
    return wire.SchemaInfo.of(made, await store.metastore(call.tx))


@routes.get("", allow=READ.on(Listed(SCHEMA, browsing_schemas, within=lambda request: request.catalog_name)))
async def list_schemas(call: Call, req: wire.ListSchemas) -> wire.ListSchemasResponse:
    found, token = await schemas.page(
        call.tx, call.workspace, req.catalog_name, call.sight, req.max_results, req.page_token
    )
    hidden = await _browsed(call, found)
    metastore = await store.metastore(call.tx)
    shown = [wire.SchemaInfo.of(each, metastore, browse_only=each.full_name in hidden) for each in found]
    return wire.ListSchemasResponse(shown, token)


@routes.get("/{full_name}", allow=READ.on(of_schema("full_name").needs(browsing_schemas)))
async def get_schema(call: Call, req: wire.GetSchema) -> wire.SchemaInfo:
    found = await schemas.get(call.tx, call.workspace, req.full_name)
    hidden = await _browsed(call, [found])
    return wire.SchemaInfo.of(found, await store.metastore(call.tx), browse_only=bool(hidden))


@routes.patch("/{full_name}", allow=_MANAGED)
async def update_schema(call: Call, req: wire.UpdateSchema) -> wire.SchemaInfo:
    changed = await schemas.update(
        call.tx,
        call.workspace,
        req.full_name,
        new_name=req.new_name,
        comment=req.comment,
        given=req.properties,
        owner=req.owner,
    )
    return wire.SchemaInfo.of(changed, await store.metastore(call.tx))


@routes.delete("/{full_name}", allow=_MANAGED)
async def delete_schema(call: Call, req: wire.DeleteSchema) -> None:
    await schemas.delete(call.tx, call.workspace, req.full_name, force=req.force)
