"""Metrics: time series with every float, and the latest value that stands for each."""

import math
import time

import mlflow
import pytest
from mlflow.entities import Metric

from .expect import INVALID, refused

MAX_INT64 = 2**63 - 1


def points(client, run, key="m"):
    return [(m.step, m.timestamp, m.value) for m in client.get_metric_history(run, key)]


@pytest.mark.parametrize(
    "value",
    [0, 1, -1, 0.1, 1e-300, 1e300, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 123456789.123456789, 2**53],
)
def test_values_come_back_exactly(client, run, value):
    client.log_metric(run, "m", value)
    assert client.get_run(run).data.metrics == {"m": value}
    assert [v for _, _, v in points(client, run)] == [value]


def test_negative_zero(client, run):
    client.log_metric(run, "m", -0.0)
    assert client.get_run(run).data.metrics["m"] == 0


def test_nan(client, run):
    client.log_metric(run, "m", math.nan)
    assert math.isnan(client.get_run(run).data.metrics["m"])
    assert math.isnan(points(client, run)[0][2])


@pytest.mark.parametrize("sign", [1, -1])
def test_infinity(client, run, sign):
    """MLflow's own stores put the largest double in its place; a client sees something that large, with its sign."""
    client.log_metric(run, "m", sign * math.inf)
    assert sign * client.get_run(run).data.metrics["m"] >= 1.7976931348623157e308
    assert sign * points(client, run)[0][2] >= 1.7976931348623157e308


@pytest.mark.parametrize("step", [0, 1, -1, -(2**31), 2**31, 2**53 + 1, MAX_INT64, -MAX_INT64])
def test_steps(client, run, step):
    client.log_metric(run, "m", 1, step=step, timestamp=1)
    assert points(client, run) == [(step, 1, 1)]


@pytest.mark.parametrize("timestamp", [0, 1, 1_700_000_000_123, 2**53 + 1, MAX_INT64])
def test_timestamps(client, run, timestamp):
    client.log_batch(run, [Metric("m", 1.0, timestamp, 0)])
    assert points(client, run) == [(0, timestamp, 1)]


def test_time_is_now_when_none_is_given(client, run):
    before = int(time.time() * 1000)
    client.log_metric(run, "m", 1)
    ((step, timestamp, _),) = points(client, run)
    assert step == 0
    assert before <= timestamp <= int(time.time() * 1000)


@pytest.mark.parametrize("key", ["plain", "a.b", "a/b", "with space", "val:loss", "メトリック", "k" * 250])
def test_keys(client, run, key):
    client.log_metric(run, key, 1)
    assert client.get_run(run).data.metrics == {key: 1}
    assert len(client.get_metric_history(run, key)) == 1


@pytest.mark.parametrize("key", ["", "k" * 251])
def test_bad_keys(client, run, key):
    with pytest.raises(mlflow.MlflowException) as caught:
        client.log_metric(run, key, 1)
    assert caught.value.error_code == INVALID


@pytest.mark.beyond  # MLflow refuses what would not do as a file name
@pytest.mark.parametrize("key", ["..", "/abs", "a//b", "acc@5", "Δ loss!", "🧪"])
def test_keys_of_any_kind(client, run, key):
    client.log_metric(run, key, 1)
    assert client.get_run(run).data.metrics == {key: 1}


@pytest.mark.parametrize("value", ["text", None])
def test_values_that_are_no_numbers(client, run, value):
    with pytest.raises((mlflow.MlflowException, TypeError)):
        client.log_metric(run, "m", value)
    assert client.get_run(run).data.metrics == {}


def test_history_keeps_every_point(client, run):
    logged = [(step, 1000 + step, step / 7) for step in range(200)]
    client.log_batch(run, [Metric("m", v, t, s) for s, t, v in logged])
    assert sorted(points(client, run)) == logged


def test_history_of_an_unknown_metric_is_empty(client, run):
    assert list(client.get_metric_history(run, "nobody")) == []


def test_history_in_the_order_of_time(client, run):
    logged = [(2, 30, 0.3), (0, 10, 0.1), (1, 20, 0.2)]
    client.log_batch(run, [Metric("m", v, t, s) for s, t, v in logged])
    assert points(client, run) == sorted(logged, key=lambda p: p[1])


