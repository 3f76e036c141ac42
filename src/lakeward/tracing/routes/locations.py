"""Unity Catalog locations of traces, as clients in `databricks` mode ask for them (API versions 4 and 5)."""

from collections.abc import Sequence
from typing import Annotated

from lakeward.experiments import of_experiment, of_run
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import EndpointNotFound, InvalidParameter
from lakeward.runtime.db import Tx
from lakeward.runtime.http import EDIT, READ, Call, Reply, Routes
from lakeward.tracing import assessments, locations, prices, traces
from lakeward.tracing.book import Book
from lakeward.tracing.converted import assessment_record, update_fields
from lakeward.tracing.places import parse_path
from lakeward.tracing.records import Assessment, Trace
from lakeward.tracing.routes import traces as plain
from lakeward.tracing.routes import whole
from lakeward.tracing.securable import linked_run, of_located_trace, of_location
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire import assessments as wire_assessments
from lakeward.tracing.wire import locations as wire

places = Routes("trace locations", ("/api/5.0/mlflow",))
routes = Routes("trace locations", ("/api/4.0/mlflow/traces",))
warehouses = Routes("trace locations", ("/api/2.0/sql",))

MAX_BATCH = 100
_EXPERIMENT = of_experiment("experiment_id")
_TRACE = of_located_trace("trace_id")
_TRACES = of_located_trace("trace_ids")
_GIVEN_RUN = linked_run(lambda request: request.trace_metadata)


async def _told(call: Call, tx: Tx, found: Sequence[Trace]) -> list[wire.UcTraceInfo]:
    shown = await plain.infos(call, tx, found)
    return [wire.UcTraceInfo.told_of(each, info) for each, info in zip(found, shown, strict=True)]


@places.post("/tracing/locations", allow=EDIT)
async def create_location(call: Call, req: wire.CreateLocation) -> wire.LocationResponse:
    made = await locations.create(call.tx, call.workspace, req.uc_table_prefix.path, anew=False)
    return wire.LocationResponse(wire.UcTablePrefixLocation.of(made))


@places.get("/tracing/locations/{location_id}", allow=READ)
async def get_location(call: Call, req: wire.LocationById) -> wire.LocationResponse:
    found = await locations.get_by_id(call.tx, call.workspace, req.location_id)
    if len(found.names) < 3:
        raise InvalidParameter(f"The trace location {found.path} is a schema, without a prefix of tables.")
    return wire.LocationResponse(wire.UcTablePrefixLocation.of(found))


@places.post("/experiments/{experiment_id}/trace-location:link", allow=EDIT.on(_EXPERIMENT))
async def link_trace_location(call: Call, req: wire.LinkTraceLocation) -> None:
    await locations.link(call.tx, call.workspace, req.experiment_id, req.uc_table_prefix.path)


@routes.post("/location", allow=EDIT)
async def create_trace_uc_storage_location(
    call: Call, req: wire.CreateTraceUCStorageLocation
) -> wire.UCStorageLocationResponse:
    made = await locations.create(call.tx, call.workspace, req.uc_schema.path, anew=True)
    return wire.UCStorageLocationResponse(wire.UCSchemaLocation.of(made))


@routes.post("/{experiment_id}/link-location", allow=EDIT.on(_EXPERIMENT))
async def link_experiment_to_uc_trace_location(call: Call, req: wire.LinkSchema) -> None:
    await locations.link(call.tx, call.workspace, req.experiment_id, req.uc_schema.path)


@routes.post("/{experiment_id}/unlink-location", allow=EDIT.on(_EXPERIMENT))
async def unlink_experiment_from_uc_trace_location(call: Call, req: wire.LinkSchema) -> None:
    await locations.unlink(call.tx, call.workspace, req.experiment_id, req.uc_schema.path)


# ── traces ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/{location}/{trace_id}/info", allow=EDIT.on(of_location("location"), _TRACE.if_there(), _GIVEN_RUN))
async def create_trace_info(call: Call, req: wire.CreateTraceInfo) -> wire.UcTraceInfo:
    location = await locations.get(call.tx, call.workspace, parse_path(req.location))
    req.trace_id = locations.inner_id(req.trace_id)
    told = req.told()
    said = [assessment_record(each, told.trace_id, call.actor.name, now_ms()) for each in req.assessments]
    home = locations.home_of(location)
    seq = await traces.tell(call.tx, call.workspace, home, told, location.id)
    if said:
        await assessments.add_told(call.tx, seq, int(home), said)
    [info] = await _told(call, call.tx, await store.find_many(call.tx, [seq]))
    return info


@routes.get("/{location}/{trace_id}/info", allow=READ.on(_TRACE))
async def get_uc_trace_info(call: Call, req: wire.OneTrace) -> wire.GetTraceInfoResponse:
    found = await locations.trace(call.tx, call.workspace, req.location, req.trace_id)
    [info] = await _told(call, call.tx, [found])
    return wire.GetTraceInfoResponse(wire.UcInfoOnly(info))


