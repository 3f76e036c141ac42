"""Workspace bindings: where a catalog is seen, by every dialect, and what is left of it where it is only read."""

import time

import pytest

from lakeward.runtime.http import Role
from server import Answer, Caller, Server

UC = "/api/2.1/unity-catalog"
READ_ONLY = "BINDING_TYPE_READ_ONLY"
NOTICED = 1.05  # seconds
ids: dict[str, str] = {}  # of models, by name


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        started.sql("INSERT INTO workspace (name) VALUES ('other')")
        yield started


@pytest.fixture(scope="module")
def other(server: Server) -> int:
    return server.sql("SELECT id FROM workspace WHERE name = 'other'")[0][0]


@pytest.fixture(scope="module")
def eve(server: Server, other: int) -> Caller:
    """Manager of the other workspace, nobody in the default one."""
    return server.bearer(server.token("eve", workspace="other", role=Role.MANAGE), x_databricks_org_id=str(other))


@pytest.fixture(scope="module")
def admin_there(server: Server, other: int) -> Caller:
    return server.caller(x_databricks_org_id=str(other))


def make(client: Caller, name: str) -> str:
    """A catalog with a READY version of a model; its full name."""
    client.call("POST", f"{UC}/catalogs", json={"name": name})
    model = f"{name}.s.m"
    client.post("unity-catalog/registered-models/create", name=model)
    ids[model] = client.call("GET", f"{UC}/models/{model}")["id"]
    client.post("unity-catalog/model-versions/create", name=model, source="s3://x")
    path = f"/api/2.0/fs/files/Models/{model.replace('.', '/')}/1/file"
    assert client.request("PUT", path, content=b"content").status_code == 204
    client.post("unity-catalog/model-versions/finalize", name=model, version="1")
    client.post("unity-catalog/registered-models/alias", name=model, alias="champion", version="1")
    return model


def isolate(client: Caller, name: str) -> None:
    client.call("PATCH", f"{UC}/catalogs/{name}", json={"isolation_mode": "ISOLATED"})


def bind(client: Caller, name: str, workspace: int, *, how: str = "BINDING_TYPE_READ_WRITE") -> None:
    body = {"add": [{"workspace_id": workspace, "binding_type": how}]}
    client.call("PATCH", f"{UC}/bindings/catalog/{name}", json=body)


def give(client: Caller, name: str, principal: str, *privileges: str) -> None:
    changes = [{"principal": principal, "add": list(privileges)}]
    client.call("PATCH", f"{UC}/permissions/catalog/{name}", json={"changes": changes})


def reads(caller: Caller, model: str) -> dict[str, int]:
    """How reading ends in each dialect."""
    catalog, schema, leaf = model.split(".")
    by_name = {"catalog_name": catalog, "schema_name": schema, "model_name": leaf, "version": 1}
    tries = {
        "catalog": ("GET", f"{UC}/catalogs/{catalog}", {}),
        "schema": ("GET", f"{UC}/schemas/{catalog}.{schema}", {}),
        "http": ("GET", "/api/2.0/mlflow/registered-models/get", {"params": {"name": model}}),
        "alias": ("GET", "/api/2.0/mlflow/registered-models/alias", {"params": {"name": model, "alias": "champion"}}),
        "uc": ("GET", "/api/2.0/mlflow/unity-catalog/model-versions/get", {"params": {"name": model, "version": "1"}}),
        "native": ("GET", f"{UC}/models/{model}/versions/1", {}),
        "credentials": (
            "POST", f"{UC}/temporary-model-version-credentials",
            {"json": {**by_name, "operation": "READ_MODEL_VERSION"}},
        ),
        "files": ("GET", f"/api/2.0/fs/files/Models/{model.replace('.', '/')}/1/file", {}),
        "grants": ("GET", f"{UC}/permissions/function/{model}", {}),
        "permissions": ("GET", f"/api/2.0/permissions/registered-models/{ids[model]}", {}),
    }  # fmt: skip
    return {name: caller.request(method, path, **more).status_code for name, (method, path, more) in tries.items()}


def listed(caller: Caller) -> set[str]:
    return {each["name"] for each in caller.call("GET", f"{UC}/catalogs")["catalogs"]}


def names(caller: Caller, words: str) -> list[tuple[str, str]]:
    """Found by their letters."""
    found = caller.get("/api/2.0/lakeward/catalog/search", words=words)["found"]
    return [(each["kind"], each["full_name"]) for each in found]


def models_in(caller: Caller, catalog: str) -> list[str]:
    found = caller.call("GET", f"{UC}/models", params={"catalog_name": catalog, "schema_name": "s"})
    return [each["full_name"] for each in found["registered_models"]]


