"""Metric histories out: pages that tie, samples that keep every spike, and segments that are put together."""

import math
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import Caller, Server

INTERVAL = "metrics/get-history-bulk-interval"
Point = tuple[int, int, float]  # timestamp, step, value


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture
def run(client: Caller) -> str:
    return client.run("0")


def spell(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def log(client: Caller, run: str, points: list[Point], key: str = "m") -> None:
    for start in range(0, len(points), 1000):
        batch = points[start : start + 1000]
        metrics = [{"key": key, "timestamp": t, "step": s, "value": spell(v)} for t, s, v in batch]
        client.post("runs/log-batch", run_id=run, metrics=metrics)


def in_order(points: list[Point]) -> list[tuple[int, int, float | str]]:
    """Distinct, by time, step and value, NaN after all other values."""

    def rank(point: Point) -> tuple:
        return point[0], point[1], math.isnan(point[2]), 0.0 if math.isnan(point[2]) else point[2]

    ranked = {rank(point): point for point in points}
    return [(t, s, spell(v)) for _, (t, s, v) in sorted(ranked.items(), key=lambda item: item[0])]


def pages(client: Caller, run: str, size: int, key: str = "m") -> list[list[tuple]]:
    found, token = [], None
    while True:
        more = {"page_token": token} if token else {}
        page = client.get("metrics/get-history", run_id=run, metric_key=key, max_results=size, **more)
        found.append([(m["timestamp"], m["step"], m["value"]) for m in page["metrics"]])
        token = page.get("next_page_token")
        if not token:
            return found


# --- pages


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from([0.0, 1.0, -math.inf, math.inf, math.nan])),
        max_size=40,
    ),
    size=st.integers(1, 9),
)
def test_pages_with_ties(client: Caller, points, size):
    """Equal times, equal steps, NaN at the border: every point once, in order, every page but the last full."""
    run = client.run("0")
    log(client, run, points)
    found = pages(client, run, size)
    assert [point for page in found for point in page] == in_order(points)
    assert all(len(page) == size for page in found[:-1])
    assert len(found[-1]) <= size
    whole = client.get("metrics/get-history", run_id=run, metric_key="m")
    assert [(m["timestamp"], m["step"], m["value"]) for m in whole["metrics"]] == in_order(points)
    assert "next_page_token" not in whole


def test_pages_while_points_are_added(client: Caller, run):
    """What comes later in order than the page's end is still met; nothing repeats."""
    log(client, run, [(t, t, 1.0) for t in range(0, 100, 2)])
    first = client.get("metrics/get-history", run_id=run, metric_key="m", max_results=20)
    log(client, run, [(t, t, 1.0) for t in range(1, 100, 2)])
    rest, token = [], first["next_page_token"]
    while token:
        page = client.get("metrics/get-history", run_id=run, metric_key="m", max_results=20, page_token=token)
        rest += [m["timestamp"] for m in page["metrics"]]
        token = page.get("next_page_token")
    assert rest == list(range(39, 100))


def test_tokens_belong_to_their_history(client: Caller, run):
    log(client, run, [(t, t, 1.0) for t in range(10)])
    token = client.get("metrics/get-history", run_id=run, metric_key="m", max_results=3)["next_page_token"]
    other = client.run("0")
    for query in ({"run_id": other, "metric_key": "m"}, {"run_id": run, "metric_key": "n"}):
        answer = client.refused("GET", "metrics/get-history", query | {"page_token": token, "max_results": 3})
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
    for spoiled in ("x", token[:-1], token + "A", token[::-1], "\N{FIRE}"):
        query = {"run_id": run, "metric_key": "m", "page_token": spoiled}
        assert client.refused("GET", "metrics/get-history", query).code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("size", [0, -1, "x", 2**63])
def test_sizes_that_are_none(client: Caller, run, size):
    query = {"run_id": run, "metric_key": "m", "max_results": size}
    assert client.refused("GET", "metrics/get-history", query).code == "INVALID_PARAMETER_VALUE"


