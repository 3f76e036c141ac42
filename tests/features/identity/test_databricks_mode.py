"""The platform dialect: discovery, the workspace id that goes to and fro, and URIs that fit the caller."""

import io
import os
import time
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import NotFound, PermissionDenied, ResourceAlreadyExists, Unauthenticated

from lakeward.runtime.http import Role
from server import Caller, Server

ORG = "x-databricks-org-id"
SDK = {"user-agent": "databricks-sdk-py/0.156.0 python/3.11"}


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)


# --- discovery


def test_discovery(server: Server, callers):
    """Asked before every call, by clients that have not signed in yet."""
    expected = {"oidc_endpoint": f"{server.url}/oidc", "account_id": "lakeward", "cloud": "aws"}
    for caller in (server.local, callers.nobody, callers.stranger):
        found = caller.call("GET", "/.well-known/databricks-config")
        assert found == expected  # and no workspace: clients would repeat it as if it were chosen
        assert "{account_id}" not in found["oidc_endpoint"]


def test_discovery_names_the_server_as_the_caller_did(server: Server, client: Caller):
    host = f"localhost:{server.port}"
    found = server.local.call("GET", "/.well-known/databricks-config", headers={"host": host})
    assert found["oidc_endpoint"] == f"http://{host}/oidc"
    for scheme, seen in (("https", "https"), ("HTTPS, http", "https"), ("javascript", "http"), ("", "http")):
        headers = {"host": host, "x-forwarded-proto": scheme, "x-forwarded-for": "10.0.0.1"}
        found = client.call("GET", "/.well-known/databricks-config", headers=headers)
        assert found["oidc_endpoint"] == f"{seen}://{host}/oidc"


def test_discovery_is_fast(client: Caller):
    """54 of 130 requests of one script are this one."""
    started = time.perf_counter()
    for _ in range(100):
        client.call("GET", "/.well-known/databricks-config")
    assert (time.perf_counter() - started) / 100 < 0.02


def test_the_workspace_returns_as_a_header(client: Caller, callers):
    """Registration of a model reads it from `runs/get` to link model and run."""
    run = client.run("0")
    for caller in (client, callers.reader):
        response = caller.request("GET", f"runs/get?run_id={run}", headers={ORG: "1"})
        assert response.headers[ORG] == "1"
    assert callers.stranger.request("GET", f"runs/get?run_id={run}").headers[ORG] != "1"
    assert client.request("GET", "/health").headers.get(ORG) is None


# --- what depends on the mode is rendered for the caller


MODES = {"http": {}, "databricks by workspace id": {ORG: "1"}, "databricks by agent": SDK}


@pytest.mark.parametrize("mode", MODES)
def test_artifact_uris(client: Caller, mode):
    """One and the same run and model, with the URI that this client can use, wherever a URI is answered."""
    headers = MODES[mode]
    root = "mlflow-artifacts:" if mode == "http" else "dbfs:/databricks/mlflow-tracking"
    experiment = client.experiment(f"/Shared/{mode}")
    run = client.run(experiment)
    model = client.post("logged-models", experiment_id=experiment, name="m")["model"]["info"]["model_id"]

    def call(method: str, path: str, **fields):
        return client.call(method, path, headers=headers, **{"json" if method != "GET" else "params": fields})

    of_run = f"{root}/{experiment}/{run}/artifacts"
    of_model = f"{root}/{experiment}/{'models' if mode == 'http' else 'logged_models'}/{model}/artifacts"
    assert call("GET", "runs/get", run_id=run)["run"]["info"]["artifact_uri"] == of_run
    assert call("POST", "runs/update", run_id=run, status="FINISHED")["run_info"]["artifact_uri"] == of_run
    assert call("POST", "runs/search", experiment_ids=[experiment])["runs"][0]["info"]["artifact_uri"] == of_run
    assert call("GET", "artifacts/list", run_id=run)["root_uri"] == of_run
    assert call("GET", f"logged-models/{model}")["model"]["info"]["artifact_uri"] == of_model
    found = call("POST", "logged-models/search", experiment_ids=[experiment])["models"]
    assert found[0]["info"]["artifact_uri"] == of_model
    for answer in (
        call("GET", "experiments/get", experiment_id=experiment)["experiment"],
        call("GET", "experiments/get-by-name", experiment_name=f"/Shared/{mode}")["experiment"],
        call("GET", "experiments/search", filter=f"name = '/Shared/{mode}'")["experiments"][0],
    ):
        assert answer["artifact_location"] == f"{root}/{experiment}"
    made = call("POST", "runs/create", experiment_id=experiment)["run"]["info"]
    assert made["artifact_uri"] == f"{root}/{experiment}/{made['run_id']}/artifacts"
    made = call("POST", "logged-models", experiment_id=experiment, name="n")["model"]["info"]
    assert made["artifact_uri"].startswith(f"{root}/{experiment}/")


def test_nothing_of_the_mode_is_stored(server: Server, client: Caller):
    experiment = client.call("POST", "experiments/create", json={"name": "/Shared/kept"}, headers={ORG: "1"})
    client.call("POST", "runs/create", json=experiment, headers={ORG: "1"})
    rows = server.sql(
        "SELECT e::text, r::text FROM experiment e JOIN run r ON r.experiment_id = e.id WHERE e.name = '/Shared/kept'"
    )
    assert len(rows) == 1
    assert not any(word in str(rows) for word in ("dbfs:", "mlflow-artifacts:", "127.0.0.1"))


