"""Tags on catalogs, schemas, volumes, tables, columns and functions."""

import dataclasses

from lakeward.catalog import policies, tags
from lakeward.catalog.kinds import BROWSE, TAG
from lakeward.catalog.wire import tags as wire
from lakeward.runtime.http import EDIT, READ, Call, Routes

routes = Routes("unity catalog", ("/api/2.1/unity-catalog/entity-tag-assignments",))

_READ = READ.on(dataclasses.replace(tags.ENTITY, right=BROWSE))
_TAG = EDIT.on(dataclasses.replace(tags.ENTITY, right=TAG))


async def _enter(call: Call, key: str, value: str | None) -> None:
    await policies.enter(call.tx, call.access, call.actor, call.workspace, {key: value}, at_home=not call.foreign)


@routes.post("", allow=_TAG)
async def create_entity_tag(call: Call, req: wire.CreateAssignment) -> wire.EntityTagAssignment:
    await _enter(call, req.tag_key, req.tag_value)
    tag = await tags.assign(
        call.tx,
        call.workspace,
        req.entity_type,
        req.entity_name,
        req.tag_key,
        req.tag_value,
        new=True,
    )
    return wire.EntityTagAssignment.of(req.entity_type, req.entity_name, tag)


@routes.get("/{entity_type}/{entity_name}/tags", allow=_READ)
async def list_entity_tags(call: Call, req: wire.AssignmentsOf) -> wire.ListAssignmentsResponse:
    found, token = await tags.page(
        call.tx, call.workspace, req.entity_type, req.entity_name, req.max_results, req.page_token
    )
    shown = [wire.EntityTagAssignment.of(req.entity_type, req.entity_name, each) for each in found]
    return wire.ListAssignmentsResponse(shown, token)


@routes.get("/{entity_type}/{entity_name}/tags/{tag_key}", allow=_READ)
async def get_entity_tag(call: Call, req: wire.Assignment) -> wire.EntityTagAssignment:
    found = await tags.get(call.tx, call.workspace, req.entity_type, req.entity_name, req.tag_key)
    return wire.EntityTagAssignment.of(req.entity_type, req.entity_name, found)


@routes.patch("/{entity_type}/{entity_name}/tags/{tag_key}", allow=_TAG)
async def update_entity_tag(call: Call, req: wire.UpdateAssignment) -> wire.EntityTagAssignment:
    await _enter(call, req.tag_key, req.tag_value)
    tag = await tags.assign(
        call.tx,
        call.workspace,
        req.entity_type,
        req.entity_name,
        req.tag_key,
        req.tag_value,
        new=False,
    )
    return wire.EntityTagAssignment.of(req.entity_type, req.entity_name, tag)


@routes.delete("/{entity_type}/{entity_name}/tags/{tag_key}", allow=_TAG)
async def delete_entity_tag(call: Call, req: wire.Assignment) -> None:
    await _enter(call, req.tag_key, None)
    await tags.delete(call.tx, call.workspace, req.entity_type, req.entity_name, req.tag_key)
