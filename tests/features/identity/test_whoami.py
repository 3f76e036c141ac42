"""Who the caller is, and where the caller may do what."""

from server import Caller, Callers, Server

PATH = "/api/2.0/lakeward/whoami"


def test_the_owner_manages_every_workspace(client: Caller) -> None:
    client.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "blue"})
    answer = client.get(PATH)
    assert (answer["name"], answer["is_admin"]) == ("owner", True)
    assert {each["name"]: each["role"] for each in answer["workspaces"]} == {"blue": "MANAGE", "default": "MANAGE"}


def test_others_see_the_workspaces_they_are_in(client: Caller, callers: Callers) -> None:
    client.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "blue"})
    assert [(each["name"], each["role"]) for each in callers.reader.get(PATH)["workspaces"]] == [("default", "READ")]
    assert callers.memberless.get(PATH)["workspaces"] == []
    assert callers.nobody.refused("GET", PATH).status == 401


def test_the_ids_are_those_that_calls_name(server: Server, client: Caller) -> None:
    client.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "blue"})
    [blue] = [each for each in client.get(PATH)["workspaces"] if each["name"] == "blue"]
    by_id = server.caller(x_databricks_org_id=blue["id"])
    by_id.experiment("/Shared/there")
    listed = server.caller(x_mlflow_workspace="blue").post("experiments/search")["experiments"]
    assert "/Shared/there" in {each["name"] for each in listed}
