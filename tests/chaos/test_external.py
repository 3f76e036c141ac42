"""A PostgreSQL of somebody else, over TCP: shared, away, back, newer than this server."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from external_postgres import PASSWORD, ExternalPostgres
from lakeward.runtime.migrate import history as migrations
from lakeward_up import Up, running, wait_until


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalPostgres]:
    made = ExternalPostgres(tmp_path_factory.mktemp("external"))
    try:
        yield made.make()
    finally:
        made.stop()


@pytest.fixture
def external(postgres: ExternalPostgres) -> ExternalPostgres:
    """With an empty database for this test."""
    postgres.use_new_database()
    return postgres


@pytest.fixture
def words(external: ExternalPostgres, tmp_path: Path) -> list[str]:
    """What each machine of a deployment is started with."""
    objects = str(tmp_path / "objects")
    return ["--port", "0", "--workers", "1", "--database-url", external.url, "--objects-url", objects]


def test_machines_that_start_at_once_make_one_schema(
    external: ExternalPostgres, words: list[str], tmp_path: Path
) -> None:
    """Three at the same moment on an empty database: each migration runs once, and all three serve."""
    machines = [Up(tmp_path / f"machine {number}", *words) for number in range(3)]
    try:
        for machine in machines:
            machine.ready()
        applied = external.rows("SELECT name FROM schema_migration ORDER BY name")
        assert [row["name"] for row in applied] == [name for name, _ in migrations()]
        made = machines[0].post("experiments/create", name="shared").json()["experiment_id"]
        for machine in machines:
            assert machine.get(f"/api/2.0/mlflow/experiments/get?experiment_id={made}").status_code == 200
            assert not machine.children("postgres")
    finally:
        for machine in machines:
            machine.stop()
    assert all(PASSWORD not in machine.errors.read_text() for machine in machines)


def test_one_name_by_two_machines(words: list[str], tmp_path: Path) -> None:
    """What the database decides holds across machines, and what one knows the other learns within a second."""
    with running(tmp_path / "left", *words) as left, running(tmp_path / "right", *words) as right:
        answers: list[int] = []
        barrier = threading.Barrier(2)

        def create(machine: Up) -> None:
            barrier.wait()
            answers.extend(
                machine.post("experiments/create", name=f"contested {number}").status_code for number in range(20)
            )

        threads = [threading.Thread(target=create, args=(machine,)) for machine in (left, right)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200] * 20 + [400] * 20


def test_a_database_that_goes_away_and_comes_back(external: ExternalPostgres, words: list[str], tmp_path: Path) -> None:
    """While it is away every answer is a retryable refusal, soon; when it is back nothing needs a hand."""
    with running(tmp_path / "machine", *words) as up:
        run = up.post("runs/create", experiment_id="0").json()["run"]["info"]["run_id"]
        point = {"run_id": run, "key": "m", "value": 1, "timestamp": 1}
        before = [child for name in ("lakeward-api", "lakeward-worker") for child in up.children(name)]
        for step in range(3):
            assert up.post("runs/log-metric", **point, step=step).status_code == 200
            external.kill()
            for path, body in (("runs/log-metric", point | {"step": 99}), ("runs/search", {"experiment_ids": ["0"]})):
                started = time.monotonic()
                answer = up.post(path, **body)
                assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
                assert answer.headers["retry-after"] == "1"
                assert time.monotonic() - started < 15
            health = up.get("/health")
            assert health.status_code == 503
            assert [check["ok"] for check in health.json()["checks"] if check["name"] == "database"] == [False]
            assert PASSWORD not in health.text
            external.start()
            wait_until(lambda step=step: up.post("runs/log-metric", **point, step=100 + step).status_code == 200, 20)
            wait_until(lambda: up.get("/health").status_code == 200, 20)
        found = up.get(f"/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=m").json()["metrics"]
        assert {each["step"] for each in found} - {99} == {0, 1, 2, 100, 101, 102}
        after = [child for name in ("lakeward-api", "lakeward-worker") for child in up.children(name)]
        assert after == before, "no process had to be started again"


def test_a_server_that_is_faster_than_its_database(
    external: ExternalPostgres, words: list[str], tmp_path: Path
) -> None:
    """Machines boot in any order: the server waits a while."""
    external.kill()
    up = Up(tmp_path / "machine", *words)
    try:
        wait_until(lambda: "waiting for the database" in up.errors.read_text())
        external.start()
        assert up.ready().get("/health").status_code == 200
    finally:
        up.stop()


def refusal(words: list[str], data: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "lakeward", "up", "--data", str(data), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_newer_schema_is_left_alone(external: ExternalPostgres, words: list[str], tmp_path: Path) -> None:
    """An older server says what to do and touches nothing; one that runs already is not disturbed."""
    with running(tmp_path / "machine", *words) as up:
        external.rows("INSERT INTO schema_migration (name, digest) VALUES ('9999_future', 'x')")
        refused = refusal(words, tmp_path / "old")
        assert refused.returncode == 1
        assert "newer" in refused.stderr
        assert "9999_future" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert up.post("experiments/create", name="still served").status_code == 200
    external.rows("DELETE FROM schema_migration WHERE name = '9999_future'")
    external.rows("UPDATE schema_migration SET digest = 'other' WHERE name = '0001_foundation'")
    refused = refusal(words, tmp_path / "old")
    assert refused.returncode == 1
    assert "0001_foundation differs" in refused.stderr


def test_the_wrong_password(external: ExternalPostgres, words: list[str], tmp_path: Path) -> None:
    wrong = [word.replace(PASSWORD, "not-" + PASSWORD) for word in words]
    refused = refusal(wrong, tmp_path / "machine")
    assert refused.returncode == 3
    assert "cannot be used" in refused.stderr
    assert PASSWORD not in refused.stderr


def test_artifacts_are_shared_too(words: list[str], tmp_path: Path) -> None:
    with running(tmp_path / "left", *words) as left, running(tmp_path / "right", *words) as right:
        run = left.post("runs/create", experiment_id="0").json()["run"]["info"]["run_id"]
        place = f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a.txt"
        assert httpx.put(left.url + place, content=b"hello").status_code == 200
        assert right.get(place).content == b"hello"
