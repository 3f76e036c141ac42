"""Who may come in with what: tokens, passwords; and which APIs a token opens."""

import base64
import time

import pytest

from lakeward.app import all_routes
from lakeward.runtime.http import PUBLIC, SIGNED_URL, Role
from server import Caller, Server

AUTHORIZATION = "/api/2.0/permissions/authorization"
PASSWORD = "correct horse battery"
ME = "/api/2.0/preview/scim/v2/Me"


def give(client: Caller, kind: str, method: str, **who: str) -> dict[str, list[tuple[str, bool]]]:
    """Gives CAN_USE to this one, and returns who has what."""
    entries = [{**who, "permission_level": "CAN_USE"}] if who else []
    client.call(method, f"{AUTHORIZATION}/{kind}", json={"access_control_list": entries})
    told = client.get(f"{AUTHORIZATION}/{kind}")
    assert (told["object_id"], told["object_type"]) == (f"/authorization/{kind}", kind)
    return {
        each.get("user_name") or each.get("group_name") or each["service_principal_name"]: [
            (one["permission_level"], one["inherited"]) for one in each["all_permissions"]
        ]
        for each in told["access_control_list"]
    }


def until(status: int, caller: Caller, path: str = "experiments/search") -> str:
    started = time.monotonic()
    while (answer := caller.request("GET", path)).status_code != status:
        assert time.monotonic() - started < 1.5, answer.text
        time.sleep(0.02)
    return answer.text


ADMINS = {"admins": [("CAN_MANAGE", True)]}
MAY = [("CAN_USE", False)]


def test_who_may_use_tokens(server: Server, client: Caller) -> None:
    kim, admin = server.bearer(server.token("kim", role=Role.READ)), server.bearer(server.token("boss", admin=True))
    robot = client.post("/api/2.0/preview/scim/v2/ServicePrincipals", displayName="robot")["applicationId"]
    behalf = "/api/2.0/token-management/on-behalf-of/tokens"
    client.post(behalf, application_id=robot)
    assert client.get(f"{AUTHORIZATION}/tokens")["access_control_list"][0]["group_name"] == "users"
    assert kim.request("GET", "experiments/search").status_code == 200
    assert give(client, "tokens", "PUT") == ADMINS
    assert "may not use personal access tokens" in until(403, kim)
    assert admin.request("GET", "experiments/search").status_code == 200
    assert client.refused("POST", behalf, {"application_id": robot}).status == 403
    assert give(client, "tokens", "PATCH", user_name="kim") == ADMINS | {"kim": MAY}
    until(200, kim)
    kim.post("/api/2.0/token/create")
    assert give(client, "tokens", "PATCH", service_principal_name=robot) == ADMINS | {"kim": MAY, robot: MAY}
    client.post(behalf, application_id=robot)
    for body, status in (
        ({"user_name": "kim", "permission_level": "CAN_MANAGE"}, 400),
        ({"user_name": "nobody", "permission_level": "CAN_USE"}, 404),
    ):
        assert client.refused("PUT", f"{AUTHORIZATION}/tokens", {"access_control_list": [body]}).status == status
    assert give(client, "tokens", "PUT", group_name="users") == ADMINS | {"users": MAY}
    assert kim.refused("GET", f"{AUTHORIZATION}/tokens").status == 403
    [level] = client.get(f"{AUTHORIZATION}/tokens/permissionLevels")["permission_levels"]
    assert level["permission_level"] == "CAN_USE"


