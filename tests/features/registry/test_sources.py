"""Where versions come from: what may be a source, what is filled in, how it is spelled, what a purge leaves."""

import json

import pytest

from server import Callers

INVALID = (400, "INVALID_PARAMETER_VALUE")
PROMPT = {"mlflow.prompt.is_prompt": "true"}


@pytest.fixture
def experiment(client):
    return client.experiment()


@pytest.fixture
def run(client, experiment):
    return client.run(experiment)


@pytest.fixture
def model(client, experiment, run):
    made = client.post("logged-models", experiment_id=experiment, name="tree", source_run_id=run)
    return made["model"]["info"]["model_id"]


def uri(client, name, version=1, **headers):
    params = {"name": name, "version": version}
    return client.call("GET", "model-versions/get-download-uri", params=params, headers=headers)["artifact_uri"]


PLATFORM = {"x-databricks-org-id": "1"}


def test_artifacts_of_a_run_in_both_spellings(registry, client, experiment, run):
    plain = f"mlflow-artifacts:/{experiment}/{run}/artifacts/model"
    platform = f"dbfs:/databricks/mlflow-tracking/{experiment}/{run}/artifacts/model"
    for source in (plain, platform):
        name = registry.model()
        made = registry.add(name, source=source)
        assert (made["source"], made["run_id"]) == (plain, run)
        assert uri(client, name) == plain
        assert uri(client, name, **PLATFORM) == platform
        seen = client.call("GET", "model-versions/get", params={"name": name, "version": 1}, headers=PLATFORM)
        assert seen["model_version"]["source"] == platform


def test_a_logged_model_and_its_versions_know_each_other(registry, client, experiment, run, model):
    name = registry.model()
    root = f"{experiment}/models/{model}/artifacts"
    for fields in ({"source": f"models:/{model}"}, {"source": f"models:/{model}", "model_id": model},
                   {"source": f"mlflow-artifacts:/{root}"}):  # fmt: skip
        made = registry.add(name, **fields)
        assert (made["source"], made["model_id"], made["run_id"]) == (fields["source"], model, run)
        assert uri(client, name, made["version"]) == f"mlflow-artifacts:/{root}"
    platform = f"dbfs:/databricks/mlflow-tracking/{experiment}/logged_models/{model}/artifacts"
    assert uri(client, name, **PLATFORM) == platform
    info = client.get(f"logged-models/{model}")["model"]["info"]
    assert info["registrations"] == [{"name": name, "version": str(number)} for number in (1, 2, 3)]
    tags = {tag["key"]: tag["value"] for tag in info["tags"]}
    assert json.loads(tags["mlflow.modelVersions"]) == info["registrations"]
    # the Python client writes the list once more with its own entry
    doubled = json.dumps([*info["registrations"], info["registrations"][-1]])
    client.call(
        "PATCH",
        f"logged-models/{model}/tags",
        json={"tags": [{"key": "mlflow.modelVersions", "value": doubled}]},
    )
    assert client.get(f"logged-models/{model}")["model"]["info"]["registrations"] == info["registrations"]


def test_a_run_uri(registry, client, run):
    name = registry.model()
    made = registry.add(name, source=f"runs:/{run}/model")
    assert (made["run_id"], uri(client, name)) == (run, f"runs:/{run}/model")
    assert registry.add(name, source="runs:/somewhere-else/m", run_id="somewhere-else")["run_id"] == "somewhere-else"


def test_copies(registry, client, model, run):
    first, second = registry.model(), registry.model()
    registry.add(first, source=f"models:/{model}", tags={"k": "v"})
    registry.alias(first, "champion", 1)
    client.post("model-versions/transition-stage", name=first, version="1", stage="Staging")
    for path in (f"{first}/1", f"{first}@champion", f"{first}/latest", f"{first}/Staging", f"main.default.{first}/1"):
        made = registry.add(second, source=f"models:/{path}")
        assert (made["source"], made["run_id"], made["model_id"]) == (f"models:/{first}/1", run, model)
        assert uri(client, second, made["version"]) == uri(client, first)
    registry.delete("registered-models/delete", name=first)
    assert model in uri(client, second)  # a copy needs its original no more
    for source in (f"models:/{first}/1", f"models:/{second}/99", f"models:/{second}@nobody", "models:/x/y/z"):
        assert client.refused("POST", "model-versions/create", {"name": second, "source": source}).status == 404


def test_prompts_say_a_placeholder(registry, client):
    name = registry.model(tags=PROMPT)
    for source in ("dummy-source", "prompt-template"):
        registry.add(name, source=source, tags=PROMPT)
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    refused = client.refused("POST", "model-versions/create", {"name": name, "source": "s3://b", "tags": tags})
    assert (refused.status, refused.code) == INVALID
    other = registry.model()
    refused = client.refused("POST", "model-versions/create", {"name": other, "source": f"models:/{name}/1"})
    assert (refused.status, refused.code) == INVALID