def test_no_page_is_larger_than_25000(client: Caller, run):
    log(client, run, [(t, t, 1.0) for t in range(26_000)])
    page = client.get("metrics/get-history", run_id=run, metric_key="m", max_results=1_000_000)
    assert len(page["metrics"]) == 25_000
    assert [len(page) for page in pages(client, run, 25_000)] == [25_000, 1_000]
    assert len(client.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]) == 26_000


def test_an_unknown_metric_is_empty_and_an_unknown_run_is_not(client: Caller, run):
    assert client.get("metrics/get-history", run_id=run, metric_key=f"never {time.time()}") == {"metrics": []}
    assert client.refused("GET", "metrics/get-history", {"run_id": "0" * 32, "metric_key": "m"}).status == 404
    assert client.refused("GET", INTERVAL, {"run_ids": [run, "0" * 32], "metric_key": "m"}).status == 404


# --- samples


def sampled(client: Caller, runs: list[str], **query) -> dict[str, list[tuple]]:
    found: dict[str, list[tuple]] = {}
    for m in client.get(INTERVAL, run_ids=runs, metric_key="m", **query)["metrics"]:
        found.setdefault(m["run_id"], []).append((m["timestamp"], m["step"], m["value"]))
    return found


def test_few_points_come_all(client: Caller, run):
    log(client, run, [(step, step, float(step)) for step in range(100)])
    assert len(sampled(client, [run], max_results=100)[run]) == 100
    assert len(sampled(client, [run])[run]) == 100


@pytest.mark.parametrize("samples", [4, 5, 10, 101, 320, 2500])
def test_no_spike_is_lost(client: Caller, run, samples):
    """However few points are asked for: the first, the last, the smallest and the largest are there."""
    pick = random.Random(samples)
    points = [(step, step, pick.uniform(-1, 1)) for step in range(5_000)]
    low, high = pick.sample(range(1, 4_999), 2)
    points[low], points[high] = (low, low, -50.0), (high, high, 50.0)
    log(client, run, points)
    found = sampled(client, [run], max_results=samples)[run]
    assert len(found) <= samples
    assert len(found) >= samples * 0.6
    assert found == sorted(found, key=lambda point: point[1])
    assert set(found) <= set(points)
    for step in (0, low, high, 4_999):
        assert points[step] in found


def test_every_stretch_keeps_its_extremes(client: Caller, run):
    """A spike in each hundredth of the series, seen through a window of two hundred points and some."""
    points = [(step, step, 100.0 + step if step % 50 == 25 else 0.0) for step in range(5_000)]
    log(client, run, points)
    found = sampled(client, [run], max_results=202)[run]
    assert [point for point in points if point[2] > 0] == [point for point in found if point[2] > 0]


def test_nan_hides_no_spike(client: Caller, run):
    """NaN is larger than all in PostgreSQL's order; in a chart it must not stand for the largest value."""
    points = [(step, step, math.nan if step % 10 == 5 else 1.0) for step in range(1_000)]
    points[503] = (503, 503, 99.0)
    log(client, run, points)
    found = sampled(client, [run], max_results=20)[run]
    assert (503, 503, 99.0) in found
    assert len(found) <= 20
    only_nan = client.run("0")
    log(client, only_nan, [(step, step, math.nan) for step in range(100)])
    assert {value for *_, value in sampled(client, [only_nan], max_results=10)[only_nan]} == {"NaN"}


@pytest.mark.parametrize(("samples", "steps"), [(1, [99]), (2, [0, 99]), (3, [0, 99])])
def test_very_few_samples(client: Caller, run, samples, steps):
    log(client, run, [(step, step, float(step % 7)) for step in range(100)])
    assert [step for _, step, _ in sampled(client, [run], max_results=samples)[run]] == steps