def test_who_may_use_passwords(server: Server, client: Caller) -> None:
    ada = client.post("/api/2.0/preview/scim/v2/Users", userName="ada")["id"]
    client.call("PUT", f"/api/2.0/lakeward/users/{ada}/password", json={"new_password": PASSWORD})
    elsewhere = server.caller(x_forwarded_for="203.0.113.9")

    def enter(password: str = PASSWORD) -> int:
        body = {"name": "ada", "password": password}
        return elsewhere.request("POST", "/api/2.0/lakeward/sign-in", json=body).status_code

    basic = server.caller(authorization="Basic " + base64.b64encode(f"ada:{PASSWORD}".encode()).decode())
    assert (enter(), basic.request("GET", ME).status_code) == (200, 200)
    assert give(client, "passwords", "PUT") == ADMINS
    until(403, basic, ME)
    assert (enter(), enter("wrong")) == (403, 401)  # who knows it, learns why
    give(client, "passwords", "PUT", user_name="ada")
    until(200, basic, ME)
    assert enter() == 200


def test_a_token_opens_what_its_scopes_name(server: Server, client: Caller) -> None:
    made = client.post("/api/2.0/token/create", scopes=["mlflow", "authentication", "mlflow"])
    assert made["token_info"]["scopes"] == ["authentication", "mlflow"]
    few = server.bearer(made["token_value"])
    few.experiment()
    assert few.get(ME)["userName"] == "owner"
    for method, path, needed in (
        ("GET", "/api/2.1/unity-catalog/catalogs", "unity-catalog"),
        ("GET", "/api/2.0/secrets/scopes/list", "secrets"),
        ("PUT", "/api/2.0/lakeward/users/1/password", "all-apis"),
        ("POST", "/api/2.0/accounts/servicePrincipals/1/credentials/secrets", "all-apis"),
        ("GET", "/oidc/v1/authorize", "all-apis"),
    ):
        answer = few.refused(method, path, {} if method != "GET" else None)
        assert answer.status == 403, path
        assert f"this needs {needed}" in answer.response.text
    for wanted in ([], ["all-apis"], ["scim"], ["mlflow", "scim"]):
        assert few.refused("POST", "/api/2.0/token/create", {"scopes": wanted}).status == 403
    least = few.post("/api/2.0/token/create", scopes=["mlflow"])
    assert server.bearer(least["token_value"]).refused("POST", "/api/2.0/token/create", {}).status == 403
    unknown = client.refused("POST", "/api/2.0/token/create", {"scopes": ["clusters"]})
    assert (unknown.status, unknown.code) == (400, "INVALID_PARAMETER_VALUE")
    listed = {each["token_id"]: each["scopes"] for each in client.get("/api/2.0/token/list")["token_infos"]}
    assert listed[least["token_info"]["token_id"]] == ["mlflow"]
    everything = client.post("/api/2.0/token/create", scopes=["all-apis", "mlflow"])["token_info"]["scopes"]
    assert everything == ["all-apis"]
    managed = client.get(f"/api/2.0/token-management/tokens/{least['token_info']['token_id']}")["token_info"]
    assert managed["scopes"] == ["mlflow"]


@pytest.mark.parametrize("start", ["/api/2.0/mlflow/", "/api/3.0/mlflow/", "/v1/traces", "/ajax-api/2.0/mlflow"])
def test_what_mlflow_calls_its_scopes_open(start: str) -> None:
    routes = [each for each in all_routes() if each.path.startswith(start)]
    assert routes
    assert {each.scope for each in routes} <= {"mlflow", "unity-catalog"}


def test_few_routes_need_every_scope() -> None:
    """A new route has a scope (runtime/http/scopes.py), or a place here: the server's own, and new credentials."""
    found = {each.path for each in all_routes() if each.scope is None and each.allow not in (PUBLIC, SIGNED_URL)}
    secrets = "{service_principal_id}/credentials/secrets"
    own = "audit password prices prices/{price_id} purge session sign-out system users/{id}/password".split()
    assert found == {
        "/metrics", "/oidc/v1/authorize", *(f"/api/2.0/lakeward/{each}" for each in own),
        *(f"/api/2.0/accounts/{family}/{secrets}{one}" for family in ("servicePrincipals",
          "{account_id}/servicePrincipals") for one in ("", "/{secret_id}")),
    }  # fmt: skip
