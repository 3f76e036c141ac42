"""One HTTP/1.1 connection, under uvicorn's server: its requests are parsed by httptools and served one by one.

uvicorn's own protocol speaks ASGI, made for any application: a task, an event and four messages a request, and every
header of an answer is looked at. For the small requests of this server that was a third of the processor time an API
process took (docs/decisions/0010).
"""

import asyncio
import logging
from collections import deque
from typing import Any, Final

import httptools
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http.exchange import Exchange, header_line
from lakeward.runtime.http.render import render
from lakeward.runtime.http.reply import SECURITY_HEADERS

MAX_HEAD: Final = 64 << 10  # bytes of request line and headers that are collected before the request is refused

log = logging.getLogger("lakeward.http")


class Protocol(asyncio.Protocol):
    """`uvicorn.Config(http=Protocol)`; the application serves an `Exchange`."""

    def __init__(self, config: uvicorn.Config, server_state: ServerState, **_: Any) -> None:
        self._app: Any = config.app
        self._patience = config.timeout_keep_alive
        self._server = server_state
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[Exchange] = deque()  # complete heads, the first is served next
        self._served: Exchange | None = None
        self._incoming: Exchange | None = None  # its body is arriving
        self._wake: asyncio.Future[None] | None = None  # while there is nothing to serve
        self._lost = False
        self._idle_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes: int | None = None  # of the head that is arriving
        self._shared = False  # what came last holds the end of one request, and perhaps the beginning of another
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._offered: bytes | None = None  # of a body behind an offer to speak another protocol: its framing
        self._blind = False  # while the parser is told what is known already

    # ── the connection ───────────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of a socket, that is
        self.transport = transport
        self._flow = FlowControl(transport)
        self._client = get_remote_addr(transport)
        self._loop = asyncio.get_running_loop()
        self._server.connections.add(self)  # type: ignore[arg-type]  # uvicorn's kinds, of which it uses `shutdown`
        self._worker = self._loop.create_task(self._work())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's
        self._server.connections.discard(self)
        self._lost = True
        for exchange in (self._served, *self._queue):
            if exchange is not None:
                exchange.lose()
        self._queue.clear()
        self._flow.resume_writing()  # nobody waits for a reader that is gone
        if self._timer is not None:
            self._timer.cancel()
        self._rouse()

    def pause_writing(self) -> None:
        self._flow.pause_writing()

    def resume_writing(self) -> None:
        self._flow.resume_writing()

    def shutdown(self) -> None:
        """Close, now or after the answer that is being made."""
        busy = self._queue[0] if self._queue else self._served
        if busy is None:
            self.transport.close()
        else:
            busy.lasting = False

    # ── requests, one after the other ────────────────────────────────────────────────────────────────────────────────

    async def _work(self) -> None:
        try:
            while await self._pending():
                self._served = exchange = self._queue.popleft()
                self._server.tasks.add(self._worker)
                await self._app.serve(exchange)
                self._server.tasks.discard(self._worker)
                self._served = None
                if not (exchange.answered and exchange.lasting):
                    break
                self._flow.resume_reading()
        except Exception:
            log.exception("an answer could not be sent")
        finally:
            self._server.tasks.discard(self._worker)
            self.transport.close()

    async def _pending(self) -> bool:
        """Wait for a request; False when none will come."""
        if not self._queue and not self._lost:
            self._idle_since = self._loop.time()
            if self._timer is None:
                self._timer = self._loop.call_later(self._patience, self._tire)
            self._wake = self._loop.create_future()
            await self._wake
            self._wake = None
        return bool(self._queue)

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _tire(self) -> None:
        """Close a connection that has been idle for long; one timer for many requests."""
        self._timer = None
        if self._wake is not None:
            rest = self._idle_since + self._patience - self._loop.time()
            if rest <= 0:
                self.transport.close()
            else:
                self._timer = self._loop.call_later(rest, self._tire)

    # ── what the parser finds ────────────────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        self._shared = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline()
            if rest := data[upgrade.args[0] :]:
                self.data_received(rest)
            return
        except httptools.HttpParserError:
            self._refuse("400 Bad Request", "Invalid HTTP request received.")
            return
        if self._head_bytes is not None and not self._shared:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self._refuse("431 Request Header Fields Too Large", f"The headers exceed {MAX_HEAD} bytes.")

    def _decline(self) -> None:
        """Go on in HTTP/1.1 after an offer of another protocol, which Java's and curl's clients make with any request.

        For the parser the request then ended with its head, so a new one is told how the body is framed.
        """
        self._parser = httptools.HttpRequestParser(self)
        if self._offered is not None:
            self._blind = True
            self._parser.feed_data(b"POST / HTTP/1.1\r\n" + self._offered + b"\r\n\r\n")
            self._blind, self._offered = False, None

    def on_message_begin(self) -> None:
        if self._blind:
            return
        self._head_bytes = 0
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._blind:
            return
        self._head_bytes = None
        if self._parser.should_upgrade():
            self._offered = _framing(self._headers)
        path, query = _path_and_query(self._url)
        version = self._parser.get_http_version()
        exchange = Exchange(
            self.transport,
            self._flow,
            method=self._parser.get_method().decode("ascii"),
            path=path,
            query=query,
            version=version,
            headers=self._headers,
            client=self._client,
            lasting=version != "1.0" and self._parser.should_keep_alive(),
            expectant=any(name == b"expect" and value.lower() == b"100-continue" for name, value in self._headers),
        )
        self._incoming = exchange
        if self._queue or self._served is not None:
            self._flow.pause_reading()  # the client sends on before it has its answers
        self._queue.append(exchange)
        self._rouse()

    def on_body(self, body: bytes) -> None:
        if self._incoming is not None:
            self._incoming.feed(body)

    def on_message_complete(self) -> None:
        self._shared = True
        if self._incoming is not None and self._offered is None:
            self._incoming.complete()
            self._incoming = None

    def _refuse(self, status: str, message: str) -> None:
        """What is no HTTP, or too much of it, is refused in the dialect of every other error."""
        if self.transport.is_closing():
            return
        reply = render(InvalidParameter(message), request_id="")
        assert isinstance(reply.body, bytes)
        head = b"".join(header_line(*each) for each in (reply.headers | SECURITY_HEADERS).items())
        ends = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(reply.body)
        self.transport.write(f"HTTP/1.1 {status}\r\n".encode() + head + ends + reply.body)
        self.transport.close()


def _framing(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """The header that says how long a request's body is; None if it has none. The parser has looked at them all."""
    for name, value in headers:
        if name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" 0")):
            return name + b": " + value
    return None


def _path_and_query(url: bytes) -> tuple[str, bytes]:
    """Of a request's target. Raises UnicodeDecodeError, or the parser's error, for what is none."""
    if not url.startswith(b"/"):  # as for a proxy: with scheme and host
        parsed = httptools.parse_url(url)
        return (parsed.path or b"").decode("ascii"), parsed.query or b""
    path, _, query = url.partition(b"#")[0].partition(b"?")
    return path.decode("ascii"), query
