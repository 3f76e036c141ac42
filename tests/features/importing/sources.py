"""Real MLflow servers to import from, filled by their own clients, and what stands between them and an import."""

import contextlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[3]
FILL = Path(__file__).with_name("fill.py")
START_SECONDS = 120.0


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAKEWARD_", "MLFLOW_", "DATABRICKS_", "PYTHON"))}
    return kept | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def python_222() -> Path:
    """The environment of the older client's suite, which has the older server too."""
    subprocess.run([ROOT / "scripts" / "client-venv", "222"], check=True, capture_output=True, timeout=280)
    return ROOT / ".venv-mlflow222" / "bin" / "python"


@dataclass
class Mlflow:
    """A running MLflow server. `made` is what filled it."""

    url: str
    python: Path
    command: list[str]
    directory: Path
    made: dict[str, Any] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command, cwd=self.directory, env=environment(), stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.url):
            assert self._process.poll() is None, (self.directory / "server.log").read_text()[-3000:]
            assert time.monotonic() < deadline, "MLflow did not start"
            time.sleep(0.1)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()

    def fill(self, *words: str) -> None:
        done = subprocess.run(
            [self.python, FILL, self.url, *words],
            env=environment(), capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        self.made = json.loads(done.stdout.strip().splitlines()[-1])

    def post(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.url}/api/2.0/mlflow/{path}", json=body, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **params: Any) -> Any:
        answer = httpx.get(f"{self.url}/api/2.0/mlflow/{path}", params=params, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def mlflow(python: Path, directory: Path) -> Iterator[Mlflow]:
    """A server with the artifact proxy, as it comes: on sqlite, and the older one on files, as it once came."""
    directory.mkdir(parents=True)
    store = directory / "store" if ".venv-mlflow222" in str(python) else f"sqlite:///{directory}/mlflow.db"
    port = free_port()
    command = [
        str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", str(store), "--artifacts-destination", str(directory / "files"),
    ]  # fmt: skip
    started = Mlflow(f"http://127.0.0.1:{port}", python, command, directory)
    try:
        started.start()
        yield started
    finally:
        started.stop()


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).status_code == 200
    return False


class Between:
    """A proxy before a source, which passes `room` requests and then is gone; every `broken`th answer is cut off.

    Addresses with one of `missing` in them are answered as by a server that cannot reach its bucket.
    """

    def __init__(
        self, target: str, *, room: int = 10**9, broken: int = 0, login: str = "", missing: tuple[str, ...] = ()
    ) -> None:
        self.target, self.room, self.broken, self.login, self.missing = target, room, broken, login, missing
        self.seen = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                outer.serve(self)

            def do_POST(self) -> None:
                outer.serve(self)

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # connections are cut on purpose

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._http = httpx.Client(timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.seen += 1
            number = self.seen
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        if number > self.room:
            handler.close_connection = True
            handler.connection.close()
            return
        if self.login and handler.headers.get("authorization") != self.login:
            self._answer(handler, 401, b"You are not authenticated.", len(b"You are not authenticated."))
            return
        if any(each in handler.path for each in self.missing):
            self._answer(handler, 500, b'{"message": "no credentials"}', 29)
            return
        kept = {"content-type": handler.headers.get("content-type") or "application/json"}
        answer = self._http.request(handler.command, self.target + handler.path, content=body, headers=kept)
        cut = self.broken and number % self.broken == 0
        if cut and number % (2 * self.broken) == 0:
            self._answer(handler, 503, b"busy", 4)
            return
        sent = answer.content[: len(answer.content) // 2] if cut else answer.content
        self._answer(handler, answer.status_code, sent, len(answer.content))
        if cut:
            handler.close_connection = True

    @staticmethod
    def _answer(handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes, length: int) -> None:
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(length))
        handler.end_headers()
        handler.wfile.write(body)


PYTHON_317 = Path(sys.executable)
