"""Runs: how they begin, change and end, what they are called, and what is refused."""

import time

import mlflow
import pytest
from mlflow.entities import ViewType

from .expect import INVALID, MISSING, refused

UNKNOWN = "0" * 32


def test_create_begins_a_running_run(client, experiment):
    before = int(time.time() * 1000)
    info = client.create_run(experiment).info
    assert len(info.run_id) == 32
    assert set(info.run_id) <= set("0123456789abcdef")
    assert (info.experiment_id, info.status, info.lifecycle_stage) == (experiment, "RUNNING", "active")
    assert before - 1000 <= info.start_time <= int(time.time() * 1000) + 1000
    assert info.end_time is None


def test_get_shows_the_run_as_created(client, experiment):
    created = client.create_run(experiment, tags={"a": "b"}, run_name="first")
    found = client.get_run(created.info.run_id)
    assert found.info.run_name == "first"
    assert found.data.tags["a"] == "b"
    assert found.data.params == {}
    assert found.data.metrics == {}
    assert dict(found.info) == dict(created.info)


@pytest.mark.parametrize("start_time", [1, 1_600_000_000_000, 4_102_444_800_000])
def test_given_start_time(client, experiment, start_time):
    run = client.create_run(experiment, start_time=start_time)
    assert client.get_run(run.info.run_id).info.start_time == start_time


@pytest.mark.parametrize("name", ["plain", "with space", "日本語", "🧪", "a/b", "100% 'quoted'", "n" * 250])
def test_run_names(client, experiment, name):
    run = client.create_run(experiment, run_name=name)
    found = client.get_run(run.info.run_id)
    assert found.info.run_name == name
    assert found.data.tags["mlflow.runName"] == name


def test_a_name_is_made_up_when_none_is_given(client, experiment):
    found = client.get_run(client.create_run(experiment).info.run_id)
    assert found.info.run_name
    assert found.data.tags["mlflow.runName"] == found.info.run_name


def test_name_from_the_tag(client, experiment):
    run = client.create_run(experiment, tags={"mlflow.runName": "from-tag"})
    assert client.get_run(run.info.run_id).info.run_name == "from-tag"


def test_two_different_names_at_once(client, experiment):
    with refused(INVALID, "name"):
        client.create_run(experiment, run_name="one", tags={"mlflow.runName": "two"})


def test_same_name_twice(client, experiment):
    run = client.create_run(experiment, run_name="one", tags={"mlflow.runName": "one"})
    assert run.info.run_name == "one"


def test_renaming_writes_the_tag(client, run):
    client.update_run(run, name="renamed")
    found = client.get_run(run)
    assert (found.info.run_name, found.data.tags["mlflow.runName"]) == ("renamed", "renamed")


def test_the_tag_renames(client, run):
    client.set_tag(run, "mlflow.runName", "by tag")
    found = client.get_run(run)
    assert (found.info.run_name, found.data.tags["mlflow.runName"]) == ("by tag", "by tag")


def test_the_tag_in_a_batch_renames(client, run):
    client.log_batch(run, tags=[mlflow.entities.RunTag("mlflow.runName", "by batch")])
    found = client.get_run(run)
    assert (found.info.run_name, found.data.tags["mlflow.runName"]) == ("by batch", "by batch")


def test_names_need_not_be_unique(client, experiment):
    ids = {client.create_run(experiment, run_name="same").info.run_id for _ in range(3)}
    assert len(ids) == 3


def test_nested_runs_know_their_parent(client, experiment, run):
    child = client.create_run(experiment, tags={"mlflow.parentRunId": run})
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == run
    found = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{run}'")
    assert [r.info.run_id for r in found] == [child.info.run_id]
    if hasattr(client, "get_parent_run"):
        assert client.get_parent_run(child.info.run_id).info.run_id == run


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED"])
def test_terminate(client, run, status):
    client.set_terminated(run, status)
    info = client.get_run(run).info
    assert info.status == status
    assert info.end_time >= info.start_time


def test_terminate_at_a_given_time(client, run):
    client.set_terminated(run, end_time=1_700_000_000_123)
    assert client.get_run(run).info.end_time == 1_700_000_000_123


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"])
def test_update_status(client, run, status):
    client.update_run(run, status=status)
    assert client.get_run(run).info.status == status


def test_resume_a_finished_run(client, run):
    client.set_terminated(run)
    client.update_run(run, status="RUNNING")
    client.log_metric(run, "m", 1)
    found = client.get_run(run)
    assert (found.info.status, found.data.metrics) == ("RUNNING", {"m": 1})


