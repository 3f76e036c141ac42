"""One connection: requests one after the other, at once, in pieces, and how it ends."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

import pytest
import uvicorn
from uvicorn.server import ServerState

from lakeward.runtime.http.exchange import Exchange
from lakeward.runtime.http.protocol import Protocol
from server import Caller, Server

EXPERIMENT = b"GET /api/2.0/mlflow/experiments/get?experiment_id=0 HTTP/1.1\r\nHost: localhost\r\n"
UNKNOWN = EXPERIMENT.replace(b"id=0", b"id=404404")
SEARCH = b"POST /api/2.0/mlflow/experiments/search HTTP/1.1\r\nHost: localhost\r\n"
BODY = b'{"max_results": 1}'


class Client:
    """A socket, and the answers that come from it."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)

    def answer(self, *, body: bool = True) -> tuple[int, dict[str, str], bytes]:
        head, self.rest = self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        size = int(headers.get("content-length", 0)) if body else 0
        while len(self.rest) < size:
            self.rest += self._more()
        found, self.rest = self.rest[:size], self.rest[size:]
        return int(first.split(" ")[1]), headers, found

    def ended(self) -> bool:
        return not self.rest and self.sock.recv(1) == b""

    def _until(self, mark: bytes) -> tuple[bytes, bytes]:
        while mark not in self.rest:
            self.rest += self._more()
        before, _, after = self.rest.partition(mark)
        return before, after

    def _more(self) -> bytes:
        found = self.sock.recv(65536)
        assert found, "the connection ended in the middle of an answer"
        return found


@pytest.fixture
def client_of(server: Server):
    with Client(server.port) as client:
        yield client


def test_many_requests_at_once_are_answered_in_their_order(client_of):
    client_of.send((EXPERIMENT + b"\r\n" + UNKNOWN + b"\r\n") * 40)
    assert [client_of.answer()[0] for _ in range(80)] == [200, 404] * 40


def test_bodies_of_requests_at_once_stay_apart(client_of):
    post = SEARCH + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    chunked = (
        SEARCH + b"Transfer-Encoding: chunked\r\n\r\n3\r\n" + BODY[:3] + b"\r\nf\r\n" + BODY[3:] + b"\r\n0\r\n\r\n"
    )
    client_of.send(post + chunked + EXPERIMENT + b"\r\n" + post)
    found = [client_of.answer() for _ in range(4)]
    assert [status for status, _, _ in found] == [200] * 4
    assert "experiments" in json.loads(found[1][2])
    assert "experiment" in json.loads(found[2][2])


def test_a_request_that_arrives_byte_by_byte(client_of):
    whole = SEARCH + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    client_of.send(*(whole[place : place + 1] for place in range(len(whole))))
    assert client_of.answer()[0] == 200


