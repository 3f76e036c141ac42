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
    """Everybody may ask about himself; who manages an object, about everybody."""
    way, name, _ = parse(request)
    if request.principal != call.caller.name:
        yield way, name


@routes.post("/explain", allow=MANAGE.on(Found(_object, "the object", MANAGING)), tx="read")
async def explain_access(call: Call, req: Asked) -> Explanation:
    return await explain(call.tx, call.workspace, req, anybody=call.actor.is_admin)
