"""One request and its answer, between the connection they travel on and the application."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("latin-1") for status in HTTPStatus
}
_WITHOUT_BODY: Final = (204, 304)
_JOINED: Final = 64 << 10  # more than this is not worth copying to save a system call
_UNFIT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # in a header's value: it would begin another line, or end the head


class ClientGone(Exception):
    """The connection was lost before the request was complete."""


def header_line(name: str, value: str) -> bytes:
    """Raises ValueError for what is no header. Names are our own."""
    spelled = value.encode("latin-1")
    if _UNFIT.search(spelled):
        raise ValueError(f"the value of the header {name} holds a control character")
    return b"%s: %s\r\n" % (name.encode("ascii"), spelled)


class Exchange:
    """The connection feeds the request and looks at `lasting` and `answered`; everything else is for the application.

    `path` is as it was sent, percent-encoded; header names are lower case.
    """

    __slots__ = (
        "_arrived", "_chunks", "_continue", "_flow", "_more", "_size", "_transport", "_version", "answered", "client",
        "gone", "headers", "lasting", "method", "path", "query",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        flow: FlowControl,
        *,
        method: str,
        path: str,
        query: bytes,
        version: str,
        headers: Sequence[tuple[bytes, bytes]],
        client: tuple[str, int] | None,
        lasting: bool,
        expectant: bool,
    ) -> None:
        self._transport = transport
        self._flow = flow
        self.method = method
        self.path = path
        self.query = query
        self._version = version
        self.headers = headers
        self.client = client
        self.lasting = lasting  # the connection outlives this answer
        self._continue = expectant  # the client sends its body when it is told to
        self.gone = False
        self.answered = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._more = True
        self._arrived: asyncio.Future[None] | None = None

    # ── from the connection ──────────────────────────────────────────────────────────────────────────────────────────

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the body. When much waits to be read, the client has to wait as well."""
        if self.answered:
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > HIGH_WATER_LIMIT:
            self._flow.pause_reading()
        self._wake()

    def complete(self) -> None:
        self._more = False
        self._wake()

    def lose(self) -> None:
        self.gone = True
        self._wake()

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    # ── to the application ───────────────────────────────────────────────────────────────────────────────────────────

    async def piece(self) -> tuple[bytes, bool]:
        """What of the body has arrived since the last call, and whether there is more to come. Raises ClientGone."""
        if self._continue:
            self._continue = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._more and not self._chunks and not self.gone:
            self._flow.resume_reading()
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
            self._arrived = None
        if self.gone:
            raise ClientGone
        chunks, self._chunks, self._size = self._chunks, [], 0
        return chunks[0] if len(chunks) == 1 else b"".join(chunks), self._more

    async def answer(self, status: int, head: bytes, body: bytes, *, length: int | None = None) -> None:
        """A whole answer. `head` is header lines; `length` is said instead of the body's own, as for HEAD."""
        lines = [_STATUS_LINES[status], head]
        if status not in _WITHOUT_BODY:
            lines.append(b"content-length: %d\r\n" % (len(body) if length is None else length))
        await self._write(self._ended(lines), body if self._has_body(status) else b"")
        self._finish()

    async def stream(self, status: int, head: bytes, chunks: AsyncIterator[bytes], *, length: int | None) -> None:
        """An answer piece by piece, as fast as the client reads; `length` is its size, where that is known.

        Raises ValueError when the pieces make another size: the client must not take them for the whole.
        """
        lines = [_STATUS_LINES[status], head]
        chunked = False
        if length is not None:
            lines.append(b"content-length: %d\r\n" % length)
        elif self._version == "1.1":
            chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        else:
            self.lasting = False  # the end of the connection is the end of the answer
        before = self._ended(lines)
        sent = 0
        if self._has_body(status):
            async for chunk in chunks:
                if self.gone:
                    return
                sent += len(chunk)
                if length is not None and sent > length:
                    raise ValueError(f"an answer of {length} bytes goes on after its end")
                if chunk and chunked:
                    await self._write(before + b"%x\r\n" % len(chunk), chunk, b"\r\n")
                elif chunk:
                    await self._write(before, chunk)
                before = b"" if chunk else before
            if length is not None and sent < length:
                raise ValueError(f"an answer of {length} bytes ended after {sent}")
            before += b"0\r\n\r\n" if chunked else b""
        await self._write(before)
        self._finish()

    def _has_body(self, status: int) -> bool:
        return self.method != "HEAD" and status not in _WITHOUT_BODY

    def _ended(self, lines: list[bytes]) -> bytes:
        if not self.lasting:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        self._continue = False
        return b"".join(lines)

    async def _write(self, *pieces: bytes) -> None:
        if self._flow.write_paused:
            await self._flow.drain()
        if not self.gone:
            if sum(map(len, pieces)) <= _JOINED:
                self._transport.write(b"".join(pieces))
            else:
                self._transport.writelines(pieces)

    def _finish(self) -> None:
        self.answered = True
        self._chunks.clear()  # what else comes of the request is of no interest
