"""Charts ask for many histories at once, thinned out to what a screen can show."""

import pytest
from mlflow.entities import Metric

from .expect import INVALID, answered_error

INTERVAL = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"

pytestmark = pytest.mark.modes("http")


def series(client, run, values, key="m"):
    for start in range(0, len(values), 1000):
        part = values[start : start + 1000]
        client.log_batch(run, [Metric(key, float(v), 1000 + s, s) for s, v in enumerate(part, start)])


def points(answer):
    assert answer.ok, answer.text
    return [(int(m.get("step", 0)), float(m["value"])) for m in answer.json().get("metrics", [])]


def test_a_short_series_is_whole(client, server, run):
    series(client, run, range(10))
    assert points(server.get(INTERVAL, run_ids=run, metric_key="m")) == [(i, float(i)) for i in range(10)]


def test_every_point_says_its_run(side, client, server, experiment, run):
    other = side.run(experiment)
    series(client, run, [1, 2])
    series(client, other, [3])
    found = server.get(INTERVAL, run_ids=[run, other], metric_key="m").json()["metrics"]
    assert sorted((m["run_id"], float(m["value"])) for m in found) == sorted([(run, 1), (run, 2), (other, 3)])
    assert {m["key"] for m in found} == {"m"}
    assert all(int(m["timestamp"]) >= 1000 for m in found)


@pytest.mark.parametrize("most", [2, 10, 100, 320])
def test_thinned_out_to_the_wanted_number(client, server, run, most):
    series(client, run, range(3000))
    found = points(server.get(INTERVAL, run_ids=run, metric_key="m", max_results=most))
    assert 2 <= len(found) <= most + 2
    assert found[0] == (0, 0.0)
    assert found[-1] == (2999, 2999.0)
    assert found == sorted(found)


def test_a_range_of_steps(client, server, run):
    series(client, run, range(100))
    found = points(server.get(INTERVAL, run_ids=run, metric_key="m", start_step=20, end_step=29))
    assert [s for s, _ in found] == list(range(20, 30))


@pytest.mark.beyond
def test_peaks_survive_the_thinning(client, server, run):
    values = [0.0] * 20000
    values[7777], values[12345] = 1e9, -1e9
    series(client, run, values)
    found = [v for _, v in points(server.get(INTERVAL, run_ids=run, metric_key="m", max_results=100))]
    assert len(found) <= 102
    assert (max(found), min(found)) == (1e9, -1e9)


def test_nan_and_infinity(client, server, run):
    series(client, run, [float("nan"), float("inf"), 1.0])
    values = [v for _, v in points(server.get(INTERVAL, run_ids=run, metric_key="m"))]
    assert values[0] != values[0]
    assert values[1] > 1e300


def test_unknown_metric(server, run):
    assert points(server.get(INTERVAL, run_ids=run, metric_key="nobody")) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"metric_key": "m"},
        {"metric_key": "m", "start_step": 1},
        {"metric_key": "m", "end_step": 1},
        {"metric_key": "m", "start_step": 5, "end_step": 1},
        {"metric_key": "m", "max_results": 0},
        {"metric_key": "m", "max_results": -1},
        {"metric_key": "m", "max_results": "many"},
        {"metric_key": "m", "start_step": "first", "end_step": 2},
    ],
    ids=str,
)
def test_bad_questions(server, run, query):
    given = query if query == {"metric_key": "m"} else {"run_ids": run, **query}
    answered_error(server.get(INTERVAL, **given), 400, INVALID)


def test_too_many_runs(server):
    answered_error(server.get(INTERVAL, run_ids=[f"{i:032x}" for i in range(101)], metric_key="m"), 400, INVALID)


@pytest.mark.beyond
def test_the_same_under_the_api_prefix(client, server, run):
    series(client, run, range(5))
    assert points(server.get(INTERVAL.replace("ajax-api", "api"), run_ids=run, metric_key="m")) == [
        (i, float(i)) for i in range(5)
    ]


def test_bulk(side, client, server, experiment, run):
    other = side.run(experiment)
    series(client, run, [1, 2])
    series(client, other, [3])
    found = server.get(BULK, run_id=[run, other], metric_key="m").json()["metrics"]
    assert sorted((m["run_id"], m["step"], m["value"]) for m in found) == sorted(
        [(run, 0, 1), (run, 1, 2), (other, 0, 3)]
    )


def test_bulk_without_runs(server):
    answered_error(server.get(BULK, metric_key="m"), 400, INVALID)
