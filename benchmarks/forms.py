"""The servers that are compared: how each is started on a fresh directory, when it first answers, how it is stopped."""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import environments, processes
from benchmarks.postgres import Postgres

HOST = "127.0.0.1"
START_SECONDS = 300
STOP_SECONDS = 30
FIRST_QUESTION = b'{"max_results": 1}'  # experiments/search: an answer that needs the database


@dataclass(frozen=True)
class Form:
    """One server in one of its usual shapes. `command` gets the directory, the port and the database's URL."""

    key: str
    title: str
    command: Callable[[Path, int, str], list[str]]
    environment: Callable[[], Path]
    needs_postgres: bool = False
    durability: str = ""

    @property
    def is_reference(self) -> bool:
        return self.key != "lakeward"


def _mlflow(environment: str, *, postgres: bool = False) -> Callable[[Path, int, str], list[str]]:
    def command(_directory: Path, port: int, url: str) -> list[str]:
        program = str(environments.reference(environment) / "bin" / "mlflow")
        store = ["--backend-store-uri", url] if postgres else []
        return [program, "server", "--host", HOST, "--port", str(port), *store]

    return command


def _lakeward(directory: Path, port: int, _url: str) -> list[str]:
    data = str(directory / "data")
    return [sys.executable, "-m", "lakeward", "up", "--data", data, "--host", HOST, "--port", str(port)]


FORMS = (
    Form(
        "mlflow",
        "MLflow, default",
        _mlflow("bench-mlflow"),
        lambda: environments.reference("bench-mlflow"),
        durability="sqlite as it comes: rollback journal, synchronous = FULL; artifacts not synced",
    ),
    Form(
        "mlflow-fast",
        "MLflow, uvloop + httptools",
        _mlflow("bench-mlflow-fast"),
        lambda: environments.reference("bench-mlflow-fast"),
        durability="sqlite as it comes: rollback journal, synchronous = FULL; artifacts not synced",
    ),
    Form(
        "mlflow-postgres",
        "MLflow, PostgreSQL",
        _mlflow("bench-mlflow-fast", postgres=True),
        lambda: environments.reference("bench-mlflow-fast"),
        needs_postgres=True,
        durability="PostgreSQL as it comes: fsync = on, synchronous_commit = on; artifacts not synced",
    ),
    Form(
        "lakeward",
        "Lakeward",
        _lakeward,
        lambda: Path(sys.prefix),
        durability="as `lakeward up` comes: every write is answered after a durable commit in its PostgreSQL",
    ),
)


class Server:
    """A running form. `first_answer_seconds` is from the start of the command to the first useful answer."""

    def __init__(self, form: Form, directory: Path, port: int, *, kept: bool = False) -> None:
        """On a fresh directory, or on what another one left in it (`kept`)."""
        self.form = form
        self.port = port
        self.directory = directory
        self.first_answer_seconds = 0.0
        self.first_answer_cpu = processes.Cpu(0, 0)
        self._postgres: Postgres | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if form.needs_postgres:
            self._postgres = Postgres(directory / "postgres")
        if kept:
            if self._postgres is not None:
                self._postgres.start()
            return
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        if self._postgres is not None:
            self._postgres.create()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def database_url(self) -> str | None:
        """Of the PostgreSQL that the form is given, if it is given one."""
        return self._postgres.url if self._postgres else None

    def start(self) -> None:
        """Start and wait for the first answer. A PostgreSQL that the form is given runs before the clock does."""
        form, url = self.form, self.database_url or ""
        command = form.command(self.directory, self.port, url)
        cpu = processes.cpu()
        started = time.perf_counter()
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.directory, env=environment(), stdout=log, stderr=log)
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - started > START_SECONDS:
                raise RuntimeError(f"{form.title} did not start:\n{self.log_tail()}")
            time.sleep(0.01)
        self.first_answer_seconds = time.perf_counter() - started
        self.first_answer_cpu = processes.cpu() - cpu

    def stop(self, *, database: bool = True) -> None:
        """Stop by SIGTERM; whatever outlives it is killed. `database` false leaves a PostgreSQL given to it running."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
            self._process = None
        given = self._postgres.pids if self._postgres is not None else frozenset()
        if not processes.wait_until_gone(3, without=given):
            processes.kill_tree(without=given)
        if self._postgres is not None and database:
            self._postgres.stop()

    def erase(self) -> None:
        """Remove what it wrote, and let the disk finish, so that the next one starts on a quiet machine."""
        shutil.rmtree(self.directory, ignore_errors=True)
        os.sync()

    def log_tail(self) -> str:
        log = self.directory / "server.log"
        return log.read_text(errors="replace")[-4000:] if log.exists() else ""

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=START_SECONDS)
        headers = {"Content-Type": "application/json"}
        try:
            connection.request("POST", "/api/2.0/mlflow/experiments/search", FIRST_QUESTION, headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def environment() -> dict[str, str]:
    """The caller's environment without what would configure a server behind our back."""
    ours = ("MLFLOW_", "LAKEWARD_", "DATABRICKS_", "PG", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    # On a busy machine uvicorn takes the reference's workers, which import for seconds, for dead, and never gets up.
    kept["UVICORN_TIMEOUT_WORKER_HEALTHCHECK"] = "60"
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "NO_COLOR": "1"}
