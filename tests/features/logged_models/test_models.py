"""The life of a LoggedModel, what it may be called, and where it is seen."""

import re
import time

import pytest

from server import Caller, Callers, Server


def test_a_model_as_it_is_born(models, client, experiment):
    run = client.run(experiment)
    before = time.time() * 1000 - 1
    model = models.create(
        experiment, name="tree", model_type="Classifier", source_run_id=run, params={"depth": "3"}, tags={"team": "é"}
    )
    info = model["info"]
    assert re.fullmatch("m-[0-9a-f]{32}", info["model_id"])
    assert before <= info["creation_timestamp_ms"] == info["last_updated_timestamp_ms"] <= time.time() * 1000 + 1
    assert model == {
        "info": {
            "model_id": info["model_id"],
            "experiment_id": experiment,
            "name": "tree",
            "creation_timestamp_ms": info["creation_timestamp_ms"],
            "last_updated_timestamp_ms": info["creation_timestamp_ms"],
            "artifact_uri": f"mlflow-artifacts:/{experiment}/models/{info['model_id']}/artifacts",
            "status": "LOGGED_MODEL_PENDING",
            "creator_id": 1,
            "model_type": "Classifier",
            "source_run_id": run,
            "tags": [{"key": "team", "value": "é"}],
            "registrations": [],
        },
        "data": {"params": [{"key": "depth", "value": "3"}], "metrics": []},
    }
    assert models.get(info["model_id"]) == model


def test_the_browser_has_the_same_api(models, client, experiment):
    model = client.call("POST", "/ajax-api/2.0/mlflow/logged-models", json={"experiment_id": experiment})["model"]
    path = f"/ajax-api/2.0/mlflow/logged-models/{model['info']['model_id']}"
    assert client.get(path)["model"] == model == models.get(model["info"]["model_id"])


@pytest.mark.parametrize("given", [{}, {"name": ""}, {"name": None}])
def test_a_nameless_model_gets_a_name(models, experiment, given):
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", models.create(experiment, **given)["info"]["name"])


@pytest.mark.parametrize("name", ["m", "my model", "日本語 🎉", "a" * 500, "(x)#?&=+\\;[]"])
def test_names(models, experiment, name):
    made = [models.create(experiment, name=name)["info"] for _ in range(2)]
    assert {info["name"] for info in made} == {name}
    assert len({info["model_id"] for info in made}) == 2


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "50%", 'a"b', "a'b", " ", "a" * 501, "a\0b"])
def test_names_that_no_uri_or_filter_could_say(client, experiment, name):
    refused = client.refused("POST", "logged-models", {"experiment_id": experiment, "name": name})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"model_type": "x" * 501}, "model_type"),
        ({"source_run_id": "x" * 251}, "source_run_id"),
        ({"params": [{"key": "", "value": "1"}]}, "key"),
        ({"params": [{"key": "k" * 251, "value": "1"}]}, "250"),
        ({"params": [{"key": "k", "value": "v" * 65_536}]}, "65535"),
        ({"params": [{"key": f"k{n}", "value": "1"} for n in range(1001)]}, "1000"),
        ({"params": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}, "k"),
        ({"params": {"k": "v"}}, "params"),
        ({"tags": [{"key": "k", "value": "v" * 65_536}]}, "65535"),
        ({"tags": [{"key": "", "value": "v"}]}, "key"),
    ],
)
def test_what_is_refused_at_birth(models, client, experiment, fields, word):
    refused = client.refused("POST", "logged-models", {"experiment_id": experiment, **fields})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert word in refused.message
    assert models.search(experiment) == []


def test_experiments_that_take_no_model(client):
    gone = client.experiment()
    client.post("experiments/delete", experiment_id=gone)
    for experiment, code in ((gone, "INVALID_PARAMETER_VALUE"), ("987654321", "RESOURCE_DOES_NOT_EXIST"), ("x", None)):
        refused = client.refused("POST", "logged-models", {"experiment_id": experiment})
        assert refused.code == (code or "RESOURCE_DOES_NOT_EXIST")
    assert client.refused("POST", "logged-models", {}).code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("LOGGED_MODEL_READY", "LOGGED_MODEL_READY"),
        (2, "LOGGED_MODEL_READY"),
        ("LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_UPLOAD_FAILED"),
        (3, "LOGGED_MODEL_UPLOAD_FAILED"),
        ("1", "LOGGED_MODEL_PENDING"),
    ],
)
def test_finalize(models, experiment, sent, kept):
    model = models.create(experiment)["info"]
    changed = models.patch(model["model_id"], status=sent)["model"]["info"]
    assert changed["status"] == models.get(model["model_id"])["info"]["status"] == kept
    assert changed["last_updated_timestamp_ms"] >= model["last_updated_timestamp_ms"]


@pytest.mark.parametrize("status", ["READY", "", 0, 4, "4", None, {}])
def test_no_such_status(models, client, experiment, status):
    model = models.id(experiment)
    refused = client.refused("PATCH", f"logged-models/{model}", {"status": status})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert models.get(model)["info"]["status"] == "LOGGED_MODEL_PENDING"


