"""Denial of service: a request is small, or it is refused, before it costs more than it did to send.

CVE-2024-6838 (long names), CVE-2025-0453 (many questions in one), bombs of every compression.
tests/features/runtime/http/test_limits.py bounds heads and bodies.
"""

import gzip
import time
import zlib
from collections.abc import Callable

import pytest
import zstandard

from server import Caller, Server

QUICK = 3.0  # seconds on a busy machine; what is not bounded takes minutes
LONG = "x" * 1_000_000


def timed(ask: Callable[[], int]) -> int:
    began = time.monotonic()
    status = ask()
    assert time.monotonic() - began < QUICK
    return status


@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("experiments/create", "name", {}),
        ("experiments/create", "artifact_location", {"name": "a"}),
        ("registered-models/create", "name", {}),
        ("runs/create", "experiment_id", {}),
        ("runs/log-metric", "key", {"run_id": "r", "value": 1, "timestamp": 1}),
        ("logged-models", "name", {"experiment_id": "0"}),
        ("/api/2.0/secrets/scopes/create", "scope", {}),
        ("/api/2.0/secrets/put", "key", {"scope": "s", "string_value": "v"}),
        ("/api/3.0/mlflow/workspaces", "name", {}),
    ],
)  # fmt: skip
def test_long_names(client: Caller, path: str, field: str, more: dict[str, object]) -> None:
    assert timed(lambda: client.request("POST", path, json={field: LONG, **more}).status_code) in (400, 404)


def test_a_long_name_of_a_run_is_cut(client: Caller) -> None:
    """As MLflow cuts long tags: the name is one."""
    run = client.run("0", run_name=LONG)
    assert len(client.get("runs/get", run_id=run)["run"]["info"]["run_name"]) == 8_000
    client.post("runs/update", run_id=run, run_name=LONG)
    assert len(client.get("runs/get", run_id=run)["run"]["info"]["run_name"]) == 8_000


def test_deep_json(client: Caller) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        body = b'{"name":' + opening * 1_000_000 + closing * 1_000_000 + b"}"
        assert timed(lambda body=body: client.request("POST", "experiments/create", content=body).status_code) == 400


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", lambda data: gzip.compress(data, 9)),
        ("deflate", lambda data: zlib.compress(data, 9)),
        ("zstd", lambda data: zstandard.compress(data, 9)),
    ],
)
@pytest.mark.parametrize("path", ["experiments/create", "/v1/traces", "runs/search", "/api/2.0/secrets/put"])
def test_bombs(client: Caller, encoding: str, pack: Callable[[bytes], bytes], path: str) -> None:
    bomb = pack(bytes(100_000_000))
    assert len(bomb) < 200_000
    headers = {"content-encoding": encoding, "content-type": "application/json", "x-mlflow-experiment-id": "0"}
    assert timed(lambda: client.request("POST", path, content=bomb, headers=headers).status_code) in (400, 413)


@pytest.mark.parametrize(
    "text",
    ["a = " + "(" * 20_000, " AND ".join(["params.a = 'b'"] * 20_000), "params.`" + "a" * 500_000,
     "params.a LIKE '" + "%_" * 100_000 + "'", "params.a IN (" + ",".join(["'x'"] * 100_000) + ")", "'" * 100_000],
    ids=["nested", "many", "long key", "pattern", "list", "quotes"],
)  # fmt: skip
def test_filters(client: Caller, text: str) -> None:
    body = {"experiment_ids": ["0"], "filter": text}
    assert timed(lambda: client.request("POST", "runs/search", json=body).status_code) in (200, 400)


def test_hostile_patterns_of_traces(client: Caller) -> None:
    """A regular expression that explodes belongs to PostgreSQL's engine, which has no such trap, or is refused."""
    location = [{"type": 1, "mlflow_experiment": {"experiment_id": "0"}}]
    for pattern in ("(a+)+$", "(a|a)*$", "(.*)*x", "a" * 5_000 + "{1000}"):
        body = {"locations": location, "filter": f"span.name RLIKE '{pattern}'"}
        status = timed(lambda body=body: client.request("POST", "/api/3.0/mlflow/traces/search", json=body).status_code)
        assert status in (200, 400)


def test_many_questions_in_one(client: Caller) -> None:
    many = [str(number) for number in range(200_000)]
    assert timed(lambda: client.request("POST", "runs/search", json={"experiment_ids": many}).status_code) in (200, 400)
    points = [{"key": "m", "value": 1, "timestamp": 1, "step": step} for step in range(5_000)]
    assert timed(
        lambda: client.request("POST", "runs/log-batch", json={"run_id": "r", "metrics": points}).status_code
    ) in (400, 404)
    assert timed(lambda: client.request("GET", "experiments/search", params={"max_results": 10**9}).status_code) == 400
    query = "&".join(["run_ids=x"] * 5_000)
    assert timed(
        lambda: client.request("GET", f"metrics/get-history-bulk-interval?metric_key=m&{query}").status_code
    ) in (400, 404, 431)


def test_denied_calls_do_not_fill_the_disk(server: Server, client: Caller) -> None:
    """Ten thousand refusals are one row, and a number."""
    nobody = server.caller(x_forwarded_for="203.0.113.9")
    before = server.sql("SELECT count(*) FROM audit_inbox")[0][0]
    for _ in range(200):
        nobody.request("GET", "runs/get")
    assert server.sql("SELECT count(*) FROM audit_inbox")[0][0] - before <= 2
