"""One server for the whole package (its tests only add), one on S3, and what holds artifacts: runs and models."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import uvicorn
from transports import Owner

from lakeward import app
from s3 import S3, s3_server
from server import Caller, Server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    with s3_server() as started:
        yield started


@pytest.fixture(scope="session")
def server(serving: Callable[..., contextlib.AbstractContextManager[Server]]) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="session")
def s3_backed(serving: Callable[..., contextlib.AbstractContextManager[Server]], s3: S3) -> Iterator[Server]:
    with serving(objects_url=s3.url(), objects=s3.options) as started:
        yield started


@pytest.fixture(scope="session")
def s3_hidden(serving: Callable[..., contextlib.AbstractContextManager[Server]], s3: S3) -> Iterator[Server]:
    """On S3, but clients do not reach it: every byte goes through the server."""
    with serving(objects_url=s3.url(), objects=s3.options | {"presign": "false"}) as started:
        yield started


@pytest.fixture(scope="session")
def second(server: Server) -> Iterator[Server]:
    """Another process's application over the same database and objects."""
    with also_serving(server) as started:
        yield started


@contextlib.contextmanager
def also_serving(first: Server) -> Iterator[Server]:
    loop = first.backend.loop
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(100)
        port = sock.getsockname()[1]
        config = app.uvicorn_config(msgspec.structs.replace(first.settings, port=port))
        served = uvicorn.Server(config)

        async def begin() -> None:
            config.load()
            served.lifespan = config.lifespan_class(config)
            await served.startup(sockets=[sock])

        loop.run(begin())
        started = Server(first.backend, first.database, first.settings, port)
        try:
            yield started
        finally:
            started.close()
            loop.run(served.shutdown(sockets=[]))


@pytest.fixture
def run(client: Caller) -> Owner:
    return Owner.new_run(client)


@pytest.fixture
def model(client: Caller) -> Owner:
    return Owner.new_model(client)


@pytest.fixture(params=["run", "model"])
def owner(request: pytest.FixtureRequest) -> Owner:
    made: Owner = request.getfixturevalue(request.param)
    return made


@pytest.fixture(params=["local", "s3", "s3 hidden"])
def any_store(request: pytest.FixtureRequest) -> Any:
    """A caller of a server on each kind of store."""
    name = {"local": "server", "s3": "s3_backed", "s3 hidden": "s3_hidden"}[request.param]
    return request.getfixturevalue(name).local
