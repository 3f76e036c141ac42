"""The `mlflow` command against the server."""

import json

import mlflow
import pytest
from click.testing import CliRunner
from mlflow.cli import cli


@pytest.fixture
def command(side):
    def run(*arguments):
        result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_experiments(side, client, command):
    name = side.name("cli")
    experiment = command("experiments", "create", "-n", name).strip().splitlines()[-1].split()[-1]
    assert client.get_experiment(experiment).name == name
    assert name in command("experiments", "search")
    command("experiments", "rename", "-x", experiment, "--new-name", f"{name}-2")
    assert client.get_experiment(experiment).name == f"{name}-2"
    command("experiments", "delete", "-x", experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    command("experiments", "restore", "-x", experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"


def test_csv_of_an_experiment(side, client, experiment, run, command):
    client.log_param(run, "p", "val")
    output = command("experiments", "csv", "-x", experiment)
    assert "params.p" in output
    assert run in output


def test_runs(client, experiment, run, command):
    assert run in command("runs", "list", "--experiment-id", experiment)
    described = json.loads(command("runs", "describe", "--run-id", run))
    assert described["info"]["run_id"] == run
    command("runs", "delete", "--run-id", run)
    assert run not in command("runs", "list", "--experiment-id", experiment)
    assert run in command("runs", "list", "--experiment-id", experiment, "--view", "deleted_only")
    command("runs", "restore", "--run-id", run)
    assert client.get_run(run).info.lifecycle_stage == "active"


def test_artifacts(client, run, command, tmp_path):
    (tmp_path / "f.txt").write_text("from the command")
    command("artifacts", "log-artifact", "--local-file", str(tmp_path / "f.txt"), "--run-id", run, "-a", "sub")
    assert "sub" in command("artifacts", "list", "--run-id", run)
    command("artifacts", "download", "--run-id", run, "-a", "sub/f.txt", "-d", str(tmp_path / "back"))
    assert next((tmp_path / "back").rglob("f.txt")).read_text() == "from the command"


def test_run_context_of_the_environment(side, client, experiment, monkeypatch):
    """A job that gets its place by the environment, as `mlflow run` and schedulers give it."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
    with mlflow.start_run() as run:
        pass
    assert client.get_run(run.info.run_id).info.experiment_id == experiment
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with mlflow.start_run() as again:
        mlflow.log_metric("m", 1)
    assert again.info.run_id == run.info.run_id
