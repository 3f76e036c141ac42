"""What lies in experiments, found by letters of its name or by the beginning of its id, wherever it is."""

import re
import uuid

import pytest

from lakeward.runtime.http import Role
from server import Caller, Server

OWN = "/api/2.0/lakeward/find"
MANY = 40  # more experiments than any page shows


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


def traced(client: Caller, experiment: str, session: str) -> str:
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    info = {
        "trace_id": f"tr-{uuid.uuid4().hex}", "trace_location": place, "state": "OK",
        "request_time": "2026-11-18T11:00:00Z", "trace_metadata": {"mlflow.trace.session": session},
    }  # fmt: skip
    client.post("/api/3.0/mlflow/traces", trace={"trace_info": info})
    return str(info["trace_id"])


@pytest.fixture(scope="module")
def old(server: Server) -> dict[str, str]:
    """An experiment with one of each, and others that were made since."""
    client = server.local
    made = client.experiment("deep/past")
    run = client.run(made, run_name="Amber_Heron-7")
    model = client.post("logged-models", experiment_id=made, name="heron-net")["model"]["info"]["model_id"]
    trace = traced(client, made, "talk-heron-1")
    for number in range(MANY):
        client.run(client.experiment(), run_name=f"plain-{number}")
    return {"experiment": made, "run": run, "logged_model": model, "trace": trace}


def found(caller: Caller, words: str, **more) -> list[tuple[str, str]]:
    return [(each["kind"], each["id"]) for each in caller.get(OWN, words=words, **more)["found"]]


def test_by_letters_of_the_name(client: Caller, old: dict[str, str]):
    assert found(client, "heron") == [("run", old["run"]), ("logged_model", old["logged_model"])]
    assert found(client, " AMBER_h ") == [("run", old["run"])]
    assert found(client, "am") == [("run", old["run"])]  # too short for an index
    assert found(client, "heron' OR") == []
    [run] = client.get(OWN, words="amber")["found"]
    assert run == {
        "kind": "run", "id": old["run"], "name": "Amber_Heron-7", "experiment_id": old["experiment"],
        "experiment_name": "deep/past",
    }  # fmt: skip


def test_by_the_beginning_of_an_id(client: Caller, old: dict[str, str]):
    assert found(client, old["run"]) == found(client, old["run"][:8]) == [("run", old["run"])]
    for kind in ("logged_model", "trace"):
        whole = old[kind]
        digits = re.sub("^(m|tr)-", "", whole)
        for words in (whole, whole[:12], digits, digits[:10]):
            assert found(client, words) == [(kind, whole)]
    assert found(client, "talk-he") == [("session", "talk-heron-1")]
    assert ("experiment", old["experiment"]) in found(client, old["experiment"])
    assert found(client, "9" * 18) == []


def test_the_newest_without_words_and_so_many(client: Caller, old: dict[str, str]):
    newest = client.get(OWN, max_results=3)["found"]
    assert [each["name"] for each in newest] == [f"plain-{MANY - each}" for each in (1, 2, 3)]
    assert len(found(client, "plain")) == 5
    assert len(found(client, "plain", max_results=20)) == 20
    assert client.refused("GET", f"{OWN}?max_results=21").code == "INVALID_PARAMETER_VALUE"
    assert client.refused("GET", f"{OWN}?words={'x' * 256}").code == "INVALID_PARAMETER_VALUE"


def test_only_what_one_sees(server: Server, client: Caller, old: dict[str, str]):
    member = server.bearer(server.token("guest@example.org", role=Role.USE))
    assert found(member, "heron") == found(member, old["trace"]) == found(member, "talk-heron") == []
    client.call(
        "PATCH",
        f"/api/2.0/permissions/experiments/{old['experiment']}",
        json={"access_control_list": [{"user_name": "guest@example.org", "permission_level": "CAN_READ"}]},
    )
    assert found(member, "heron") == found(client, "heron")
    assert found(member, old["trace"][:9]) == [("trace", old["trace"])]
    assert found(member, "plain") == []
    elsewhere = server.caller(x_mlflow_workspace="elsewhere")
    client.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "elsewhere"})
    assert found(elsewhere, old["experiment"]) == found(elsewhere, "heron") == found(elsewhere, old["run"]) == []


def test_not_what_is_in_the_trash(client: Caller, old: dict[str, str]):
    client.post("runs/delete", run_id=old["run"])
    assert found(client, "amber") == found(client, old["run"]) == []
    client.post("runs/restore", run_id=old["run"])
    client.post("experiments/delete", experiment_id=old["experiment"])
    assert found(client, "heron") == found(client, old["trace"]) == found(client, "talk-heron") == []
    client.post("experiments/restore", experiment_id=old["experiment"])
    assert ("run", old["run"]) in found(client, "heron")