def test_the_same_point_twice_is_one_point(client, run):
    for _ in range(2):
        client.log_metric(run, "m", 0.5, timestamp=10, step=1)
    assert points(client, run) == [(1, 10, 0.5)]


def test_points_that_differ_only_in_value_are_both_kept(client, run):
    client.log_metric(run, "m", 1, timestamp=10, step=1)
    client.log_metric(run, "m", 2, timestamp=10, step=1)
    assert sorted(points(client, run)) == [(1, 10, 1), (1, 10, 2)]


@pytest.mark.parametrize(
    ("logged", "latest"),
    [
        ([(0, 1, 1.0), (1, 1, 2.0)], 2.0),
        ([(1, 1, 2.0), (0, 1, 1.0)], 2.0),
        ([(1, 1, 2.0), (0, 99, 1.0)], 2.0),
        ([(1, 1, 1.0), (1, 2, 2.0)], 2.0),
        ([(1, 2, 2.0), (1, 1, 9.0)], 2.0),
        ([(1, 1, 1.0), (1, 1, 3.0), (1, 1, 2.0)], 3.0),
        ([(-5, 1, 1.0), (-9, 1, 2.0)], 1.0),
        ([(MAX_INT64, 1, 1.0), (0, 1, 2.0)], 1.0),
    ],
    ids=["step", "step-late", "step-over-time", "time", "time-late", "value", "negative", "huge"],
)
@pytest.mark.parametrize("how", ["single", "batch"])
def test_the_latest_value_is_the_greatest_step_time_value(client, run, logged, latest, how):
    if how == "batch":
        client.log_batch(run, [Metric("m", v, t, s) for s, t, v in logged])
    else:
        for s, t, v in logged:
            client.log_metric(run, "m", v, timestamp=t, step=s)
    assert client.get_run(run).data.metrics == {"m": latest}
    (found,) = client.search_runs([client.get_run(run).info.experiment_id])
    assert found.data.metrics == {"m": latest}


def test_history_of_thirty_thousand_points_is_complete(client, run):
    for start in range(0, 30000, 1000):
        client.log_batch(run, [Metric("m", float(s), 1000 + s, s) for s in range(start, start + 1000)])
    history = client.get_metric_history(run, "m")
    assert sorted(m.step for m in history) == list(range(30000))
    assert client.get_run(run).data.metrics == {"m": 29999.0}


def test_history_pages(client, server, run):
    client.log_batch(run, [Metric("m", float(s), s, s) for s in range(25)])
    steps, token, pages = [], None, 0
    while True:
        query = {"run_id": run, "metric_key": "m", "max_results": 10} | ({"page_token": token} if token else {})
        page = server.get("/api/2.0/mlflow/metrics/get-history", **query).json()
        steps += [int(m.get("step", 0)) for m in page.get("metrics", [])]
        token, pages = page.get("next_page_token"), pages + 1
        if not token:
            break
    assert steps == list(range(25))
    assert pages == 3


@pytest.mark.parametrize("size", [0, -1])
def test_bad_history_page_size(server, run, size):
    answer = server.get("/api/2.0/mlflow/metrics/get-history", run_id=run, metric_key="m", max_results=size)
    assert (answer.status_code, answer.json()["error_code"]) == (400, INVALID)


def test_synchronous_fluent(side, client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"a": 1, "b": 2.5}, step=7)
    found = client.get_run(run.info.run_id).data.metrics
    assert found == {"loss": 0.2, "a": 1, "b": 2.5}
    assert [(s, v) for s, _, v in points(client, run.info.run_id, "loss")] == [(s, 1 / (s + 1)) for s in range(5)]


def test_synchronous_flag(client, run):
    operation = client.log_metric(run, "m", 1, synchronous=False)
    operation.wait()
    assert client.get_run(run).data.metrics == {"m": 1}


def test_too_long_key_in_a_batch_writes_nothing(client, run):
    with refused(INVALID):
        client.log_batch(run, [Metric("fine", 1.0, 1, 0), Metric("k" * 251, 1.0, 1, 0)])
    assert client.get_run(run).data.metrics == {}
