"""Markdown pages as programs: their `bash` and `python` blocks, run in order in one shell, on a server of their own.

Blocks of other kinds (`console`, `toml`, `nginx`) are shown to people and not run.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
_BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
warm: list[str] = []  # where such a `python` is
_ADDRESS = re.compile(r"http://(localhost|127\.0\.0\.1):5000")


def script_of(page: Path, *, port: int, only: str = "") -> str:
    """One shell script of the page's blocks (`only`: of the section with this heading), for a server on `port`."""
    text = page.read_text("utf-8")
    if only:
        [text] = re.findall(rf"^## {re.escape(only)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    parts = ["set -euo pipefail"]
    for kind, block in _BLOCK.findall(text):
        parts.append(block if kind == "bash" else f"python - <<'PYTHON'\n{block}PYTHON\n")
    assert len(parts) > 1, f"{page} has nothing to run"
    return _ADDRESS.sub(lambda found: f"http://{found[1]}:{port}", "\n".join(parts))


def environment(home: Path) -> dict[str, str]:
    """A newcomer's: an empty home, the checkout's commands first on the path, no settings.

    The first `python` on the path is one that has imported mlflow already (tests/warm_python.py).
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAKEWARD_", "MLFLOW_", "DATABRICKS_", "OPENAI_"))}
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet", "DATABRICKS_CONFIG_FILE": os.devnull}
    path = os.pathsep.join([*warm, str(BIN), os.environ["PATH"]])
    return {**kept, **quiet, "HOME": str(home), "PATH": path}


def run(script: str, home: Path, *, seconds: float = 240) -> str:
    done = subprocess.run(
        ["bash", "-c", script], cwd=home, env=environment(home), capture_output=True, text=True, timeout=seconds,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n--- ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def home_directory() -> Iterator[Path]:
    """Short, because the database's socket is in it."""
    home = Path(tempfile.mkdtemp(prefix="lakeward-home-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def server(home: Path, *flags: str, data: Path | None = None) -> Iterator[int]:
    """`lakeward up` as a newcomer starts it, with its data in this home; gives its port."""
    port = free_port()
    command = [str(BIN / "lakeward"), "up", "--port", str(port), *(["--data", str(data)] if data else []), *flags]
    log = home / "server.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(command, cwd=home, env=environment(home), stdout=sink, stderr=sink)
    try:
        wait_for_answer(process, port, log)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            raise
    assert status == 0, f"stopped with {status}:\n{log.read_text()}"


def wait_for_answer(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, f"ended with {process.returncode}:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"no answer:\n{log.read_text()}")
