"""The trash in bulk, and permanent deletion: what goes, what stays, who may, and that nothing is left behind."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from lakeward import tracking
from lakeward.runtime.db import Database
from lakeward.runtime.objects import ObjectStore
from server import Caller, Callers, Server

PURGE = "/api/2.0/lakeward/purge"
LONG_AGO = 2**62
TABLES = ("run", "run_param", "run_tag", "latest_metric", "metric_segment", "run_dataset", "run_model",
          "logged_model", "logged_model_param", "logged_model_tag", "logged_model_metric", "logged_model_rank",
          "dataset", "experiment_tag")  # fmt: skip


def counts(server: Server) -> dict[str, int]:
    """Rows by table, of the tables that have any; of documents those whose run is gone."""
    selects = [f"SELECT '{table}', count(*) FROM {table}" for table in TABLES]
    selects.append(
        "SELECT 'orphaned documents', count(*) FROM run_document d"
        " WHERE NOT EXISTS (SELECT FROM run WHERE seq = d.run_seq)"
    )
    return {table: count for table, count in server.sql(" UNION ALL ".join(selects)) if count}


def files(server: Server) -> set[str]:
    root = Path(server.settings.objects_location)
    return {str(each.relative_to(root)) for each in (root / "artifacts").rglob("*") if each.is_file()}


def filled_run(client: Caller, experiment_id: str, model_id: str = "") -> str:
    """A run with something in every table, and artifacts."""
    run = client.run(experiment_id, tags=[{"key": "t", "value": "v"}])
    metric = {"key": "m", "value": 1, "timestamp": 1, "model_id": model_id}
    client.post("runs/log-batch", run_id=run, metrics=[metric], params=[{"key": "p", "value": "v"}])
    dataset = {"name": "d", "digest": "x", "source_type": "local", "source": "s"}
    client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": []}])
    if model_id:
        client.post("runs/outputs", run_id=run, models=[{"model_id": model_id, "step": 0}])
    put(client, f"{experiment_id}/{run}/artifacts/deep/er/file.txt")
    client.post("runs/update", run_id=run, status="FINISHED", end_time=5)
    client.get("runs/get", run_id=run)
    return run


def filled_model(client: Caller, experiment_id: str) -> str:
    pair = [{"key": "k", "value": "v"}]
    made = client.post("logged-models", experiment_id=experiment_id, params=pair, tags=pair)
    model = made["model"]["info"]["model_id"]
    put(client, f"{experiment_id}/models/{model}/artifacts/MLmodel")
    return model


def put(client: Caller, path: str) -> None:
    client.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", content=b"bytes")


def purge(client: Caller, **objects: Any) -> dict[str, int]:
    return client.call("POST", PURGE, json=objects)


def gone(experiments: int = 0, runs: int = 0, models: int = 0) -> dict[str, int]:
    return {"experiments_purged": experiments, "runs_purged": runs, "models_purged": models}


def swept(server: Server, older_than_ms: int = 0, **narrowed: Any) -> tuple[int, int, int]:
    """What `lakeward gc` does; (experiments, runs, models) purged."""

    async def sweep() -> tracking.Purged:
        db = await Database.open(server.backend.dsn_of(server.database))
        objects = ObjectStore.open(server.settings.objects_location)
        try:
            return await tracking.purge(db, objects, older_than_ms, **narrowed)
        finally:
            await db.close()
            objects.close()

    done = asyncio.run(sweep())
    return done.experiments, done.runs, done.models


# ── bulk delete and restore ──────────────────────────────────────────────────────────────────────────────────────


def stages(client: Caller, runs: list[str]) -> str:
    """`d` for each deleted run, `a` for each active one."""
    return "".join(client.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"][0] for run in runs)


def test_delete_runs_started_until_a_time(client):
    experiment, other = client.experiment(), client.experiment()
    runs = [client.run(experiment, start_time=1000 + n) for n in range(5)]
    elsewhere = client.run(other, start_time=1)
    body = {"experiment_id": experiment, "max_timestamp_millis": 1002}
    assert client.post("databricks/runs/delete-runs", **body, max_runs=2) == {"runs_deleted": 2}
    assert stages(client, runs) == "ddaaa"
    assert client.post("databricks/runs/delete-runs", **body) == {"runs_deleted": 1}
    assert client.post("databricks/runs/delete-runs", **body) == {"runs_deleted": 0}
    assert stages(client, [*runs, elsewhere]) == "dddaaa"


def test_restore_runs_deleted_since_a_time(client):
    experiment = client.experiment()
    runs = [client.run(experiment) for _ in range(4)]
    client.post("runs/delete", run_id=runs[0])
    time.sleep(0.005)
    since = time.time_ns() // 1_000_000
    for run in runs[1:3]:
        client.post("runs/delete", run_id=run)
        time.sleep(0.002)
    body = {"experiment_id": experiment, "min_timestamp_millis": since}
    assert client.post("databricks/runs/restore-runs", **body, max_runs=1) == {"runs_restored": 1}
    assert stages(client, runs) == "dada"
    assert client.post("databricks/runs/restore-runs", **body) == {"runs_restored": 1}
    assert stages(client, runs) == "daaa"


@pytest.mark.parametrize("call", ["delete-runs", "restore-runs"])
@pytest.mark.parametrize(
    "wrong", [{"max_runs": 0}, {"max_runs": 10_001}, {"max_runs": "x"}, {"time": None}, {"id": ""}]
)
def test_bulk_calls_that_are_refused(client, call, wrong):
    stamp = "max_timestamp_millis" if call == "delete-runs" else "min_timestamp_millis"
    body = {"experiment_id": client.experiment(), stamp: 1, "max_runs": wrong.get("max_runs", 5)}
    if "time" in wrong:
        del body[stamp]
    if "id" in wrong:
        body["experiment_id"] = ""
    refused = client.refused("POST", f"databricks/runs/{call}", body)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


def test_bulk_calls_need_an_active_experiment(client):
    experiment = client.experiment()
    client.post("experiments/delete", experiment_id=experiment)
    for call, stamp in (("delete-runs", "max_timestamp_millis"), ("restore-runs", "min_timestamp_millis")):
        for each, code in ((experiment, "INVALID_PARAMETER_VALUE"), ("98765", "RESOURCE_DOES_NOT_EXIST")):
            body = {"experiment_id": each, stamp: 1}
            assert client.refused("POST", f"databricks/runs/{call}", body).code == code


# ── one named object ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_goes_with_all_it_has(server, client):
    experiment = client.experiment()
    model = filled_model(client, experiment)
    kept = filled_run(client, experiment, model)
    before = counts(server), files(server)
    run = filled_run(client, experiment)
    client.post("runs/delete", run_id=run)
    assert purge(client, run_ids=[run]) == gone(runs=1)
    assert (counts(server), files(server)) == before
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
        found = client.post("runs/search", experiment_ids=[experiment], run_view_type=view).get("runs", [])
        assert [each["info"]["run_id"] for each in found] == ([] if view == "DELETED_ONLY" else [kept])
    assert client.refused("GET", "runs/get", {"run_id": run}).code == "RESOURCE_DOES_NOT_EXIST"
    assert client.refused("POST", "runs/restore", {"run_id": run}).code == "RESOURCE_DOES_NOT_EXIST"
    assert client.refused("POST", PURGE, {"run_ids": [run]}).code == "RESOURCE_DOES_NOT_EXIST"


def test_a_model_goes_with_all_it_has(server, client):
    experiment = client.experiment()
    run, kept = client.run(experiment), filled_model(client, experiment)
    before = counts(server), files(server)
    model = filled_model(client, experiment)
    client.call("DELETE", f"logged-models/{model}")
    assert purge(client, model_ids=[model]) == gone(models=1)
    assert (counts(server), files(server)) == before
    assert client.refused("GET", f"logged-models/{model}", {"allow_deleted": True}).status == 404
    found = client.post("logged-models/search", experiment_ids=[experiment])["models"]
    assert [each["info"]["model_id"] for each in found] == [kept]
    assert client.get("runs/get", run_id=run)


def test_what_a_purged_run_measured_stays_with_the_model(client):
    experiment = client.experiment()
    model = filled_model(client, experiment)
    run = filled_run(client, experiment, model)
    client.post("runs/delete", run_id=run)
    purge(client, run_ids=[run])
    (metric,) = client.get(f"logged-models/{model}")["model"]["data"]["metrics"]
    assert (metric["key"], metric["run_id"]) == ("m", run)


def test_an_experiment_goes_with_all_it_holds_and_its_name_is_free(server, client):
    before = counts(server), files(server)
    experiment = client.experiment("taken", tags=[{"key": "k", "value": "v"}])
    model = filled_model(client, experiment)
    runs = [filled_run(client, experiment, model) for _ in range(3)]
    client.post("runs/delete", run_id=runs[0])
    client.post("experiments/delete", experiment_id=experiment)
    assert client.refused("POST", "experiments/create", {"name": "taken"}).code == "RESOURCE_ALREADY_EXISTS"
    assert purge(client, experiment_ids=[experiment]) == gone(1, 3, 1)
    assert (counts(server), files(server)) == before
    assert client.experiment("taken") != experiment
    assert client.refused("GET", "experiments/get", {"experiment_id": experiment}).code == "RESOURCE_DOES_NOT_EXIST"


def test_a_run_or_model_of_a_trashed_experiment_can_go_alone(server, client):
    experiment = client.experiment()
    run, model = filled_run(client, experiment), filled_model(client, experiment)
    kept = filled_run(client, experiment)
    client.post("experiments/delete", experiment_id=experiment)
    assert purge(client, run_ids=[run], model_ids=[model]) == gone(runs=1, models=1)
    client.post("experiments/restore", experiment_id=experiment)
    assert client.get("runs/get", run_id=kept)["run"]["info"]["lifecycle_stage"] == "active"
    assert client.refused("GET", "runs/get", {"run_id": run}).status == 404


def test_only_what_is_in_the_trash_and_all_or_nothing(server, client):
    experiment, doomed = client.experiment(), client.experiment()
    client.post("experiments/delete", experiment_id=doomed)
    run, trashed = filled_run(client, experiment), filled_run(client, experiment)
    client.post("runs/delete", run_id=trashed)
    model = filled_model(client, experiment)
    before = counts(server), files(server)
    for wrong, code in (
        ({"experiment_ids": [experiment]}, "INVALID_PARAMETER_VALUE"),
        ({"run_ids": [run]}, "INVALID_PARAMETER_VALUE"),
        ({"model_ids": [model]}, "INVALID_PARAMETER_VALUE"),
        ({"experiment_ids": ["987654"]}, "RESOURCE_DOES_NOT_EXIST"),
        ({"run_ids": ["f" * 32]}, "RESOURCE_DOES_NOT_EXIST"),
        ({"model_ids": ["m-x"]}, "RESOURCE_DOES_NOT_EXIST"),
        ({"run_ids": "x"}, "INVALID_PARAMETER_VALUE"),
    ):
        body = {"experiment_ids": [doomed], "run_ids": [trashed]}
        body |= {
            key: [*body.get(key, []), *value] if isinstance(value, list) else value for key, value in wrong.items()
        }
        assert client.refused("POST", PURGE, body).code == code, wrong
        assert (counts(server), files(server)) == before
    assert purge(client) == gone()
    assert purge(client, run_ids=[trashed, trashed]) == gone(runs=1)


def test_who_may_purge(client, callers: Callers):
    experiment = client.experiment()
    run = client.run(experiment)
    client.post("runs/delete", run_id=run)
    for who in (callers.reader, callers.editor):
        assert who.refused("POST", PURGE, {"run_ids": [run]}).code == "PERMISSION_DENIED"
    for objects in ({"run_ids": [run]}, {"experiment_ids": [experiment]}):
        assert callers.stranger.refused("POST", PURGE, objects).code == "RESOURCE_DOES_NOT_EXIST"
    assert purge(callers.manager, run_ids=[run]) == gone(runs=1)


# ── marked ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("marked", ["object", "experiment"])
def test_what_is_marked_is_gone_for_everybody(server, client, marked):
    """As after a purge that was killed right after its first step."""
    experiment = client.experiment("marked")
    model = filled_model(client, experiment)
    run = filled_run(client, experiment, model)
    if marked == "object":
        server.sql("UPDATE run SET purging = true, deleted_at = 1")
        server.sql("UPDATE logged_model SET purging = true, deleted_at = 1")
    else:
        server.sql("UPDATE experiment SET purging = true, deleted_at = 1 WHERE id = $1", int(experiment))

    ids, pair = {"experiment_ids": [experiment]}, {"key": "k", "value": "v"}
    for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
        for condition in ("", "params.p = 'v'", "attributes.run_id != 'x'"):
            found = client.post("runs/search", **ids, run_view_type=view, filter=condition)
            assert found.get("runs", []) == [], (view, condition)
    assert client.post("logged-models/search", **ids) == {"models": []}
    assert client.post("experiments/search-datasets", **ids).get("dataset_summaries", []) == []
    for method, path, body in (
        ("GET", "runs/get", {"run_id": run}),
        ("POST", "runs/update", {"run_id": run, "status": "FAILED"}),
        ("POST", "runs/delete", {"run_id": run}),
        ("POST", "runs/restore", {"run_id": run}),
        ("POST", "runs/set-tag", {"run_id": run, **pair}),
        ("POST", "runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1}),
        ("POST", "runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 1, "model_id": model}),
        ("POST", "runs/log-parameter", {"run_id": run, **pair}),
        ("POST", "runs/log-batch", {"run_id": run, "tags": [pair]}),
        ("POST", "runs/log-inputs", {"run_id": run, "models": [{"model_id": model}]}),
        ("POST", "runs/outputs", {"run_id": run, "models": [{"model_id": model, "step": 1}]}),
        ("GET", "metrics/get-history", {"run_id": run, "metric_key": "m"}),
        ("GET", "artifacts/list", {"run_id": run}),
        ("GET", f"logged-models/{model}", {"allow_deleted": True}),
        ("PATCH", f"logged-models/{model}", {"status": 2}),
        ("DELETE", f"logged-models/{model}", None),
        ("PATCH", f"logged-models/{model}/tags", {"tags": [pair]}),
        ("POST", f"logged-models/{model}/params", {"params": [pair]}),
        ("GET", f"logged-models/{model}/artifacts/directories", {}),
    ):
        refused = client.refused(method, path, body)
        logging_ = path.startswith(("runs/log-", "runs/set-tag"))
        if marked == "experiment" and logging_ and refused.status == 400:
            assert "'deleted'" in refused.message  # the function that logs knows the experiment as deleted, no more
        else:
            assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST"), (path, refused)
    if marked == "experiment":
        for path, body in (("get", {"experiment_id": experiment}), ("get-by-name", {"experiment_name": "marked"})):
            assert client.refused("GET", f"experiments/{path}", body).status == 404
        for path in ("delete", "restore", "update"):
            body = {"experiment_id": experiment, "new_name": "x"}
            assert client.refused("POST", f"experiments/{path}", body).status == 404
        for path, body in (("runs/create", {}), ("logged-models", {})):
            assert client.refused("POST", path, {"experiment_id": experiment, **body}).status == 404
        found = client.post("experiments/search", view_type="ALL", max_results=100)["experiments"]
        assert "marked" not in [each["name"] for each in found]

    assert swept(server, LONG_AGO) == ((0, 1, 1) if marked == "object" else (1, 1, 1))
    assert counts(server).keys() <= {"dataset", "experiment_tag"}
    assert files(server) == set()


# ── by age ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_in_the_trash_goes_and_nothing_else(server, client):
    experiment, doomed = client.experiment(), client.experiment()
    model = filled_model(client, experiment)
    filled_run(client, experiment, model)
    before = counts(server), files(server)
    for _ in range(3):
        client.post("runs/delete", run_id=filled_run(client, experiment))
    client.call("DELETE", f"logged-models/{filled_model(client, experiment)}")
    filled_run(client, doomed, filled_model(client, doomed))
    client.post("experiments/delete", experiment_id=doomed)
    assert swept(server) == (1, 4, 2)
    assert (counts(server), files(server)) == before
    assert swept(server) == (0, 0, 0)


def test_what_is_younger_than_asked_stays(server, client):
    experiment, younger, older = client.experiment(), client.experiment(), client.experiment()
    runs = [client.run(experiment) for _ in range(2)]
    models = [filled_model(client, experiment) for _ in range(2)]
    for run in runs:
        client.post("runs/delete", run_id=run)
    for model in models:
        client.call("DELETE", f"logged-models/{model}")
    for each in (younger, older):
        client.post("experiments/delete", experiment_id=each)
    hour = 3_600_000
    server.sql("UPDATE run SET deleted_at = deleted_at - $2 WHERE run_id = $1", runs[0], hour)
    server.sql("UPDATE logged_model SET deleted_at = deleted_at - $2 WHERE model_id = $1", models[0], hour)
    server.sql("UPDATE experiment SET deleted_at = deleted_at - $2 WHERE id = $1", int(older), hour)
    assert swept(server, 2 * hour) == (0, 0, 0)
    assert swept(server, hour - 60_000) == (1, 1, 1)
    client.post("runs/restore", run_id=runs[1])
    client.post("experiments/restore", experiment_id=younger)
    assert client.get(f"logged-models/{models[1]}", allow_deleted=True)


def test_narrowed_to_experiments_or_a_workspace(server, client):
    experiments = [client.experiment() for _ in range(3)]
    for experiment in experiments:
        client.post("runs/delete", run_id=client.run(experiment))
        client.call("DELETE", f"logged-models/{filled_model(client, experiment)}")
    client.post("experiments/delete", experiment_id=experiments[2])
    assert swept(server, workspace=2) == (0, 0, 0)
    assert swept(server, experiment_ids=[int(experiments[0])]) == (0, 1, 1)
    assert swept(server, experiment_ids=[int(experiments[2])]) == (1, 1, 1)
    assert swept(server, workspace=1) == (0, 1, 1)


def test_more_than_one_batch(server, client):
    experiment, doomed = client.experiment(), client.experiment()
    for where, prefix in ((experiment, "a"), (doomed, "b")):
        server.sql(
            "INSERT INTO run (run_id, experiment_id, name, status, user_id, start_time, deleted_at)"
            " SELECT $2 || md5(g::text), $1, 'n', 'FINISHED', '', 0, 1 FROM generate_series(1, 450) g",
            int(where), prefix,
        )  # fmt: skip
        server.sql(
            "INSERT INTO logged_model (model_id, experiment_id, name, model_type, source_run_id, status, creator_id,"
            " created_at, updated_at, deleted_at)"
            " SELECT $2 || md5(g::text), $1, 'n', '', '', 'LOGGED_MODEL_READY', 1, 0, 0, 1"
            " FROM generate_series(1, 450) g",
            int(where), prefix,
        )  # fmt: skip
    client.post("experiments/delete", experiment_id=doomed)
    steps = []
    assert swept(server, progress=lambda step, done: steps.append((step, done.runs, done.models))) == (1, 900, 900)
    assert counts(server) == {}
    assert {step for step, *_ in steps} == {"marked", "artifacts", "rows"}
    assert steps == sorted(steps, key=lambda each: each[1:])
