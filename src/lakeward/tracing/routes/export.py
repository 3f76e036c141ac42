"""Export of a selection of traces as a stream."""

from collections.abc import AsyncIterator

from lakeward.experiments import of_experiment
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import READ, Call, Reply, Routes
from lakeward.tracing import export, export_forms
from lakeward.tracing.wire import export as wire

routes = Routes("traces", ("/api/2.0/lakeward",))


@routes.post("/traces/export", allow=READ.on(of_experiment("experiment_ids").kept()), tx=None)
async def export_traces(call: Call, req: wire.ExportTraces) -> Reply:
    """Traces that a search finds, newest first, or named ones, with everything that is known of them."""
    if req.max_traces is not None and req.max_traces < 1:
        raise InvalidParameter(f"max_traces must be at least 1, not {req.max_traces}.")
    form = export_forms.form_of(req.format)
    selection = export.Selection(req.experiment_ids, req.filter, req.trace_ids, req.max_traces)
    pieces = export.stream(call.db, call.workspace, selection, form)
    first = await anext(pieces, b"")  # what is wrong with the selection shows now, not in the middle of the answer

    async def body() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    headers = {
        "content-type": export_forms.MEDIA_TYPES[form],
        "content-disposition": f'attachment; filename="traces.{export_forms.SUFFIXES[form]}"',
    }
    return Reply(200, headers, body())
