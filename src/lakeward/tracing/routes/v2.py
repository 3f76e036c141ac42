"""The trace API of version 2, for clients of MLflow 2: the trace is begun, ended, and its spans come as a file."""

from lakeward.experiments import of_experiment
from lakeward.runtime.http import EDIT, MLFLOW_2_0, READ, Call, Routes
from lakeward.tracing import search, traces
from lakeward.tracing.records import Trace
from lakeward.tracing.securable import linked_run, of_trace
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire import v2 as wire
from lakeward.tracing.wire.times import state_of

routes = Routes("traces", MLFLOW_2_0)

_TRACE = of_trace("request_id")
_RUN = linked_run(lambda request: wire.words(request.request_metadata))


def _info(call: Call, trace: Trace) -> wire.TraceInfoV2:
    """compat(mlflow 2.22): spans are files for these clients, wherever they are kept."""
    return wire.TraceInfoV2.of(trace, databricks=call.databricks, here=False)


@routes.post("/traces", allow=EDIT.on(of_experiment("experiment_id"), _RUN))
async def start_trace_v2(call: Call, req: wire.StartTraceV2) -> wire.TraceInfoV2Response:
    trace_id = await traces.begin(
        call.tx,
        call.workspace,
        req.experiment_id,
        req.timestamp_ms,
        wire.words(req.request_metadata),
        wire.words(req.tags),
    )
    return wire.TraceInfoV2Response(_info(call, await traces.get(call.tx, call.workspace, trace_id)))


@routes.patch("/traces/{request_id}", allow=EDIT.on(_TRACE, _RUN))
async def end_trace_v2(call: Call, req: wire.EndTraceV2) -> wire.TraceInfoV2Response:
    await traces.end(
        call.tx,
        call.workspace,
        req.request_id,
        req.timestamp_ms,
        state_of(req.status),
        wire.words(req.request_metadata),
        wire.words(req.tags),
    )
    return wire.TraceInfoV2Response(_info(call, await traces.get(call.tx, call.workspace, req.request_id)))


@routes.get("/traces/{request_id}/info", allow=READ.on(_TRACE))
async def get_trace_info_v2(call: Call, req: wire.TraceByRequest) -> wire.TraceInfoV2Response:
    return wire.TraceInfoV2Response(_info(call, await traces.get(call.tx, call.workspace, req.request_id)))


@routes.get("/traces", allow=READ.on(of_experiment("experiment_ids").kept()))
async def search_traces_v2(call: Call, req: wire.SearchTracesV2) -> wire.SearchTracesV2Response:
    seqs, token = await search.page(
        call.tx, call.workspace, req.experiment_ids, req.filter, req.order_by, req.max_results, req.page_token
    )
    return wire.SearchTracesV2Response([_info(call, each) for each in await store.find_many(call.tx, seqs)], token)
