"""A PostgreSQL that is not Lakeward's: over TCP, with a password, started and killed by the test."""

import asyncio
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import asyncpg

from lakeward.runtime import postgres_config
from lakeward.runtime.postgres import EmbeddedPostgres, dsn

PASSWORD = "open-sesame"


class ExternalPostgres:
    """Made by the embedded one's means, then run on its own: no process of Lakeward is above or around it."""

    def __init__(self, directory: Path) -> None:
        self._embedded = EmbeddedPostgres(directory)
        self.log = directory / "external.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = ""
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen | None = None

    def make(self) -> "ExternalPostgres":
        self._embedded.start()
        admin = dsn(self._embedded.socket_directory, user=postgres_config.SUPERUSER, database="template1")
        asyncio.run(self._prepare(admin))
        self._embedded.stop()
        self.url = self._url("team")
        access = self._embedded.directory / "pg_hba.conf"
        access.write_text(access.read_text() + "host all all 127.0.0.1/32 scram-sha-256\n")
        self.start()
        return self

    def _url(self, database: str) -> str:
        return f"postgresql://team:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def use_new_database(self) -> None:
        """`url` and `rows` mean an empty database from now on."""
        name = f"team_{next(self._numbers)}"
        self.url = self._url("team")
        self.rows(f"CREATE DATABASE {name}")
        self.url = self._url(name)

    async def _prepare(self, admin: str) -> None:
        connection = await asyncpg.connect(admin)
        try:
            await connection.execute(f"CREATE ROLE team LOGIN CREATEDB PASSWORD '{PASSWORD}'")
            await connection.execute("CREATE DATABASE team OWNER team")
        finally:
            await connection.close()

    def start(self) -> None:
        directory = self._embedded.directory
        program = shutil.which("postgres", path=self._embedded._bin)
        words = [f"--port={self.port}", "--listen_addresses=127.0.0.1", "--unix_socket_directories="]
        as_account = self._embedded._account.command(reach=[Path(program), directory], death_signal="INT")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*as_account, program, "-D", str(directory), *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while not self.answers():
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            self.rows("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        async def fetch() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url, timeout=10)
            try:
                return await connection.fetch(statement, *values)
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def kill(self) -> None:
        """As a crash of its machine: the postmaster and all below it at once."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        (self._embedded.directory / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
