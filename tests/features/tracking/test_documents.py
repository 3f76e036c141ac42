"""The read model of a run is never stale: what was acknowledged is in every answer after it, on every process.

Documents of ended runs are kept beside the run and dropped by its writers; readers make and keep them again. The test
that matters runs many writers and readers against two processes at once and compares every answer with what its writer
knows to be acknowledged.
"""

import functools
import itertools
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from server import Caller, Server

Run = dict[str, Any]


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def other(server, serving):
    """A second process of the same deployment."""
    with serving(beside=server) as started:
        yield started


def kept(server: Server, *runs: str) -> int:
    """How many of these runs have a document now."""
    return server.sql(
        "SELECT count(*) FROM run_document d JOIN run r ON r.seq = d.run_seq WHERE r.run_id = ANY($1::text[])",
        list(runs),
    )[0][0]


def until_kept(server: Server, run: str) -> None:
    deadline = time.monotonic() + 5
    while not kept(server, run):
        assert time.monotonic() < deadline, "a search of an ended run keeps its document"
        time.sleep(0.01)


def search(caller: Caller, experiment: str) -> dict[str, Run]:
    found = caller.post("runs/search", experiment_ids=[experiment])["runs"]
    return {run["info"]["run_id"]: run for run in found}


def value_of(pairs: list[dict[str, Any]], key: str) -> Any:
    return next((pair["value"] for pair in pairs if pair["key"] == key), None)


def point(key: str, number: int) -> dict[str, Any]:
    return {"key": key, "value": number, "timestamp": number, "step": number}


@functools.cache
def model_of(caller: Caller) -> str:
    return caller.post("logged-models", experiment_id="0", name="m")["model"]["info"]["model_id"]


