"""The trace API of version 3, and what all clients share with it."""

from collections.abc import Sequence
from typing import Annotated

from lakeward import experiments
from lakeward.experiments import of_experiment, of_run
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx
from lakeward.runtime.http import EDIT, MLFLOW_2_0, READ, Call, Reply, Routes
from lakeward.tracing import assessments, ingest, prices, search, traces
from lakeward.tracing.book import Book
from lakeward.tracing.converted import assessment_record
from lakeward.tracing.records import Assessment as AssessmentRecord
from lakeward.tracing.records import Trace
from lakeward.tracing.routes import whole
from lakeward.tracing.sealed import Sealed
from lakeward.tracing.securable import linked_run, of_trace
from lakeward.tracing.store import assessments as assessment_store
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire import assessments as wire_assessments
from lakeward.tracing.wire import traces as wire

routes = Routes("traces", ("/api/3.0/mlflow", "/ajax-api/3.0/mlflow"))
# compat(mlflow 3.17): links, tags and deletion have never left version 2, though there are paths for the latter two
old = Routes("traces", MLFLOW_2_0)
both = Routes("traces", ("/api/2.0/mlflow", "/ajax-api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/3.0/mlflow"))

_TRACE = of_trace("trace_id")
_PLACES = of_experiment("locations.mlflow_experiment.experiment_id")
_GIVEN_PLACE = of_experiment("trace.trace_info.trace_location.mlflow_experiment.experiment_id")
_GIVEN_TRACE = of_trace("trace.trace_info.trace_id").if_there()  # nobody adds to the trace of somebody else
_GIVEN_RUN = linked_run(lambda request: request.trace.trace_info.trace_metadata)


async def infos(call: Call, tx: Tx, found: Sequence[Trace]) -> list[wire.TraceInfo]:
    """These traces for this caller, with what is said about them."""
    judged = [each.seq for each in found if each.judged]
    said = await assessment_store.of_traces(tx, judged) if judged else {}
    return [
        wire.TraceInfo.of(
            each,
            [wire_assessments.Assessment.of(one) for one in said.get(each.seq, ())],
            databricks=call.databricks,
        )
        for each in found
    ]


@routes.post("/traces", allow=EDIT.on(_GIVEN_PLACE, _GIVEN_TRACE, _GIVEN_RUN))
async def start_trace(call: Call, req: wire.StartTrace) -> wire.StartTraceResponse:
    """What a client tells about a whole trace; its spans come by OTLP, or as a file."""
    given = req.trace.trace_info
    told = given.told()
    said: list[AssessmentRecord] = [
        assessment_record(each, told.trace_id, call.actor.name, now_ms()) for each in given.assessments
    ]
    seq = await traces.tell(call.tx, call.workspace, given.experiment_id, told)
    if said:
        await assessments.add_told(call.tx, seq, experiments.parse_id(given.experiment_id), said)
    [info] = await infos(call, call.tx, await store.find_many(call.tx, [seq]))
    return wire.StartTraceResponse(wire.InfoOnly(info))


@routes.get("/traces/{trace_id}", allow=READ.on(_TRACE))
async def get_trace_info(call: Call, req: wire.TraceById) -> wire.StartTraceResponse:
    found = await traces.get(call.tx, call.workspace, req.trace_id)
    [info] = await infos(call, call.tx, [found])
    return wire.StartTraceResponse(wire.InfoOnly(info))


@routes.get("/traces/get", allow=READ.on(_TRACE), tx=None)
async def get_trace(call: Call, req: wire.GetTrace) -> Annotated[Reply, wire.GetTraceResponse]:
    async def look(tx: Tx) -> tuple[Trace, wire.TraceInfo, Sequence[Sealed], Book]:
        found = await traces.get(tx, call.workspace, req.trace_id)
        segments = await store.segments_of(tx, [found.seq])
        [info] = await infos(call, tx, [found])
        return found, info, segments.get(found.seq, ()), await prices.book(tx)

    found, info, segments, book = await call.db.run(look, transaction=False)
    spans = await whole.spans_of(call.db, segments, book)
    if not req.allow_partial and not traces.complete(found, len(spans)):
        spans.close()
        raise NotFound(f"Trace with ID {req.trace_id} is not fully exported yet, please try again later.")
    return await whole.reply(whole.within(b'{"trace":', whole.one(info, spans), b"}"))


