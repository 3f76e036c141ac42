"""SIGTERM lets what is under way end: a slow upload, a slow download, a write that waits."""

import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from lakeward_up import Up, running, wait_until

WORDS = ("--port", "0", "--workers", "2", "--shutdown-grace", "20")


@pytest.fixture
def up(tmp_path: Path):
    with running(tmp_path / "data", *WORDS) as started:
        yield started


def place_of(up: Up, name: str) -> str:
    run = up.post("runs/create", experiment_id="0").json()["run"]["info"]["run_id"]
    return f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/{name}"


def refuses(up: Up) -> bool:
    host, _, port = up.url.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return True
    return False


def test_a_slow_upload(up: Up, tmp_path: Path) -> None:
    """Told to stop in the middle of ten pieces: all ten arrive, the file is there at the next start."""
    place, told = place_of(up, "slow.bin"), threading.Event()
    pieces = [bytes([number]) * 100_000 for number in range(10)]

    def slowly():
        for number, piece in enumerate(pieces):
            yield piece
            if number == 3:
                told.set()
            time.sleep(0.2)

    answers: list[httpx.Response] = []
    uploading = threading.Thread(target=lambda: answers.append(httpx.put(up.url + place, content=slowly(), timeout=60)))
    uploading.start()
    assert told.wait(20)
    up.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(up))
    assert uploading.is_alive(), "the upload goes on while nobody new is let in"
    uploading.join(30)
    assert up.process.wait(30) == 0
    assert [answer.status_code for answer in answers] == [200]
    with running(tmp_path / "data", *WORDS) as again:
        assert again.get(place).content == b"".join(pieces)


def test_a_slow_download(up: Up) -> None:
    place = place_of(up, "large.bin")
    content = bytes(range(256)) * 80_000
    assert httpx.put(up.url + place, content=content, timeout=60).status_code == 200
    received = bytearray()
    with httpx.stream("GET", up.url + place, timeout=60) as answer:
        pieces = answer.iter_bytes(1 << 20)
        received += next(pieces)
        up.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(up))
        for piece in pieces:
            received += piece
            time.sleep(0.05)
    assert bytes(received) == content
    assert up.process.wait(30) == 0


def test_an_upload_that_never_ends_is_cut(tmp_path: Path) -> None:
    """Patience is bounded: after the grace the server goes, and half a file is no file."""
    with running(tmp_path / "data", "--port", "0", "--workers", "1", "--shutdown-grace", "2") as up:
        place = place_of(up, "endless.bin")
        host, _, port = up.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port))) as endless:
            head = f"PUT {place} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 1000000\r\n\r\n"
            endless.sendall(head.encode() + b"x" * 1000)
            time.sleep(0.5)
            started = time.monotonic()
            up.process.send_signal(signal.SIGTERM)
            assert up.process.wait(30) == 0
            assert 1 < time.monotonic() - started < 15
    with running(tmp_path / "data", "--port", "0", "--workers", "1") as again:
        assert again.get(place).status_code == 404
