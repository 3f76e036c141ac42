"""What the server says about itself, and what clients ask before their first real call."""

import mlflow
import pytest

from .expect import MISSING, refused


def test_health(server):
    assert server.get("/health").status_code == 200


def test_version(server):
    answer = server.get("/version")
    assert answer.status_code == 200
    assert answer.text.strip().strip('"')


def test_server_info(server):
    info = server.get("/api/3.0/mlflow/server-info").json()
    assert isinstance(info["workspaces_enabled"], bool)


@pytest.mark.beyond
def test_health_tells_its_parts(server):
    body = server.get("/health").json()
    assert body["status"] == "ok"


@pytest.mark.beyond
def test_prometheus_metrics(server):
    server.get("/api/2.0/mlflow/experiments/search")
    assert "# TYPE" in server.get("/metrics").text


@pytest.mark.beyond
def test_platform_config(server):
    """The SDK asks this before its first call; with a bad answer it warns or cannot sign in by OAuth."""
    answer = server.get("/.well-known/databricks-config")
    assert answer.status_code == 200
    body = answer.json()
    assert not body.get("workspace_id")  # clients would repeat it, whoever they call for
    assert body["oidc_endpoint"].startswith("http")
    assert "{account_id}" not in body["oidc_endpoint"] or body["account_id"]


@pytest.mark.beyond
def test_every_answer_has_a_request_id(server):
    first, second = (server.get("/api/2.0/mlflow/experiments/search").headers["x-request-id"] for _ in range(2))
    assert first != second


@pytest.mark.beyond
def test_the_description_of_the_api(server):
    body = server.get("/openapi.json").json()
    assert "/api/2.0/mlflow/runs/create" in body["paths"]


@pytest.mark.beyond
@pytest.mark.modes("databricks")
def test_the_workspace_comes_back_with_a_run(server, client, run):
    """compat(mlflow 3): registering in Unity Catalog reads the workspace from this header of `runs/get`."""
    answer = server.get("/api/2.0/mlflow/runs/get", run_id=run)
    assert answer.headers["x-databricks-org-id"]


@pytest.mark.beyond
@pytest.mark.modes("databricks")
def test_no_warning_in_platform_mode(client, experiment, caplog, capfd):
    client.search_runs([experiment])
    assert not [r for r in caplog.records if r.levelname in ("WARNING", "ERROR")]


@pytest.mark.beyond
@pytest.mark.modes("databricks")
def test_without_the_sdk(side, monkeypatch):
    """`MLFLOW_ENABLE_DB_SDK=false`: the same mode over plain requests with the token as Bearer."""
    monkeypatch.setenv("MLFLOW_ENABLE_DB_SDK", "false")
    experiment = side.experiment()
    run = side.run(experiment)
    mlflow.MlflowClient().log_metric(run, "m", 1)
    assert mlflow.MlflowClient().get_run(run).data.metrics == {"m": 1}
    with refused(MISSING):
        mlflow.MlflowClient().get_run("0" * 32)


@pytest.mark.modes("http")
def test_the_default_experiment(side, client):
    assert client.get_experiment("0").name == "Default"
    with mlflow.start_run() as run:
        pass
    assert client.get_run(run.info.run_id).info.experiment_id == "0"
