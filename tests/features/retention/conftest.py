"""Experiments whose traces are old, and the worker's part at the push of a button."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from lakeward import retention
from lakeward.runtime.db import Database
from lakeward.runtime.lake import Lake
from lakeward.runtime.objects import ObjectStore
from server import Caller, Server


@pytest.fixture(scope="module")
def server(serving: Callable[..., AbstractContextManager[Server]]) -> Iterator[Server]:
    with serving() as started:
        yield started


class Worker:
    """What the worker process does every minute."""

    def __init__(self, server: Server) -> None:
        settings = server.settings
        self._loop = server.backend.loop
        self.objects = ObjectStore.open(settings.objects_location, settings.objects)
        self.lake = Lake(self.objects, settings.objects_location, settings.objects)
        dsn = server.backend.dsn_of(server.database)
        self.db = self._loop.run(Database.open(dsn, size=4, lake=self.lake))
        self._root = Path(settings.objects_location)
        self._server = server

    def apply(self, days: int = 0) -> int:
        return self._loop.run(retention.apply(self.db, self.objects, days))

    def table(self, experiment: str, kind: str = "traces") -> Path:
        """Where a table of an experiment is."""
        [row] = self._server.sql(f"SELECT {kind}_prefix FROM trace_lake WHERE experiment_id = $1", int(experiment))
        return self._root / row[0]

    def close(self) -> None:
        self._loop.run(self.db.close())
        self.objects.close()


@pytest.fixture(scope="module")
def worker(server: Server) -> Iterator[Worker]:
    made = Worker(server)
    yield made
    made.close()


@pytest.fixture
def experiment(client: Caller) -> str:
    """One that keeps spans for a month; those of tests/features/tracing/spans.py began years from its end."""
    made = client.experiment()
    client.post(
        "experiments/set-experiment-tag",
        experiment_id=made,
        key="mlflow.trace.archivalRetention",
        value='{"type": "duration", "value": "30d"}',
    )
    return made
