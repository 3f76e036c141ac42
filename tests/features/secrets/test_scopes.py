"""Who may do what with a scope: roles, access lists of users and groups, limits, other workspaces."""

import base64
from collections.abc import Iterator

import pytest

from lakeward.runtime.http import Role
from server import Caller, Callers, Server

API = "/api/2.0/secrets/"


@pytest.fixture(scope="module")
def server(serving) -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def callers(server: Server) -> Callers:
    return Callers(server)


_made = iter(range(1000))


@pytest.fixture
def scope(client: Caller) -> str:
    """Only the owner manages it, and it holds one secret."""
    name = f"scope-{next(_made)}"
    client.post(f"{API}scopes/create", scope=name)
    client.post(f"{API}put", scope=name, key="k", string_value="sesame")
    return name


def scopes_of(caller: Caller) -> set[str]:
    return {each["name"] for each in caller.get(f"{API}scopes/list")["scopes"]}


def requests_needing(permission: str, scope: str) -> list[tuple[str, str, dict[str, str]]]:
    return {
        "READ": [("GET", "list", {"scope": scope}), ("GET", "get", {"scope": scope, "key": "k"})],
        "WRITE": [
            ("POST", "put", {"scope": scope, "key": "new", "string_value": "x"}),
            ("POST", "delete", {"scope": scope, "key": "new"}),
        ],
        "MANAGE": [
            ("GET", "acls/list", {"scope": scope}),
            ("GET", "acls/get", {"scope": scope, "principal": "owner"}),
            ("POST", "acls/put", {"scope": scope, "principal": "memberless", "permission": "READ"}),
            ("POST", "acls/delete", {"scope": scope, "principal": "memberless"}),
        ],
    }[permission]


@pytest.mark.parametrize("held", [None, "READ", "WRITE", "MANAGE"])
@pytest.mark.parametrize("through", ["user", "group"])
def test_each_permission_includes_the_ones_before(
    server: Server, client: Caller, callers: Callers, scope: str, held: str | None, through: str
) -> None:
    editor = callers.editor
    callers.memberless  # noqa: B018 - makes the principal
    if held is not None:
        principal = "editor" if through == "user" else "users"
        client.post(f"{API}acls/put", scope=scope, principal=principal, permission=held)
    strength = [None, "READ", "WRITE", "MANAGE"]
    for needed in ("READ", "WRITE", "MANAGE"):
        for method, path, fields in requests_needing(needed, scope):
            if strength.index(held) >= strength.index(needed):
                assert editor.request(method, API + path, **carried(method, fields)).status_code == 200, path
            else:
                refused = editor.refused(method, API + path, fields)
                assert (refused.status, refused.code) == (403, "PERMISSION_DENIED"), path
    assert (scope in scopes_of(editor)) is (held is not None)


def carried(method: str, fields: dict[str, str]) -> dict[str, dict[str, str]]:
    return {"params": fields} if method == "GET" else {"json": fields}


def test_a_group_in_a_group_counts(server: Server, client: Caller, callers: Callers, scope: str) -> None:
    server.sql(
        "WITH g AS (INSERT INTO principal (kind, name) VALUES ('GROUP', 'inner'), ('GROUP', 'outer')"
        " RETURNING id, name) INSERT INTO group_member (group_id, member_id)"
        " SELECT o.id, i.id FROM g o, g i WHERE o.name = 'outer' AND i.name = 'inner'"
    )
    nested = server.bearer(server.token("nested", role=Role.EDIT))
    server.sql(
        "INSERT INTO group_member SELECT g.id, p.id FROM principal g, principal p WHERE g.name = 'inner'"
        " AND p.name = 'nested'"
    )
    client.post(f"{API}acls/put", scope=scope, principal="outer", permission="READ")
    assert nested.get(f"{API}get", scope=scope, key="k")["value"] == base64.b64encode(b"sesame").decode()
    assert nested.refused("POST", f"{API}put", {"scope": scope, "key": "k", "string_value": "x"}).status == 403


def test_the_maker_manages_and_workspace_managers_manage_all(client: Caller, callers: Callers) -> None:
    callers.editor.post(f"{API}scopes/create", scope="made-by-editor")
    acls = callers.editor.get(f"{API}acls/list", scope="made-by-editor")["items"]
    assert acls == [{"principal": "editor", "permission": "MANAGE"}]
    callers.reader  # noqa: B018 - makes the principal
    assert "made-by-editor" in scopes_of(callers.manager)
    callers.manager.post(f"{API}acls/put", scope="made-by-editor", principal="reader", permission="MANAGE")
    assert "made-by-editor" in scopes_of(callers.reader)
    callers.admin.post(f"{API}scopes/delete", scope="made-by-editor")
    assert "made-by-editor" not in scopes_of(client)


