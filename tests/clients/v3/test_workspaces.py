"""Workspaces as mlflow 3 uses them: chosen once, sent with every call, files included."""

import uuid

import mlflow
import pytest

from clients.expect import EXISTS, MISSING, refused

pytestmark = [pytest.mark.beyond, pytest.mark.modes("http")]


@pytest.fixture
def workspace(side):
    name = f"w{uuid.uuid4().hex[:10]}"
    mlflow.create_workspace(name, description="a test")
    yield name
    mlflow.set_workspace(None)


def test_life(workspace):
    assert mlflow.get_workspace(workspace).description == "a test"
    assert {"default", workspace} <= {w.name for w in mlflow.list_workspaces()}
    assert mlflow.update_workspace(workspace, description="other").description == "other"
    with refused(EXISTS, by=None):
        mlflow.create_workspace(workspace)
    mlflow.delete_workspace(workspace)
    with refused(MISSING, by=None):
        mlflow.get_workspace(workspace)


def test_default_cannot_go(side):
    with pytest.raises(mlflow.MlflowException):
        mlflow.delete_workspace("default")


def test_work_in_a_workspace(side, client, workspace, tmp_path):
    (tmp_path / "f.txt").write_text("in there")
    mlflow.set_workspace(workspace)
    mlflow.set_experiment("project")
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
        mlflow.log_artifact(str(tmp_path / "f.txt"))
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/f.txt") == "in there"
    assert [e.name for e in mlflow.search_experiments() if e.name != "Default"] == ["project"]

    mlflow.set_workspace(None)
    assert client.get_experiment_by_name("project") is None
    with refused(MISSING):
        client.get_run(run.info.run_id)
    assert client.search_runs([run.info.experiment_id]) == []
    with pytest.raises(Exception, match=r"404|not found|denied|No such|failed|Failed"):
        mlflow.artifacts.load_text(f"{run.info.artifact_uri}/f.txt")


def test_a_model_in_a_workspace(side, client, workspace):
    mlflow.set_workspace(workspace)
    mlflow.set_experiment("models")
    model = mlflow.create_external_model(name="elsewhere")
    assert mlflow.get_logged_model(model.model_id).name == "elsewhere"
    mlflow.set_workspace(None)
    with refused(MISSING):
        mlflow.get_logged_model(model.model_id)


def test_an_unknown_workspace(side, client):
    mlflow.set_workspace("nobody")
    try:
        with pytest.raises(mlflow.MlflowException):
            client.search_experiments()
    finally:
        mlflow.set_workspace(None)


@pytest.mark.parametrize("name", ["A", "has space", "-x", "x-", "x" * 64])
def test_bad_names(side, name):
    with pytest.raises(mlflow.MlflowException):
        mlflow.create_workspace(name)
