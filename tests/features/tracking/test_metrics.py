"""Metrics in: which value is the latest, when a request is answered, and who suffers for whose mistake."""

import contextlib
import itertools
import math
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import Caller, Server

SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


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


def rank(point: tuple[int, int, float]) -> tuple:
    """(timestamp, step, value) → what decides which one is the latest; NaN is the largest value."""
    timestamp, step, value = point
    return step, timestamp, math.isnan(value), 0.0 if math.isnan(value) else value


def metric(key: str, point: tuple[int, int, float]) -> dict:
    return {"key": key, "timestamp": point[0], "step": point[1], "value": spell(point[2])}


def latest(client: Caller, run: str) -> dict[str, tuple[int, int, float]]:
    return {
        each["key"]: (each["timestamp"], each["step"], SPELLED.get(each["value"], each["value"]))
        for each in client.data(run)["metrics"]
    }


def same(one: tuple[int, int, float], other: tuple[int, int, float]) -> bool:
    return rank(one) == rank(other)


# --- the latest value

few = st.integers(-2, 2)
values = st.sampled_from([-math.inf, -1.0, 0.0, 1.0, 2.5, math.inf, math.nan])
points = st.lists(st.tuples(st.sampled_from("ab"), st.tuples(few, few, values)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=points, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_the_latest_is_the_greatest_step_then_time_then_value(client: Caller, points, cuts):
    """However the points are cut into batches and single calls, and in whatever order they come."""
    run = client.run("0")
    borders = sorted({0, len(points), *(cut for cut in cuts if cut < len(points))})
    for start, end in itertools.pairwise(borders):
        if end - start == 1:
            key, point = points[start]
            client.post("runs/log-metric", run_id=run, **metric(key, point))
        else:
            client.post("runs/log-batch", run_id=run, metrics=[metric(key, point) for key, point in points[start:end]])
    found = latest(client, run)
    assert set(found) == {key for key, _ in points}
    for key in found:
        mine = [point for other, point in points if other == key]
        assert same(found[key], max(mine, key=rank))
        kept = {rank(point) for point in mine}
        history = [(t, s, SPELLED.get(v, v)) for t, s, v in client.history(run, key)]
        assert [rank(each) for each in history] == sorted(kept, key=lambda each: (each[1], each[0], each[2:]))


def test_equal_points_are_one(client, run):
    """A client that heard no answer sends again."""
    for _ in range(3):
        client.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1, step=1)
        client.post("runs/log-batch", run_id=run, metrics=[metric("m", (1, 1, 1.0))] * 3)
    client.post("runs/log-metric", run_id=run, key="m", value="NaN", timestamp=1, step=1)
    client.post("runs/log-metric", run_id=run, key="m", value="NaN", timestamp=1, step=1)
    assert client.history(run, "m") == [(1, 1, 1.0), (1, 1, "NaN")]


def test_many_writers_of_one_key(client, run):
    """Sixteen writers in sixteen orders: the greatest stands, nothing is lost, nothing is there twice."""
    everything = [(step % 7, step, float(step)) for step in range(160)]

    def write(writer: int) -> None:
        mine = everything[writer::16]
        random.Random(writer).shuffle(mine)
        for point in mine:
            client.post("runs/log-metric", run_id=run, **metric("m", point))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    assert latest(client, run) == {"m": (159 % 7, 159, 159.0)}
    assert sorted(client.history(run, "m")) == sorted(everything)


# --- answered after the commit


@contextlib.contextmanager
def held(server: Server, run: str) -> Iterator[None]:
    """Nobody can write to this run meanwhile: another session holds its lock."""
    run_there = server.backend.loop.run

    async def connect():
        return await asyncpg.connect(server.backend.dsn_of(server.database))

    connection = run_there(connect())
    try:
        run_there(connection.execute("BEGIN"))
        run_there(connection.fetch("SELECT pg_advisory_xact_lock(seq) FROM run WHERE run_id = $1", run))
        yield
    finally:
        run_there(connection.close())


def write_count(server: Server) -> int:
    return server.sql("SELECT count(*) FROM metric_segment")[0][0]


@pytest.mark.parametrize("path", ["log-metric", "log-batch"])
def test_no_answer_before_the_commit(server, client, run, path):
    body = metric("m", (1, 1, 1.0)) if path == "log-metric" else {"metrics": [metric("m", (1, 1, 1.0))]}
    with ThreadPoolExecutor(1) as pool:
        with held(server, run):
            answer = pool.submit(client.post, f"runs/{path}", run_id=run, **body)
            time.sleep(0.3)
            assert not answer.done()
            assert client.history(run, "m") == []
        assert answer.result(10) == {}
    assert client.history(run, "m") == [(1, 1, 1.0)]


def test_one_bad_request_of_a_group_fails_alone(server: Server, client: Caller, callers, run):
    """While one write waits, others gather behind it; they share a transaction, not each other's mistakes."""
    blocked, good, trashed = client.run("0"), client.run("0"), client.run("0")
    in_trash = client.run(client.experiment("in the trash"))
    client.post("runs/delete", run_id=trashed)
    client.post(
        "experiments/delete", experiment_id=client.get("runs/get", run_id=in_trash)["run"]["info"]["experiment_id"]
    )
    foreign = callers.stranger.run(callers.stranger.experiment())
    cases = [
        *((client, good, (1, step, 1.0), 200) for step in range(10)),
        (client, "0" * 32, (1, 1, 1.0), 404),
        (client, "", (1, 1, 1.0), 404),
        (client, "a\x00b", (1, 1, 1.0), 404),
        (client, "\N{FIRE}", (1, 1, 1.0), 404),
        (client, foreign, (1, 1, 1.0), 404),
        (callers.stranger, run, (1, 1, 1.0), 404),
        (client, trashed, (1, 1, 1.0), 400),
        (client, in_trash, (1, 1, 1.0), 400),
        (callers.stranger, foreign, (1, 1, 1.0), 200),
        (client, run, (1, 1, math.nan), 200),
        *((client, good, (2, step, -math.inf), 200) for step in range(10)),
    ]

    def write(case) -> int:
        caller, run_id, point, _ = case
        return caller.request("POST", "runs/log-metric", json={"run_id": run_id, **metric("m", point)}).status_code

    with ThreadPoolExecutor(len(cases) + 1) as pool:
        with held(server, blocked):
            first: Future[int] = pool.submit(write, (client, blocked, (1, 1, 1.0), 200))
            time.sleep(0.2)
            answers = [pool.submit(write, case) for case in cases]
            time.sleep(0.3)
            assert not any(answer.done() for answer, case in zip(answers, cases, strict=True) if case[3] == 200)
            before = write_count(server)
        assert first.result(20) == 200
        assert [answer.result(20) for answer in answers] == [status for *_, status in cases]
    assert write_count(server) - before < 10  # they did share
    assert len(client.history(good, "m")) == 20
    assert client.history(run, "m") == [(1, 1, "NaN")]
    assert client.history(trashed, "m") == []
    assert callers.stranger.history(foreign, "m") == [(1, 1, 1.0)]


def test_a_client_that_gives_up_does_not_take_others_along(server: Server, client: Caller, run):
    other = client.run("0")
    import httpx

    def impatient(_: int) -> None:
        with (
            httpx.Client(base_url=server.url, timeout=0.2, trust_env=False) as one,
            contextlib.suppress(httpx.TimeoutException),
        ):
            one.post("/api/2.0/mlflow/runs/log-metric", json={"run_id": other, **metric("m", (1, 1, 1.0))})

    with ThreadPoolExecutor(8) as pool:
        with held(server, run):
            first = pool.submit(client.post, "runs/log-metric", run_id=run, **metric("m", (1, 1, 1.0)))
            time.sleep(0.1)
            patient = pool.submit(client.post, "runs/log-metric", run_id=other, **metric("m", (2, 2, 2.0)))
            list(pool.map(impatient, range(4)))
        assert first.result(20) == {}
        assert patient.result(20) == {}
    assert (2, 2, 2.0) in client.history(other, "m")


# --- what is refused


@pytest.mark.parametrize("key", ["", "x" * 251, "a\nb", "a\tb", "\x7f", "\u200b"])
def test_keys_nobody_could_read(client, run, key):
    for path, body in (
        ("log-metric", metric(key, (1, 1, 1.0))),
        ("log-batch", {"metrics": [metric(key, (1, 1, 1.0))]}),
    ):
        answer = client.refused("POST", f"runs/{path}", {"run_id": run, **body})
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
    assert client.data(run)["metrics"] == []


@pytest.mark.parametrize(
    "key", ["x" * 250, "a b/c.d-e_f:g", "\N{FIRE}", "\u00e9", "'", '"', "%", "a`b", "<script>", "\\"]
)
def test_any_other_key(client, run, key):
    client.post("runs/log-metric", run_id=run, **metric(key, (1, 1, 1.0)))
    assert client.history(run, key) == [(1, 1, 1.0)]
    assert latest(client, run) == {key: (1, 1, 1.0)}


def test_a_batch_has_limits(client, run):
    point = metric("m", (1, 1, 1.0))
    assert client.refused("POST", "runs/log-batch", {"run_id": run, "metrics": [point] * 1001}).status == 400
    client.post("runs/log-batch", run_id=run, metrics=[metric("m", (1, step, 1.0)) for step in range(1000)])
    assert len(client.history(run, "m")) == 1000
    pair = [{"key": f"k{number}", "value": "v"} for number in range(101)]
    for field in ("params", "tags"):
        assert client.refused("POST", "runs/log-batch", {"run_id": run, field: pair}).status == 400
    too_many = {"metrics": [point] * 900, "params": pair[:60], "tags": pair[:60]}
    assert client.refused("POST", "runs/log-batch", {"run_id": run, **too_many}).status == 400
    assert client.data(run)["params"] == []


def test_a_thousand_keys_in_a_batch(client, run):
    metrics = [metric(f"m{number}", (number, number, float(number))) for number in range(1000)]
    client.post("runs/log-batch", run_id=run, metrics=metrics)
    assert latest(client, run) == {f"m{number}": (number, number, float(number)) for number in range(1000)}
    assert client.history(run, "m999") == [(999, 999, 999.0)]
