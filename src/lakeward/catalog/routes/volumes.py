"""Volumes; their files go through the Files API."""

import functools
from typing import Any

from lakeward.access import MANAGE as MANAGING
from lakeward.access import Found, Listed
from lakeward.catalog import assets
from lakeward.catalog.kinds import BROWSE, BY_VOLUME, VOLUMES, of_volume
from lakeward.catalog.records import VOLUME
from lakeward.catalog.routes.browsing import browsed
from lakeward.catalog.securable import unity
from lakeward.catalog.store import places
from lakeward.catalog.wire import assets as wire
from lakeward.runtime.http import EDIT, READ, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog/volumes",))

_MANAGED = EDIT.on(of_volume("name").needs(MANAGING))


def _reading(request: Any) -> str:
    return BROWSE if request.include_browse else "READ_VOLUME"


def in_schema(right: str) -> Found:
    """The schema that something is made in."""
    return Found(
        lambda _call, request: [(unity.BY_SCHEMA, f"{request.catalog_name}.{request.schema_name}")], "the schema", right
    )


@routes.post("", allow=EDIT.on(in_schema("CREATE_VOLUME")))
async def create_volume(call: Call, req: wire.CreateVolume) -> wire.VolumeInfo:
    made = await assets.create(
        call.tx,
        call.workspace,
        call.actor,
        VOLUME,
        req.catalog_name,
        req.schema_name,
        req.name,
        comment=req.comment,
        detail={},
        storage_location=assets.checked_location(VOLUME, req.volume_type, req.storage_location),
    )
    return wire.VolumeInfo.of(made, await places.metastore(call.tx))


@routes.get("", allow=READ.on(Listed(VOLUMES, _reading, within=lambda request: request.catalog_name)))
async def list_volumes(call: Call, req: wire.ListAssets) -> wire.ListVolumesResponse:
    found, token = await assets.page(
        call.tx, call.workspace, VOLUME, req.catalog_name, req.schema_name, call.sight, req.max_results, req.page_token
    )
    hidden = await browsed(call, BY_VOLUME, "READ_VOLUME", found)
    metastore = await places.metastore(call.tx)
    shown = [wire.VolumeInfo.of(each, metastore, browse_only=each.full_name in hidden) for each in found]
    return wire.ListVolumesResponse(shown, token)


@routes.get("/{name}", allow=READ.on(of_volume("name").needs(_reading)))
async def get_volume(call: Call, req: wire.GetByName) -> wire.VolumeInfo:
    found = await assets.get(call.tx, call.workspace, VOLUME, req.name)
    hidden = await browsed(call, BY_VOLUME, "READ_VOLUME", [found])
    return wire.VolumeInfo.of(found, await places.metastore(call.tx), browse_only=bool(hidden))


@routes.patch("/{name}", allow=_MANAGED)
async def update_volume(call: Call, req: wire.UpdateVolume) -> wire.VolumeInfo:
    changed = await assets.update(
        call.tx, call.workspace, VOLUME, req.name, new_name=req.new_name, comment=req.comment, owner=req.owner
    )
    return wire.VolumeInfo.of(changed, await places.metastore(call.tx))


@routes.delete("/{name}", allow=_MANAGED)
async def delete_volume(call: Call, req: wire.ByName) -> None:
    await assets.delete(call.tx, call.workspace, VOLUME, req.name)
    call.afterwards(functools.partial(assets.sweep, call.db, call.objects))
