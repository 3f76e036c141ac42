"""The search of runs against MLflow's own server: the same runs in both, the same questions, the same answers.

Both are asked over HTTP. Start times are all different, so that ties do not depend on the random ids of runs.
"""

import math
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

import httpx
import pytest

from lakeward.kit.filters import parse_filter
from lakeward.tracking.search.vocabulary import VOCABULARY
from search_world import PATTERNS, SIGNS, WORDS, literal
from server import Caller, Server

START = 1_700_000_000_000
COUNT = 60
TEXTS = ["a", "b", "B", "ab", "a_b", "a%b", "it's", "x" * 150, "x" * 149 + "y"]
NAMES = ["calm-heron-1", "calm-heron-12", "CALM-crane-7", "x", "brave_ant%9"]
STARTUP_SECONDS = 240  # half a minute of imports on a machine that does nothing else

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """The reference: `mlflow server` on SQLite."""
    home = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    store = ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "artifacts")]
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    switches = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *store, *options],
            stdout=log,
            stderr=log,
            env={**os.environ, **switches},
            start_new_session=True,
        )
    caller = Caller(f"http://127.0.0.1:{port}")
    try:
        _wait(caller, process)
        yield caller
    finally:
        caller.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _wait(caller: Caller, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "mlflow server ended while starting"
        with suppress(httpx.TransportError):
            if caller.request("GET", "/health").status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError("mlflow server does not start")


@pytest.fixture(scope="module")
def lakeward(serving: Callable[..., AbstractContextManager[Server]]) -> Iterator[Caller]:
    with serving() as server:
        yield server.local


def random_run(rng: random.Random, number: int) -> dict:
    return {
        "number": str(number),
        "experiment": rng.choice(["one", "one", "two"]),
        "name": rng.choice(NAMES),
        "user": rng.choice(["u1", "u2"]),
        "start": START + rng.randrange(10_000) * COUNT + number,
        "end": rng.choice([None, START + rng.randrange(3)]),
        "status": rng.choice(["FINISHED", "FAILED", "KILLED"]),
        "params": {key: rng.choice(TEXTS) for key in "pq" if rng.random() < 0.7},
        "tags": {key: rng.choice(TEXTS) for key in ("t", "p") if rng.random() < 0.6},
        "metrics": {key: rng.choice([0.0, 1.0, 2.5, -3.0, 0.1, math.nan]) for key in "mnp" if rng.random() < 0.7},
        "datasets": sorted({(rng.choice("DE"), rng.choice("12")) for _ in range(rng.randrange(3))}),
        "context": rng.choice(["train", "eval", None]),
        "deleted": rng.random() < 0.15,
    }


def fill(caller: Caller, runs: list[dict]) -> dict[str, str]:
    """Log the runs; the experiments' ids."""
    experiments = {name: caller.experiment(f"search {name}") for name in ("one", "two")}
    for run in runs:
        made = caller.post(
            "runs/create",
            experiment_id=experiments[run["experiment"]],
            start_time=run["start"],
            run_name=run["name"],
            user_id=run["user"],
        )
        run_id = made["run"]["info"]["run_id"]
        metrics = [
            {"key": key, "value": "NaN" if math.isnan(value) else value, "timestamp": 1, "step": 0}
            for key, value in run["metrics"].items()
        ]
        tags = {**run["tags"], "number": run["number"]}
        caller.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=metrics,
            params=[{"key": key, "value": value} for key, value in run["params"].items()],
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        for name, digest in run["datasets"]:
            noted = [{"key": "mlflow.data.context", "value": run["context"]}] if run["context"] else []
            dataset = {"name": name, "digest": digest, "source_type": "local", "source": "{}"}
            caller.post("runs/log-inputs", run_id=run_id, datasets=[{"tags": noted, "dataset": dataset}])
        ended = {"end_time": run["end"]} if run["end"] else {}
        caller.post("runs/update", run_id=run_id, status=run["status"], **ended)
        if run["deleted"]:
            caller.post("runs/delete", run_id=run_id)
    return experiments


@pytest.fixture(scope="module")
def both(mlflow: Caller, lakeward: Caller) -> list[tuple[Caller, dict[str, str]]]:
    rng = random.Random(3)
    runs = [random_run(rng, number) for number in range(COUNT)]
    return [(caller, fill(caller, runs)) for caller in (mlflow, lakeward)]


PLAIN = [pattern for pattern in PATTERNS if pattern.isascii() and "\\" not in pattern]
ATTRIBUTES = {
    "status": ["FINISHED", "FAILED", "F%", "f%"],
    "user_id": ["u1", "U%"],
    "run_name": [*NAMES, "%heron%", "%HERON%", "calm%"],
}


def metric_clause(rng: random.Random) -> str:
    key, number = rng.choice(["m", "n", "p", "none"]), rng.choice(["0", "1", "-3", "0.1"])
    return f"metrics.{key} {rng.choice(SIGNS)} {number}"


def time_clause(rng: random.Random) -> str:
    return f"{rng.choice(['start_time', 'end_time', 'created'])} {rng.choice(SIGNS)} {START + rng.randrange(3)}"


def text_clause(rng: random.Random) -> str:
    op = rng.choice(WORDS)
    values = PLAIN if "LIKE" in op else [text for text in TEXTS if "'" not in text]
    return f"{rng.choice(['params.p', 'params.q', 'tags.t', 'tags.p', 'tags.none'])} {op} '{rng.choice(values)}'"


def presence_clause(rng: random.Random) -> str:
    return f"{rng.choice(['params.p', 'tags.t', 'params.none'])} IS {rng.choice(['', 'NOT '])}NULL"


def dataset_clause(rng: random.Random) -> str:
    key = rng.choice(["name", "digest", "context"])
    if rng.random() < 0.4:
        return f"datasets.{key} {rng.choice(['IN', 'NOT IN'])} ('D', '1', 'train')"
    return f"dataset.{key} {rng.choice(WORDS)} '{rng.choice(['D', 'E', '1', 'train', 'eval', '%a%', 'd'])}'"


def attribute_clause(rng: random.Random) -> str:
    key = rng.choice(list(ATTRIBUTES))
    return f"attributes.{key} {rng.choice(WORDS)} {literal(rng.choice(ATTRIBUTES[key]))}"


def random_clause(rng: random.Random) -> str:
    kinds = [metric_clause, text_clause, text_clause, time_clause, presence_clause, dataset_clause, attribute_clause]
    return rng.choice(kinds)(rng)


ORDER_KEYS = ["metrics.m", "metrics.n", "metrics.none", "params.p", "params.q", "tags.t", "start_time", "end_time"]
ORDER_KEYS += ["status", "attributes.user_id", "run_name", "Created"]


def random_order(rng: random.Random) -> list[str]:
    keys = rng.sample(ORDER_KEYS, rng.choice([0, 1, 1, 2]))
    if "start_time" in keys and "Created" in keys:
        keys.remove("Created")
    return [f"{key} {rng.choice(['ASC', 'DESC'])}" for key in keys]


def numbers(caller: Caller, experiments: dict[str, str], names: list[str], query: dict) -> list[str]:
    """The tag `number` of every run found, over all pages."""
    found, token = [], None
    while True:
        more = {"page_token": token} if token else {}
        ids = [experiments[name] for name in names]
        page = caller.post("runs/search", experiment_ids=ids, **query, **more)
        for run in page.get("runs", []):
            found += [tag["value"] for tag in run["data"]["tags"] if tag["key"] == "number"]
        token = page.get("next_page_token")
        if not token:
            return found


def test_the_same_runs_in_the_same_order(both):
    rng = random.Random(11)
    hits = 0
    for _ in range(90):
        text = " and ".join(random_clause(rng) for _ in range(rng.choice([0, 1, 1, 2])))
        parse_filter(text, VOCABULARY)
        names = rng.choice([["one"], ["one", "two"]])
        view = rng.choice(["ACTIVE_ONLY", "ACTIVE_ONLY", "DELETED_ONLY", "ALL"])
        query = {"filter": text, "order_by": random_order(rng), "run_view_type": view}
        query["max_results"] = rng.choice([19, 100])
        theirs, ours = (numbers(caller, experiments, names, query) for caller, experiments in both)
        assert ours == theirs, query
        hits += bool(ours)
    assert hits > 35


@pytest.mark.parametrize("order_by", [["metrics.m", "metric.`m` DESC"], ["start_time", "Created"]])
def test_both_refuse_a_key_that_comes_twice(both, order_by):
    for caller, experiments in both:
        answer = caller.request(
            "POST", "runs/search", json={"experiment_ids": [experiments["one"]], "order_by": order_by}
        )
        assert answer.status_code >= 400
        assert "duplicate" in answer.text


@pytest.mark.parametrize(
    "text",
    ["metrics.m > 'x'", "params.p > 'a'", "status IN ('x')", "metrics.m = 1 or metrics.m = 2", "foo.a = 'x'", "x"],
)
def test_both_refuse(both, text):
    for caller, experiments in both:
        refused = caller.refused("POST", "runs/search", {"experiment_ids": [experiments["one"]], "filter": text})
        assert refused.status == 400
        assert refused.code == "INVALID_PARAMETER_VALUE"
