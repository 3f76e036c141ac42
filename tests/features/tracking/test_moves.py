"""Runs that move to another experiment: what follows, what stays where it is, who may, and who is logging meanwhile."""

import threading
import time
from typing import Any

import pytest
from audit_log import events
from test_trash import files, filled_model, filled_run, gone, purge

from lakeward.runtime.http import Role
from server import Caller, Server

MOVE = "/api/2.0/lakeward/runs/move"
# every table that says in which experiment something is that belongs to a run or to the model it made
_OF_RUN = "SELECT '{0}' FROM {0} t JOIN run r ON r.seq = t.run_seq WHERE t.experiment_id <> r.experiment_id"
_OF_MODEL = (
    "SELECT '{0}' FROM {0} t JOIN logged_model m ON m.seq = t.model_seq WHERE t.experiment_id <> m.experiment_id"
)
_OF_DATASET = (
    "SELECT 'dataset' FROM run_dataset i JOIN dataset d ON d.id = i.dataset_id JOIN run r ON r.seq = i.run_seq"
    " WHERE d.experiment_id <> r.experiment_id"
)
STRAY = " UNION ALL ".join(
    [
        *(_OF_RUN.format(table) for table in ("run_param", "run_tag", "latest_metric")),
        *(_OF_MODEL.format(f"logged_model_{part}") for part in ("param", "tag", "metric", "scope", "rank")),
        _OF_DATASET,
    ]
)


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


def move(client: Caller, runs: list[str], experiment: str) -> tuple[int, int]:
    done = client.post(MOVE, run_ids=runs, experiment_id=experiment)
    return done["runs_moved"], done["models_moved"]


def found(client: Caller, experiment: str, clause: str = "", path: str = "runs/search") -> set[str]:
    answer = client.post(path, experiment_ids=[experiment], filter=clause)
    return {each["info"].get("run_id") or each["info"]["model_id"] for each in answer.get("runs", answer.get("models"))}


def uri(client: Caller, run: str) -> str:
    return client.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"]


def content(client: Caller, path: str) -> bytes:
    return client.request("GET", f"/api/2.0/mlflow-artifacts/artifacts/{path}").content


def of_model(client: Caller, model: str) -> dict[str, Any]:
    return client.get(f"logged-models/{model}")["model"]["info"]


def made(client: Caller, experiment: str) -> tuple[str, str]:
    """A run with something in every table, and the model it made."""
    run = client.run(experiment)
    pair = [{"key": "k", "value": "v"}]
    model = client.post("logged-models", experiment_id=experiment, source_run_id=run, params=pair, tags=pair)
    model_id = model["model"]["info"]["model_id"]
    point = {"key": "m", "value": 1, "timestamp": 1, "model_id": model_id, "dataset_name": "d", "dataset_digest": "x"}
    client.post("runs/log-batch", run_id=run, metrics=[point], params=[{"key": "p", "value": "v"}])
    dataset = {"name": "d", "digest": "x", "source_type": "local", "source": "s"}
    client.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": []}])
    for path in (f"{experiment}/{run}/artifacts/file.txt", f"{experiment}/models/{model_id}/artifacts/MLmodel"):
        client.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", content=b"bytes")
    return run, model_id


def test_all_of_a_run_follows_and_its_artifacts_stay(server: Server, client: Caller):
    here, there = client.experiment(), client.experiment()
    run, model = made(client, here)
    stays, other_model = made(client, here)
    client.get("runs/get", run_id=run)
    was = uri(client, run)
    assert move(client, [run, run], there) == (1, 1)
    assert server.sql(STRAY) == []
    for each in ("params.p = 'v'", "metrics.m = 1", "dataset.name = 'd'", f"attributes.artifact_uri = '{was}'"):
        assert found(client, there, each) == {run}
        assert found(client, here, each.replace(run, stays)) == {stays}
    assert found(client, there, "metrics.m = 1", "logged-models/search") == {model}
    assert found(client, here, "metrics.m = 1", "logged-models/search") == {other_model}
    summaries = client.post("experiments/search-datasets", experiment_ids=[there])["dataset_summaries"]
    assert [each["experiment_id"] for each in summaries] == [there]
    assert uri(client, run) == was == f"mlflow-artifacts:/{here}/{run}/artifacts"
    assert of_model(client, model)["experiment_id"] == there
    assert of_model(client, model)["artifact_uri"] == f"mlflow-artifacts:/{here}/models/{model}/artifacts"
    assert content(client, f"{here}/{run}/artifacts/file.txt") == b"bytes"
    assert content(client, f"{here}/models/{model}/artifacts/MLmodel") == b"bytes"
    assert client.get("artifacts/list", run_id=run)["files"][0]["path"] == "file.txt"
    version = client.post("registered-models/create", name=f"moved {run}") and client.post(
        "model-versions/create", name=f"moved {run}", source=f"{was}/file.txt", run_id=run
    )
    assert version["model_version"]["run_id"] == run
    assert move(client, [run], there) == (0, 0)
    assert move(client, [run], here) == (1, 1)  # home again
    assert server.sql("SELECT FROM run WHERE home_id IS NOT NULL AND run_id = $1", run) == []
    assert server.sql(STRAY) == []


