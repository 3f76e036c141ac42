"""Why may somebody do something, or why not."""

from collections.abc import Iterator
from typing import Any

from lakeward.access.explanations import Asked, Explanation, explain, parse
from lakeward.access.objects import Found
from lakeward.access.records import MANAGE as MANAGING
from lakeward.access.records import Way
from lakeward.runtime.http import MANAGE, Call, Routes

routes = Routes("permissions", ("/api/2.0/lakeward",))


def _object(call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    """Everybody may ask about himself, and who manages an object about everybody."""
    way, name, _ = parse(request)
    if request.principal != call.caller.name:
        yield way, name


_ASKED = Found(_object, "the object", MANAGING, of_rights=True, of_question=True)


@routes.post("/explain", allow=MANAGE.on(_ASKED), tx="read")
async def explain_access(call: Call, req: Asked) -> Explanation:
    way, name, _ = parse(req)
    workspace = call.came_to or call.workspace
    seen = await call.access.seen(workspace, way, name)
    return await explain(call.tx, workspace, req, seen=seen, anybody=call.actor.is_admin)
