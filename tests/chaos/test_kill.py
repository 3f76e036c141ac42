"""Kill -9 of anything while eight processes log into one run: what was acknowledged is there, once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakeward_up import Up, children_of, name_of, running, wait_until

WRITERS = 8
POINTS = 1_000
PUSHER = Path(__file__).with_name("pusher.py")


@pytest.fixture
def up(tmp_path: Path):
    with running(tmp_path / "data", "--port", "0", "--workers", "2") as started:
        yield started


def start_writers(up: Up, run_id: str, writers: int = WRITERS, points: int = POINTS) -> list[subprocess.Popen]:
    return [
        subprocess.Popen(
            [sys.executable, str(PUSHER), up.url, run_id, str(number * points), str(points)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(writers)
    ]


def history(up: Up, run_id: str) -> list[tuple[int, float]]:
    points, token = [], None
    while True:
        query = f"metrics/get-history?run_id={run_id}&metric_key=loss&max_results=3000"
        page = up.get(f"/api/2.0/mlflow/{query}" + (f"&page_token={token}" if token else "")).json()
        points += [(point["step"], point["value"]) for point in page["metrics"]]
        token = page.get("next_page_token")
        if not token:
            return points


def new_run(up: Up) -> str:
    return up.post("runs/create", experiment_id="0").json()["run"]["info"]["run_id"]


def postmaster(up: Up) -> int:
    (pid,) = [pid for pid in children_of(up.process.pid) if name_of(pid) == "postgres"]
    return pid


def kill_one(up: Up, *, database: bool) -> None:
    victims = [postmaster(up)] if database else up.children("lakeward-api")
    if victims:
        os.kill(random.choice(victims), signal.SIGKILL)


def test_every_acknowledged_point_is_there_once(up: Up) -> None:
    run_id = new_run(up)
    writers = start_writers(up, run_id)
    deaths = 0
    try:
        began = time.monotonic()
        while any(writer.poll() is None for writer in writers) and time.monotonic() - began < 150:
            time.sleep(random.uniform(0.3, 0.9))
            if deaths < 12:  # API processes first, then PostgreSQL in turns with them; the rest runs in peace
                before = children_of(up.process.pid)
                kill_one(up, database=deaths >= 4 and deaths % 2 == 0)
                deaths += 1
                wait_until(lambda before=before: set(children_of(up.process.pid)) - set(before) or not writers, 30)
    finally:
        for writer in writers:
            if writer.poll() is None and time.monotonic() - began > 150:
                writer.kill()
    repeated = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert all(writer.returncode == 0 for writer in writers)
    assert deaths == 12
    assert sum(repeated) > 0, "nothing was ever interrupted: the test has not tested"

    points = history(up, run_id)
    assert sorted(step for step, _ in points) == list(range(WRITERS * POINTS))
    assert all(value == step / 7 for step, value in points)
    latest = up.get(f"/api/2.0/mlflow/runs/get?run_id={run_id}").json()["run"]["data"]["metrics"]
    assert [(each["step"], each["value"]) for each in latest] == [(7_999, 7_999 / 7)]
    assert up.get("/health").status_code == 200


def test_kill_of_the_whole_server_and_the_next_start(tmp_path: Path) -> None:
    """The supervisor dies by kill -9 in the middle of writes; the next start needs no hand."""
    data = tmp_path / "data"
    first = Up(data, "--port", "0", "--workers", "2").ready()
    run_id = new_run(first)
    acknowledged = []
    for step in range(200):
        answer = first.post("runs/log-metric", run_id=run_id, key="loss", value=step / 7, timestamp=step, step=step)
        assert answer.status_code == 200
        acknowledged.append(step)
        if step == 150:
            break
    os.kill(first.process.pid, signal.SIGKILL)
    first.stop()
    with running(data, "--port", "0", "--workers", "2") as second:
        assert [step for step, _ in history(second, run_id)] == acknowledged
        assert second.get("/health").json()["status"] == "ok"


def test_the_supervisor_is_killed_under_load(tmp_path: Path) -> None:
    """Twice, while four processes write; the next start on the same port lets them go on as if nothing had been."""
    data = tmp_path / "data"
    up = Up(data, "--port", "0", "--workers", "2").ready()
    port = up.url.rpartition(":")[2]
    try:
        run_id = new_run(up)
        writers = start_writers(up, run_id, writers=4, points=300)
        for _ in range(2):
            time.sleep(0.7)
            os.kill(up.process.pid, signal.SIGKILL)
            up.stop()
            up = Up(data, "--port", port, "--workers", "2").ready()
        repeated = [int(writer.communicate(timeout=90)[0]) for writer in writers]
        assert all(writer.returncode == 0 for writer in writers)
        assert sum(repeated) > 0, "nothing was ever interrupted: the test has not tested"
        assert sorted(step for step, _ in history(up, run_id)) == list(range(4 * 300))
    finally:
        up.stop()


def test_two_servers_start_at_once_on_one_database(tmp_path: Path) -> None:
    """Migrations run under a lock: two machines that start together make one schema."""
    with running(tmp_path / "owner", "--port", "0") as owner:
        address = f"postgresql://lakeward@/lakeward?host={socket_directory(owner)}"
        objects = str(tmp_path / "owner" / "objects")
        words = ("--port", "0", "--workers", "1", "--database-url", address, "--objects-url", objects)
        others = [Up(tmp_path / name, *words) for name in ("left", "right")]
        try:
            left, right = (other.ready() for other in others)
            run_id = new_run(left)
            assert right.get(f"/api/2.0/mlflow/runs/get?run_id={run_id}").status_code == 200
        finally:
            for other in others:
                other.stop()


def socket_directory(up: Up) -> str:
    arguments = Path(f"/proc/{postmaster(up)}/cmdline").read_text().split("\0")
    (found,) = [word for word in arguments if word.startswith("--unix_socket_directories=")]
    return found.partition("=")[2].strip('"')
