"""The HTTP/1.1 protocol of the server: uvicorn's, with bounded heads, bodies as they came, and fewer writes.

uvicorn gathers body bytes in a bytearray and copies that for each `receive`: two copies more than needed, which cost
0.9 s of CPU for a 600 MB upload; this costs 0.35 s (two cores, loopback, nothing done with the bytes).
"""

import asyncio
from typing import Any, Final, Self, cast

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http.render import render
from lakeward.runtime.http.reply import SECURITY_HEADERS

MAX_HEAD: Final = 64 << 10  # bytes of request line and headers that are collected before the request is refused
_JOIN: Final = 64 << 10  # a first piece that is larger is not worth copying


class _Chunks:
    """Stands where uvicorn expects a bytearray: it is grown, measured and turned into bytes."""

    __slots__ = ("_chunks", "_size")

    def __init__(self, chunk: bytes) -> None:
        self._chunks = [chunk]
        self._size = len(chunk)

    def __iadd__(self, chunk: bytes) -> Self:
        self._chunks.append(chunk)
        self._size += len(chunk)
        return self

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)


class _Joining:
    """A transport that sends the head of an answer together with the first bytes of its body.

    uvicorn writes them one by one, which is a system call more here and a wake-up more at the client.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.is_closing = transport.is_closing  # asked for in every answer, where `__getattr__` would be slow
        self._head = b""
        self.begins = True  # the next bytes begin an answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self.begins and data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 100 "):
            self._head, self.begins = data, False
        elif self._head and len(data) <= _JOIN:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        else:
            self.flush()
            self._transport.write(data)

    def flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        self.flush()
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """One connection. `uvicorn.Config(http=Protocol)`."""

    _head_bytes: int | None = None  # of the head that is arriving

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own type
        super().connection_made(transport)
        self._joining = _Joining(transport)
        self.transport = cast("asyncio.Transport", self._joining)

    def on_response_complete(self) -> None:
        self._joining.flush()  # an answer to HEAD has no body
        self._joining.begins = True
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD and not self.transport.is_closing():
                self._refuse("431 Request Header Fields Too Large", f"The headers exceed {MAX_HEAD} bytes.")

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse("400 Bad Request", msg.rstrip(".") + ".")

    def _refuse(self, status: str, message: str) -> None:
        """What is no HTTP, or too much of it, is refused in the dialect of every other error."""
        reply = render(InvalidParameter(message), request_id="")
        assert isinstance(reply.body, bytes)
        headers = reply.headers | SECURITY_HEADERS
        head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
        head += [f"content-length: {len(reply.body)}", "connection: close"]
        self.transport.write("\r\n".join([*head, "", ""]).encode("latin-1") + reply.body)
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        cycle: Any = self.cycle
        if not cycle.response_complete and not cycle.body and not self.parser.should_upgrade():
            cycle.body = _Chunks(body)
            if len(body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()
        else:
            super().on_body(body)