def test_an_open_catalog_is_seen_elsewhere_by_who_was_given_it(client, eve, admin_there):
    model = make(client, "shared")
    time.sleep(NOTICED)
    assert set(reads(eve, model).values()) == {404}  # a manager there, and given nothing here
    assert "shared" not in listed(eve)
    assert names(eve, "share") == []
    assert set(reads(admin_there, model).values()) == {200}
    give(client, "shared", "users", "USE_CATALOG", "USE_SCHEMA", "EXECUTE")
    assert set(reads(eve, model).values()) == {200}
    assert "shared" in listed(eve)
    assert models_in(eve, "shared") == [model]
    assert names(eve, "share") == [("catalog", "shared")]
    assert names(eve, "shared") == names(admin_there, "shared")
    assert ("schema", "shared.s") in names(eve, "s")
    found = eve.get("model-versions/search", filter=f"name='{model}'")["model_versions"]
    assert [each["name"] for each in found] == [model]
    response = eve.request("GET", f"{UC}/models/{model}")
    assert response.headers["x-databricks-org-id"] == eve.headers["x-databricks-org-id"]
    for attempt in (
        ("PATCH", f"{UC}/catalogs/shared", {"comment": "x"}),
        ("PATCH", f"{UC}/models/{model}", {"comment": "x"}),
        ("POST", f"{UC}/schemas", {"catalog_name": "shared", "name": "x"}),
        ("POST", f"{UC}/models", {"catalog_name": "shared", "schema_name": "s", "name": "x"}),
    ):
        assert eve.refused(attempt[0], attempt[1], json=attempt[2]).status == 404


def explained(caller: Caller, principal: str, right: str, what: str) -> tuple[bool, str]:
    asked = {"principal": principal, "privilege": right, "object": what}
    told = caller.post("/api/2.0/lakeward/explain", **asked)
    return told["allowed"], " ".join(told["because"])


def test_a_catalog_bound_to_one_workspace_is_invisible_in_the_other(server, client, eve, admin_there, other):
    model = make(client, "private")
    give(client, "private", "users", "ALL_PRIVILEGES")
    time.sleep(NOTICED)
    assert set(reads(eve, model).values()) == {200}
    isolate(client, "private")
    time.sleep(NOTICED)
    for caller in (eve, admin_there):
        assert set(reads(caller, model).values()) == {404}
        assert "private" not in listed(caller)
        assert model not in str(caller.get("model-versions/search"))
    assert set(reads(client, model).values()) == {200}
    bind(client, "private", other)
    time.sleep(NOTICED)
    assert set(reads(eve, model).values()) == {200}
    client.call("PATCH", f"{UC}/bindings/catalog/private", json={"remove": [{"workspace_id": other}]})
    client.call("PATCH", f"{UC}/workspace-bindings/catalogs/private", json={"unassign_workspaces": [1]})
    time.sleep(NOTICED)
    assert set(reads(client, model).values()) == {404}  # nor at home
    assert "private" not in listed(client)
    assert "private" in {
        each["name"] for each in client.call("GET", f"{UC}/catalogs", params={"include_unbound": "true"})["catalogs"]
    }
    assert model not in str(client.get("registered-models/search"))
    client.call("PATCH", f"{UC}/workspace-bindings/catalogs/private", json={"assign_workspaces": [1]})
    assert set(reads(client, model).values()) == {200}
    assert client.call("GET", f"{UC}/workspace-bindings/catalogs/private") == {"workspaces": [1]}