def test_several_runs_are_sampled_one_by_one(client: Caller):
    """A long series does not push a short one out; runs come in the order they were asked for."""
    long, short, empty = (client.run("0") for _ in range(3))
    log(client, long, [(step, step, float(step)) for step in range(3_000)])
    log(client, short, [(step, step, float(step)) for step in range(3)])
    found = sampled(client, [short, empty, long, short], max_results=50)
    assert list(found) == [short, long]
    assert len(found[short]) == 3
    assert 30 <= len(found[long]) <= 50


def test_a_stretch_of_steps(client: Caller, run):
    log(client, run, [(1000 - step, step, float(step)) for step in range(-20, 100)])
    found = sampled(client, [run], start_step=-5, end_step=5)[run]
    assert [step for _, step, _ in found] == list(range(-5, 6))
    assert sampled(client, [run], start_step=500, end_step=600) == {}
    assert len(sampled(client, [run], start_step=-(2**63), end_step=2**63 - 1)[run]) == 120
    assert [step for _, step, _ in sampled(client, [run], start_step=0, end_step=0)[run]] == [0]


@pytest.mark.parametrize(
    "query",
    [{"start_step": 1}, {"end_step": 1}, {"start_step": 2, "end_step": 1}, {"max_results": 0}, {"max_results": 25_001}],
)
def test_what_is_no_stretch(client: Caller, run, query):
    answer = client.refused("GET", INTERVAL, {"run_ids": [run], "metric_key": "m"} | query)
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


def test_how_many_runs(client: Caller, run):
    assert client.refused("GET", INTERVAL, {"metric_key": "m"}).status == 400
    assert client.get(INTERVAL, run_ids=[run] * 150, metric_key="m") == {"metrics": []}
    many = [f"{number:032x}" for number in range(101)]
    assert client.refused("GET", INTERVAL, {"run_ids": many, "metric_key": "m"}).status == 400


def test_a_bulk_page_ends_where_it_was_told(client: Caller):
    runs = sorted(client.run("0") for _ in range(3))
    for run in runs:
        log(client, run, [(t, t, 1.0) for t in range(10)])
    found = client.get("metrics/get-history-bulk", run_id=runs, metric_key="m", max_results=15)["metrics"]
    assert [(m["run_id"], m["timestamp"]) for m in found] == [
        *((runs[0], t) for t in range(10)), *((runs[1], t) for t in range(5)),
    ]  # fmt: skip


# --- segments


def segments(server: Server, run: str) -> int:
    return server.sql("SELECT count(*) FROM metric_segment s JOIN run r ON r.seq = s.run_seq WHERE r.run_id = $1", run)[
        0
    ][0]


def test_a_run_that_ends_is_put_in_order(server: Server, client: Caller, run):
    """Many single points are many segments; they become few, and not one point changes."""
    points = [(number // 2, number, spell_back(number)) for number in range(150)]
    for t, s, v in points:
        client.post("runs/log-metric", run_id=run, key="m", timestamp=t, step=s, value=spell(v))
    client.post("runs/log-metric", run_id=run, key="m", timestamp=0, step=0, value=spell(points[0][2]))
    log(client, run, [(1, 1, 5.0)], key="other")
    before = client.history(run, "m"), client.data(run), sampled(client, [run], max_results=50)
    assert segments(server, run) > 100
    client.post("runs/update", run_id=run, status="FINISHED")
    deadline = time.monotonic() + 5
    while segments(server, run) > 5:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (client.history(run, "m"), client.data(run), sampled(client, [run], max_results=50)) == before
    assert client.history(run, "m") == in_order(points)
    assert pages(client, run, 7)[3] == in_order(points)[21:28]
    client.post("runs/log-metric", run_id=run, key="m", timestamp=10_000, step=0, value=1)
    assert client.history(run, "m") == [*in_order(points), (10_000, 0, 1.0)]


def spell_back(number: int) -> float:
    return (math.nan, math.inf, -math.inf)[number % 3] if number % 5 == 0 else number / 7
