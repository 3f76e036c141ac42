"""A receiver on this machine, and the worker's part run by the test."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lakeward.runtime.crypto import Vault
from lakeward.runtime.db import Database
from lakeward.webhooks import Dispatcher
from receiver import HOST, Receiver
from server import Server

OWN = "/api/2.0/lakeward/webhooks"


@pytest.fixture(scope="module")
def standing(serving) -> Iterator[Server]:
    with serving(outbound_hosts=[HOST]) as started:
        yield started


@pytest.fixture
def server(standing: Server) -> Iterator[Server]:
    """Webhooks and models of the test before are gone."""
    yield standing
    standing.sql("TRUNCATE webhook, webhook_delivery, webhook_attempt, data_key, registered_model CASCADE")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with contextlib.closing(Receiver()) as made:
        yield made


@pytest.fixture
def make(client, receiver) -> Callable[..., str]:
    """The id of a new webhook."""

    def make(*events: str, **fields: Any) -> str:
        given = {"name": "hook", "url": receiver.url, "events": list(events)} | fields
        return client.call("POST", OWN, json=given)["webhook"]["webhook_id"]

    return make


@contextlib.asynccontextmanager
async def dispatching(server: Server):
    db = await Database.open(server.backend.dsn_of(server.database), size=4)
    dispatcher = Dispatcher(db, Vault(server.settings.master_key_source), [HOST])
    try:
        yield dispatcher
    finally:
        await dispatcher.close()
        await db.close()


@pytest.fixture
def deliver(server) -> Callable[..., None]:
    """What the worker does until nothing is due, by as many workers at once."""

    async def work() -> None:
        async with dispatching(server) as dispatcher:
            for _ in range(1000):
                await dispatcher.turn()
                if not await dispatcher.settle():
                    break

    async def together(workers: int) -> None:
        await asyncio.gather(*(work() for _ in range(workers)))

    return lambda workers=1: server.backend.loop.run(together(workers))


@pytest.fixture
def worker(server) -> Iterator[None]:
    """A worker that goes on beside the test."""
    stopping = asyncio.Event()

    async def work() -> None:
        async with dispatching(server) as dispatcher:
            await dispatcher.work(stopping)

    async def stop() -> None:
        stopping.set()

    working = server.backend.loop.start(work())
    yield
    server.backend.loop.run(stop())
    working.result(30)


@pytest.fixture
def log(client) -> Callable[[str], list[dict[str, Any]]]:
    """The deliveries of a webhook, the oldest first."""
    return lambda webhook: client.call("GET", f"{OWN}/{webhook}/deliveries")["deliveries"][::-1]
