"""`lakeward audit` beside a running server, and a log that survives the death of what seals it."""

import contextlib
import csv
import io
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lakeward_up import Up, running, wait_until
from server import Caller

COLUMNS = [
    "version", "event_time", "event_date", "workspace_id", "source_ip_address", "user_agent", "session_id",
    "user_identity", "service_name", "action_name", "request_id", "request_params", "response", "audit_level",
    "account_id", "event_id", "identity_metadata",
]  # fmt: skip


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("audit") / "data", "--port", "0", "--workers", "2") as started:
        yield started


@pytest.fixture
def api(up: Up) -> Iterator[Caller]:
    with contextlib.closing(Caller(up.url)) as caller:
        yield caller


def lakeward(up: Up, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "lakeward", *words, "--data", str(up.data)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
    )  # fmt: skip


def verified(up: Up, *words: str) -> dict[str, object]:
    done = lakeward(up, "audit", "verify", "--json", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_killing_the_worker_loses_nothing(up: Up, api: Caller) -> None:
    """Events wait in the inbox until another worker seals them, each once."""
    names = []
    for number in range(60):
        names.append(f"kept {number}")
        api.experiment(names[-1])
        if number % 6 == 3:
            for worker in up.children("lakeward-worker"):
                os.kill(worker, signal.SIGKILL)
    found = api.get("/api/2.0/lakeward/audit", action_name="createMlflowExperiment", max_results=1000)["events"]
    assert sorted(each["request_params"]["name"] for each in found) == sorted(names)
    wait_until(lambda: verified(up)["not_sealed_yet"] == 0)


def test_the_worker_seals_by_itself(up: Up, api: Caller) -> None:
    before = verified(up)["events"]
    api.experiment("sealed soon")
    wait_until(lambda: verified(up)["events"] > before and verified(up)["not_sealed_yet"] == 0)
    head = verified(up)["head"]
    api.experiment("sealed later")
    wait_until(lambda: verified(up)["head"] != head)
    assert verified(up, "--expect", str(head))["findings"] == []
    number = int(str(head).partition(":")[0])
    refused = lakeward(up, "audit", "verify", "--expect", f"{number}:{'0' * 64}")
    assert refused.returncode == 1
    assert b"another hash" in refused.stdout


def test_commands_are_recorded(up: Up, api: Caller) -> None:
    made = json.loads(lakeward(up, "token", "create", "ci", "--json").stdout)
    lakeward(up, "token", "revoke", made["id"])
    lakeward(up, "secrets", "rotate")
    events = api.get("/api/2.0/lakeward/audit", max_results=20)["events"]
    found = {each["action_name"]: told(each) for each in events if each["user_agent"] == "lakeward"}
    assert found["generateDbToken"] == {"principal": "ci", "token_id": made["id"]}
    assert found["revokeDbToken"] == {"token_id": made["id"]}
    assert found["rotateMasterKey"]["data_keys"] == 0
    assert made["token"] not in json.dumps(found)
    assert verified(up)["findings"] == []


def told(event: dict[str, Any]) -> dict[str, Any]:
    """What a command's event is about, once it has said who typed it and where."""
    params = dict(event["request_params"])
    params.pop("sudo_user", None)
    assert (params.pop("os_user"), params.pop("machine")) == (pwd.getpwuid(os.getuid()).pw_name, os.uname().nodename)
    return params


@pytest.fixture
def after(up: Up, api: Caller) -> Callable[..., list[tuple[str, dict[str, Any]]]]:
    """What a command left in the log: actions, and what they were about."""

    def run(*words: str) -> list[tuple[str, dict[str, Any]]]:
        seen = {each["event_id"] for each in api.get("/api/2.0/lakeward/audit", max_results=100)["events"]}
        done = lakeward(up, *words)
        assert done.returncode == 0, done.stderr
        events = api.get("/api/2.0/lakeward/audit", max_results=100)["events"]
        new = [each for each in reversed(events) if each["event_id"] not in seen]
        return [(each["action_name"], told(each)) for each in new if each["user_agent"] == "lakeward"]

    return run


def test_commands_that_give_rights_say_to_whom(after: Callable[..., list[tuple[str, dict[str, Any]]]]) -> None:
    """Administrators, roles and passwords that a command gives are events, and what it finds given is none."""
    joins = ("addPrincipalToGroup", {"principal": "hal", "group_name": "admins"})
    password = ("setPassword", {"user_name": "hal"})
    assert after("admin", "hal") == [("add", {"user_name": "hal"}), joins, password]
    assert after("admin", "hal") == [password]
    *given, token = after("token", "create", "mallory", "--admin")
    assert given == [
        ("add", {"user_name": "mallory"}),
        ("addPrincipalToGroup", {"principal": "mallory", "group_name": "admins"}),
    ]
    assert token[0] == "generateDbToken"
    role = {"principal": "trent", "workspace_name": "default", "permissions": ["MANAGE"]}
    assert after("token", "create", "trent", "--role", "manage")[:2] == [
        ("add", {"user_name": "trent"}), ("updateWorkspaceAssignment", role),
    ]  # fmt: skip


def test_commands_that_delete_and_move_say_what(
    api: Caller, after: Callable[..., list[tuple[str, dict[str, Any]]]]
) -> None:
    experiment = api.experiment()
    trash = {"experiments": 1, "runs": 0, "models": 0}
    api.post("experiments/delete", experiment_id=api.experiment())
    assert after("gc", "--older-than", "0m") == [("startPurge", {"older_than_ms": 0} | trash), ("finishPurge", trash)]
    moved = {"experiment_id": experiment, "older_than": "0m", "traces": 0}
    assert after("traces", "move", "--experiment", experiment) == [("moveTraces", moved)]
    brought = {"experiment_id": experiment, "days": 30, "traces": 0}
    assert after("traces", "bring-back", "--experiment", experiment, "--from", "2026-01-01") == [
        ("bringBackTraces", brought)
    ]


def test_export_as_json_lines_and_csv(up: Up, api: Caller) -> None:
    api.experiment("=HYPERLINK(1)")
    lines = [json.loads(line) for line in lakeward(up, "audit", "export").stdout.splitlines()]
    assert all(list(line) == COLUMNS for line in lines)
    made = next(line for line in lines if line["request_params"] == {"name": "=HYPERLINK(1)"})
    assert made["action_name"] == "createMlflowExperiment"
    assert made["response"] == {"status_code": 200, "error_message": None, "result": None}
    assert made["user_identity"] == {"email": "owner", "subject_name": "owner"}
    assert made["audit_level"] == "WORKSPACE_LEVEL"
    text = lakeward(up, "audit", "export", "--format", "csv").stdout.decode()
    rows = {row["event_id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows.keys() >= {line["event_id"] for line in lines}  # what reads leave may come in between
    assert json.loads(rows[made["event_id"]]["request_params"]) == made["request_params"]
    nothing = lakeward(up, "audit", "export", "--from", "2999-01-01")
    assert (nothing.stdout, nothing.returncode) == (b"", 0)


def test_export_as_parquet(up: Up, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    file = tmp_path / "audit.parquet"
    done = lakeward(up, "audit", "export", "--output", str(file))
    assert done.returncode == 0, done.stderr
    table = pq.read_table(file)
    assert table.column_names == COLUMNS
    rows = table.to_pylist()
    assert len(rows) <= len(lakeward(up, "audit", "export").stdout.splitlines())
    assert {row["service_name"] for row in rows} >= {"mlflowExperiment", "accounts"}
    assert isinstance(rows[0]["response"]["status_code"], int)
    assert rows[0]["event_time"].date() == rows[0]["event_date"]


def test_the_worker_keeps_the_table(up: Up, api: Caller) -> None:
    """By itself, and whatever was killed: what is in the table is in it once, and all of it by a command."""
    from deltalake import DeltaTable

    sample = "/api/2.0/lakeward/catalog/tables/system.access.audit/sample"
    wait_until(lambda: api.get(sample)["written"], 60)
    for number in range(4):
        api.experiment(f"kept in the table {number}")
        done = subprocess.Popen(
            [sys.executable, "-m", "lakeward", "audit", "table", "--data", str(up.data)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
        time.sleep(0.6 + number * 0.3)
        done.kill()
        done.communicate()
    place = lakeward(up, "audit", "table").stdout.decode().strip()
    rows = DeltaTable(place).to_pyarrow_table(columns=["event_id", "request_params"]).to_pylist()
    assert len({row["event_id"] for row in rows}) == len(rows)
    names = [dict(row["request_params"] or ()).get("name") for row in rows]
    assert {f"kept in the table {number}" for number in range(4)} <= set(names)
    assert {f"kept {number}" for number in range(60)} <= set(names)
