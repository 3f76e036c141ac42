"""Workspaces over plain HTTP: what is in one is not seen from another."""

import uuid

import pytest

from .expect import MISSING, answered_error

pytestmark = pytest.mark.beyond

WORKSPACES = "/api/3.0/mlflow/workspaces"
HEADER = "X-MLFLOW-WORKSPACE"
API = "/api/2.0/mlflow"


def experiment_in(server, name, workspace=None):
    headers = {HEADER: workspace} if workspace else {}
    answer = server.post(f"{API}/experiments/create", {"name": name}, headers=headers)
    assert answer.ok, answer.text
    return answer.json()["experiment_id"]


@pytest.fixture
def workspace(server):
    name = f"w{uuid.uuid4().hex[:12]}"
    answer = server.post(WORKSPACES, {"name": name, "description": "a test"})
    assert answer.status_code in (200, 201), answer.text
    return name


def test_default_is_there(server):
    names = [w["name"] for w in server.get(WORKSPACES).json()["workspaces"]]
    assert "default" in names


def test_create_get_list(server, workspace):
    assert server.get(f"{WORKSPACES}/{workspace}").json()["workspace"]["description"] == "a test"
    assert workspace in [w["name"] for w in server.get(WORKSPACES).json()["workspaces"]]


def test_update(server, workspace):
    answer = server.request("PATCH", f"{WORKSPACES}/{workspace}", json={"description": "other"})
    assert answer.json()["workspace"]["description"] == "other"


def test_duplicate(server, workspace):
    answered_error(server.post(WORKSPACES, {"name": workspace}), 400, "RESOURCE_ALREADY_EXISTS")


@pytest.mark.parametrize("name", ["", "Has Space", "sl/ash", "..", "x" * 300])
def test_bad_names(server, name):
    answered_error(server.post(WORKSPACES, {"name": name}), 400, "INVALID_PARAMETER_VALUE")


def test_unknown(server):
    answered_error(server.get(f"{WORKSPACES}/nobody-{uuid.uuid4().hex[:6]}"), 404, MISSING)


def test_delete(server, workspace):
    assert server.request("DELETE", f"{WORKSPACES}/{workspace}").status_code in (200, 204)
    assert server.get(f"{WORKSPACES}/{workspace}").status_code == 404


def test_one_name_in_two_workspaces(server, workspace):
    name = uuid.uuid4().hex
    here = experiment_in(server, name)
    there = server.post(f"{API}/experiments/create", {"name": name}, headers={HEADER: workspace}).json()[
        "experiment_id"
    ]
    assert here != there


def test_what_is_elsewhere_is_not_found(server, workspace):
    elsewhere = {HEADER: workspace}
    name = uuid.uuid4().hex
    experiment = experiment_in(server, name, workspace)
    run = server.post(f"{API}/runs/create", {"experiment_id": experiment}, headers=elsewhere).json()["run"]["info"][
        "run_id"
    ]
    answered_error(server.get(f"{API}/runs/get", run_id=run), 404, MISSING)
    answered_error(server.get(f"{API}/experiments/get", experiment_id=experiment), 404, MISSING)
    answered_error(server.get(f"{API}/experiments/get-by-name", experiment_name=name), 404, MISSING)
    answered_error(server.post(f"{API}/runs/create", {"experiment_id": experiment}), 404, MISSING)
    answered_error(server.post(f"{API}/runs/set-tag", {"run_id": run, "key": "a", "value": "b"}), 404, MISSING)
    assert server.post(f"{API}/runs/search", {"experiment_ids": [experiment]}).json().get("runs", []) == []
    seen = server.request("GET", f"{API}/runs/get", params={"run_id": run}, headers=elsewhere)
    assert seen.json()["run"]["info"]["run_id"] == run


def test_a_workspace_that_is_not_there(server):
    answer = server.post(f"{API}/experiments/search", {"max_results": 5}, headers={HEADER: "nobody"})
    answered_error(answer, 404, MISSING)
