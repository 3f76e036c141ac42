"""Issues: what is wrong with an application, found in its traces."""

from typing import Any

import pytest
from spans import ids, searched, sent, span

from server import Caller, Callers

PATH = "/api/3.0/mlflow/issues"


def made(client: Caller, experiment: str, name: str = "slow", **more: Any) -> dict[str, Any]:
    return client.post(PATH, experiment_id=experiment, name=name, description="d", **more)["issue"]


def found(client: Caller, experiment: str, **more: Any) -> list[str]:
    names, token = [], None
    while True:
        page = client.post(f"{PATH}/search", experiment_id=experiment, page_token=token, **more)
        names += [each["name"] for each in page["issues"]]
        token = page.get("next_page_token")
        if token is None:
            return names


def test_life(client: Caller, experiment: str) -> None:
    first = made(client, experiment, severity="low", root_causes=["a", "b"], categories=["speed"], source_run_id="r")
    assert (first["status"], first["severity"], first["root_causes"]) == ("pending", "low", ["a", "b"])
    assert client.get(f"{PATH}/{first['issue_id']}")["issue"] == first
    changed = client.call("PATCH", f"{PATH}/{first['issue_id']}", json={"status": "resolved", "severity": "high"})
    assert changed["issue"] | {"last_updated_timestamp": 0} == first | {
        "status": "resolved", "severity": "high", "last_updated_timestamp": 0,
    }  # fmt: skip


def test_search(client: Caller, callers: Callers, experiment: str) -> None:
    """The most severe first, and of those the newest."""
    for name, severity in (("a", "low"), ("b", "high"), ("c", None), ("d", "high"), ("e", "medium")):
        made(client, experiment, name, severity=severity, source_run_id=name)
    assert found(client, experiment) == found(client, experiment, max_results=2) == ["d", "b", "e", "a", "c"]
    assert found(client, experiment, filter_string="status = 'resolved'") == []
    assert found(client, experiment, filter_string="status = 'pending' AND source_run_id != 'b'") == list("deac")
    assert found(callers.stranger, experiment) == []
    client.post("experiments/delete", experiment_id=experiment)
    assert found(client, experiment) == []


def test_traces_that_have_it(client: Caller, experiment: str) -> None:
    issue = made(client, experiment)["issue_id"]
    traces = [ids()[0] for _ in range(3)]
    sent(client, experiment, *(span(each) for each in traces))
    for trace in traces[:2]:
        said = {"assessment_name": issue, "issue": {"issue_name": "slow"}}
        client.post(f"/api/3.0/mlflow/traces/tr-{trace}/assessments", assessment=said)
    [read] = client.post(f"{PATH}/search", experiment_id=experiment, include_trace_count=True)["issues"]
    assert read["trace_count"] == 2
    assert sorted(searched(client, experiment, f"issue.id = '{issue}'")) == sorted(traces[:2])


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"status": "open"}, {"severity": "awful"}, {"description": "x" * 200_000}],
    ids=["no name", "a status", "a severity", "a novel"],
)
def test_what_is_refused(client: Caller, experiment: str, change: dict[str, Any]) -> None:
    body = {"experiment_id": experiment, "name": "n"} | change
    assert client.refused("POST", PATH, body).status == 400
    assert client.refused("GET", f"{PATH}/iss-none").status == 404
    assert client.refused("POST", f"{PATH}/search", {"filter_string": "name = 'x'"}).status == 400
