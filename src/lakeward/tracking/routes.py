"""The tracking API: runs, params, metrics, tags, inputs and outputs, histories, search."""

import functools

import msgspec

from lakeward import experiments
from lakeward.experiments import of_experiment
from lakeward.kit.errors import InvalidParameter
from lakeward.logged_models import of_logged_model
from lakeward.runtime.http import EDIT, MANAGE, MLFLOW_2_0, READ, Call, Routes, spell
from lakeward.tracking import batches, documents, history, inputs, limits, metrics, runs, search, trash, wire
from lakeward.tracking.records import TERMINAL, Point
from lakeward.tracking.securable import of_run
from lakeward.tracking.store import inputs as inputs_store

routes = Routes("runs", MLFLOW_2_0)
platform = Routes("trash", ("/api/2.0/lakeward",))

_MODEL_HISTORY_TAG = "mlflow.log-model.history"
_RUN = of_run("run_id", "run_uuid")
_TRASH = (
    of_experiment("experiment_ids").if_said(),
    of_run("run_ids").if_said(),
    of_logged_model("model_ids").if_said(),
)


@routes.post("/runs/create", allow=EDIT.on(of_experiment("experiment_id")), tx=None)
async def create_run(call: Call, req: wire.CreateRun) -> wire.RunResponse:
    run, tags = await runs.create(
        call.db,
        call.workspace,
        req.experiment_id,
        name=req.run_name,
        user_id=req.user_id,
        start_time=req.start_time,
        tags=[(tag.key, tag.value) for tag in req.tags],
    )
    return wire.RunResponse(wire.Run.of(run, documents.of_new_run(tags), databricks=call.databricks))


@routes.get("/runs/get", allow=READ.on(_RUN))
async def get_run(call: Call, req: wire.RunById) -> wire.RunResponse:
    run, document = await documents.of_run(call.tx, call.workspace, req.id)
    return wire.RunResponse(wire.Run.of(run, document, databricks=call.databricks))


@routes.post("/runs/update", allow=EDIT.on(_RUN), tx=None)
async def update_run(call: Call, req: wire.UpdateRun) -> wire.RunInfoResponse:
    run, segments = await runs.update(
        call.db,
        call.workspace,
        req.id,
        status=runs.parse_status(req.status),
        end_time=req.end_time,
        name=req.run_name,
    )
    if run.status in TERMINAL and segments > metrics.CROWDED:
        call.afterwards(functools.partial(metrics.tidy, call.db, run.seq))
    return wire.RunInfoResponse(wire.RunInfo.of(run, databricks=call.databricks))


@routes.post("/runs/delete", allow=EDIT.on(_RUN))
async def delete_run(call: Call, req: wire.RunById) -> None:
    await runs.delete(call.tx, call.workspace, req.id)


@routes.post("/runs/restore", allow=EDIT.on(_RUN))
async def restore_run(call: Call, req: wire.RunById) -> None:
    await runs.restore(call.tx, call.workspace, req.id)


@routes.post("/runs/log-metric", allow=EDIT.on(_RUN, of_logged_model("model_id").if_said()), tx=None)
async def log_metric(call: Call, req: wire.LogMetric) -> None:
    limits.check_key("metric", req.key)
    point = Point(req.key, req.value, req.timestamp, req.step, req.model_id, req.dataset_name, req.dataset_digest)
    if not req.model_id:
        await call.db.one(metrics.MetricGatherer).log(call.workspace, req.id, point)
        return
    await batches.log(call.db, call.workspace, req.id, points=[point])


@routes.post("/runs/log-parameter", allow=EDIT.on(_RUN), tx=None)
async def log_param(call: Call, req: wire.LogParam) -> None:
    await batches.log(call.db, call.workspace, req.id, params=[(req.key, req.value)])


@routes.post("/runs/set-tag", allow=EDIT.on(_RUN), tx=None)
async def set_tag(call: Call, req: wire.SetTag) -> None:
    await batches.log(call.db, call.workspace, req.id, tags=[(req.key, req.value)])


@routes.post("/runs/delete-tag", allow=EDIT.on(_RUN))
async def delete_tag(call: Call, req: wire.DeleteTag) -> None:
    target = await runs.lock(call.tx, call.workspace, req.id)
    await runs.delete_tag(call.tx, call.db, target, req.key)


@routes.post("/runs/log-batch", allow=EDIT.on(_RUN, of_logged_model("metrics.model_id").if_said()), tx=None)
async def log_batch(call: Call, req: wire.LogBatch) -> None:
    limits.check_batch(req.metrics, req.params, req.tags)
    await batches.log(
        call.db,
        call.workspace,
        req.id,
        points=[metric.point() for metric in req.metrics],
        params=[(each.key, each.value) for each in req.params],
        tags=[(each.key, each.value) for each in req.tags],
    )


@routes.post("/runs/log-inputs", allow=EDIT.on(_RUN))
async def log_inputs(call: Call, req: wire.LogInputs) -> None:
    target = await runs.lock(call.tx, call.workspace, req.id)
    await inputs.log_datasets(call.tx, target, [each.record() for each in req.datasets])
    await inputs.log_models(call.tx, target, "input", [(each.model_id, 0) for each in req.models])


@routes.post("/runs/outputs", allow=EDIT.on(_RUN))
async def log_outputs(call: Call, req: wire.LogOutputs) -> None:
    target = await runs.lock(call.tx, call.workspace, req.id)
    await inputs.log_models(call.tx, target, "output", [(each.model_id, each.step) for each in req.models])


