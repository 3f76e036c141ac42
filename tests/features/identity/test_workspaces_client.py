"""Workspaces with the unmodified client, which expects certain status codes and fields."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.workspace import WorkspaceDeletionMode
from mlflow.exceptions import MlflowException
from requests import HTTPError

pytestmark = pytest.mark.filterwarnings("default")

QUIET = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_DISABLE_TELEMETRY": "true"}


@pytest.fixture(autouse=True)
def here(server, monkeypatch):
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLFLOW_WORKSPACE", raising=False)
    mlflow.set_tracking_uri(server.url)
    yield
    mlflow.set_workspace(None)
    mlflow.set_tracking_uri(None)


def test_a_life():
    made = mlflow.create_workspace("team-a", description="first")
    assert (made.name, made.description) == ("team-a", "first")
    assert mlflow.get_workspace("team-a").description == "first"
    assert mlflow.update_workspace("team-a", description="second").description == "second"
    assert [each.name for each in mlflow.list_workspaces()] == ["default", "team-a"]
    mlflow.delete_workspace("team-a")
    with pytest.raises(MlflowException, match="team-a") as refused:
        mlflow.get_workspace("team-a")
    assert refused.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_taken_name():
    mlflow.create_workspace("team-a")
    with pytest.raises(MlflowException, match="exists") as refused:
        mlflow.create_workspace("team-a")
    assert refused.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_an_artifact_root_is_refused():
    with pytest.raises(MlflowException, match="default_artifact_root"):
        mlflow.create_workspace("team-a", default_artifact_root="s3://elsewhere")


@pytest.mark.parametrize("mode", list(WorkspaceDeletionMode))
def test_a_full_workspace_stays(mode):
    mlflow.create_workspace("team-a")
    mlflow.set_workspace("team-a")
    mlflow.create_experiment("kept")
    with pytest.raises(MlflowException, match="still has experiments"):
        mlflow.delete_workspace("team-a", mode=mode)
    assert mlflow.get_experiment_by_name("kept") is not None


def test_work_happens_in_the_chosen_workspace(monkeypatch):
    for name in ("team-a", "team-b"):
        mlflow.create_workspace(name)
    mlflow.set_workspace("team-a")
    mlflow.set_experiment("shared name")
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1.5)
        mlflow.log_text("hello", "a/b.txt")
    mlflow.set_workspace("team-b")
    assert mlflow.get_experiment_by_name("shared name") is None
    assert mlflow.search_runs(search_all_experiments=True).empty
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_run(run.info.run_id)
    with pytest.raises(HTTPError, match="404"):
        mlflow.artifacts.load_text(f"{run.info.artifact_uri}/a/b.txt")
    mlflow.set_workspace(None)
    monkeypatch.setenv("MLFLOW_WORKSPACE", "team-a")
    assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 1.5}
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/a/b.txt") == "hello"
    assert [file.path for file in MlflowClient().list_artifacts(run.info.run_id)] == ["a"]


def test_an_unknown_workspace():
    mlflow.set_workspace("no-such")
    with pytest.raises(MlflowException, match="no-such") as refused:
        mlflow.search_experiments()
    assert refused.value.error_code == "RESOURCE_DOES_NOT_EXIST"
