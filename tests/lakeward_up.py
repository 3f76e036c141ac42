"""`lakeward up` as its user runs it, and the processes it is made of."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

START_SECONDS = 60.0


class Up:
    """A running `lakeward up`."""

    def __init__(self, data: Path, *words: str, **environment: str) -> None:
        self.data = data
        self.errors = data.parent / f"{data.name}.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAKEWARD_")}
        with self.errors.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lakeward", "up", "--data", str(data), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=kept | environment,
                start_new_session=True,
            )
        self.line = ""
        self.url = ""
        # A connection for each request, as processes come and go, but not a TLS context for each.
        once = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(verify=False, trust_env=False, limits=once, timeout=20)

    def ready(self) -> "Up":
        self.line = self.process.stdout.readline()
        found = re.fullmatch(r"Lakeward is ready at (http://\S+)\n", self.line)
        assert found, f"{self.line!r} {self.errors.read_text()[-3000:]}"
        self.url = found[1]
        return self

    def get(self, path: str) -> httpx.Response:
        return self.http.get(self.url + path)

    def post(self, path: str, **body: object) -> httpx.Response:
        return self.http.post(f"{self.url}/api/2.0/mlflow/{path}", json=body)

    def children(self, name: str) -> list[int]:
        """Living direct children with this name."""
        return [pid for pid in children_of(self.process.pid) if name_of(pid) == name]

    def stop(self, seconds: float = 60) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.http.close()


def stat_of(pid: int) -> tuple[str, str, int]:
    """(name, state, parent) of a process."""
    head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    state, parent = tail.split()[:2]
    return head.partition("(")[2], state, int(parent)


def name_of(pid: int) -> str:
    try:
        return stat_of(pid)[0]
    except OSError:
        return ""


def alive(pid: int) -> bool:
    try:
        return stat_of(pid)[1] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if not entry.name.isdigit():
                continue
            _, state, parent = stat_of(int(entry.name))
            if parent == pid and state != "Z":
                found.append(int(entry.name))
    return sorted(found)


def wait_until(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@contextlib.contextmanager
def running(data: Path, *words: str, **environment: str) -> Iterator[Up]:
    up = Up(data, *words, **environment)
    try:
        yield up.ready()
    finally:
        up.stop()
