"""The tracking API: runs, params, metrics, tags, inputs and outputs, histories, search."""

import functools

import msgspec

from lakeward import experiments
from lakeward.access import Listed
from lakeward.experiments import of_experiment, of_run
from lakeward.kit.errors import InvalidParameter
from lakeward.logged_models import of_logged_model
from lakeward.runtime.db import Tx
from lakeward.runtime.http import EDIT, MANAGE, MLFLOW_2_0, READ, Call, Float, Reply, Routes, spell
from lakeward.tracking import (
    batches,
    curves,
    documents,
    finding,
    history,
    inputs,
    limits,
    metrics,
    moves,
    runs,
    search,
    trash,
    wire,
)
from lakeward.tracking.records import TERMINAL, Point
from lakeward.tracking.search import groups
from lakeward.tracking.store import inputs as inputs_store

routes = Routes("runs", MLFLOW_2_0)
own = Routes("runs", ("/api/2.0/lakeward",))
platform = Routes("trash", ("/api/2.0/lakeward",))

_MODEL_HISTORY_TAG = "mlflow.log-model.history"
_RUN = of_run("run_id", "run_uuid")
_MODELS = of_logged_model("models.model_id").read()
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
    if run.status in TERMINAL and segments > 1:
        call.afterwards(functools.partial(curves.settle, call.db, run.seq, segments))
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


@routes.post("/runs/log-inputs", allow=EDIT.on(_RUN, _MODELS))
async def log_inputs(call: Call, req: wire.LogInputs) -> None:
    target = await runs.lock(call.tx, call.workspace, req.id)
    await inputs.log_datasets(call.tx, target, [each.record() for each in req.datasets])
    await inputs.log_models(call.tx, target, "input", [(each.model_id, 0) for each in req.models])


@routes.post("/runs/outputs", allow=EDIT.on(_RUN, _MODELS))
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
    found, token = await _searched(call, req)
    databricks = call.databricks
    return wire.SearchRunsResponse(
        [wire.Run.of(run, document, databricks=databricks) for run, document in found], token
    )


@own.post("/runs/table", allow=READ.on(of_experiment("experiment_ids").kept()), tx="read")
async def show_runs(call: Call, req: wire.SearchRuns) -> wire.TableResponse:
    """The same as `runs/search`, written so that a table of many columns is read quickly."""
    found, token = await _searched(call, req)
    return wire.TableResponse.of(found, token, databricks=call.databricks)


async def _searched(call: Call, req: wire.SearchRuns) -> tuple[documents.Filled, str | None]:
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
    return found, token


@own.get("/find", allow=READ.on(Listed(experiments.EXPERIMENT)), tx="read")
async def find_in_experiments(call: Call, req: wire.Find) -> wire.FindResponse:
    """Runs, LoggedModels, traces and sessions by letters of a name or by how an id begins, in all experiments seen."""
    limit = finding.DEFAULT_RESULTS if req.max_results is None else req.max_results
    found = await finding.find(call.tx, call.workspace, call.sight, req.words.strip(), limit)
    return wire.FindResponse([wire.FoundObject.of(each) for each in found])


@own.post("/runs/group", allow=READ.on(of_experiment("experiment_ids").kept()), tx=None)
async def group_runs(call: Call, req: wire.GroupRuns) -> wire.GroupRunsResponse:
    async def grouped(tx: Tx) -> tuple[list[groups.Group], bool]:
        return await groups.group(
            tx, call.workspace,
            experiment_ids=req.experiment_ids, filter=req.filter, view=experiments.view_of(req.run_view_type),
            by=req.by, metric_keys=req.metric_keys, max_results=req.max_results, databricks=call.databricks,
        )  # fmt: skip

    found, complete = await call.db.run(grouped, transaction=True)
    return wire.GroupRunsResponse([wire.RunGroup(each.value, each.runs, _summaries(each)) for each in found], complete)


def _summaries(group: groups.Group) -> list[wire.MetricSummary]:
    def told(value: float | None) -> Float | None:
        return None if value is None else spell(value)

    return [wire.MetricSummary(each.key, each.runs, *map(told, each[2:])) for each in group.metrics]


@own.post("/runs/move", allow=EDIT.on(of_run("run_ids"), of_experiment("experiment_id")))
async def move_runs(call: Call, req: wire.MoveRuns) -> wire.MoveRunsResponse:
    """Runs, with the LoggedModels they made, to another experiment: all or none."""
    done = await moves.move(call.tx, call.workspace, req.run_ids, req.experiment_id)
    return wire.MoveRunsResponse(done.runs, done.models)


@own.post("/runs/metric-extremes", allow=READ.on(of_run("run_ids")), tx="read")
async def get_metric_extremes(call: Call, req: wire.MetricExtremes) -> wire.MetricExtremesResponse:
    """The smallest and the largest value of metrics over all steps."""
    rows = await history.extremes(call.tx, call.db, call.workspace, req.run_ids, req.metric_keys)
    return wire.MetricExtremesResponse(
        [wire.Extremes(run, key, points, spell(least), spell(most)) for run, key, points, least, most in rows]
    )


@own.post("/runs/curves", allow=READ.on(of_run("run_ids")), tx="read")
async def draw_curves(call: Call, req: wire.DrawCurves) -> Reply:
    """Metrics of runs as charts draw them.

    The length of a JSON array and that array, [place of the run, place of the metric, points] for each curve; then,
    from a multiple of eight bytes on, the curves: the times, steps and values of each. Numbers have the lowest byte
    first; the length has four bytes, all others are doubles.
    """
    found, unkept = await curves.drawn(
        call.tx, call.db, call.workspace, req.run_ids, req.metric_keys,
        steps=(req.start_step, req.end_step), most=req.max_points,
    )  # fmt: skip
    if unkept:
        call.afterwards(functools.partial(curves.keep, call.db, unkept))
    head = msgspec.json.encode([(run, key, len(points) // 24) for run, key, points in found])
    head += b" " * (-(len(head) + 4) % 8)
    body = b"".join([len(head).to_bytes(4, "little"), head, *(points for _, _, points in found)])
    return Reply(200, {"content-type": "application/octet-stream"}, body)


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
