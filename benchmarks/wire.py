"""A small HTTP/1.1 client that costs little, so that the load leaves the cores to the server that is measured.

Requests are ready-made bytes; answers are parsed in C. One connection carries one request at a time, as a Python
client's does. `upload` and `download` move one large body over a blocking socket.
"""

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import httptools

HOST = "127.0.0.1"
APART_SECONDS = 0.02  # between two new connections; opened at once, one worker of a server would get them all
STALE_SECONDS = 2.0  # the reference closes a connection that was silent for five
CHUNK = 1 << 20


class WireError(Exception):
    """An answer that is not a 2xx, or a connection that was lost."""


class Link(asyncio.Protocol):
    """One TCP connection that carries one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._waiter: asyncio.Future[bytes] | None = None
        self.used = time.monotonic()

    def send(self, request: bytes) -> asyncio.Future[bytes]:
        """The answer's body, when it is all there."""
        assert self._transport is not None
        self._waiter = waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return waiter

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status, body = self._parser.get_status_code(), b"".join(self._body)
        self._body.clear()
        self.used = time.monotonic()
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if 200 <= status < 300:
            waiter.set_result(body)
        else:
            waiter.set_exception(WireError(f"HTTP {status}: {body[:500]!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(WireError(f"connection lost: {exc}"))


class Connection:
    """A keep-alive connection; a new one after a pause, when the server may be about to close the old one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._link: Link | None = None

    async def call(self, request: bytes) -> bytes:
        """Send one request and return the body of its answer."""
        if self._link is None or time.monotonic() - self._link.used > STALE_SECONDS:
            self.close()
            _, self._link = await asyncio.get_running_loop().create_connection(Link, HOST, self._port)
        return await self._link.send(request)

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


_open: list[tuple[list[Connection], bytes]] = []


@asynccontextmanager
async def connections(port: int, count: int, greeting: bytes) -> AsyncIterator[list[Connection]]:
    """`count` connections opened a little apart. Each asks `greeting` once, so that a worker has taken it."""
    group = [Connection(port) for _ in range(count)], greeting
    _open.append(group)
    try:
        await _greet(*group)
        yield group[0]
    finally:
        _open.remove(group)
        for connection in group[0]:
            connection.close()


async def reopen() -> None:
    """Open all connections again, as they were opened first: the server was stopped, and may have dropped them."""
    for group, greeting in _open:
        for connection in group:
            connection.close()
        await _greet(group, greeting)


async def _greet(group: list[Connection], greeting: bytes) -> None:
    for connection in group:
        await connection.call(greeting)
        await asyncio.sleep(APART_SECONDS)


def plain(body: bytes) -> bytes:
    """A body without its compression; the client accepts gzip, so a server may use it."""
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


class _Answer:
    """Counts a large answer as it comes, hands it on where somebody looks at it, and keeps its beginning."""

    def __init__(self, look: Callable[[bytes], None] | None = None) -> None:
        self.size = 0
        self.done = False
        self.beginning = b""
        self._look = look

    def on_body(self, body: bytes) -> None:
        if not self.size:
            self.beginning = body[:500]
        self.size += len(body)
        if self._look is not None:
            self._look(body)

    def on_message_complete(self) -> None:
        self.done = True


def upload(port: int, head: bytes, blocks: Iterable[memoryview]) -> None:
    """Send a request whose body is `blocks`; `head` declares its length."""
    with socket.create_connection((HOST, port)) as sock:
        sock.sendall(head)
        for block in blocks:
            sock.sendall(block)
        _receive(sock, _Answer())


def download(port: int, request: bytes, look: Callable[[bytes], None] | None = None) -> int:
    """The size of the answer's body; `look` sees it piece by piece."""
    with socket.create_connection((HOST, port)) as sock:
        sock.sendall(request)
        return _receive(sock, _Answer(look)).size


def _receive(sock: socket.socket, answer: _Answer) -> _Answer:
    parser = httptools.HttpResponseParser(answer)
    buffer = bytearray(CHUNK)
    view = memoryview(buffer)
    while not answer.done:
        count = sock.recv_into(buffer)
        if count == 0:
            raise WireError(f"connection closed after {answer.size} bytes of the answer")
        parser.feed_data(view[:count])
    if not 200 <= parser.get_status_code() < 300:
        raise WireError(f"HTTP {parser.get_status_code()}: {answer.beginning!r}")
    return answer
