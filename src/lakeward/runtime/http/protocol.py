"""The HTTP/1.1 protocol of the server: uvicorn's, with request bodies handed over as they came from the socket.

uvicorn gathers body bytes in a bytearray and copies that for each `receive`: two copies more than needed, which cost
0.9 s of CPU for a 600 MB upload; this costs 0.35 s (two cores, loopback, nothing done with the bytes).
"""

from typing import Any, Self

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http.render import render


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


class Protocol(HttpToolsProtocol):
    """One connection. `uvicorn.Config(http=Protocol)`."""

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the dialect of every other error."""
        status, headers, body = render(InvalidParameter(msg.rstrip(".") + "."), request_id="")
        head = [f"HTTP/1.1 {status} Bad Request", *(f"{name}: {value}" for name, value in headers.items())]
        head += [f"content-length: {len(body)}", "x-content-type-options: nosniff", "connection: close"]
        self.transport.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)
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
