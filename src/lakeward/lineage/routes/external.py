"""The platform's API of external lineage: things in systems elsewhere, and what is made from what between them."""

from lakeward.access import MANAGE as MANAGING
from lakeward.access import Listed
from lakeward.catalog import BROWSE, in_metastore
from lakeward.kit.errors import InvalidParameter
from lakeward.lineage import external_wire as wire
from lakeward.lineage import metadata, relationships
from lakeward.lineage.metadata import EXTERNAL_METADATA, MODIFY, of_metadata
from lakeward.lineage.records import Direction, End
from lakeward.lineage.securable import ENDS, seen
from lakeward.runtime.http import EDIT, MANAGE, READ, Call, Routes

routes = Routes("lineage", ("/api/2.0/lineage-tracking",))

_METADATA = of_metadata("name")
_FIELDS = {"system_type", "entity_type", "url", "description", "columns", "properties", "owner"}
_OF_RELATIONSHIPS = {"columns", "properties"}


def _mask(written: str, known: set[str]) -> set[str]:
    """The fields that an update names."""
    named = {each.strip() for each in written.split(",") if each.strip()}
    fields = known if "*" in named else named
    if not fields or fields - known:
        raise InvalidParameter(
            f"Invalid update_mask {written[:100]!r}: it names some of {', '.join(sorted(known))}; or it is *."
        )
    return fields


# ── external metadata ────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/external-metadata", allow=EDIT.on(in_metastore("CREATE_EXTERNAL_METADATA")))
async def create_external_metadata(call: Call, req: wire.CreateExternalMetadata) -> wire.ExternalMetadata:
    said = metadata.Changes(req.system_type, req.entity_type, req.url, req.description, req.columns, req.properties)
    return wire.ExternalMetadata.of(await metadata.create(call.tx, call.workspace, call.actor, req.name, said))


@routes.get("/external-metadata", allow=READ.on(Listed(EXTERNAL_METADATA, BROWSE)))
async def list_external_metadata(call: Call, req: wire.ListExternalMetadata) -> wire.ListExternalMetadataResponse:
    found, token = await metadata.page(call.tx, call.workspace, call.sight, req.page_size, req.page_token)
    return wire.ListExternalMetadataResponse([wire.ExternalMetadata.of(each) for each in found], token)


@routes.get("/external-metadata/{name}", allow=READ.on(_METADATA.needs(BROWSE)))
async def get_external_metadata(call: Call, req: wire.MetadataByName) -> wire.ExternalMetadata:
    return wire.ExternalMetadata.of(await metadata.get(call.tx, call.workspace, req.name))


def _changing(request: wire.UpdateExternalMetadata) -> str:
    """Another owner is for whoever manages it."""
    return MANAGING if request.owner else MODIFY


@routes.patch("/external-metadata/{name}", allow=EDIT.on(_METADATA.needs(_changing)))
async def update_external_metadata(call: Call, req: wire.UpdateExternalMetadata) -> wire.ExternalMetadata:
    fields = _mask(req.update_mask, _FIELDS)
    said = metadata.Changes(**{name: getattr(req, name) for name in fields - {"owner"}})
    owner = req.owner if "owner" in fields else ""
    return wire.ExternalMetadata.of(await metadata.update(call.tx, call.workspace, req.name, said, owner=owner))


@routes.delete("/external-metadata/{name}", allow=MANAGE.on(_METADATA.needs(MANAGING)))
async def delete_external_metadata(call: Call, req: wire.MetadataByName) -> None:
    await metadata.delete(call.tx, call.workspace, req.name)


# ── relationships ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _ends(call: Call, req: wire.CreateRelationship | wire.DeleteRelationship) -> tuple[End, End]:
    source, target = [await relationships.end(call.tx, call.workspace, *each) for each in req.named()]
    return source, target


@routes.post("/external-lineage", allow=EDIT.on(ENDS))
async def create_external_lineage(call: Call, req: wire.CreateRelationship) -> wire.Relationship:
    source, target = await _ends(call, req)
    made = await relationships.create(
        call.tx,
        call.workspace,
        source,
        target,
        columns=[(each.source, each.target) for each in req.columns],
        properties=req.properties,
    )
    return wire.Relationship.of(made)


@routes.get("/external-lineage", allow=READ.on(ENDS))
async def list_external_lineage(call: Call, req: wire.ListRelationships) -> wire.ListRelationshipsResponse:
    """A page may be short where the caller may not see all."""
    [named] = req.named()
    found, token = await relationships.page(
        call.tx,
        call.workspace,
        await relationships.end(call.tx, call.workspace, *named),
        Direction(req.lineage_direction),
        req.page_size,
        req.page_token,
    )
    if call.confined:
        found = await seen(call.access, call.actor, call.workspace, found)
    return wire.ListRelationshipsResponse([wire.LineageInfo.of(each) for each in found], token)


@routes.patch("/external-lineage", allow=EDIT.on(ENDS))
async def update_external_lineage(call: Call, req: wire.UpdateRelationship) -> wire.Relationship:
    fields = _mask(req.update_mask, _OF_RELATIONSHIPS)
    source, target = await _ends(call, req)
    changed = await relationships.update(
        call.tx,
        call.workspace,
        source,
        target,
        columns=[(each.source, each.target) for each in req.columns] if "columns" in fields else None,
        properties=req.properties if "properties" in fields else None,
    )
    return wire.Relationship.of(changed)


@routes.delete("/external-lineage", allow=EDIT.on(ENDS))
async def delete_external_lineage(call: Call, req: wire.DeleteRelationship) -> None:
    source, target = await _ends(call, req)
    await relationships.delete(call.tx, call.workspace, source, target, only=req.id)
