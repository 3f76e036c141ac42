"""Why may somebody do something, or why not."""

from lakeward.access.explanations import Asked, Explanation, explain, parse
from lakeward.access.records import MANAGE
from lakeward.runtime.http import USE, Call, Role, Routes

routes = Routes("permissions", ("/api/2.0/lakeward",))


@routes.post("/explain", allow=USE, tx="read")
async def explain_access(call: Call, req: Asked) -> Explanation:
    """Everybody may ask about himself; who manages an object, about everybody."""
    way, name, _ = parse(req)
    role = call.actor.role_in(call.workspace)
    if req.principal != call.actor.name and (role is None or role < Role.MANAGE):
        await call.access.require(call.actor, call.workspace, way, [name], MANAGE)
    return await explain(call.tx, call.workspace, req)