@routes.get("/traces/batchGet", allow=READ.on(of_trace("trace_ids").kept()), tx=None)
async def batch_get_traces(call: Call, req: wire.BatchGetTraces) -> Annotated[Reply, wire.BatchGetTracesResponse]:
    """Traces with their spans. Those that are not complete yet are left out."""

    async def look(tx: Tx) -> tuple[list[tuple[Trace, wire.TraceInfo]], Book]:
        found = await _named(call, tx, req)
        return list(zip(found, await infos(call, tx, found), strict=True)), await prices.book(tx)

    found, book = await call.db.run(look, transaction=False)
    return await whole.reply(whole.many(call.db, found, book))


@routes.post("/traces/batchGetInfos", allow=READ.on(of_trace("trace_ids").kept()), tx="read")
async def batch_get_trace_infos(call: Call, req: wire.BatchGetTraces) -> wire.BatchGetTraceInfosResponse:
    return wire.BatchGetTraceInfosResponse(await infos(call, call.tx, await _named(call, call.tx, req)))


async def _named(call: Call, tx: Tx, req: wire.BatchGetTraces) -> list[Trace]:
    if len(req.trace_ids) > traces.MAX_BATCH:
        raise InvalidParameter(f"At most {traces.MAX_BATCH} traces per request; these are {len(req.trace_ids)}.")
    numbers = None if req.experiment_ids is None else [experiments.parse_id(each) for each in req.experiment_ids]
    return await store.find_named(tx, call.workspace, req.trace_ids, numbers)


@routes.post("/traces/search", allow=READ.on(_PLACES.kept()), tx="read")
async def search_traces(call: Call, req: wire.SearchTraces) -> wire.SearchTracesResponse:
    places = [each.mlflow_experiment.experiment_id for each in req.locations if each.mlflow_experiment is not None]
    if len(places) < len(req.locations):
        raise InvalidParameter(
            "Only locations of the type MLFLOW_EXPERIMENT are supported; locations not yet supported."
        )
    seqs, token = await search.page(
        call.tx, call.workspace, places, req.filter, req.order_by, req.max_results, req.page_token
    )
    return wire.SearchTracesResponse(await infos(call, call.tx, await store.find_many(call.tx, seqs)), token)


@both.patch("/traces/{trace_id}/tags", allow=EDIT.on(_TRACE))
async def set_trace_tag(call: Call, req: wire.SetTraceTag) -> None:
    await traces.set_tag(call.tx, call.workspace, req.trace_id, req.key, req.value)


@both.delete("/traces/{trace_id}/tags", allow=EDIT.on(_TRACE))
async def delete_trace_tag(call: Call, req: wire.DeleteTraceTag) -> None:
    await traces.delete_tag(call.tx, call.workspace, req.trace_id, req.key)


@both.post("/traces/delete-traces", allow=EDIT.on(of_experiment("experiment_id")))
async def delete_traces(call: Call, req: wire.DeleteTraces) -> wire.DeleteTracesResponse:
    experiment_id, gone = await traces.delete(
        call.tx,
        call.workspace,
        req.experiment_id,
        before_ms=req.max_timestamp_millis,
        max_traces=req.max_traces,
        trace_ids=req.request_ids or req.trace_ids,
    )

    async def erase_files() -> None:
        for trace_id in gone:
            await call.objects.delete_prefix(traces.files_prefix(call.workspace, experiment_id, trace_id))

    call.afterwards(erase_files)
    return wire.DeleteTracesResponse(len(gone))


@old.post("/traces/link-to-run", allow=EDIT.on(of_trace("trace_ids").if_said().if_there(), of_run("run_id")))
async def link_traces_to_run(call: Call, req: wire.LinkTracesToRun) -> None:
    await ingest.link_runs(call.tx, call.workspace, req.trace_ids, req.run_id)


@old.post("/traces/link-prompts", allow=EDIT.on(_TRACE))
async def link_prompts_to_trace(call: Call, req: wire.LinkPromptsToTrace) -> None:
    versions = [(each.name, each.version) for each in req.prompt_versions]
    await traces.link_prompts(call.tx, call.workspace, req.trace_id, versions)