@routes.post("/runs/log-model", allow=EDIT.on(_RUN))
async def log_model(call: Call, req: wire.LogModel) -> None:
    """compat(mlflow 2): the description of a model logged under a run's artifacts, kept as a list in a tag."""
    try:
        model = msgspec.json.decode(req.model_json, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParameter(f"Malformed model info: 'model_json' is not a JSON object: {error}.") from error
    missing = {"artifact_path", "flavors", "utc_time_created", "run_id"} - set(model)
    if missing:
        raise InvalidParameter(f"Model json is missing mandatory fields: {', '.join(sorted(missing))}.")
    target = await runs.lock(call.tx, call.workspace, req.id)
    await runs.append_to_tag(call.tx, call.db, target, _MODEL_HISTORY_TAG, req.model_json)


@routes.post("/runs/search", allow=READ.on(of_experiment("experiment_ids").kept()), tx="read")
async def search_runs(call: Call, req: wire.SearchRuns) -> wire.SearchRunsResponse:
    seqs, token = await search.search(
        call.tx,
        call.workspace,
        experiment_ids=req.experiment_ids,
        filter=req.filter,
        order_by=req.order_by,
        view=experiments.view_of(req.run_view_type),
        max_results=req.max_results,
        page_token=req.page_token,
        databricks=call.databricks,
    )
    found, unkept = await documents.of_runs(call.tx, seqs)
    if unkept:
        call.afterwards(functools.partial(documents.keep, call.db, unkept))
    databricks = call.databricks
    return wire.SearchRunsResponse(
        [wire.Run.of(run, document, databricks=databricks) for run, document in found], token
    )


@routes.get("/metrics/get-history", allow=READ.on(_RUN))
async def get_history(call: Call, req: wire.GetHistory) -> wire.HistoryResponse:
    key = req.metric_key
    points, token = await history.page(
        call.tx, call.db, call.workspace, req.id, key, max_results=req.max_results, page_token=req.page_token
    )
    return wire.HistoryResponse([wire.HistoryPoint(key, spell(value), ts, step) for ts, step, value in points], token)


@routes.get("/metrics/get-history-bulk", allow=READ.on(of_run("run_id")))
async def get_history_bulk(call: Call, req: wire.GetHistoryBulk) -> wire.HistoryBulkResponse:
    points = await history.many(
        call.tx, call.db, call.workspace, req.run_id, req.metric_key, max_results=req.max_results
    )
    return wire.HistoryBulkResponse(_run_points(req.metric_key, points))


@routes.get("/metrics/get-history-bulk-interval", allow=READ.on(of_run("run_ids")))
async def get_history_bulk_interval(call: Call, req: wire.GetHistoryBulkInterval) -> wire.HistoryBulkResponse:
    points = await history.sampled(
        call.tx,
        call.db,
        call.workspace,
        req.run_ids,
        req.metric_key,
        steps=(req.start_step, req.end_step),
        max_results=req.max_results,
    )
    return wire.HistoryBulkResponse(_run_points(req.metric_key, points))


def _run_points(key: str, points: list[tuple[str, int, int, float]]) -> list[wire.RunHistoryPoint]:
    return [wire.RunHistoryPoint(run_id, key, spell(value), ts, step) for run_id, ts, step, value in points]


@routes.post("/experiments/search-datasets", allow=READ.on(of_experiment("experiment_ids").kept()), tx="read")
async def search_datasets(call: Call, req: wire.SearchDatasets) -> wire.SearchDatasetsResponse:
    if not 1 <= len(req.experiment_ids) <= 20:
        raise InvalidParameter(f"1 to 20 experiment ids must be given, got {len(req.experiment_ids)}.")
    ids = [experiments.parse_id(each) for each in req.experiment_ids]
    rows = await inputs_store.dataset_summaries(call.tx, call.workspace, ids, 1_000)
    return wire.SearchDatasetsResponse([wire.DatasetSummary(str(row[0]), *row[1:]) for row in rows])


@routes.post("/databricks/runs/delete-runs", allow=EDIT.on(of_experiment("experiment_id")))
async def delete_runs(call: Call, req: wire.DeleteRuns) -> wire.DeleteRunsResponse:
    count = await trash.delete_runs(call.tx, call.workspace, req.experiment_id, req.max_timestamp_millis, req.max_runs)
    return wire.DeleteRunsResponse(count)


@routes.post("/databricks/runs/restore-runs", allow=EDIT.on(of_experiment("experiment_id")))
async def restore_runs(call: Call, req: wire.RestoreRuns) -> wire.RestoreRunsResponse:
    count = await trash.restore_runs(call.tx, call.workspace, req.experiment_id, req.min_timestamp_millis, req.max_runs)
    return wire.RestoreRunsResponse(count)


@platform.post("/purge", allow=MANAGE.on(*_TRASH), tx=None)
async def purge(call: Call, req: wire.Purge) -> wire.PurgeResponse:
    """Delete objects of the trash for good. If the answer is lost, the server finishes what it began."""
    done = await trash.purge_named(
        call.db,
        call.objects,
        call.workspace,
        experiment_ids=req.experiment_ids,
        run_ids=req.run_ids,
        model_ids=req.model_ids,
    )
    return wire.PurgeResponse(done.experiments, done.runs, done.models)
