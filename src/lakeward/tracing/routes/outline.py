"""A trace for whoever looks at it: its outline at once, its spans one by one."""

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import READ, Call, Routes
from lakeward.tracing import outline, prices, traces
from lakeward.tracing.render import span_json
from lakeward.tracing.routes.traces import infos
from lakeward.tracing.securable import of_trace
from lakeward.tracing.wire import outline as wire

routes = Routes("traces", ("/api/2.0/lakeward",))
_TRACE = of_trace("trace_id")
_MAX_TEXT = 1_000


@routes.get("/traces/{trace_id}/outline", allow=READ.on(_TRACE))
async def get_trace_outline(call: Call, req: wire.OutlineById) -> wire.OutlineResponse:
    found = await traces.get(call.tx, call.workspace, req.trace_id)
    spans, keep = await outline.of_trace(call.tx, call.db, found)
    if keep:
        call.afterwards(keep)
    [info] = await infos(call, call.tx, [found])
    return wire.OutlineResponse(info, spans)


@routes.get("/traces/{trace_id}/spans/{span_id}", allow=READ.on(_TRACE))
async def get_span(call: Call, req: wire.SpanById) -> wire.SpanResponse:
    found = await traces.get(call.tx, call.workspace, req.trace_id)
    span = await outline.span(call.tx, found, req.span_id)
    return wire.SpanResponse(span_json(span, await prices.book(call.tx)))


@routes.get("/traces/{trace_id}/spans", allow=READ.on(_TRACE))
async def find_spans(call: Call, req: wire.FindSpans) -> wire.FoundSpans:
    found = await traces.get(call.tx, call.workspace, req.trace_id)
    if req.text is None:
        spans, token = await outline.page(call.tx, found, req.under, req.max_results, req.page_token)
        book = await prices.book(call.tx)
        shown = [span_json(each, book) for each in spans]
        return wire.FoundSpans([each.span_id.hex() for each in spans], shown, token)
    if not 1 <= len(req.text) <= _MAX_TEXT:
        raise InvalidParameter(f"The text to look for has 1 to {_MAX_TEXT} characters, not {len(req.text)}.")
    return wire.FoundSpans(await outline.holding(call.tx, found, req.text))