@pytest.mark.parametrize(
    "source",
    [
        "", "path/to/model", "/etc", "file:///etc/passwd", "../up", "C:\\models", "./x",
        "mlflow-artifacts:/1/../2", "mlflow-artifacts:/%2e%2e/%2e%2e", "s3://bucket/a/../../b", "http://h/a/%252e%252e/b",
        "runs:/", "runs://host/x", "models:/", "models://host/x/1", "models:/m-" + "0" * 32, "s3://b/%00",
        "mlflow-artifacts:/0/" + "0" * 32 + "/artifacts/model", "s3://" + "b" * 2000,
        "mlflow-artifacts:/0/models/m-" + "0" * 32 + "/artifacts",
    ],
)  # fmt: skip
def test_sources_that_may_not_be(registry, client, source):
    name = registry.model()
    refused = client.refused("POST", "model-versions/create", {"name": name, "source": source})
    assert (refused.status, refused.code) == INVALID
    assert registry.add(name)["version"] == "1"


def test_a_source_belongs_to_the_run_or_model_named_beside_it(registry, client, experiment, run, model):
    name, other = registry.model(), client.run(experiment)
    place = f"mlflow-artifacts:/{experiment}/{run}/artifacts/model"
    wrong = [
        {"source": place, "run_id": other},
        {"source": f"runs:/{run}/model", "run_id": other},
        {"source": place.replace(f"/{experiment}/", f"/{client.experiment()}/"), "run_id": run},
        {"source": f"models:/{model}", "model_id": "m-" + "0" * 32},
        {"source": "s3://b/m", "model_id": "m-" + "0" * 32},
        {"source": f"mlflow-artifacts:/{experiment}/models/{model}/artifacts", "model_id": "m-x"},
    ]
    for fields in wrong:
        refused = client.refused("POST", "model-versions/create", {"name": name, **fields})
        assert (refused.status, refused.code) == INVALID, fields


def test_a_local_path_is_one_where_the_artifacts_of_its_run_are_too(registry, client):
    experiment = client.experiment(artifact_location="/data/mine")
    run = client.run(experiment)
    name = registry.model()
    root = client.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"]
    made = registry.add(name, source=f"{root}/model", run_id=run)
    assert uri(client, name) == made["source"] == f"{root}/model"
    for source in (f"{root}/../../x", f"{root}x/model", "/data"):
        refused = client.refused("POST", "model-versions/create", {"name": name, "source": source, "run_id": run})
        assert (refused.status, refused.code) == INVALID


def test_strangers_name_nothing_of_this_workspace(registry, server, experiment, run, model):
    stranger = Callers(server).stranger
    mine, theirs = registry.model(), registry.name()
    registry.add(mine)
    stranger.post("registered-models/create", name=theirs)
    for source in (
        f"mlflow-artifacts:/{experiment}/{run}/artifacts",
        f"mlflow-artifacts:/{experiment}/models/{model}/artifacts",
        f"models:/{model}",
        f"models:/{mine}/1",
    ):
        answer = stranger.request("POST", "model-versions/create", json={"name": theirs, "source": source})
        assert answer.status_code in (400, 404)
    stranger.post("registered-models/create", name=mine)  # names are those of a workspace
    assert stranger.post("model-versions/create", name=mine, source="s3://b")["model_version"]["version"] == "1"


def test_versions_outlive_what_they_come_from(registry, client, experiment, run, model):
    name = registry.model()
    registry.add(name, source=f"models:/{model}")
    registry.add(name, source=f"mlflow-artifacts:/{experiment}/{run}/artifacts/m")
    client.post("runs/delete", run_id=run)
    client.call("DELETE", f"logged-models/{model}", json={})
    client.call("POST", "/api/2.0/lakeward/purge", json={"run_ids": [run], "model_ids": [model]})
    for number in (1, 2):
        kept = registry.version(name, number)
        assert (kept["run_id"], kept["status"]) == (run, "READY")
    assert registry.version(name, 1)["model_id"] == model
    assert registry.versions(filter=f"run_id = '{run}'") == [(name, 2), (name, 1)]
    registry.add(registry.model(), source=f"models:/{name}/1")


def test_a_workspace_with_models_stays(registry, server):
    admin = server.local
    admin.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "with-models"})
    inside = server.caller(x_mlflow_workspace="with-models")
    name = registry.name()
    inside.post("registered-models/create", name=name)
    refused = admin.refused("DELETE", "/api/3.0/mlflow/workspaces/with-models")
    assert (refused.status, refused.code) == (409, "INVALID_STATE")
    inside.call("DELETE", "registered-models/delete", json={"name": name})
    admin.call("DELETE", "/api/3.0/mlflow/workspaces/with-models")