def test_an_offer_to_speak_another_protocol_is_declined(client_of):
    """Java's client offers HTTP/2 with its first request, whose body follows, and goes on with the answer it gets."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    client_of.send(SEARCH + offer + b"Content-Length: %d\r\n\r\n" % len(BODY), BODY[:4], BODY[4:])
    status, _, body = client_of.answer()
    assert (status, len(json.loads(body)["experiments"])) == (200, 1)
    size = b"Transfer-Encoding: chunked\r\n\r\n"
    client_of.send(SEARCH + offer + size + b"4\r\n{}  \r\n0\r\n\r\n" + UNKNOWN + b"\r\n")
    assert [client_of.answer()[0] for _ in range(2)] == [200, 404]
    client_of.send(SEARCH + offer + b"Content-Length: 0\r\n\r\n")
    assert client_of.answer()[0] == 200
    client_of.send(EXPERIMENT + offer + b"\r\n" + UNKNOWN + b"\r\n")
    assert [client_of.answer()[0] for _ in range(2)] == [200, 404]


def test_the_body_is_asked_for(client_of):
    client_of.send(SEARCH + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY))
    assert client_of.answer()[0] == 100
    client_of.send(BODY)
    assert client_of.answer()[0] == 200


def test_a_head_is_answered_with_a_head(server: Server):
    with Client(server.port) as client:
        client.send(b"HEAD /ml/experiments HTTP/1.1\r\nHost: localhost\r\n\r\n" + EXPERIMENT + b"\r\n")
        status, headers, _ = client.answer(body=False)
        assert status in (200, 405)
        assert int(headers["content-length"]) > 0
        assert client.answer()[0] == 200


@pytest.mark.parametrize(
    ("head", "last"),
    [
        (EXPERIMENT, False),
        (EXPERIMENT + b"Connection: close\r\n", True),
        (EXPERIMENT.replace(b"HTTP/1.1", b"HTTP/1.0"), True),
    ],
    ids=["keep", "close", "1.0"],
)
def test_who_ends_the_connection(client_of, head, last):
    client_of.send(head + b"\r\n")
    status, headers, _ = client_of.answer()
    assert (status, headers.get("connection")) == (200, "close" if last else None)
    if last:
        assert client_of.ended()
    else:
        client_of.send(UNKNOWN + b"\r\n")
        assert client_of.answer()[0] == 404


def test_a_target_with_scheme_and_host(client_of):
    client_of.send(EXPERIMENT.replace(b"GET /", b"GET http://localhost/") + b"\r\n")
    assert client_of.answer()[0] == 200


@pytest.mark.parametrize("target", [b"/\xff", b"/a b", b"*", b"nonsense", b"http://"])
def test_targets_that_are_none(raw, target):
    status = raw(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").split(b" ", 2)[1]
    assert status in (b"400", b"404")


def test_a_client_that_does_not_read_waits(server: Server, client: Caller):
    """Answers are not piled up in memory: while nobody reads them no more requests are taken."""
    requests = (EXPERIMENT + b"\r\n") * 500
    with Client(server.port) as slow:
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sock.settimeout(1)
        with pytest.raises(TimeoutError):
            slow.send(*[requests] * 1000)  # 50 MB
        assert slow.answer()[0] == 200
    assert client.request("GET", "experiments/get", params={"experiment_id": "0"}).status_code == 200


class Application:
    """Answers as the path says."""

    async def serve(self, exchange: Exchange) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in (b"one", b"", b"two"):
                yield piece

        if exchange.path == "/whole":
            await exchange.answer(200, b"", b"onetwo")
        elif exchange.path == "/fault":
            raise RuntimeError("the application's own fault")
        else:
            length = exchange.path.removeprefix("/")
            await exchange.stream(200, b"", pieces(), length=int(length) if length else None)


def talk(conversation: Callable[[int], Awaitable[None]]) -> None:
    """Run it with the port of a server that closes connections which are idle for a second."""

    async def main() -> None:
        config = uvicorn.Config(Application(), timeout_keep_alive=1)  # type: ignore[arg-type]  # it is no ASGI
        made = lambda: Protocol(config, ServerState())  # noqa: E731
        async with await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0) as server:
            async with asyncio.timeout(20):
                await conversation(server.sockets[0].getsockname()[1])

    asyncio.run(main())


async def said(port: int, request: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """All that is answered until the connection ends, and how many seconds that took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    for _ in range(3 if pause else 1):
        writer.write(request)
        await asyncio.sleep(pause)
    found = await reader.read()
    writer.close()
    return found, time.monotonic() - began


def test_idle_connections_are_closed():
    async def conversation(port: int) -> None:
        whole = b"GET /whole HTTP/1.1\r\nHost: localhost\r\n\r\n"
        silent, half, busy = await asyncio.gather(said(port, b""), said(port, whole[:-2]), said(port, whole, pause=0.7))
        assert (silent[0], half[0]) == (b"", b"")
        assert busy[0].count(b"onetwo") == 3
        assert 0.9 < silent[1] < 1.9
        assert 0.9 < half[1] < 1.9
        assert busy[1] > 2.3  # it was never idle for a second before

    talk(conversation)


@pytest.mark.parametrize(
    ("path", "version", "found"),
    [
        ("/", "1.1", b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        ("/", "1.0", b"connection: close\r\n\r\nonetwo"),
        ("/6", "1.1", b"content-length: 6\r\nconnection: close\r\n\r\nonetwo"),
        ("/7", "1.1", b"content-length: 7\r\nconnection: close\r\n\r\nonetwo"),  # one byte is missing: no whole answer
        ("/4", "1.1", b"content-length: 4\r\nconnection: close\r\n\r\none"),
        ("/fault", "1.1", b""),
    ],
)
def test_answers_in_pieces(path, version, found):
    async def conversation(port: int) -> None:
        head = f"GET {path} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answer, _ = await said(port, head.encode())
        assert answer == (b"HTTP/1.1 200 OK\r\n" if found else b"") + found

    talk(conversation)
