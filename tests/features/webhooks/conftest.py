"""A receiver on this machine, and the worker's part run by the test."""

import asyncio
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lakeward.runtime.crypto import Vault
from lakeward.runtime.db import Database
from lakeward.runtime.outbound import Outbound
from lakeward.webhooks import Dispatcher
from server import Server

OWN = "/api/2.0/lakeward/webhooks"
HOST = "127.0.0.1"


class Receiver:
    """Keeps what it is sent; `answers` are the statuses it gives, the last of them for good."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | tuple[int, dict[str, str]]] = [200]
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.append(({key.lower(): value for key, value in self.headers.items()}, body))
                given = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                status, headers = given if isinstance(given, tuple) else (given, {})
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://{HOST}:{self.port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(serving) -> Iterator[Server]:
    with serving(outbound_hosts=[HOST]) as started:
        yield started


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def make(client, receiver) -> Callable[..., str]:
    """The id of a new webhook."""

    def make(*events: str, **fields: Any) -> str:
        given = {"name": "hook", "url": receiver.url, "events": list(events)} | fields
        return client.call("POST", OWN, json=given)["webhook"]["webhook_id"]

    return make


@pytest.fixture
def deliver(server) -> Callable[..., None]:
    """What the worker does until nothing is due, by as many workers at once."""

    async def work() -> None:
        db = await Database.open(server.backend.dsn_of(server.database), size=4)
        outbound = Outbound([HOST])
        dispatcher = Dispatcher(db, Vault(server.settings.master_key_source), outbound)
        try:
            for _ in range(100):
                await dispatcher.turn()
                if not await dispatcher.settle():
                    break
        finally:
            await dispatcher.close()
            await outbound.close()
            await db.close()

    async def together(workers: int) -> None:
        await asyncio.gather(*(work() for _ in range(workers)))

    return lambda workers=1: server.backend.loop.run(together(workers))


@pytest.fixture
def log(client) -> Callable[[str], list[dict[str, Any]]]:
    """The deliveries of a webhook, the oldest first."""
    return lambda webhook: client.call("GET", f"{OWN}/{webhook}/deliveries")["deliveries"][::-1]