def test_a_deleted_model_is_hidden_but_can_be_asked_for(models, client, experiment):
    model = models.id(experiment, name="gone", params={"p": "1"})
    models.delete(model)
    assert client.refused("GET", f"logged-models/{model}").code == "RESOURCE_DOES_NOT_EXIST"
    assert models.search(experiment) == models.search(experiment, filter="name = 'gone'") == []
    found = models.get(model, allow_deleted="true")
    assert (found["info"]["model_id"], found["data"]["params"]) == (model, [{"key": "p", "value": "1"}])


def test_a_deleted_model_takes_no_change(models, client, experiment):
    model, run = models.id(experiment), client.run(experiment)
    models.delete(model)
    for method, what, body in (
        ("PATCH", "", {"status": 2}),
        ("PATCH", "/tags", {"tags": [{"key": "k", "value": "v"}]}),
        ("DELETE", "/tags/k", None),
        ("POST", "/params", {"params": [{"key": "k", "value": "v"}]}),
    ):
        refused = client.refused(method, f"logged-models/{model}{what}", body)
        assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST"), what
    metric = {"run_id": run, "model_id": model, "key": "m", "value": 1, "timestamp": 1}
    assert client.refused("POST", "runs/log-metric", metric).code == "RESOURCE_DOES_NOT_EXIST"


def test_deleting_twice_is_deleting(models, experiment):
    model = models.id(experiment)
    models.delete(model)
    at = models.get(model, allow_deleted="true")["info"]["last_updated_timestamp_ms"]
    models.delete(model)
    assert models.get(model, allow_deleted="true")["info"]["last_updated_timestamp_ms"] == at


def test_models_go_and_come_back_with_their_experiment(models, client, experiment):
    kept, gone = models.id(experiment), models.id(experiment)
    models.delete(gone)
    client.post("experiments/delete", experiment_id=experiment)
    assert models.search(experiment) == []
    assert client.refused("GET", f"logged-models/{kept}").code == "RESOURCE_DOES_NOT_EXIST"
    assert models.get(kept, allow_deleted="true")["info"]["model_id"] == kept
    assert client.refused("PATCH", f"logged-models/{kept}", {"status": 2}).status == 404
    client.post("experiments/restore", experiment_id=experiment)
    assert models.search(experiment) == [kept]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("model", ["m-" + "f" * 32, "nothing", "%00", "é"])
def test_unknown_models(client, method, model):
    refused = client.refused(method, f"logged-models/{model}", {"status": 2} if method == "PATCH" else None)
    if model != "%00":
        assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    else:
        assert refused.status in (400, 404)


def test_where_artifacts_lie_is_said_in_the_callers_words(models, server: Server, client, experiment):
    model = models.id(experiment)
    platform = server.caller(x_databricks_org_id="1")
    uri = f"dbfs:/databricks/mlflow-tracking/{experiment}/logged_models/{model}/artifacts"
    assert platform.get(f"logged-models/{model}")["model"]["info"]["artifact_uri"] == uri
    found = platform.post("logged-models/search", experiment_ids=[experiment])["models"]
    assert [each["info"]["artifact_uri"] for each in found] == [uri]
    elsewhere = client.experiment(artifact_location="s3://bucket/mine")
    model = models.id(elsewhere)
    for caller in (client, platform):
        info = caller.get(f"logged-models/{model}")["model"]["info"]
        assert info["artifact_uri"] == f"s3://bucket/mine/models/{model}/artifacts"


def test_other_workspaces_see_nothing(models, client, callers: Callers, experiment):
    model = models.id(experiment)
    stranger = callers.stranger
    theirs = stranger.experiment()
    for method, what in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("PATCH", "/tags"), ("POST", "/params")):
        refused = stranger.refused(method, f"logged-models/{model}{what}", {"status": 2, "tags": [], "params": []})
        assert refused.code == "RESOURCE_DOES_NOT_EXIST", (method, what)
    assert stranger.post("logged-models/search", experiment_ids=[experiment, theirs]) == {"models": []}
    assert stranger.refused("POST", "logged-models", {"experiment_id": experiment}).code == "RESOURCE_DOES_NOT_EXIST"
    run = stranger.run(theirs)
    metric = {"run_id": run, "model_id": model, "key": "m", "value": 1, "timestamp": 1}
    assert stranger.refused("POST", "runs/log-metric", metric).code == "RESOURCE_DOES_NOT_EXIST"
    assert models.get(model)["info"]["status"] == "LOGGED_MODEL_PENDING"


def test_who_may_do_what(models, callers: Callers, experiment):
    model = models.id(experiment)
    reader: Caller = callers.reader
    assert reader.get(f"logged-models/{model}")["model"]["info"]["model_id"] == model
    assert len(reader.post("logged-models/search", experiment_ids=[experiment])["models"]) == 1
    for method, path, body in (
        ("POST", "logged-models", {"experiment_id": experiment}),
        ("PATCH", f"logged-models/{model}", {"status": 2}),
        ("DELETE", f"logged-models/{model}", None),
        ("PATCH", f"logged-models/{model}/tags", {"tags": []}),
        ("DELETE", f"logged-models/{model}/tags/k", None),
        ("POST", f"logged-models/{model}/params", {"params": []}),
    ):
        assert reader.refused(method, path, body).code == "PERMISSION_DENIED", path
    made = callers.editor.post("logged-models", experiment_id=experiment)["model"]["info"]
    assert made["creator_id"] not in (0, 1)
