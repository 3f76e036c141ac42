"""The audit log for administrators."""

from lakeward.audit import chain, store, wire
from lakeward.kit import pages
from lakeward.runtime.http import ADMIN, Call, Routes

routes = Routes("audit", ("/api/2.0/lakeward",))

_DEFAULT = 100
_MOST = 1000


@routes.get("/audit", allow=ADMIN, tx=None)
async def list_audit_events(call: Call, req: wire.ListAuditEvents) -> wire.ListAuditEventsResponse:
    """Events, newest first, those of a moment ago included."""
    limit = pages.page_size(req.max_results, _DEFAULT, _MOST)
    search = req.search()
    context = pages.context_of("audit", search)
    before = pages.decode(req.page_token, context, [int])[0] if req.page_token else None
    if before is None:
        await chain.seal(call.db, call.settings.master_key_source, wait=True)
    async with call.db.connection() as connection:
        found = await store.find_page(connection, search, before, limit + 1)  # type: ignore[arg-type]  # kinds checked
    token = pages.encode([found[limit - 1].seq], context) if len(found) > limit else None
    # Like calls that were counted together come into the chain after others that happened since the last of them.
    listed = sorted((wire.AuditEvent.of(each) for each in found[:limit]), key=lambda event: (event.time, event.seq))
    return wire.ListAuditEventsResponse(listed[::-1], token)