def test_the_places_artifacts_were_at_are_cleared_with_their_owners(serving):
    with serving() as server:
        client = server.local
        home, there = client.experiment(), client.experiment()
        model = filled_model(client, home)
        stays = filled_run(client, home, model)
        (run, made_by_it), (gone_later, _) = made(client, home), made(client, home)
        move(client, [run, gone_later], there)
        client.post("experiments/delete", experiment_id=home)
        assert purge(client, experiment_ids=[home]) == gone(experiments=1, runs=1, models=1)
        assert stays not in " ".join(files(server))
        assert content(client, f"{home}/{run}/artifacts/file.txt") == b"bytes"
        assert content(client, f"{home}/models/{made_by_it}/artifacts/MLmodel") == b"bytes"
        client.post("runs/delete", run_id=gone_later)
        purge(client, run_ids=[gone_later])
        assert gone_later not in " ".join(files(server))
        client.post("experiments/delete", experiment_id=there)
        purge(client, experiment_ids=[there])
        assert not files(server)
        assert server.sql("SELECT FROM run") == server.sql("SELECT FROM run_param") == []


def test_a_chosen_location_goes_along(client: Caller):
    here, there, third = (
        client.experiment(artifact_location=place) for place in ("s3://own/place", None, "s3://third")
    )
    run = client.run(here)
    for each in (there, third, here):
        move(client, [run], each)
        assert uri(client, run) == f"s3://own/place/{run}/artifacts"


def test_all_of_them_or_none(client: Caller):
    here, there = client.experiment(), client.experiment()
    run, trashed = client.run(here), client.run(here)
    client.post("runs/delete", run_id=trashed)
    away, absent = client.experiment(), "f" * 32
    client.post("experiments/delete", experiment_id=away)
    for runs, target, code in (
        ([run, trashed], there, "INVALID_PARAMETER_VALUE"),
        ([run, absent], there, "RESOURCE_DOES_NOT_EXIST"),
        ([run], "424242", "RESOURCE_DOES_NOT_EXIST"),
        ([run], away, "INVALID_PARAMETER_VALUE"),
        ([], there, "INVALID_PARAMETER_VALUE"),
        ([run] + [f"{n:032x}" for n in range(1_000)], there, "INVALID_PARAMETER_VALUE"),
    ):
        assert client.refused("POST", MOVE, {"run_ids": runs, "experiment_id": target}).code == code
    assert found(client, here) == {run}
    assert found(client, there) == set()


def test_who_may(server: Server, client: Caller):
    here, there = client.experiment(), client.experiment()
    run, _ = made(client, here)
    body = {"run_ids": [run], "experiment_id": there}
    eve, ben = (server.bearer(server.token(name, role=Role.USE)) for name in ("eve", "ben"))

    def grant(experiment: str, name: str, level: str) -> None:
        entry = {"user_name": name, "permission_level": level}
        path = f"/api/2.0/permissions/experiments/{experiment}"
        client.call("PATCH", path, json={"access_control_list": [entry]})

    for experiment, level in ((here, "CAN_EDIT"), (there, "CAN_READ")):
        assert eve.refused("POST", MOVE, body).code == "PERMISSION_DENIED"
        grant(experiment, "eve", level)
    assert eve.refused("POST", MOVE, body).code == "PERMISSION_DENIED"
    grant(there, "eve", "CAN_EDIT")
    grant(here, "ben", "CAN_READ")
    path = f"/api/2.0/mlflow-artifacts/artifacts/{here}/{run}/artifacts/file.txt"
    assert ben.request("GET", path).status_code == 200
    assert eve.post(MOVE, **body) == {"runs_moved": 1, "models_moved": 1}
    # the rights are those of the experiment it is in, also by the path that names the one it came from
    time.sleep(1.05)  # for as long what was allowed is remembered
    assert ben.refused("GET", "runs/get", {"run_id": run}).code == "PERMISSION_DENIED"
    carl = server.bearer(server.token("carl", role=Role.USE))
    grant(here, "carl", "CAN_MANAGE")
    assert carl.refused("GET", path).code == "PERMISSION_DENIED"
    grant(there, "carl", "CAN_READ")
    assert carl.request("GET", path).content == b"bytes"
    (event,) = events(client, action="moveRuns", principal="eve")[-1:]
    assert event["request_params"]["experiment_id"] == there
    assert run in str(event["request_params"]["run_ids"])


def test_logging_goes_on_while_runs_move(server: Server, client: Caller):
    homes = [client.experiment() for _ in range(3)]
    runs = [client.run(homes[0]) for _ in range(6)]
    failures: list[str] = []
    stop = threading.Event()

    def log(caller: Caller, run: str) -> None:
        step = 0
        while not stop.is_set():
            step += 1
            for path, body in (
                ("runs/log-metric", {"key": f"m{step % 7}", "value": step, "timestamp": step, "step": step}),
                ("runs/log-parameter", {"key": f"p{step}", "value": "v"}),
                ("runs/set-tag", {"key": f"t{step % 5}", "value": f"{step}"}),
                ("runs/update", {"status": "RUNNING"}),
            ):
                answer = caller.request("POST", path, json={"run_id": run, **body})
                if answer.status_code != 200:
                    failures.append(f"{path}: {answer.text}")

    threads = [threading.Thread(target=log, args=(server.caller(), run)) for run in runs]
    for thread in threads:
        thread.start()
    for turn in range(1, 25):
        assert move(client, runs, homes[turn % 3])[0] == 6
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert server.sql(STRAY) == []
    assert found(client, homes[0]) == set(runs)
