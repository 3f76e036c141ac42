"""`lakeward up`: one process that starts everything, keeps it alive, and stops it in order.

Order of a start: the data directory's lock, the port, PostgreSQL and the migrations (while a thread imports the
application, which takes as long), then the forks. Invariants: before a fork this process has no thread and no event
loop, so a child starts from clean memory that it shares with its siblings; every child dies with this process, even by
kill -9, and so the next start finds nothing in its way.
"""

import contextlib
import functools
import gc
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import msgspec

from lakeward.kit.errors import LakewardError
from lakeward.runtime import telemetry
from lakeward.runtime.listen import FirstAnswer, Tally, listen, url_of
from lakeward.runtime.postgres import EmbeddedPostgres
from lakeward.runtime.processes import DirectoryLock, name_process
from lakeward.runtime.processes.children import Attempt, Backoff, Child, describe, reap_strangers
from lakeward.runtime.processes.lock import make_data_directory
from lakeward.runtime.processes.signals import Signals
from lakeward.runtime.reach import migrated
from lakeward.runtime.settings import SettingError, Settings, without_password

_DATABASE_PATIENCE = 30.0  # machines that start together: the database may come a little later
_FAILED_STARTS = 3
_KILL_AFTER_GRACE = 1.0
_SPARE_CONNECTIONS = 20  # the command line, psql, PostgreSQL's own

log = logging.getLogger("lakeward.supervisor")


class StartFailed(LakewardError):
    """A child ends before it ever answered, again and again."""


class NotAllowedToListen(LakewardError):
    """Open to the network, and nobody could be told from anybody."""


class Programs(Protocol):
    """What the children run; `lakeward.app` is one."""

    def serve_api(self, settings: Settings, sock: socket.socket, tally: Tally, number: int) -> None: ...
    def run_worker(self, settings: Settings) -> None: ...


