"""Dataset inputs of runs: what is kept of them, their contexts, and finding runs by them."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag

from .expect import INVALID, MISSING, refused


def dataset(name="d", digest="1", **kwargs):
    given = {"source_type": "local", "source": json.dumps({"uri": "file:///tmp/d.csv"})} | kwargs
    return Dataset(name=name, digest=digest, **given)


def log(client, run, *datasets, context=None):
    tags = [InputTag("mlflow.data.context", context)] if context else []
    client.log_inputs(run, [DatasetInput(d, tags) for d in datasets])


def inputs(client, run):
    return client.get_run(run).inputs.dataset_inputs


def test_every_field_comes_back(client, run):
    full = dataset("iris", "abc123", schema='{"s": 1}', profile='{"rows": 3}')
    log(client, run, full, context="training")
    (found,) = inputs(client, run)
    assert dict(found.dataset) == dict(full)
    assert [(t.key, t.value) for t in found.tags] == [("mlflow.data.context", "training")]


def test_without_optional_fields(client, run):
    log(client, run, dataset())
    (found,) = inputs(client, run)
    assert (found.dataset.name, found.dataset.digest) == ("d", "1")
    assert not found.dataset.schema
    assert not found.dataset.profile
    assert found.tags == []


def test_several_at_once(client, run):
    log(client, run, *[dataset(f"d{i}") for i in range(20)], context="training")
    assert sorted(i.dataset.name for i in inputs(client, run)) == sorted(f"d{i}" for i in range(20))


def test_the_same_dataset_again_is_one_input(client, run):
    for _ in range(2):
        log(client, run, dataset("d", "1"), context="training")
    assert len(inputs(client, run)) == 1


def test_name_and_digest_make_a_dataset(client, run):
    log(client, run, dataset("d", "1"), dataset("d", "2"), dataset("e", "1"))
    assert sorted((i.dataset.name, i.dataset.digest) for i in inputs(client, run)) == [
        ("d", "1"),
        ("d", "2"),
        ("e", "1"),
    ]


def test_one_dataset_in_two_runs_with_different_contexts(side, client, experiment, run):
    other = side.run(experiment)
    log(client, run, dataset("shared"), context="training")
    log(client, other, dataset("shared"), context="evaluation")
    assert [t.value for t in inputs(client, run)[0].tags] == ["training"]
    assert [t.value for t in inputs(client, other)[0].tags] == ["evaluation"]


def test_tags_of_any_kind(client, run):
    tags = [InputTag("mlflow.data.context", "training"), InputTag("note", "ä 🧪"), InputTag("long", "v" * 500)]
    client.log_inputs(run, [DatasetInput(dataset(), tags)])
    assert {t.key: t.value for t in inputs(client, run)[0].tags} == {t.key: t.value for t in tags}


@pytest.mark.parametrize("size", [60_000, 1_000_000])
def test_large_schema_and_profile(client, run, size):
    log(client, run, dataset(schema="s" * size, profile="p" * size))
    (found,) = inputs(client, run)
    assert (len(found.dataset.schema), len(found.dataset.profile)) == (size, size)


@pytest.mark.parametrize(
    "field",
    [{"name": "n" * 501}, {"digest": "d" * 37}, {"schema": "s" * 1048576}, {"source": "s" * 65536}],
    ids=["name", "digest", "schema", "source"],
)
def test_limits(client, run, field):
    with refused(INVALID):
        log(client, run, dataset(**field))
    assert inputs(client, run) == []


@pytest.mark.parametrize("tag", [InputTag("k" * 256, "v"), InputTag("k", "v" * 501)], ids=["key", "value"])
def test_tag_limits(client, run, tag):
    with refused(INVALID):
        client.log_inputs(run, [DatasetInput(dataset(), [tag])])


def test_longest_name_and_digest(client, run):
    log(client, run, dataset("n" * 500, "d" * 36))
    assert inputs(client, run)[0].dataset.name == "n" * 500


def test_unknown_run(client):
    with refused(MISSING):
        log(client, "0" * 32, dataset())


def test_deleted_run(client, run):
    client.delete_run(run)
    with refused(INVALID):
        log(client, run, dataset())


def test_from_pandas(side, client, experiment):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"], "y": [0, 1, 0]})
    data = mlflow.data.from_pandas(frame, source="https://example.com/d.csv", name="frame", targets="y")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_input(data, context="training")
    (found,) = inputs(client, run.info.run_id)
    assert (found.dataset.name, found.dataset.digest) == ("frame", data.digest)
    assert json.loads(found.dataset.profile) == {"num_rows": 3, "num_elements": 9}
    assert "mlflow_colspec" in json.loads(found.dataset.schema)
    assert mlflow.data.get_source(found).url == "https://example.com/d.csv"


def test_from_numpy(side, client, experiment):
    data = mlflow.data.from_numpy(np.arange(12.0).reshape(3, 4), targets=np.array([0, 1, 0]), name="array")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_input(data, context="evaluation", tags={"fold": "3"})
    (found,) = inputs(client, run.info.run_id)
    assert found.dataset.digest == data.digest
    assert {t.key: t.value for t in found.tags} == {"mlflow.data.context": "evaluation", "fold": "3"}


class TestSearchByDataset:
    @pytest.fixture
    def three(self, side, client, experiment):
        ids = {}
        for letter, (name, digest, context) in {
            "a": ("train.csv", "aaa", "training"),
            "b": ("train.csv", "bbb", "evaluation"),
            "c": ("Test.csv", "ccc", "testing"),
        }.items():
            ids[letter] = side.run(experiment)
            log(client, ids[letter], dataset(name, digest), context=context)
        ids["none"] = side.run(experiment)
        return {v: k for k, v in ids.items()}

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ("datasets.name = 'train.csv'", "ab"),
            ("dataset.name = 'train.csv'", "ab"),
            ("dataset.name != 'train.csv'", "c"),
            ("datasets.name LIKE '%.csv'", "abc"),
            ("datasets.name LIKE 'Test%'", "c"),
            ("datasets.name LIKE 'test%'", ""),
            ("datasets.name ILIKE 'test%'", "c"),
            ("datasets.digest = 'bbb'", "b"),
            ("datasets.digest IN ('aaa', 'ccc')", "ac"),
            ("datasets.name IN ('train.csv')", "ab"),
            ("datasets.name NOT IN ('train.csv')", "c"),
            ("datasets.context = 'training'", "a"),
            ("datasets.context IN ('testing', 'training')", "ac"),
            ("datasets.context LIKE '%ing'", "ac"),
            ("dataset.name = 'train.csv' AND dataset.context = 'evaluation'", "b"),
            ("dataset.name = 'train.csv' AND dataset.digest = 'ccc'", ""),
            ("datasets.`name` = 'train.csv'", "ab"),
        ],
    )
    def test_filter(self, client, experiment, three, condition, expected):
        found = client.search_runs([experiment], condition)
        assert "".join(sorted(three[r.info.run_id] for r in found)) == expected

    @pytest.mark.parametrize("condition", ["datasets.rows = 'x'", "datasets.name > 'x'", "datasets.name = 3"])
    def test_bad_filter(self, client, experiment, condition):
        with refused(INVALID):
            client.search_runs([experiment], condition)

    def test_found_runs_carry_their_inputs(self, client, experiment, three):
        (found,) = client.search_runs([experiment], "datasets.digest = 'aaa'")
        assert [(i.dataset.name, i.tags[0].value) for i in found.inputs.dataset_inputs] == [("train.csv", "training")]

    def test_summary_of_the_experiment(self, server, experiment, three):
        answer = server.post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [experiment]})
        summaries = answer.json()["dataset_summaries"]
        assert sorted((s["name"], s["digest"], s["context"]) for s in summaries) == [
            ("Test.csv", "ccc", "testing"),
            ("train.csv", "aaa", "training"),
            ("train.csv", "bbb", "evaluation"),
        ]
        assert all(s["experiment_id"] == experiment for s in summaries)