def test_roles_open_nothing_and_lists_make_no_roles(client: Caller, callers: Callers, scope: str) -> None:
    for caller in (callers.reader, callers.editor):
        assert caller.refused("GET", f"{API}get", {"scope": scope, "key": "k"}).status == 403
    client.post(f"{API}acls/put", scope=scope, principal="reader", permission="MANAGE")
    refused = callers.reader.refused("POST", f"{API}put", {"scope": scope, "key": "k", "string_value": "x"})
    assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")
    assert callers.reader.get(f"{API}list", scope=scope)["secrets"][0]["key"] == "k"
    assert callers.memberless.refused("GET", f"{API}scopes/list").status == 403


def test_the_same_name_in_two_workspaces_is_two_scopes(client: Caller, callers: Callers, scope: str) -> None:
    stranger = callers.stranger
    assert stranger.refused("GET", f"{API}get", {"scope": scope, "key": "k"}).status == 404
    stranger.post(f"{API}scopes/create", scope=scope)
    stranger.post(f"{API}put", scope=scope, key="k", string_value="theirs")
    assert client.get(f"{API}get", scope=scope, key="k")["value"] == base64.b64encode(b"sesame").decode()
    stranger.post(f"{API}scopes/delete", scope=scope)
    assert client.get(f"{API}list", scope=scope)["secrets"][0]["key"] == "k"


def test_limits(server: Server, client: Caller, scope: str) -> None:
    """They hold for the last one too; the others are put there directly."""
    server.sql(
        "INSERT INTO secret SELECT id, 'k' || n, '\\x00', 0 FROM secret_scope, generate_series(2, 1000) n"
        " WHERE name = $1",
        scope,
    )
    client.post(f"{API}put", scope=scope, key="k", string_value="overwriting is no addition")
    refused = client.refused("POST", f"{API}put", {"scope": scope, "key": "one-more", "string_value": "x"})
    assert (refused.status, refused.code) == (400, "RESOURCE_LIMIT_EXCEEDED")
    assert len(client.get(f"{API}list", scope=scope)["secrets"]) == 1000


def test_a_workspace_with_scopes_is_not_empty(server: Server, client: Caller) -> None:
    client.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "vault"})
    there = server.caller(x_mlflow_workspace="vault")
    there.post(f"{API}scopes/create", scope="s")
    assert client.refused("DELETE", "/api/3.0/mlflow/workspaces/vault").code == "INVALID_STATE"
    there.post(f"{API}scopes/delete", scope="s")
    assert client.request("DELETE", "/api/3.0/mlflow/workspaces/vault").status_code == 204


@pytest.mark.parametrize(("kind", "given"), [("USER", 400), ("SERVICE_PRINCIPAL", 200)])
def test_values_for_service_principals_only(serving, kind: str, given: int) -> None:
    with serving(secret_reads="service-principals") as server:
        server.local.post(f"{API}scopes/create", scope="s", initial_manage_principal="users")
        server.local.post(f"{API}put", scope="s", key="k", string_value="x")
        caller = server.bearer(server.token("job", role=Role.READ))
        server.sql("UPDATE principal SET kind = $1 WHERE name = 'job'", kind)
        answer = caller.request("GET", f"{API}get", params={"scope": "s", "key": "k"})
        assert answer.status_code == given
        assert given == 200 or answer.json()["error_code"] == "BAD_REQUEST"


def test_values_for_nobody(serving) -> None:
    with serving(secret_reads="nobody") as server:
        server.local.post(f"{API}scopes/create", scope="s")
        server.local.post(f"{API}put", scope="s", key="k", string_value="x")
        assert server.local.refused("GET", f"{API}get", {"scope": "s", "key": "k"}).code == "BAD_REQUEST"


def test_secrets_are_not_taken_from_an_address(client: Caller, scope: str) -> None:
    """Proxies and browsers keep addresses."""
    for path, body in (
        (f"{API}put?string_value=otherwise", {"scope": scope, "key": "k"}),
        (f"{API}put?bytes_value=b3RoZXJ3aXNl", {"scope": scope, "key": "k"}),
        (f"{API}put?string_value=otherwise", {"scope": scope, "key": "k", "string_value": "kept"}),
        ("/api/2.0/lakeward/sign-in?password=otherwise", {"name": "owner"}),
    ):
        refused = client.refused("POST", path, body)
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE"), path
        assert "otherwise" not in refused.message
    kept = client.get(f"{API}get", scope=scope, key="k")["value"]
    assert base64.b64decode(kept) == b"sesame"