def test_a_chosen_location_is_the_same_in_every_mode(client: Caller):
    experiment = client.experiment("/Shared/elsewhere", artifact_location="s3://bucket/prefix/")
    run = client.run(experiment)
    for headers in MODES.values():
        info = client.call("GET", "runs/get", params={"run_id": run}, headers=headers)["run"]["info"]
        assert info["artifact_uri"] == f"s3://bucket/prefix/{run}/artifacts"


@pytest.mark.parametrize("name", ["plain", "Users/x", "./x", " /x"])
def test_names_are_workspace_paths(client: Caller, name):
    answer = client.refused("POST", "experiments/create", json={"name": name}, headers={ORG: "1"})
    assert answer.code == "INVALID_PARAMETER_VALUE"
    assert answer.message.startswith("Got an invalid experiment name")
    client.experiment(name)


# --- the unmodified platform SDK


@pytest.fixture
def sdk(server: Server):
    """A client of the SDK for a token, as `WorkspaceClient()` with environment variables would be."""

    def make(token: str, **more) -> WorkspaceClient:
        return WorkspaceClient(config=Config(host=server.url, token=token, retry_timeout_seconds=5, **more))

    return make


@pytest.mark.filterwarnings("default")
def test_the_sdk_finds_its_configuration(server: Server, sdk, callers):
    here = sdk(server.token("sdk", role=Role.EDIT))
    assert (here.config.host, here.config.account_id, here.config.auth_type) == (server.url, "lakeward", "pat")
    elsewhere = sdk(callers.stranger.headers["authorization"].split(" ")[1])
    [[other]] = server.sql("SELECT id FROM workspace WHERE name = 'other'")
    assert (here.get_workspace_id(), elsewhere.get_workspace_id()) == (1, other)


@pytest.mark.filterwarnings("default")
def test_the_sdk_tells_errors_apart(server: Server, sdk, callers):
    editor, reader = (sdk(server.token(f"sdk-{role.name}", role=role)) for role in (Role.EDIT, Role.READ))
    made = editor.experiments.create_experiment("/Shared/by the SDK").experiment_id
    assert editor.experiments.get_experiment(made).experiment.name == "/Shared/by the SDK"
    assert [each.experiment_id for each in reader.experiments.list_experiments() if each.experiment_id == made] == [
        made
    ]
    with pytest.raises(ResourceAlreadyExists):
        editor.experiments.create_experiment("/Shared/by the SDK")
    with pytest.raises(NotFound):
        editor.experiments.get_experiment("987654321")
    with pytest.raises(PermissionDenied):
        reader.experiments.delete_experiment(made)
    with pytest.raises((Unauthenticated, PermissionDenied)):
        sdk("wrong").experiments.get_experiment(made)
    with pytest.raises(NotFound):
        sdk(callers.stranger.headers["authorization"].split(" ")[1]).experiments.get_experiment(made)


@pytest.mark.filterwarnings("default")
def test_the_sdk_works_in_a_chosen_workspace(server: Server, client: Caller, callers, sdk, tmp_path: Path):
    """DATABRICKS_WORKSPACE_ID arrives in another header than the one that MLflow sends."""
    assert client.request("POST", "/api/3.0/mlflow/workspaces", json={"name": "second"}).status_code == 201
    number = client.request("GET", "experiments/search", headers={"x-mlflow-workspace": "second"}).headers[ORG]
    server.token("both", workspace="second", role=Role.EDIT)
    token = server.token("both", role=Role.EDIT)
    here, there = sdk(token), sdk(token, workspace_id=number)
    experiment = there.experiments.create_experiment("/Shared/there").experiment_id
    run = there.experiments.create_run(experiment_id=experiment).run.info.run_id
    folder = f"/WorkspaceInternal/Mlflow/Artifacts/{experiment}/Runs/{run}/artifacts"
    source = tmp_path / "a.txt"
    source.write_text("hello")
    there.files.upload_from(f"{folder}/a.txt", str(source))
    assert [each.name for each in there.files.list_directory_contents(folder)] == ["a.txt"]
    with pytest.raises(NotFound):
        here.experiments.get_experiment(experiment)
    # some calls of the SDK name no workspace at all: the experiment in the path does
    assert there.files.download(f"{folder}/a.txt").contents.read() == b"hello"
    assert here.files.get_metadata(f"{folder}/a.txt").content_length == 5
    with pytest.raises(NotFound):
        sdk(callers.reader.headers["authorization"].split(" ")[1]).files.download(f"{folder}/a.txt")
    server.token("looks", workspace="second", role=Role.READ)
    looks = sdk(server.token("looks", role=Role.MANAGE))
    assert looks.files.download(f"{folder}/a.txt").contents.read() == b"hello"
    with pytest.raises(NotFound):
        looks.files.upload(f"{folder}/b.txt", io.BytesIO(b"x"))
    # a member of that workspace alone need not name it
    alone = sdk(server.token("alone", workspace="second", role=Role.READ))
    assert alone.files.download(f"{folder}/a.txt").contents.read() == b"hello"
    assert alone.experiments.get_run(run).run.info.run_id == run
