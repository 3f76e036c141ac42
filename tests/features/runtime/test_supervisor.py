"""`lakeward up` as its user runs it: started, hurt in every part, stopped."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from lakeward.runtime.processes.children import Backoff
from lakeward.runtime.processes.signals import Signals
from lakeward_up import START_SECONDS, Up, alive, children_of, running, wait_until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("up") / "data", "--port", "0", "--workers", "2") as started:
        yield started


def eventually_well(up: Up, seconds: float = 30.0) -> None:
    def well() -> bool:
        try:
            return up.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(well, seconds)


def test_it_answers_and_runs_what_it_should(up):
    assert up.get("/health").status_code == 200
    assert len(up.children("lakeward-api")) == 2
    assert len(up.children("lakeward-worker")) == 1
    assert len(up.children("postgres")) == 1
    wait_until(lambda: up.get("/api/2.0/lakeward/system").json()["workers"] != [], 15)
    [worker] = up.get("/api/2.0/lakeward/system").json()["workers"]
    assert [worker["pid"]] == up.children("lakeward-worker")
    assert set(worker["waiting"]) == {"webhook_deliveries", "audit_events", "trace_rollups", "runs_to_erase"}


def test_the_parent_has_one_thread(up):
    """More would not exist in the children, with whatever locks they held."""
    assert len(list(Path(f"/proc/{up.process.pid}/task").iterdir())) == 1


def test_the_whole_tree_is_small(up):
    def tree(pid: int) -> list[int]:
        return [pid, *(below for child in children_of(pid) for below in tree(child))]

    kilobytes = 0
    for pid in tree(up.process.pid):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            kilobytes += int(re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)[1])
    assert 0 < kilobytes < 250_000


@pytest.mark.parametrize("name", ["lakeward-api", "lakeward-worker", "postgres"])
def test_what_is_killed_comes_back(up, name):
    made = up.post("experiments/create", name=f"before the death of {name}")
    before = up.children(name)
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(up.children(name)) == len(before) and before[0] not in up.children(name))
    eventually_well(up)
    experiment = made.json()["experiment_id"]
    wait_until(lambda: up.get(f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}").status_code == 200)


def test_connections_are_shared_evenly(up):
    """One by one, while the process that answered last is the one that is awake; and after one of them died."""
    assert mostly(3, lambda: least_held(up, 8))
    os.kill(up.children("lakeward-api")[0], signal.SIGKILL)
    eventually_well(up)
    assert mostly(3, lambda: least_held(up, 8))


def least_held(up: Up, count: int) -> int:
    """Of some connections that are opened one after the other, and kept: how many the process has that has fewer."""
    with contextlib.ExitStack() as kept:
        answers = [
            kept.enter_context(httpx.Client(base_url=up.url, verify=False, trust_env=False)).get("/version")
            for _ in range(count)
        ]
        pids = Counter(answer.headers["x-request-id"].partition("-")[0] for answer in answers)
        return min(pids.values()) if len(pids) == 2 else 0


def mostly(least: int, measure: Callable[[], int]) -> bool:
    """In the median of some tries: on a busy machine a process may not wake in time."""
    return sorted(measure() for _ in range(9))[4] >= least


def test_a_crowd_is_let_in(up):
    """Many at once, each for one short request: nobody waits for a sibling that is busy too."""
    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda _: up.get("/version").status_code, range(400)))
    assert statuses == [200] * 400


def test_a_second_one_on_the_same_data_is_refused_with_the_pid(up):
    second = Up(up.data, "--port", "0")
    assert second.process.wait(30) == 4
    second.stop()
    assert f"pid {up.process.pid}" in up.errors.read_text()
    assert up.get("/health").status_code == 200


def test_a_taken_port_is_a_clear_error(up, tmp_path):
    port = up.url.rpartition(":")[2]
    second = Up(tmp_path / "data", "--port", port)
    assert second.process.wait(30) == 4
    assert f"Port {port} on 127.0.0.1 is taken" in second.errors.read_text()
    assert not (tmp_path / "data" / "postgres").exists()
    second.stop()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--objects-url", "/proc/nowhere"], "/proc/nowhere"),
        (["--objects-url", "s3://bucket", "--objects", "colour=red"], "colour"),
    ],
)
def test_an_object_store_that_cannot_be_opened_is_a_setting_error(tmp_path, words, said):
    failed = Up(tmp_path / "data", "--port", "0", *words)
    assert failed.process.wait(START_SECONDS) == 2
    assert re.search(rf"^Error: objects_url: .*{said}", failed.errors.read_text(), re.MULTILINE)
    assert "Traceback" not in failed.errors.read_text()
    failed.stop()


def test_open_to_the_network_needs_a_token(tmp_path):
    data = tmp_path / "data"
    refused = Up(data, "--port", "0", "--host", "0.0.0.0")
    assert refused.process.wait(START_SECONDS) == 1
    assert "lakeward token create" in refused.errors.read_text()
    refused.stop()
    made = subprocess.run(
        [sys.executable, "-m", "lakeward", "token", "create", "--data", str(data)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    with running(data, "--port", "0", "--host", "0.0.0.0") as up:
        token = {"authorization": f"Bearer {made.stdout.strip()}"}
        search = f"{up.url}/api/2.0/mlflow/experiments/search?max_results=5"
        assert httpx.get(search, headers=token).status_code == 200
        assert httpx.get(search, headers={"authorization": "Bearer lkw_wrong"}).status_code == 401


def test_term_lets_a_running_request_finish(tmp_path):
    with running(tmp_path / "data", "--port", "0", "--workers", "1") as up:
        host, _, port = up.url.removeprefix("http://").rpartition(":")
        body = json.dumps({"name": "slow"}).encode()
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(
                b"POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: %b:%b\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (host.encode(), port.encode(), len(body), body[:5])
            )
            time.sleep(0.5)
            up.process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(host, int(port)))
            slow.sendall(body[5:])
            slow.settimeout(20)
            assert slow.recv(4096).startswith(b"HTTP/1.1 200")
        assert up.process.wait(30) == 0


def refuses(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return True
    return False


def test_a_second_signal_does_not_wait(tmp_path):
    with running(tmp_path / "data", "--port", "0", "--workers", "1", "--shutdown-grace", "600") as up:
        host, _, port = up.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port))) as hanging:
            head = b"POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n"
            hanging.sendall(head + b"{")
            time.sleep(0.5)
            up.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert up.process.poll() is None
            up.process.send_signal(signal.SIGINT)
            assert up.process.wait(20) == 0
    with running(tmp_path / "data", "--port", "0") as again:
        assert again.get("/health").status_code == 200


def test_kill_9_of_the_supervisor_leaves_nothing_in_the_way(tmp_path):
    data = tmp_path / "data"
    with running(data, "--port", "0") as first:
        made = first.post("experiments/create", name="kept").json()["experiment_id"]
        port = first.url.rpartition(":")[2]
        below = [pid for name in ("lakeward-api", "lakeward-worker", "postgres") for pid in first.children(name)]
        first.process.kill()
        first.process.wait()
        with running(data, "--port", port) as second:
            assert not any(alive(pid) for pid in below)
            assert second.get(f"/api/2.0/mlflow/experiments/get?experiment_id={made}").status_code == 200


def test_killed_at_any_moment_of_its_first_start(tmp_path):
    data = tmp_path / "data"
    for after in (0.2, 0.5, 0.9, 1.4, 2.0):
        hurt = Up(data, "--port", "0")
        time.sleep(after)
        hurt.process.kill()
        hurt.stop()
    with running(data, "--port", "0") as up:
        assert up.get("/health").status_code == 200
    assert not list(data.glob("postgres.new-*"))


def test_roles_alone_share_a_database(up, tmp_path):
    """Two machines: an API without a worker, and a worker, on the PostgreSQL of a third."""
    url = f"postgresql://lakeward@/lakeward?host={up.data / 'postgres'}&port=5432"
    with running(tmp_path / "api", "--port", "0", "--role", "api", LAKEWARD_DATABASE_URL=url) as api:
        assert api.get("/health").status_code == 200
        assert not api.children("postgres")
        assert not api.children("lakeward-worker")
        assert api.post("experiments/create", name="from the other machine").status_code == 200
    found = up.get("/api/2.0/mlflow/experiments/get-by-name?experiment_name=from the other machine")
    assert found.status_code == 200

    worker = Up(tmp_path / "worker", "--role", "worker", LAKEWARD_DATABASE_URL=url)
    assert worker.process.stdout.readline() == "Lakeward worker is ready.\n"
    assert len(worker.children("lakeward-worker")) == 1
    assert not worker.children("lakeward-api")
    assert worker.stop() == 0


def test_a_database_that_is_away_is_named_without_its_password(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"postgresql://me:sesame@127.0.0.1:{port}/x"
    away = Up(tmp_path / "data", "--port", "0", LAKEWARD_DATABASE_URL=url)
    wait_until(lambda: "waiting for the database" in away.errors.read_text())
    assert away.stop() == 0
    assert "sesame" not in away.errors.read_text()


def test_backoff_answers_the_first_death_at_once_and_grows():
    backoff = Backoff()
    backoff.started()
    pauses = []
    for _ in range(9):
        backoff.ended()
        pauses.append(max(0.0, backoff.due - time.monotonic()))
    assert pauses[0] == 0
    assert pauses[1:4] == pytest.approx([0.25, 0.5, 1.0], abs=0.05)
    assert pauses[-1] == pytest.approx(10, abs=0.1)


def test_signals_are_counted_and_wake_a_wait():
    with Signals() as signals:
        assert not signals.stopping()
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        began = time.monotonic()
        signals.wait(20)
        timer.join()
        assert time.monotonic() - began < 10
        assert signals.stopping()
        assert not signals.forced()
        os.kill(os.getpid(), signal.SIGINT)
        signals.wait(5)
        assert signals.forced()
