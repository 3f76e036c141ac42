"""How the API processes share the port: each takes connections while it holds no more than its siblings.

A new connection wakes all of them, and whoever runs first would take it: mostly the one that is awake already, because
it works. Clients keep their connections, so one process could come to hold them all while the others idle. Therefore
each publishes how many it holds, in memory that all share, and one that holds more than another steps aside for a
moment.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from lakeward.runtime.listen import Tally

_ASIDE_SECONDS = 0.001  # an idle sibling wakes within; whoever then comes first takes what still waits
_EXHAUSTED_SECONDS = 1.0  # connections wait in the kernel until descriptors or memory are free again
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_SLACK = 8  # an eighth more than the least is fair enough, and lets a crowd in quickly

log = logging.getLogger("lakeward.http")


class Server(uvicorn.Server):
    """uvicorn on the shared socket; process `number` (from 0) of those that share the tally."""

    def __init__(self, config: uvicorn.Config, tally: Tally, number: int) -> None:
        super().__init__(config)
        self._tally = tally
        self._number = number

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self.server_state.connections = held = _Held(self._publish)
        for sock in sockets or []:
            acceptor: Any = _Acceptor(sock, self._protocol, lambda: self._may_take(len(held)))
            self.servers.append(acceptor)  # uvicorn asks it to close, and waits until it has
        self._publish(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.started = False
        self._tally.absent(self._number)
        await super().shutdown(sockets)

    def _publish(self, count: int) -> None:
        if self.started:
            self._tally.publish(self._number, count)

    def _may_take(self, held: int) -> bool:
        return held <= self._tally.least() + held // _SLACK

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state
        )
        return made


class _Held(set[Any]):
    """uvicorn's set of this process's connections, which tells its size when it changes."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__()
        self._tell = tell

    def add(self, connection: Any) -> None:
        super().add(connection)
        self._tell(len(self))

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self._tell(len(self))


class _Acceptor:
    """Takes connections one by one, at once while it may, else a moment later if nobody else has."""

    def __init__(self, sock: socket.socket, protocol: Callable[[], asyncio.Protocol], may: Callable[[], bool]) -> None:
        self._sock = sock
        self._protocol = protocol
        self._may = may
        self._loop = asyncio.get_running_loop()
        self._aside: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[None]] = set()
        sock.setblocking(False)
        self._watch()

    def close(self) -> None:
        if self._aside is not None:
            self._aside.cancel()
        else:
            self._loop.remove_reader(self._sock)

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _watch(self) -> None:
        self._aside = None
        self._loop.add_reader(self._sock, self._readable)

    def _step_aside(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._sock)
        self._aside = self._loop.call_later(seconds, then)

    def _readable(self) -> None:
        if self._may():
            self._accept()
        else:
            self._step_aside(_ASIDE_SECONDS, self._after_all)

    def _after_all(self) -> None:
        self._watch()
        self._accept()

    def _accept(self) -> None:
        try:
            sock, _ = self._sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # a sibling was faster, or the client has gone
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            log.warning("no connection can be taken: %s", error.strerror)
            self._step_aside(_EXHAUSTED_SECONDS, self._watch)
            return
        task = self._loop.create_task(self._open(sock))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(self._protocol, sock)
        except OSError:  # the client has gone
            sock.close()
