"""Workspaces: their life through the API, and which one a call happens in."""

import pytest

from lakeward.runtime.http import Role
from server import Caller, Server

WORKSPACES = "/api/3.0/mlflow/workspaces"
HEADER = "x-mlflow-workspace"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


def make(client: Caller, name: str, description: str = "") -> int:
    """The id of a new workspace; the server tells it in a header."""
    assert client.request("POST", WORKSPACES, json={"name": name, "description": description}).status_code == 201
    return int(client.request("GET", "experiments/search", headers={HEADER: name}).headers["x-databricks-org-id"])


def names(caller: Caller) -> list[str]:
    return [each["name"] for each in caller.call("GET", WORKSPACES)["workspaces"]]


def found(caller: Caller, **headers: str) -> list[str]:
    """Names of the experiments that a call with these headers sees."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = caller.call("GET", "experiments/search", params={"max_results": 1000}, headers=headers)
    return [each["name"] for each in answer["experiments"]]


def test_a_life(client: Caller):
    response = client.request("POST", WORKSPACES, json={"name": "team-a", "description": "first"})
    assert (response.status_code, response.json()) == (201, {"workspace": {"name": "team-a", "description": "first"}})
    assert client.call("GET", f"{WORKSPACES}/team-a") == response.json()
    changed = client.call("PATCH", f"{WORKSPACES}/team-a", json={"description": "second"})
    assert changed == {"workspace": {"name": "team-a", "description": "second"}}
    assert client.call("PATCH", f"{WORKSPACES}/team-a", json={}) == changed
    assert client.call("PATCH", f"{WORKSPACES}/team-a", json={"description": ""})["workspace"]["description"] == ""
    assert names(client) == sorted(names(client))
    assert "team-a" in names(client)
    gone = client.request("DELETE", f"{WORKSPACES}/team-a")
    assert (gone.status_code, gone.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        answer = client.refused(method, f"{WORKSPACES}/team-a")
        assert (answer.status, answer.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_name_is_taken_once(client: Caller):
    make(client, "taken")
    answer = client.refused("POST", WORKSPACES, {"name": "taken"})
    assert (answer.status, answer.code) == (400, "RESOURCE_ALREADY_EXISTS")


@pytest.mark.parametrize(
    "name",
    ["", "a", "A", "Upper", "with space", "a_b", "-a", "a-", "ä", "a/b", "..", "x" * 64, "api", "workspaces", "a\n"],
)
def test_names_the_client_would_refuse(client: Caller, name):
    answer = client.refused("POST", WORKSPACES, {"name": name})
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("name", ["ab", "a-b", "0a", "x" * 63])
def test_names_the_client_takes(client: Caller, name):
    make(client, name)


@pytest.mark.parametrize(
    "extra", [{"default_artifact_root": "s3://elsewhere"}, {"trace_archival_config": {"location": "s3://x"}},
              {"trace_archival_config": {"retention": "30d"}}],
)  # fmt: skip
def test_what_is_not_done_does_not_look_done(client: Caller, extra):
    for method, path, body in (("POST", WORKSPACES, {"name": "placed"}), ("PATCH", f"{WORKSPACES}/default", {})):
        answer = client.refused(method, path, json=body | extra)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
        assert next(iter(extra)) in answer.message
    assert "placed" not in names(client)


@pytest.mark.parametrize("mode", ["", "?mode=RESTRICT", "?mode=SET_DEFAULT", "?mode=CASCADE"])
def test_a_workspace_with_experiments_stays(client: Caller, mode):
    name = f"full-{mode.rpartition('=')[2].lower().replace('_', '-')}x"
    make(client, name)
    client.call("POST", "experiments/create", json={"name": "kept"}, headers={HEADER: name})
    answer = client.refused("DELETE", f"{WORKSPACES}/{name}{mode}")
    assert (answer.status, answer.code) == (409, "INVALID_STATE")
    assert found(client, x_mlflow_workspace=name) == ["kept"]


def test_the_default_workspace_stays(client: Caller):
    assert client.refused("DELETE", f"{WORKSPACES}/default").code == "INVALID_STATE"
    assert client.refused("DELETE", f"{WORKSPACES}/default?mode=everything").code == "INVALID_PARAMETER_VALUE"


def test_each_holds_its_own(client: Caller):
    number = make(client, "own")
    here = client.experiment("same name")
    there = client.call("POST", "experiments/create", json={"name": "same name"}, headers={HEADER: "own"})[
        "experiment_id"
    ]
    assert here != there
    assert found(client, x_mlflow_workspace="own") == ["same name"]
    assert found(client, x_databricks_org_id=str(number)) == ["same name"]
    assert found(client, x_databricks_workspace_id=str(number)) == ["same name"]
    assert found(client, x_mlflow_workspace="own", x_databricks_org_id="1") == ["same name"]
    assert len(found(client)) > 1
    for experiment, other in ((here, {HEADER: "own"}), (there, {HEADER: "default"}), (there, {})):
        answer = client.refused("GET", f"experiments/get?experiment_id={experiment}", headers=other)
        assert (answer.status, answer.code) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_member_of_one_workspace_names_none(server: Server, client: Caller):
    """Whoever is in a single workspace works there, and whoever names another does not land in it."""
    number = make(client, "single")
    caller = server.bearer(server.token("only-here", workspace="single", role=Role.EDIT))
    caller.experiment("mine")
    for headers in ({}, {"x_databricks_org_id": ""}, {"x_mlflow_workspace": ""}):
        assert found(caller, **headers) == ["mine"]
    for headers in ({"x-databricks-org-id": "1"}, {"x-databricks-workspace-id": "1"}, {HEADER: "default"}):
        assert caller.refused("POST", "experiments/create", {"name": "astray"}, headers=headers).status == 403
    assert found(caller) == ["mine"]
    assert caller.request("GET", "experiments/search").headers["x-databricks-org-id"] == str(number)
    assert names(caller) == ["single"]


def test_a_role_that_is_gone_leads_to_no_other_workspace(server: Server, client: Caller):
    make(client, "refuge")
    server.token("moved", workspace="refuge", role=Role.EDIT)
    caller = server.bearer(server.token("moved", role=Role.EDIT))
    chosen = {"x-databricks-org-id": "1"}
    assert caller.request("GET", "experiments/search", headers=chosen).headers["x-databricks-org-id"] == "1"
    [[who]] = server.sql("SELECT id FROM principal WHERE name = 'moved'")
    client.call("DELETE", f"/api/2.0/preview/permissionassignments/principals/{who}")
    caller = server.bearer(server.token("moved"))  # of a token that was seen, the roles are remembered for a second
    answer = caller.refused("GET", "experiments/search", headers=chosen)
    assert (answer.status, answer.code) == (403, "PERMISSION_DENIED")


def test_a_member_of_several_names_one(server: Server, client: Caller):
    for name in ("first", "second"):
        make(client, name)
    for name in ("first", "second"):
        token = server.token("in-both", workspace=name, role=Role.EDIT)
    caller = server.bearer(token)
    answer = caller.refused("GET", "experiments/search")
    assert (answer.status, answer.code) == (403, "PERMISSION_DENIED")
    assert found(caller, x_mlflow_workspace="second") == []
    assert names(caller) == ["first", "second"]


@pytest.mark.parametrize(
    "header",
    [{HEADER: "no-such"}, {HEADER: "\xe9\xff"}, {"x-databricks-org-id": "4711"}, {"x-databricks-org-id": "9" * 5000},
     {"x-databricks-org-id": "x"}, {"x-databricks-org-id": "-1"}, {"x-databricks-org-id": "\xb2"},
     {"x-databricks-workspace-id": "4711"}],
)  # fmt: skip
def test_unknown_workspaces(client: Caller, callers, header):
    headers = {name: value.encode("latin-1") for name, value in header.items()}
    answer = client.refused("GET", "experiments/search", headers=headers)
    assert (answer.status, answer.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert callers.reader.refused("GET", "experiments/search", headers=headers).status == 403
    assert callers.nobody.refused("GET", "experiments/search", headers=headers).status == 401


def test_what_is_not_yours_might_as_well_not_exist(server: Server, client: Caller, callers):
    """Existing and invented workspaces get the same answer, so nobody can list names by trying them."""
    number = make(client, "secret")

    def answers(name: str, workspace_id: str) -> list[tuple]:
        heard = []
        for who in ("reader", "memberless", "stranger", "nobody"):
            caller = getattr(callers, who)
            for headers in ({HEADER: name}, {"x-databricks-org-id": workspace_id}):
                for method, path in (
                    ("GET", "experiments/search"),
                    ("GET", WORKSPACES),
                    ("POST", "experiments/create"),
                ):
                    answer = caller.refused(method, path, headers=headers)
                    heard.append(
                        (answer.status, answer.code, answer.message.replace(name, "").replace(workspace_id, ""))
                    )
            answer = caller.refused("GET", f"{WORKSPACES}/{name}")
            heard.append((answer.status, answer.code, answer.message.replace(name, "")))
        return heard

    assert answers("secret", str(number)) == answers("absent", "987654")


def test_administration_is_for_administrators(callers):
    for who, status in (("nobody", 401), ("memberless", 403), ("reader", 403), ("manager", 403), ("stranger", 403)):
        caller = getattr(callers, who)
        for method, path, body in (
            ("POST", WORKSPACES, {"name": "usurped"}),
            ("PATCH", f"{WORKSPACES}/default", {"description": "usurped"}),
            ("DELETE", f"{WORKSPACES}/other", None),
        ):
            assert caller.refused(method, path, json=body).status == status
    assert "usurped" not in str(callers.admin.call("GET", WORKSPACES))


def test_members_see_their_workspaces(callers):
    assert names(callers.reader) == ["default"]
    assert names(callers.stranger) == ["other"]
    assert names(callers.memberless) == []
    assert "default" in names(callers.admin)
    assert callers.reader.call("GET", f"{WORKSPACES}/default")["workspace"]["name"] == "default"
    assert callers.stranger.refused("GET", f"{WORKSPACES}/default").status == 404


def test_a_deleted_workspace_takes_nothing_more(server: Server, serving, client: Caller):
    """Another process may know the name for a second longer; what it then tries fails as it should."""
    with serving(beside=server) as other:
        make(client, "short-lived")
        assert found(other.local, x_mlflow_workspace="short-lived") == []
        assert client.request("DELETE", f"{WORKSPACES}/short-lived").status_code == 204
        for caller in (other.local, client):
            response = caller.request(
                "POST", "experiments/create", json={"name": "late"}, headers={HEADER: "short-lived"}
            )
            assert response.status_code in (404, 503), response.text