def test_where_it_is_only_read_nothing_is_written(client, eve, admin_there, other):
    model = make(client, "museum")
    isolate(client, "museum")
    said = client.post("comments/create", name=model, version="1", comment="ours")["comment"]["id"]
    for method, path in (("PATCH", "comments/update"), ("DELETE", "comments/delete")):
        assert eve.refused(method, path, json={"id": said, "comment": "x"}).status == 404  # a catalog she does not see
    bind(client, "museum", other, how=READ_ONLY)
    give(client, "museum", "users", "ALL_PRIVILEGES", "MANAGE")
    time.sleep(NOTICED)
    for caller in (eve, admin_there):
        assert set(reads(caller, model).values()) == {200}
        told = caller.call("GET", f"{UC}/catalogs/museum")
        assert (told["from_elsewhere"], told["read_only"]) == (True, True)
        for method, path, body in (
            ("PATCH", f"{UC}/models/{model}", {"comment": "x"}),
            ("POST", f"{UC}/schemas", {"catalog_name": "museum", "name": "x"}),
            ("POST", f"{UC}/models", {"catalog_name": "museum", "schema_name": "s", "name": "x"}),
            ("POST", "registered-models/set-tag", {"name": model, "key": "k", "value": "v"}),
            ("POST", "unity-catalog/registered-models/alias", {"name": model, "alias": "a", "version": "1"}),
            ("PUT", f"/api/2.0/permissions/registered-models/{ids[model]}", {"access_control_list": []}),
            ("POST", "comments/create", {"name": model, "version": "1", "comment": "x"}),
            ("DELETE", "comments/delete", {"id": said}),
            ("POST", "transition-requests/create", {"name": model, "version": "1", "stage": "Staging"}),
            ("DELETE", f"{UC}/models/{model}", None),
        ):
            refused = caller.refused(method, path, json=body)
            assert refused.status == 403, refused
            assert "reading only" in refused.message
    assert "reading only" in explained(eve, "eve", "MANAGE", "catalog/museum")[1]
    assert not explained(eve, "eve", "MANAGE", f"function/{model}")[0]
    assert "reading only" in explained(admin_there, "eve", "MANAGE", "catalog/museum")[1]
    assert explained(eve, "eve", "USE_CATALOG", "catalog/museum")[0]
    bind(client, "museum", other)
    time.sleep(NOTICED)
    assert explained(eve, "eve", "MANAGE", "catalog/museum")[0]
    hers = eve.post("comments/create", name=model, version="1", comment="hers")["comment"]
    assert hers["available_actions"] == ["EDIT_COMMENT", "DELETE_COMMENT"]
    eve.call("DELETE", "comments/delete", json={"id": said})  # she manages it by now
    listed = client.get("/api/2.0/lakeward/registry/comments", name=model, version="1")["comments"]
    assert [each["comment"] for each in listed] == ["hers"]
    give(client, "museum", "eve", "EXECUTE")  # whom one knows by the binding
    assert eve.call("PATCH", f"{UC}/models/{model}", json={"comment": "by eve"})["comment"] == "by eve"
    allowed, why = explained(client, "eve", "EXECUTE", f"function/{model}")  # where she is not
    assert (allowed, "ask about other" in why) == (False, True)
    told = eve.call("GET", f"{UC}/catalogs/museum")
    assert (told["from_elsewhere"], told.get("read_only")) == (True, None)
    assert {"from_elsewhere", "read_only"}.isdisjoint(client.call("GET", f"{UC}/catalogs/museum"))
    assert client.call("GET", f"{UC}/models/{model}")["comment"] == "by eve"


def test_a_table_by_its_id_is_where_it_is_by_its_name(client, eve, other):
    client.call("POST", f"{UC}/catalogs", json={"name": "store"})
    client.call("POST", f"{UC}/schemas", json={"catalog_name": "store", "name": "s"})
    made = client.call(
        "POST", f"{UC}/tables",
        json={
            "catalog_name": "store", "schema_name": "s", "name": "t", "table_type": "EXTERNAL",
            "data_source_format": "DELTA", "storage_location": "s3://bucket/t", "columns": [],
        },
    )  # fmt: skip

    def ends(operation: str) -> int:
        body = {"table_id": made["table_id"], "operation": operation}
        return eve.request("POST", f"{UC}/temporary-table-credentials", json=body).status_code

    time.sleep(NOTICED)
    assert ends("READ") == 404
    give(client, "store", "users", "USE_CATALOG", "USE_SCHEMA", "SELECT", "MODIFY")
    assert (ends("READ"), ends("READ_WRITE")) == (200, 200)
    isolate(client, "store")
    time.sleep(NOTICED)
    assert (ends("READ"), ends("READ_WRITE")) == (404, 404)
    bind(client, "store", other, how=READ_ONLY)
    time.sleep(NOTICED)
    assert (ends("READ"), ends("READ_WRITE")) == (200, 403)


def test_a_catalog_of_its_own_wins(client, admin_there, other):
    make(client, "twice")
    assert admin_there.refused("POST", f"{UC}/catalogs", json={"name": "twice"}).code == "ALREADY_EXISTS"
    isolate(client, "twice")
    time.sleep(NOTICED)
    own = admin_there.call("POST", f"{UC}/catalogs", json={"name": "twice"})
    bind(client, "twice", other)
    time.sleep(NOTICED)
    assert admin_there.call("GET", f"{UC}/catalogs/twice")["id"] == own["id"]
    assert client.call("GET", f"{UC}/catalogs/twice")["id"] != own["id"]  # each its own


def test_what_cannot_be_bound(client, other):
    client.call("POST", f"{UC}/catalogs", json={"name": "fixed"})
    for path, body, status in (
        ("bindings/catalog/fixed", {"add": [{"workspace_id": 987654}]}, 404),
        ("bindings/catalog/fixed", {"add": [{"workspace_id": other, "binding_type": "HALF"}]}, 400),
        ("bindings/lamp/fixed", {"add": []}, 400),
        ("bindings/catalog/nothing", {"add": []}, 404),
        ("workspace-bindings/catalogs/nothing", {}, 404),
        ("catalogs/main", {"isolation_mode": "OPEN"}, 400),
    ):
        with pytest.raises(Answer) as refused:
            client.call("PATCH", f"{UC}/{path}", json=body)
        assert refused.value.status == status
