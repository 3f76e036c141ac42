"""Who is calling: tokens in every form clients send them, and wrong ones."""

import base64
import uuid

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from .expect import answered_error

pytestmark = pytest.mark.beyond

SEARCH = "/api/2.0/mlflow/experiments/search"


def search(server, **headers):
    return server.request("POST", SEARCH, json={"max_results": 1}, headers=headers)


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_loopback_without_credentials_is_the_owner(server):
    assert search(server).status_code == 200


def test_bearer(server):
    assert search(server, Authorization=f"Bearer {server.token}").status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_has_no_case(server, scheme):
    assert search(server, Authorization=f"{scheme} {server.token}").status_code == 200


def test_basic_with_the_token_as_password(server):
    assert search(server, Authorization=basic("token", server.token)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        "Bearer ",
        "Bearer",
        "Token x",
        "nonsense",
        basic("token", "wrong"),
        basic("", ""),
        basic("nobody", "wrong"),
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Bearer " + "x" * 5000,
    ],
)
def test_wrong_credentials_never_become_the_owner(server, header):
    answered_error(search(server, Authorization=header), 401, "UNAUTHENTICATED")


def test_health_needs_no_credentials(server):
    assert server.request("GET", "/health", headers={"Authorization": "Bearer wrong"}).status_code == 200


@pytest.mark.modes("http")
def test_mlflow_tracking_token(side, client, experiment, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", side.server.token)
    run = side.run(experiment)
    assert client.get_run(run).info.experiment_id == experiment
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "wrong")
    with pytest.raises(MlflowException, match=r"401|UNAUTHENTICATED|token"):
        client.get_run(run)


@pytest.mark.modes("http")
def test_mlflow_username_and_password(side, client, experiment, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "token")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", side.server.token)
    assert client.get_experiment(experiment).experiment_id == experiment
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong")
    with pytest.raises(MlflowException, match=r"401|UNAUTHENTICATED|token"):
        client.get_experiment(experiment)


@pytest.mark.modes("http")
def test_mlflow_with_a_name_and_a_password(side, client, monkeypatch):
    def call(method, path, **body):
        headers = {"Authorization": f"Bearer {side.server.token}"}
        return side.server.request(method, path, json=body, headers=headers).json()

    name, password = f"ada-{uuid.uuid4().hex}@example.org", "correct horse battery"
    user = call("POST", "/api/2.0/preview/scim/v2/Users", userName=name)["id"]
    call("PUT", f"/api/2.0/preview/permissionassignments/principals/{user}", permissions=["USER"])
    call("PUT", f"/api/2.0/lakeward/users/{user}/password", new_password=password)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    mlflow.set_experiment(side.name())
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    assert client.get_run(run.info.run_id).data.metrics == {"m": 1}
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password + "!")
    with pytest.raises(MlflowException, match=r"401|UNAUTHENTICATED|password"):
        client.get_run(run.info.run_id)


@pytest.mark.modes("http")
def test_artifacts_go_with_the_token(side, client, experiment, run, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", side.server.token)
    (tmp_path / "f.txt").write_text("x")
    client.log_artifact(run, str(tmp_path / "f.txt"))
    assert [f.path for f in client.list_artifacts(run)] == ["f.txt"]


@pytest.mark.modes("databricks")
def test_databricks_token(side, client, experiment, monkeypatch):
    assert client.get_experiment(experiment).experiment_id == experiment
    monkeypatch.setenv("DATABRICKS_TOKEN", "wrong")
    with pytest.raises(MlflowException, match=r"401|UNAUTHENTICATED|token"):
        mlflow.MlflowClient(tracking_uri="databricks").get_experiment(experiment)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_other_names_of_this_machine_are_refused(server, host):
    """A web page can point its own name at 127.0.0.1 and have the browser call it."""
    assert search(server, Host=host).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "https://evil.example:5000", "null"])
def test_other_origins_are_refused(server, origin):
    assert search(server, Origin=origin).status_code == 403


def test_the_own_origin_is_fine(server):
    assert search(server, Origin=server.url).status_code == 200
