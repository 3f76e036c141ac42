"""Lakeward's own API of lineage."""

from lakeward.kit.errors import NotFound
from lakeward.lineage import lineage, wire
from lakeward.lineage.records import Direction, Kind
from lakeward.lineage.securable import ANCHOR, visible
from lakeward.runtime.http import READ, Call, Routes

routes = Routes("lineage", ("/api/2.0/lakeward",))


@routes.get("/lineage", allow=READ.on(ANCHOR))
async def get_lineage(call: Call, req: wire.GetLineage) -> wire.GetLineageResponse:
    """What an object was made from, and what was made from it. A page may be short where the caller may not see all."""
    anchor = await lineage.find(
        call.tx, call.workspace, Kind(req.kind), id=req.id, name=req.name, version=req.version, digest=req.digest
    )
    direction = None if req.direction == "BOTH" else Direction(req.direction)
    links, token = await lineage.page(
        call.tx, call.workspace, anchor, direction, max_results=req.max_results, page_token=req.page_token
    )
    if call.confined:
        links = await visible(call.access, call.actor, call.workspace, links)
        if anchor.node.kind is Kind.DATASET and not links:
            raise NotFound(f"No data set with the name '{req.name}' and the digest '{req.digest}' was read by a run.")
    return wire.GetLineageResponse(wire.Object.of(anchor.node), [wire.Link.of(each) for each in links], token)
