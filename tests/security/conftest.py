"""The vulnerability classes of this field, each in a module of its name, against the real server."""

from collections.abc import Iterator

import pytest

from server import Callers, Server


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def callers(server: Server) -> Callers:
    return Callers(server)
