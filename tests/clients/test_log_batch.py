"""One call, many entries: all of them or none, within the limits clients count on."""

import threading

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from .expect import INVALID, answered_error, refused


def metrics(count, start=0):
    return [Metric(f"m{i}", float(i), 1, 0) for i in range(start, start + count)]


def params(count):
    return [Param(f"p{i}", str(i)) for i in range(count)]


def tags(count):
    return [RunTag(f"t{i}", str(i)) for i in range(count)]


def counts(client, run):
    data = client.get_run(run).data
    own = [k for k in data.tags if not k.startswith("mlflow.")]
    return len(data.metrics), len(data.params), len(own)


def test_everything_at_once(client, run):
    client.log_batch(run, metrics(20), params(10), tags(5))
    data = client.get_run(run).data
    assert data.metrics == {f"m{i}": float(i) for i in range(20)}
    assert data.params == {f"p{i}": str(i) for i in range(10)}
    assert data.tags["t4"] == "4"


def test_empty(client, run):
    client.log_batch(run)
    assert counts(client, run) == (0, 0, 0)


@pytest.mark.parametrize(
    ("m", "p", "t"), [(1000, 0, 0), (0, 100, 0), (0, 0, 100), (800, 100, 100), (900, 50, 50), (999, 1, 0)]
)
def test_full_batches(client, run, m, p, t):
    client.log_batch(run, metrics(m), params(p), tags(t))
    assert counts(client, run) == (m, p, t)


@pytest.mark.parametrize("kind", ["metrics", "params", "tags", "sum"])
def test_batches_over_the_limit(server, run, kind):
    """The Python client splits what is too large, so this is what other callers meet."""
    body = {
        "metrics": {"metrics": [{"key": f"m{i}", "value": 1, "timestamp": 1, "step": 0} for i in range(1001)]},
        "params": {"params": [{"key": f"p{i}", "value": "1"} for i in range(101)]},
        "tags": {"tags": [{"key": f"t{i}", "value": "1"} for i in range(101)]},
        "sum": {
            "metrics": [{"key": f"m{i}", "value": 1, "timestamp": 1, "step": 0} for i in range(1000)],
            "params": [{"key": "p", "value": "1"}],
        },
    }[kind]
    answer = server.post("/api/2.0/mlflow/runs/log-batch", {"run_id": run, **body})
    answered_error(answer, 400, INVALID)
    found = server.get("/api/2.0/mlflow/runs/get", run_id=run).json()["run"]["data"]
    assert not found.get("metrics")
    assert not found.get("params")


def test_the_fluent_api_takes_any_number(side, client, experiment):
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_params({f"p{i}": i for i in range(250)})
        mlflow.log_metrics({f"m{i}": i for i in range(1500)})
        mlflow.set_tags({f"t{i}": i for i in range(250)})
    assert counts(client, run.info.run_id) == (1500, 250, 250)


@pytest.mark.parametrize(
    "bad",
    [
        {"params": [Param("p", "changed")]},
        {"tags": [RunTag("t" * 251, "v")]},
        {"metrics": [Metric("m" * 251, 1.0, 1, 0)]},
    ],
    ids=["param", "tag", "metric"],
)
def test_all_or_nothing(client, run, bad):
    client.log_param(run, "p", "first")
    good = {"metrics": metrics(5), "params": [Param("q", "1")], "tags": [RunTag("t", "1")]}
    batch = {k: good[k] + bad.get(k, []) for k in good}
    with pytest.raises(MlflowException) as caught:
        client.log_batch(run, **batch)
    assert caught.value.error_code == INVALID
    assert counts(client, run) == (0, 1, 0)


def test_the_same_metric_many_times_in_one_batch(client, run):
    client.log_batch(run, [Metric("m", float(i), 1, i) for i in range(1000)])
    assert len(client.get_metric_history(run, "m")) == 1000
    assert client.get_run(run).data.metrics == {"m": 999.0}


def test_the_same_point_many_times_in_one_batch(client, run):
    client.log_batch(run, [Metric("m", 1.0, 1, 1)] * 50)
    assert len(client.get_metric_history(run, "m")) == 1


def test_a_batch_sent_again_changes_nothing(client, run):
    for _ in range(3):
        client.log_batch(run, metrics(10), params(10), tags(10))
    assert counts(client, run) == (10, 10, 10)
    assert all(len(client.get_metric_history(run, f"m{i}")) == 1 for i in range(3))


def test_batches_from_many_threads(side, client, run):
    failures = []

    def write(worker):
        try:
            own = side.client
            for start in range(0, 200, 50):
                own.log_batch(run, [Metric(f"w{worker}", float(s), s, s) for s in range(start, start + 50)])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert client.get_run(run).data.metrics == {f"w{i}": 199.0 for i in range(8)}
    assert all(len(client.get_metric_history(run, f"w{i}")) == 200 for i in range(8))


@pytest.mark.beyond  # sqlite answers some of them with 500
def test_one_param_from_many_threads_is_written_once(side, client, run):
    outcomes = []

    def write(worker):
        try:
            side.client.log_param(run, "p", worker)
            outcomes.append(str(worker))
        except MlflowException as error:
            outcomes.append(error.error_code)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [o for o in outcomes if o != INVALID]
    assert len(outcomes) == 6
    assert winners == [client.get_run(run).data.params["p"]]


def test_the_largest_batch_a_client_can_send(client, run):
    """The client splits by number, never by size: full batches of the longest values are several megabytes."""
    longest = [Param(f"p{i}", "日" * 6000) for i in range(100)]
    client.log_batch(run, params=longest)
    assert client.get_run(run).data.params["p99"] == "日" * 6000
    client.log_batch(run, tags=[RunTag(f"t{i}", "🏷" * 8000) for i in range(100)])
    assert client.get_run(run).data.tags["t99"] == "🏷" * 8000


def test_unknown_run(client):
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.log_batch("f" * 32, metrics(1))
