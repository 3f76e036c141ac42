"""A trace for whoever looks at it: its outline at once, its spans one by one."""

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx
from lakeward.runtime.http import READ, Call, Routes
from lakeward.tracing import outline, prices, traces
from lakeward.tracing.book import Book
from lakeward.tracing.records import Trace
from lakeward.tracing.render import span_json
from lakeward.tracing.routes.traces import infos
from lakeward.tracing.securable import of_trace
from lakeward.tracing.wire import outline as wire

routes = Routes("traces", ("/api/2.0/lakeward",))
_TRACE = of_trace("trace_id")
_MAX_TEXT = 1_000


async def _found(call: Call, trace_id: str) -> tuple[Trace, Book]:
    async def look(tx: Tx) -> tuple[Trace, Book]:
        return await traces.get(tx, call.workspace, trace_id), await prices.book(tx)

    return await call.db.run(look, transaction=False)


@routes.get("/traces/{trace_id}/outline", allow=READ.on(_TRACE), tx=None)
async def get_trace_outline(call: Call, req: wire.OutlineById) -> wire.OutlineResponse:
    found, book = await _found(call, req.trace_id)
    spans, keep = await outline.of_trace(call.db, found, book)
    if keep:
        call.afterwards(keep)
    async with call.db.connection() as tx:
        [info] = await infos(call, tx, [found])
    return wire.OutlineResponse(info, spans)


@routes.get("/traces/{trace_id}/spans/{span_id}", allow=READ.on(_TRACE), tx=None)
async def get_span(call: Call, req: wire.SpanById) -> wire.SpanResponse:
    found, book = await _found(call, req.trace_id)
    return wire.SpanResponse(span_json(await outline.span(call.db, found, req.span_id), book))


@routes.get("/traces/{trace_id}/spans", allow=READ.on(_TRACE), tx=None)
async def find_spans(call: Call, req: wire.FindSpans) -> wire.FoundSpans:
    found, book = await _found(call, req.trace_id)
    if req.text is None:
        drawn, keep = await outline.of_trace(call.db, found, book)
        if keep:
            call.afterwards(keep)
        spans, token = await outline.page(
            call.db, found, msgspec.json.decode(drawn, type=wire.Outline),
            lambda span: msgspec.json.encode(span_json(span, book)), req.under, req.max_results, req.page_token,
        )  # fmt: skip
        return wire.FoundSpans([span_id for span_id, _ in spans], [msgspec.Raw(each) for _, each in spans], token)
    if not 1 <= len(req.text) <= _MAX_TEXT:
        raise InvalidParameter(f"The text to look for has 1 to {_MAX_TEXT} characters, not {len(req.text)}.")
    return wire.FoundSpans(await outline.holding(call.db, found, req.text))
