"""Params: written once, read as strings."""

import mlflow
import pytest
from mlflow.entities import Param

from .expect import INVALID, refused


def params(client, run):
    return client.get_run(run).data.params


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("text", "text"),
        (1, "1"),
        (0.1, "0.1"),
        (1e-30, "1e-30"),
        (True, "True"),
        (None, "None"),
        ([1, "a"], "[1, 'a']"),
        ({"k": 1}, "{'k': 1}"),
        ("", ""),
        (" padded ", " padded "),
        ("日本語 🧪", "日本語 🧪"),
        ("line\nbreak\ttab", "line\nbreak\ttab"),
        ('quo\'te "double"', 'quo\'te "double"'),
        ("null", "null"),
        ("NaN", "NaN"),
    ],
)
def test_values_become_strings(client, run, value, stored):
    client.log_param(run, "p", value)
    assert params(client, run) == {"p": stored}


@pytest.mark.parametrize("key", ["plain", "a.b", "a/b", "a-b_c", "with space", "a:b", "日本", "k" * 250])
def test_keys(client, run, key):
    client.log_param(run, key, "v")
    assert params(client, run) == {key: "v"}


@pytest.mark.parametrize("key", ["", "k" * 251])
def test_bad_keys(client, run, key):
    with pytest.raises(mlflow.MlflowException) as caught:
        client.log_param(run, key, "v")
    assert caught.value.error_code == INVALID
    assert params(client, run) == {}


@pytest.mark.beyond  # MLflow refuses what would not do as a file name
@pytest.mark.parametrize("key", [".", "..", "/abs", "a//b", "a/../b", "a/", "ex!", "per%cent", "quo'te", "a=b", "🧪"])
def test_keys_of_any_kind(client, run, key):
    client.log_param(run, key, "v")
    assert params(client, run) == {key: "v"}


def test_a_param_cannot_change(client, run):
    client.log_param(run, "p", "1")
    with refused(INVALID, "p", by=None):
        client.log_param(run, "p", "2")
    assert params(client, run) == {"p": "1"}


def test_the_same_value_again_is_fine(client, run):
    client.log_param(run, "p", "1")
    client.log_param(run, "p", 1)
    assert params(client, run) == {"p": "1"}


def test_params_of_other_runs_do_not_matter(side, client, experiment, run):
    client.log_param(run, "p", "1")
    other = side.run(experiment)
    client.log_param(other, "p", "2")
    assert (params(client, run), params(client, other)) == ({"p": "1"}, {"p": "2"})


def test_6000_characters(client, run):
    client.log_param(run, "p", "ä" * 6000)
    assert params(client, run) == {"p": "ä" * 6000}


@pytest.mark.parametrize("length", [6001, 10000])
def test_longer_values_are_cut_like_mlflow_cuts_them(client, run, length):
    client.log_param(run, "p", "v" * length)
    assert params(client, run) == {"p": "v" * 6000}


def test_many(client, run):
    expected = {f"p{i}": str(i) for i in range(250)}
    for start in range(0, 250, 100):
        batch = list(expected.items())[start : start + 100]
        client.log_batch(run, params=[Param(k, v) for k, v in batch])
    assert params(client, run) == expected


@pytest.mark.beyond  # MLflow refuses even equal ones
def test_a_batch_with_the_same_key_and_value_twice(client, run):
    client.log_batch(run, params=[Param("p", "1"), Param("p", "1")])
    assert params(client, run) == {"p": "1"}


def test_a_batch_with_two_values_of_one_key(client, run):
    with refused(INVALID):
        client.log_batch(run, params=[Param("p", "1"), Param("p", "2")])
    assert params(client, run) == {}


def test_a_batch_may_repeat_what_is_there(client, run):
    client.log_param(run, "p", "1")
    client.log_batch(run, params=[Param("p", "1"), Param("q", "2")])
    assert params(client, run) == {"p": "1", "q": "2"}


def test_a_batch_that_would_change_a_param_writes_nothing(client, run):
    client.log_param(run, "p", "1")
    with refused(INVALID):
        client.log_batch(run, params=[Param("q", "2"), Param("p", "other")])
    assert params(client, run) == {"p": "1"}


def test_fluent(side, client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        assert mlflow.log_param("a", 1) == 1
        mlflow.log_params({"b": 2, "c": "three"})
    assert params(client, run.info.run_id) == {"a": "1", "b": "2", "c": "three"}
