"""Tags of runs: written over, deleted, searched."""

import mlflow
import pytest
from mlflow.entities import RunTag

from .expect import INVALID, MISSING, refused


def own_tags(client, run):
    return {k: v for k, v in client.get_run(run).data.tags.items() if not k.startswith("mlflow.")}


@pytest.mark.parametrize(
    "value", ["v", "", "日本語 🏷", "a\nb", "<script>alert(1)</script>", '{"json": [1]}', "v" * 8000]
)
def test_values(client, run, value):
    client.set_tag(run, "t", value)
    assert own_tags(client, run) == {"t": value}


@pytest.mark.parametrize("key", ["plain", "a.b.c", "a/b", "with space", "ключ", "a:b", "k" * 250])
def test_keys(client, run, key):
    client.set_tag(run, key, "v")
    assert own_tags(client, run) == {key: "v"}


@pytest.mark.parametrize("key", ["", "k" * 251])
def test_bad_keys(client, run, key):
    with pytest.raises(mlflow.MlflowException) as caught:
        client.set_tag(run, key, "v")
    assert caught.value.error_code == INVALID
    assert own_tags(client, run) == {}


@pytest.mark.beyond  # MLflow refuses what would not do as a file name
@pytest.mark.parametrize("key", ["..", "/abs", "a//b", "ex!", "quo'te", "🏷"])
def test_keys_of_any_kind(client, run, key):
    client.set_tag(run, key, "v")
    assert own_tags(client, run) == {key: "v"}


def test_longer_values_are_cut_like_mlflow_cuts_them(client, run):
    client.set_tag(run, "t", "v" * 8001)
    assert own_tags(client, run) == {"t": "v" * 8000}


def test_written_over(client, run):
    client.set_tag(run, "t", "1")
    client.set_tag(run, "t", "2")
    assert own_tags(client, run) == {"t": "2"}


def test_delete(client, run):
    client.set_tag(run, "t", "1")
    client.set_tag(run, "u", "2")
    client.delete_tag(run, "t")
    assert own_tags(client, run) == {"u": "2"}


def test_delete_what_is_not_there(client, run):
    with refused(MISSING, "t"):
        client.delete_tag(run, "t")


def test_batch_of_tags_last_one_counts(client, run):
    client.log_batch(run, tags=[RunTag("t", "1"), RunTag("t", "2"), RunTag("u", "3")])
    assert own_tags(client, run) == {"t": "2", "u": "3"}


def test_fluent(side, client, experiment):
    with mlflow.start_run(experiment_id=experiment, tags={"a": "1"}, description="what for") as run:
        mlflow.set_tag("b", 2)
        mlflow.set_tags({"c": 3, "d": "4"})
        mlflow.delete_tag("a")
    assert own_tags(client, run.info.run_id) == {"b": "2", "c": "3", "d": "4"}
    assert client.get_run(run.info.run_id).data.tags["mlflow.note.content"] == "what for"