def test_update_name_leaves_the_status(client, run):
    client.set_terminated(run, "FAILED", end_time=5)
    client.update_run(run, name="post mortem")
    info = client.get_run(run).info
    assert (info.status, info.end_time, info.run_name) == ("FAILED", 5, "post mortem")


def test_delete_and_restore(client, experiment, run):
    client.delete_run(run)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment]) == []
    assert [r.info.run_id for r in client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)] == [run]
    client.restore_run(run)
    assert client.get_run(run).info.lifecycle_stage == "active"
    assert [r.info.run_id for r in client.search_runs([experiment])] == [run]


@pytest.mark.parametrize(
    "write",
    [
        lambda client, run: client.log_metric(run, "m", 1),
        lambda client, run: client.log_param(run, "p", 1),
        lambda client, run: client.set_tag(run, "t", 1),
        lambda client, run: client.log_batch(run, params=[mlflow.entities.Param("p", "1")]),
        lambda client, run: client.update_run(run, status="FINISHED"),
    ],
    ids=["metric", "param", "tag", "batch", "update"],
)
def test_a_deleted_run_takes_no_writes(client, run, write):
    client.delete_run(run)
    with refused(INVALID, "(?i)active|deleted", by=None):
        write(client, run)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get_run(UNKNOWN),
        lambda client: client.delete_run(UNKNOWN),
        lambda client: client.restore_run(UNKNOWN),
        lambda client: client.update_run(UNKNOWN, status="FINISHED"),
        lambda client: client.set_terminated(UNKNOWN),
        lambda client: client.log_metric(UNKNOWN, "m", 1),
        lambda client: client.log_param(UNKNOWN, "p", "1"),
        lambda client: client.set_tag(UNKNOWN, "t", "1"),
        lambda client: client.delete_tag(UNKNOWN, "t"),
        lambda client: client.log_batch(UNKNOWN, tags=[mlflow.entities.RunTag("a", "b")]),
        lambda client: client.list_artifacts(UNKNOWN),
    ],
    ids=["get", "delete", "restore", "update", "end", "metric", "param", "tag", "delete-tag", "batch", "artifacts"],
)
def test_unknown_run(client, call):
    with refused(MISSING, UNKNOWN):
        call(client)


def test_unknown_experiment(client):
    with refused(MISSING, "999999999999"):
        client.create_run("999999999999")


@pytest.mark.beyond  # MLflow answers 500
def test_experiment_id_that_is_no_number(client):
    with refused(MISSING):
        client.create_run("not-a-number")


def test_many_tags_at_creation(client, experiment):
    tags = {f"t{i}": f"v{i}" for i in range(90)}
    run = client.create_run(experiment, tags=tags)
    found = client.get_run(run.info.run_id).data.tags
    assert {k: found[k] for k in tags} == tags


def test_system_tags_are_kept(client, experiment):
    tags = {
        "mlflow.user": "ada",
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": "c0ffee",
        "mlflow.note.content": "# note",
        "mlflow.databricks.notebookPath": "/Users/ada/notebook",
        "mlflow.databricks.jobID": "42",
    }
    found = client.get_run(client.create_run(experiment, tags=tags).info.run_id).data.tags
    assert {k: found[k] for k in tags} == tags


@pytest.mark.beyond
def test_a_run_is_the_same_in_both_modes(client, experiment, run, other_side):
    client.log_param(run, "p", "1")
    client.log_metric(run, "m", 0.5, step=3)
    here = client.get_run(run)
    with other_side().entered() as other:
        there = other.client.get_run(run)
        other.client.set_tag(run, "seen", "there")
    assert there.data.params == here.data.params
    assert there.data.metrics == here.data.metrics
    assert there.info.artifact_uri != here.info.artifact_uri
    assert client.get_run(run).data.tags["seen"] == "there"


@pytest.mark.beyond
@pytest.mark.modes("http")
def test_artifact_uri_in_http_mode(client, experiment, run):
    assert client.get_run(run).info.artifact_uri.startswith("mlflow-artifacts:/")


@pytest.mark.beyond
@pytest.mark.modes("databricks")
def test_artifact_uri_in_platform_mode(client, experiment, run):
    expected = f"dbfs:/databricks/mlflow-tracking/{experiment}/{run}/artifacts"
    assert client.get_run(run).info.artifact_uri == expected
    assert client.search_runs([experiment])[0].info.artifact_uri == expected