@routes.get("/{location}/batchGet", allow=READ.on(_TRACES.kept()), tx=None)
async def batch_get_uc_traces(call: Call, req: wire.BatchGet) -> Annotated[Reply, wire.BatchGetResponse]:
    """Traces with their spans. Those that are not complete yet are left out, and asked for again."""
    if len(req.trace_ids) > MAX_BATCH:
        raise InvalidParameter(f"At most {MAX_BATCH} traces per request; these are {len(req.trace_ids)}.")

    async def look(tx: Tx) -> tuple[list[tuple[Trace, wire.UcTraceInfo]], Book]:
        found = await locations.some(tx, call.workspace, req.location, req.trace_ids)
        return list(zip(found, await _told(call, tx, found), strict=True)), await prices.book(tx)

    found, book = await call.db.run(look, transaction=False)
    return await whole.reply(whole.many(call.db, found, book))


@routes.post("/search-long-running", allow=READ.on(of_location("locations.path")), tx="read")
async def search_uc_traces(call: Call, req: wire.SearchTracesLongRunning) -> wire.SearchTracesOperation:
    paths = [path for each in req.locations if (path := each.path) is not None]
    if not paths:
        # compat(mlflow 3.17): with this code the client asks for traces of experiments in the way of version 3
        raise EndpointNotFound("Traces of experiments are searched by POST /api/3.0/mlflow/traces/search.")
    if len(paths) < len(req.locations):
        raise InvalidParameter("Experiments cannot be searched together with Unity Catalog locations.")
    seqs, token = await locations.page(
        call.tx, call.workspace, paths, req.filter, req.order_by, req.max_results, req.page_token
    )
    shown = await _told(call, call.tx, await store.find_many(call.tx, seqs))
    return wire.SearchTracesOperation("done", done=True, response=wire.SearchResult(shown, token))


@routes.patch("/{location}/{trace_id}/tags", allow=EDIT.on(_TRACE))
async def set_uc_trace_tag(call: Call, req: wire.SetTag) -> None:
    found = await locations.trace(call.tx, call.workspace, req.location, req.trace_id)
    await traces.set_tag(call.tx, call.workspace, found.trace_id, req.key, req.value)


@routes.delete("/{location}/{trace_id}/tags/{key}", allow=EDIT.on(_TRACE))
async def delete_uc_trace_tag(call: Call, req: wire.DeleteTag) -> None:
    found = await locations.trace(call.tx, call.workspace, req.location, req.trace_id)
    await traces.delete_tag(call.tx, call.workspace, found.trace_id, req.key)


@routes.post("/{location}/link-to-run/batchCreate", allow=EDIT.on(_TRACES.if_said().if_there(), of_run("run_id")))
async def batch_link_traces_to_run(call: Call, req: wire.LinkToRun) -> None:
    await locations.link_run(call.tx, call.workspace, req.location, req.trace_ids, req.run_id, linked=True)


@routes.delete(
    "/{location}/unlink-from-run/batchDelete",
    allow=EDIT.on(_TRACES.if_said().if_there(), of_run("run_id").if_there()),
)
async def batch_unlink_traces_from_run(call: Call, req: wire.LinkToRun) -> None:
    await locations.link_run(call.tx, call.workspace, req.location, req.trace_ids, req.run_id, linked=False)


# ── assessments ──────────────────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/{location}/{trace_id}/assessments", allow=EDIT.on(_TRACE))
async def create_uc_assessment(call: Call, req: wire.CreateUcAssessment) -> wire.UcAssessment:
    found = await locations.trace(call.tx, call.workspace, req.location, req.trace_id)
    given = assessment_record(req, found.trace_id, call.actor.name, now_ms())
    made = await assessments.create(call.tx, call.workspace, found.trace_id, given)
    return _assessment(made, found)


@routes.get("/{location}/{trace_id}/assessments/{assessment_id}", allow=READ.on(_TRACE))
async def get_uc_assessment(call: Call, req: wire.AssessmentOf) -> wire.UcAssessment:
    found = await locations.trace(call.tx, call.workspace, req.location, req.trace_id)
    return _assessment(await assessments.get(call.tx, call.workspace, found.trace_id, req.assessment_id), found)


@routes.patch("/{location}/{trace_id}/assessments/{assessment_id}", allow=EDIT.on(_TRACE))
async def update_uc_assessment(call: Call, req: wire.UpdateUcAssessment) -> wire.UcAssessment:
    found = await locations.trace(call.tx, call.workspace, req.location, req.trace_id)
    assessment_id, _, mask = req.assessment_id.partition("&update_mask=")
    fields, given = update_fields(req, req.update_mask or mask)
    changed = await assessments.update(call.tx, call.workspace, found.trace_id, assessment_id, fields, given)
    return _assessment(changed, found)


@routes.delete("/{location}/{trace_id}/assessments/{assessment_id}", allow=EDIT.on(_TRACE))
async def delete_uc_assessment(call: Call, req: wire.AssessmentOf) -> None:
    found = await locations.trace(call.tx, call.workspace, req.location, req.trace_id)
    await assessments.delete(call.tx, call.workspace, found.trace_id, req.assessment_id)


def _assessment(record: Assessment, trace: Trace) -> wire.UcAssessment:
    assert trace.path is not None
    return wire.located(wire_assessments.Assessment.of(record), trace.path)


# ── warehouses ───────────────────────────────────────────────────────────────────────────────────────────────────────


@warehouses.get("/warehouses/{warehouse_id}", allow=READ, tx=None)
async def get_warehouse(call: Call, req: wire.WarehouseById) -> wire.Warehouse:  # noqa: ARG001 - routes take both
    """compat(mlflow 3.17): a client that names a warehouse waits until it runs. None is needed here."""
    return wire.Warehouse(req.warehouse_id, req.warehouse_id, "RUNNING")
