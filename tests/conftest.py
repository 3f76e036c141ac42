"""Fixtures of every suite that runs the server in this process: warnings are errors, sockets stay on this machine."""

import ipaddress
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest

from server import Backend, Caller, Callers, Server, running

# They choose their own warnings: mlflow and the model libraries have many.
_FOREIGN = ("tests/clients", "tests/docs")


def _stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    try:
        here = host == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        here = False
    if not here:
        raise PermissionError(f"a test opens a connection to {host}: tests stay on this machine")


def pytest_configure() -> None:
    sys.addaudithook(_stay_on_this_machine)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.relative_to(config.rootpath).as_posix().startswith(_FOREIGN):
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The session's PostgreSQL with a migrated template, and the event loop the servers run in."""
    made = Backend(tmp_path_factory.mktemp("backend"))
    try:
        made.open()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def serving(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[Server]]:
    """`with serving(max_body=1000) as server`: a server with these settings, over a database of its own."""
    return lambda **given: running(backend, tmp_path_factory.mktemp("data"), **given)


@pytest.fixture
def server(serving: Callable[..., AbstractContextManager[Server]]) -> Iterator[Server]:
    """A server over an empty database, for this test alone.

    A module whose tests only add may share one: it defines a fixture of the same name and a wider scope.
    """
    with serving() as started:
        yield started


@pytest.fixture
def client(server: Server) -> Caller:
    """The owner, calling from this machine without credentials."""
    return server.local


@pytest.fixture
def callers(server: Server) -> Callers:
    """Everyone else: `callers.nobody`, `.member`, `.reader`, `.editor`, `.manager`, `.admin`, `.stranger` and so on."""
    return Callers(server)


@pytest.fixture
def raw(server: Server) -> Callable[[bytes], bytes]:
    return partial(Server.raw, server)
