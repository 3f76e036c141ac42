"""One server for all of these tests: each works in an experiment of its own."""

from collections.abc import Iterator

import pytest

from server import Caller, Server


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def experiment(client: Caller) -> str:
    return client.experiment()