@contextlib.contextmanager
def _imported(load: Callable[[], Programs]) -> Iterator["Future[Programs]"]:
    """`load` in a thread, which has ended when the block has.

    The interpreter changes between the two threads often meanwhile, as this one mostly waits.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        with ThreadPoolExecutor(1, "import") as pool:
            yield pool.submit(load)
    finally:
        sys.setswitchinterval(before)


class Supervisor:
    """`load` imports the programs; `has_credentials` says whether a caller could sign in; `announce` gets the URL;
    `check` raises, in a process of its own, if the object store of these settings cannot be opened.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        load: Callable[[], Programs],
        has_credentials: Callable[[Any], Awaitable[bool]],
        announce: Callable[[str], None],
        check: Callable[[Settings], None],
    ) -> None:
        self.settings = settings
        self._load = load
        self._has_credentials = has_credentials
        self._announce = announce
        self._check = check
        self._signals = Signals()
        self._lock: DirectoryLock | None = None
        self._socket: socket.socket | None = None
        self._postgres: EmbeddedPostgres | None = None
        self._postgres_backoff = Backoff()
        self._children: list[Child] = []
        self._answer: FirstAnswer | None = None
        self._ready = False
        self._held = contextlib.ExitStack()

    def run(self) -> None:
        """Until asked to stop. Raises LakewardError if it cannot start."""
        name_process("lakeward")
        with self._signals:
            try:
                self._start()
                while not self._signals.stopping():
                    self._step()
            finally:
                self._stop()

    # --- start

    def _start(self) -> None:
        settings = self.settings
        make_data_directory(settings.data)
        if settings.database_url is None:
            self._lock = DirectoryLock.take(settings.data)
        if settings.role != "worker":
            self._socket = listen(settings.host, settings.port)
        if settings.database_url is None:
            processes = settings.workers + 1
            # one more per process: the pool keeps a connection apart for key names
            connections = max(100, processes * (settings.db_pool_size + 1) + _SPARE_CONNECTIONS)
            self._postgres = EmbeddedPostgres(settings.data, connections=connections)
            self._postgres.begin()
            self._postgres_backoff.started()
        self._held.enter_context(telemetry.shared_metrics(settings.data / "metrics"))
        with _imported(self._load) as programs:
            if self._postgres is not None:  # from this thread: PostgreSQL dies with the one that starts it
                self._postgres.wait_ready(cancelled=self._signals.stopping)
                settings = msgspec.structs.replace(settings, database_url=self._postgres.dsn)
            if not self._signals.stopping():
                import asyncio  # noqa: PLC0415 - 50 ms that initdb need not wait for

                asyncio.run(self._prepare_database(settings))
        if self._signals.stopping():
            return
        if problem := Attempt(functools.partial(self._check, settings), self._signals).error():
            where = without_password(settings.objects_location)
            raise SettingError(f"objects_url: {where} cannot be used: {problem.splitlines()[0]}")
        self._fork_all(settings, programs.result())

    async def _prepare_database(self, settings: Settings) -> None:
        import asyncpg  # noqa: PLC0415 - PostgreSQL starts while this is imported

        from lakeward.runtime.crypto import Vault  # noqa: PLC0415 - the same

        assert settings.database_url is not None
        await migrated(settings.database_url, patience=_DATABASE_PATIENCE, cancelled=self._signals.stopping)
        if self._signals.stopping():
            return
        connection = await asyncpg.connect(settings.database_url)
        try:
            await Vault(settings.master_key_source).establish(connection)
            open_to_others = not settings.loopback and settings.role != "worker"
            if open_to_others and not await self._has_credentials(connection):
                raise NotAllowedToListen(
                    f"Listening on {settings.host} opens this server to the network, and nobody has an access token"
                    " yet. Make one with `lakeward token create`, or listen on 127.0.0.1."
                )
        finally:
            await connection.close()

    def _fork_all(self, settings: Settings, programs: Programs) -> None:
        if self._socket is not None:
            tally = Tally(settings.workers)
            for number in range(settings.workers):
                serve = functools.partial(programs.serve_api, settings, self._socket, tally, number)
                self._children.append(Child(f"api {number + 1}", "lakeward-api", serve))
        if settings.role != "api":
            work = functools.partial(programs.run_worker, settings)
            self._children.append(Child("worker", "lakeward-worker", work))
        gc.freeze()  # no collection writes into the pages that the children share
        gc.enable()
        gc.set_threshold(20_000, 20, 20)  # requests leave little in cycles
        for child in self._children:
            self._fork(child)
        if self._socket is None:
            self._now_ready("")

    def _fork(self, child: Child) -> None:
        assert threading.active_count() == 1, "a thread of this process would not exist in the child"
        child.start(self._signals, self._close_in_child)

    def _close_in_child(self) -> None:
        if self._lock is not None:
            self._lock.forget()
        if self._answer is not None:
            self._answer.close()

    # --- watch

    def _step(self) -> None:
        """Sleep until something happens or is due, then see to it."""
        if not self._ready and self._answer is None and self._socket is not None:
            self._answer = FirstAnswer(url_of(*self._socket.getsockname()[:2]))
        readable = self._signals.wait(self._seconds_until_due(), [self._answer] if self._answer else [])
        if self._answer is not None and self._answer in readable:
            answered = self._answer.answered()
            self._answer.close()
            self._answer = None
            if answered and self._socket is not None:
                self._now_ready(url_of(*self._socket.getsockname()[:2]))
        if self._signals.stopping():
            return
        self._see_to_children()
        self._see_to_postgres()
        reap_strangers(self._known_pids())

    def _now_ready(self, url: str) -> None:
        self._ready = True
        self._announce(url)

    def _see_to_children(self) -> None:
        for child in self._children:
            status = child.reap()
            if status is not None:
                log.warning("%s %s; starting it again", child.name, describe(status))
                if not self._ready and child.backoff.deaths >= _FAILED_STARTS:
                    raise StartFailed(f"The {child.name} process {describe(status)} {_FAILED_STARTS} times; see above.")
            if child.pid is None and time.monotonic() >= child.backoff.due:
                self._fork(child)

    def _see_to_postgres(self) -> None:
        """PostgreSQL heals itself when it starts; requests meanwhile get a retryable error."""
        if self._postgres is None:
            return
        status = self._postgres.poll()
        if status is not None:
            log.warning("PostgreSQL ended (%s); starting it again", status)
            self._postgres.forget()
            self._postgres_backoff.ended()
        if self._postgres.pid is None and time.monotonic() >= self._postgres_backoff.due:
            try:
                self._postgres.begin()
            except (LakewardError, OSError):
                log.exception("PostgreSQL cannot be started; trying again")
                self._postgres_backoff.ended()
            else:
                self._postgres_backoff.started()

    def _seconds_until_due(self) -> float | None:
        due = [child.backoff.due for child in self._children if child.pid is None]
        if self._postgres is not None and self._postgres.pid is None:
            due.append(self._postgres_backoff.due)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _known_pids(self) -> set[int]:
        pids = {child.pid for child in self._children if child.pid is not None}
        return pids | ({self._postgres.pid} if self._postgres and self._postgres.pid else set())

    # --- stop

    def _stop(self) -> None:
        """Requests first, then the database. A second request to stop skips the waiting."""
        if self._answer is not None:
            self._answer.close()
        if self._socket is not None:
            self._socket.close()  # the children close theirs when they are told to stop
        if any(child.pid for child in self._children):
            self._drain()
        if self._postgres is not None:
            self._postgres.stop(hurry=self._signals.forced)
        if self._lock is not None:
            self._lock.release()
        self._held.close()

    def _drain(self) -> None:
        for child in self._children:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + self.settings.shutdown_grace + _KILL_AFTER_GRACE
        while self._reap_for_good() and not self._signals.forced():
            left = deadline - time.monotonic()
            if left <= 0:
                log.warning("requests still run after %g s; ending them", self.settings.shutdown_grace)
                break
            self._signals.wait(left)
        while self._reap_for_good():
            for child in self._children:
                child.send(signal.SIGKILL)
            self._signals.wait(0.1)

    def _reap_for_good(self) -> bool:
        """True while a child lives."""
        for child in self._children:
            child.reap()
        return any(child.pid is not None for child in self._children)
