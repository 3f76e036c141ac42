"""The server under test: started once per session as the user would start it, or already running at a URL."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

START_SECONDS = 90
STOP_SECONDS = 30


@dataclass(frozen=True)
class Server:
    url: str
    token: str
    reference: bool = False  # MLflow's own server, to prove the expectations
    data: Path | None = None  # of a server that was started here

    def make_token(self, name: str, *options: str) -> str:
        """A token of another principal, who is made if need be."""
        if self.data is None:
            raise RuntimeError("tokens of others are made on a server of our own: unset LAKEWARD_TEST_URL")
        return make_token(self.data, server_environment(self.data.parent), name, *options)

    def request(self, method: str, path: str, **kwargs) -> requests.Response:
        """A plain HTTP call without credentials, like curl on the same machine."""
        return requests.request(method, self.url + path, timeout=60, **kwargs)

    def get(self, path: str, **params) -> requests.Response:
        return self.request("GET", path, params=params)

    def post(self, path: str, body: object = None, **kwargs) -> requests.Response:
        return self.request("POST", path, json={} if body is None else body, **kwargs)


def command() -> list[str]:
    if given := os.environ.get("LAKEWARD_COMMAND"):
        return shlex.split(given)
    beside = Path(sys.executable).with_name("lakeward")
    checkout = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "lakeward"
    for candidate in (beside, checkout):
        if candidate.exists():
            return [str(candidate)]
    found = shutil.which("lakeward")
    if found is None:
        raise FileNotFoundError("no `lakeward` to start: set LAKEWARD_COMMAND or LAKEWARD_TEST_URL")
    return [found]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def server_environment(home: Path) -> dict[str, str]:
    """The server sees none of the client's settings and no settings of the developer."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAKEWARD_", "MLFLOW_", "DATABRICKS_"))}
    return kept | {"HOME": str(home)}


def wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):  # a busy machine starts slowly
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        time.sleep(0.05)
    raise TimeoutError(f"no answer from {url}/health in {START_SECONDS} s:\n{log.read_text()[-4000:]}")


def make_token(data: Path, environment: dict[str, str], *who: str) -> str:
    """A personal access token, made by the command an administrator would use."""
    made = subprocess.run(
        [*command(), "token", "create", *(who or ("client-suite", "--admin")), "--data", str(data)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if made.returncode != 0:
        raise RuntimeError(f"`lakeward token create` failed: {made.stdout}{made.stderr}")
    return made.stdout.strip()


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Server]:
    if url := os.environ.get("LAKEWARD_TEST_URL"):
        reference = os.environ.get("LAKEWARD_TEST_REFERENCE") == "1"
        yield Server(url.rstrip("/"), os.environ.get("LAKEWARD_TEST_TOKEN", "unused"), reference)
        return

    data, log, port = directory / "data", directory / "server.log", free_port()
    environment = server_environment(directory)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command(), "up", "--data", str(data), "--port", str(port)],
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(url, process, log)
        yield Server(url, make_token(data, environment), data=data)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