# Each writes something that carries a number, and tells how to see it in a run.
WRITES: dict[str, tuple[Callable[[Caller, str, int], Any], Callable[[Run, int], bool]]] = {
    "metric": (
        lambda c, r, n: c.post("runs/log-metric", run_id=r, **point("m", n)),
        lambda run, n: (value_of(run["data"]["metrics"], "m") or 0) >= n,
    ),
    "batch of metrics": (
        lambda c, r, n: c.post("runs/log-batch", run_id=r, metrics=[point("b", n)]),
        lambda run, n: (value_of(run["data"]["metrics"], "b") or 0) >= n,
    ),
    "metric of a model": (
        lambda c, r, n: c.post("runs/log-metric", run_id=r, **point("o", n), model_id=model_of(c)),
        lambda run, n: (value_of(run["data"]["metrics"], "o") or 0) >= n,
    ),
    "param": (
        lambda c, r, n: c.post("runs/log-parameter", run_id=r, key=f"p{n}", value=str(n)),
        lambda run, n: value_of(run["data"]["params"], f"p{n}") == str(n),
    ),
    "tag": (
        lambda c, r, n: c.post("runs/set-tag", run_id=r, key=f"t{n}", value=str(n)),
        lambda run, n: value_of(run["data"]["tags"], f"t{n}") == str(n),
    ),
    "batch of all": (
        lambda c, r, n: c.post(
            "runs/log-batch", run_id=r, params=[{"key": f"q{n}", "value": "x"}], tags=[{"key": f"u{n}", "value": "x"}],
            metrics=[{"key": f"v{n}", "value": n, "timestamp": 1}],
        ),
        lambda run, n: value_of(run["data"]["params"], f"q{n}") == "x" and value_of(run["data"]["tags"], f"u{n}") == "x"
        and value_of(run["data"]["metrics"], f"v{n}") == n,
    ),
    "data set": (
        lambda c, r, n: c.post("runs/log-inputs", run_id=r, datasets=[
            {"dataset": {"name": f"d{n}", "digest": "1", "source_type": "s"}, "tags": [{"key": "k", "value": "v"}]}
        ]),
        lambda run, n: any(i["dataset"]["name"] == f"d{n}" for i in run["inputs"]["dataset_inputs"]),
    ),
    "output": (
        lambda c, r, n: c.post("runs/outputs", run_id=r, models=[{"model_id": f"m-{n}", "step": n}]),
        lambda run, n: {"model_id": f"m-{n}", "step": n} in run["outputs"]["model_outputs"],
    ),
    "deleted tag": (
        lambda c, r, n: (c.post("runs/set-tag", run_id=r, key=f"x{n}", value="x"),
                         c.post("runs/delete-tag", run_id=r, key=f"x{n}")),
        lambda run, n: value_of(run["data"]["tags"], f"x{n}") is None,
    ),
    "name": (
        lambda c, r, n: c.post("runs/update", run_id=r, run_name=f"name {n}"),
        lambda run, n: run["info"]["run_name"] == value_of(run["data"]["tags"], "mlflow.runName"),
    ),
    "logged model": (
        lambda c, r, n: c.post("runs/log-model", run_id=r, model_json=(
            f'{{"artifact_path": "a{n}", "flavors": {{}}, "utc_time_created": "", "run_id": ""}}'
        )),
        lambda run, n: f'"a{n}"' in (value_of(run["data"]["tags"], "mlflow.log-model.history") or ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRITES)
def test_every_write_is_seen_at_once(server: Server, other: Server, kind):
    """With the document kept before the write: by id and by search, on this process and on the other one."""
    write, shows = WRITES[kind]
    experiment = server.local.experiment()
    run = server.local.run(experiment)
    server.local.post("runs/update", run_id=run, status="FINISHED", end_time=1)
    for number in (1, 2, 3):
        search(other.local, experiment)
        until_kept(server, run)
        write(server.local, run, number)
        for caller in (other.local, server.local):
            assert shows(search(caller, experiment)[run], number)
            assert shows(caller.get("runs/get", run_id=run)["run"], number)
        until_kept(server, run)
        assert shows(search(other.local, experiment)[run], number)


def test_no_document_of_a_run_that_goes_on(server: Server, client: Caller):
    """A running run is written to all the time: keeping its document would be work for nothing."""
    experiment = client.experiment()
    run = client.run(experiment)
    search(client, experiment)
    time.sleep(0.2)
    assert kept(server, run) == 0


def test_documents_say_what_the_tables_say(server: Server, client: Caller):
    """Kept or made for the moment: the same answer to the byte."""
    experiment = client.experiment()
    run = client.run(experiment)
    for number, (write, _) in enumerate(WRITES.values()):
        write(client, run, number + 1)
    client.post("runs/log-metric", run_id=run, key="nan", value="NaN", timestamp=1)
    client.post("runs/set-tag", run_id=run, key="\N{FIRE}\"'\\", value="\N{FIRE}\u2028\"'\\\n")
    client.post("runs/update", run_id=run, status="FINISHED", end_time=1)
    made = search(client, experiment)[run]
    until_kept(server, run)
    assert search(client, experiment)[run] == made
    assert client.get("runs/get", run_id=run)["run"] == made
    server.sql("TRUNCATE run_document")  # as after a crash
    assert client.get("runs/get", run_id=run)["run"] == made


def test_a_reader_that_stands_still_keeps_nothing_stale(server: Server, client: Caller):
    """A reader made its document and goes to keep it while a write is under way: it must not be kept."""
    import asyncpg

    experiment = client.experiment()
    run = client.run(experiment)
    client.post("runs/update", run_id=run, status="FINISHED", end_time=1)
    run_there = server.backend.loop.run

    async def connect():
        return await asyncpg.connect(server.backend.dsn_of(server.database))

    writer = run_there(connect())
    try:
        run_there(writer.execute("BEGIN"))
        run_there(writer.fetch("SELECT pg_advisory_xact_lock_shared(seq) FROM run WHERE run_id = $1", run))
        search(client, experiment)
        time.sleep(0.3)
        assert kept(server, run) == 0
    finally:
        run_there(writer.close())
    search(client, experiment)
    until_kept(server, run)


ROUNDS = 60
WRITERS = 6


class Fight:
    """Writers who check what they read against what they wrote, while others read all the time."""

    def __init__(self, servers: tuple[Server, ...], experiment: str, runs: list[str]) -> None:
        self.servers, self.experiment, self.runs = servers, experiment, runs
        self.numbers = itertools.count(1)  # next() is one step of the interpreter: no two writers get the same
        self.over = threading.Event()
        self.stale: list[str] = []
        self.kept = 0

    def keep_reading(self, server: Server) -> None:
        """Searches make and keep documents again as fast as writers drop them."""
        caller = server.caller()
        while not self.over.is_set():
            search(caller, self.experiment)
            self.kept += kept(server, *self.runs)

    def write_and_look(self, writer: int) -> None:
        pick = random.Random(writer)
        callers = [server.caller() for server in self.servers]
        kinds = [kind for kind in WRITES if kind != "name"]  # another writer's name may follow at once
        for _ in range(ROUNDS):
            kind, run, number = pick.choice(kinds), pick.choice(self.runs), next(self.numbers)
            write, shows = WRITES[kind]
            write(pick.choice(callers), run, number)
            for by in pick.choices(("search", "id"), weights=(7, 3), k=2):
                reader = pick.choice(callers)
                found = (
                    search(reader, self.experiment)[run]
                    if by == "search"
                    else reader.get("runs/get", run_id=run)["run"]
                )
                if not shows(found, number):
                    self.stale.append(f"{kind} {number} by {by}")


def test_never_stale(server: Server, other: Server):
    """Every answer after an acknowledgement holds what was acknowledged: many rounds, two processes, one database."""
    experiment = server.local.experiment()
    runs = [server.local.run(experiment) for _ in range(4)]
    for run in runs:
        server.local.post("runs/update", run_id=run, status="FINISHED", end_time=1)
    fight = Fight((server, other), experiment, runs)
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        reading = [pool.submit(fight.keep_reading, which) for which in (server, other)]
        writing = [pool.submit(fight.write_and_look, writer) for writer in range(WRITERS)]
        try:
            for each in writing:
                each.result(200)
        finally:
            fight.over.set()
        for each in reading:
            each.result(20)
    assert fight.stale == []
    assert fight.kept > 0, "documents were kept meanwhile, or nothing was put to the test"
    search(server.local, experiment)
    for run in runs:
        until_kept(server, run)
    final = search(other.local, experiment)
    server.sql("TRUNCATE run_document")
    assert search(other.local, experiment) == final
