"""Catalogs, as the platform's SDK and the open-source clients ask for them."""

from collections.abc import Sequence

from lakeward.access import Listed, Sight
from lakeward.catalog import catalogs
from lakeward.catalog.records import Catalog
from lakeward.catalog.securable import (
    CATALOG,
    browsing_catalogs,
    in_metastore,
    of_catalog,
    of_catalog_at_home,
    unity,
)
from lakeward.catalog.securable import (
    MANAGE as MANAGING,
)
from lakeward.catalog.store import places as store
from lakeward.catalog.wire import places as wire
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import EDIT, MANAGE, READ, Call, Role, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog/catalogs",))

_MANAGED = MANAGE.on(of_catalog_at_home("name").needs(MANAGING))


async def _browsed(call: Call, found: Sequence[Catalog]) -> set[str]:
    """Those of these catalogs that the caller may see and not use."""
    if not call.confined or not call.request.include_browse:
        return set()
    hidden = set()
    for home in {each.workspace_id for each in found}:
        here = [each.name for each in found if each.workspace_id == home]
        verdicts = await call.access.verdicts(call.actor, home, unity.BY_CATALOG, here, "USE_CATALOG")
        hidden |= {name for name in here if not verdicts[name]}
    return hidden


def _refuse_what_is_not_served(req: wire.CreateCatalog | wire.UpdateCatalog) -> None:
    if req.managed_encryption_settings:
        raise InvalidParameter("Keys of one catalog (managed_encryption_settings) are not served.")
    if isinstance(req, wire.CreateCatalog) and (req.connection_name or req.provider_name or req.share_name):
        raise InvalidParameter("Catalogs of connections and shares are not served; leave connection and share out.")


@routes.post("", allow=EDIT.on(in_metastore("CREATE_CATALOG")))
async def create_catalog(call: Call, req: wire.CreateCatalog) -> wire.CatalogInfo:
    _refuse_what_is_not_served(req)
    made = await catalogs.create(
        call.tx,
        call.workspace,
        call.actor,
        req.name,
        comment=req.comment,
        given=req.properties,
        options=req.options,
        storage_root=req.storage_root,
    )
    return wire.CatalogInfo.of(made, await store.metastore(call.tx))


@routes.get("", allow=READ.on(Listed(CATALOG, browsing_catalogs)))
async def list_catalogs(call: Call, req: wire.ListCatalogs) -> wire.ListCatalogsResponse:
    """The workspace's own, and those from elsewhere of which the caller was given something."""
    sight = call.sight
    if req.include_unbound and call.actor.role_in(call.workspace) is Role.MANAGE:
        sight = None
    bound = await call.access.bindings(call.workspace)
    sights = {call.workspace: sight}
    for home in catalogs.homes(bound, call.workspace):
        sights[home] = None if call.actor.is_admin else Sight(CATALOG, browsing_catalogs(req), call.actor, home)
    found, token = await catalogs.page(call.tx, call.workspace, bound, sights, req.max_results, req.page_token)
    hidden = await _browsed(call, found)
    metastore = await store.metastore(call.tx)
    shown = [
        wire.CatalogInfo.of(
            each,
            metastore,
            browse_only=each.name in hidden,
            from_elsewhere=each.workspace_id != call.workspace,
            read_only=each.name in bound and not bound[each.name].writable,
        )
        for each in found
    ]
    return wire.ListCatalogsResponse(shown, token)


@routes.get("/{name}", allow=READ.on(of_catalog("name").needs(browsing_catalogs)))
async def get_catalog(call: Call, req: wire.GetCatalog) -> wire.CatalogInfo:
    found = await catalogs.get(call.tx, call.workspace, req.name)
    hidden = await _browsed(call, [found])
    bound = (await call.access.bindings(call.came_to or call.workspace)).get(found.name)
    return wire.CatalogInfo.of(
        found,
        await store.metastore(call.tx),
        browse_only=bool(hidden),
        from_elsewhere=call.foreign,
        read_only=bound is not None and not bound.writable,
    )


@routes.patch("/{name}", allow=_MANAGED)
async def update_catalog(call: Call, req: wire.UpdateCatalog) -> wire.CatalogInfo:
    _refuse_what_is_not_served(req)
    changed = await catalogs.update(
        call.tx,
        call.workspace,
        req.name,
        new_name=req.new_name,
        comment=req.comment,
        given=req.properties,
        options=req.options,
        owner=req.owner,
        isolation_mode=req.isolation_mode,
    )
    call.access.forget_bindings()
    return wire.CatalogInfo.of(changed, await store.metastore(call.tx))


@routes.delete("/{name}", allow=_MANAGED)
async def delete_catalog(call: Call, req: wire.DeleteCatalog) -> None:
    await catalogs.delete(call.tx, call.workspace, req.name, force=req.force)
