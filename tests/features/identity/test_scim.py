"""SCIM as identity providers speak it, who may read and change what, and rules no order of requests gets around."""

import concurrent.futures
import time

import pytest

from lakeward.runtime.http import Role
from server import Caller, Server

SCIM = "/api/2.0/preview/scim/v2"
ACCOUNT = "/api/2.0/accounts/lakeward/scim/v2"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def made(client: Caller, kind: str, **fields) -> str:
    return client.call("POST", f"{SCIM}/{kind}", json=fields)["id"]


def patch(client: Caller, path: str, *operations: dict):
    return client.call("PATCH", f"{SCIM}/{path}", json={"schemas": [PATCH], "Operations": list(operations)})


def users(client: Caller, text: str = "") -> set[str]:
    found = client.call("GET", f"{SCIM}/Users", params={"filter": text})["Resources"]
    return {each["userName"] for each in found}


# --- the dialect


def test_errors_have_the_form_of_scim(client: Caller, callers):
    made(client, "Users", userName="ada")
    wrong = [
        (client.refused("POST", f"{SCIM}/Users", {"userName": "ada"}), 409, "uniqueness"),
        (client.refused("POST", f"{SCIM}/Users", {"userName": "a:b"}), 400, "invalidValue"),
        (client.refused("POST", f"{SCIM}/Users", {"userName": "token"}), 400, "invalidValue"),
        (client.refused("POST", f"{SCIM}/Users", {"userName": "ada "}), 400, "invalidValue"),
        (client.refused("POST", f"{SCIM}/Groups", {"displayName": "Admins "}), 400, "invalidValue"),
        (client.refused("POST", f"{SCIM}/Groups", {"displayName": "Admins\u00a0"}), 400, "invalidValue"),
        (client.refused("POST", f"{SCIM}/Users", {"userName": 7}), 400, "invalidValue"),
        (client.refused("GET", f"{SCIM}/Users", {"filter": "x"}), 400, "invalidFilter"),
        (client.refused("GET", f"{SCIM}/Users", {"sortBy": "shoes"}), 400, "invalidPath"),
        (client.refused("GET", f"{SCIM}/Users/999"), 404, ""),
        (client.refused("GET", f"{SCIM}/Users/x"), 404, ""),
        (client.refused("DELETE", f"{SCIM}/Users/1"), 400, "mutability"),
        (callers.nobody.refused("GET", f"{SCIM}/Users"), 401, ""),
        (callers.reader.refused("POST", f"{SCIM}/Users", {"userName": "x"}), 403, ""),
    ]
    for answer, status, keyword in wrong:
        body = answer.response.json()
        assert answer.status == status, body
        assert (body["status"], body["scimType"]) == (str(status), keyword)
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert body["detail"]


def test_sizes_are_bounded(client: Caller):
    """Lists of principals and tokens carry these texts, so nobody puts megabytes into one."""
    for field, value in (
        ("displayName", "x" * 1001), ("externalId", "x" * 1001), ("name", {"givenName": "x" * 1001}),
        ("emails", [{"value": "x" * 1001}]), ("entitlements", [{"value": str(n)} for n in range(101)]),
    ):  # fmt: skip
        answer = client.refused("POST", f"{SCIM}/Users", {"userName": "big", field: value})
        assert (answer.status, answer.response.json()["scimType"]) == (400, "invalidValue"), field
    number = made(client, "Users", userName="big", displayName="x" * 1000)
    long = {"op": "replace", "path": "displayName", "value": "x" * 1001}
    assert client.refused("PATCH", f"{SCIM}/Users/{number}", {"Operations": [long]}).status == 400
    token = client.post("/api/2.0/token/create", comment="x" * 1000)["token_info"]["token_id"]
    for method, path, body in (
        ("POST", "/api/2.0/token/create", {"comment": "x" * 1001}),
        ("PATCH", f"/api/2.0/token/{token}", {"token": {"comment": "x" * 1001}, "update_mask": "comment"}),
    ):
        answer = client.refused(method, path, body)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


def test_pages(client: Caller):
    for number in range(5):
        made(client, "Groups", displayName=f"group {number}")
    page = client.get(f"{SCIM}/Groups", filter="displayName sw group", startIndex=2, count=3)
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 3)
    assert [each["displayName"] for each in page["Resources"]] == ["group 1", "group 2", "group 3"]
    assert page["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    for start, count, length in ((6, 3, 0), (0, 0, 0), (-3, 2, 2), (1, -1, 0), (10**12, 1, 0)):
        page = client.get(f"{SCIM}/Groups", filter="displayName sw group", startIndex=start, count=count)
        assert (page["totalResults"], len(page["Resources"])) == (5, length)


def test_the_operations_of_identity_providers(client: Caller):
    """As Entra ID, Okta and the platform's own documentation write them."""
    user = made(client, "Users", userName="ada")
    mail = {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ada@example.org"}
    found = patch(
        client, f"Users/{user}", mail,
        {"op": "Replace", "path": "name.familyName", "value": "Lovelace"},
        {"op": "Replace", "value": {"displayName": "Ada", "name.givenName": "A", "shoeSize": 38}},
        {"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:externalId", "value": "e1"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "R"},
        {"op": "add", "path": "entitlements", "value": [{"value": "a"}, {"value": "b"}, {"value": "c"}]},
        {"op": "remove", "path": 'entitlements[value eq "b"]'},
        {"op": "remove", "path": "entitlements", "value": [{"value": "c"}]},
    )  # fmt: skip
    assert found["name"] == {"familyName": "Lovelace", "givenName": "A"}
    assert (found["displayName"], found["externalId"], found["entitlements"]) == ("Ada", "e1", [{"value": "a"}])
    assert found["emails"] == [{"value": "ada@example.org", "type": "work", "primary": False}]
    for value, active in (
        (False, False), ("True", True), ([{"value": "false"}], False), (True, True), ({"value": False}, False),
        ("true", True), (None, False),
    ):  # fmt: skip
        assert patch(client, f"Users/{user}", {"op": "Replace", "path": "active", "value": value})["active"] is active
    assert patch(client, f"Users/{user}", {"op": "replace", "value": {"active": True}})["active"] is True
    for wrong in (
        {"op": "move", "path": "active"}, {"op": "remove"}, {"op": "add", "value": "x"},
        {"op": "remove", "path": "memberz"}, {"op": "remove", "path": "members"},
        {"op": "replace", "path": "active", "value": "maybe"}, {"op": "replace", "path": "displayName", "value": 7},
        {"op": "add", "path": "entitlements", "value": [7]}, {"op": "remove", "path": "roles[type eq 7]"},
        {"op": "add", "path": "roles", "value": "account_admin"},
    ):  # fmt: skip
        body = {"Operations": [{"op": "replace", "path": "displayName", "value": "lost"}, wrong]}
        assert client.refused("PATCH", f"{SCIM}/Users/{user}", body).status == 400, wrong
    assert client.get(f"{SCIM}/Users/{user}")["displayName"] == "Ada"


def test_members_in_every_form(client: Caller):
    people = [made(client, "Users", userName=letter) for letter in "abcd"]
    group = made(client, "Groups", displayName="g")

    def after(*operations: dict) -> list[str]:
        found = patch(client, f"Groups/{group}", *operations).get("members", [])
        return [people.index(each["value"]) for each in found]

    entries = [{"value": each} for each in people]
    assert after({"op": "Add", "path": "members", "value": entries[:2]}) == [0, 1]
    assert after({"op": "add", "value": {"members": entries[1:3]}}) == [0, 1, 2]
    assert after({"op": "Remove", "path": "members", "value": entries[:1]}) == [1, 2]
    assert after({"op": "remove", "path": f'members[value eq "{people[1]}"]'}) == [2]
    assert after({"op": "replace", "path": "members", "value": [entries[3]]}) == [3]
    assert after({"op": "add", "path": "members", "value": people[0]}, {"op": "remove", "path": "members"}) == []


def test_a_deactivated_user_is_not_activated_by_leaving_it_out(client: Caller):
    user = made(client, "Users", userName="ada", active=False)
    assert client.call("PUT", f"{SCIM}/Users/{user}", json={"userName": "ada"})["active"] is False
    assert client.call("PUT", f"{SCIM}/Users/{user}", json={"userName": "b", "active": True})["active"] is True


# --- who may see and do what


def test_people_see_those_of_their_workspace(server: Server, client: Caller, callers):
    """And administrators all; a group lets all its members in, and shows them."""
    inner = made(client, "Groups", displayName="inner", members=[{"value": made(client, "Users", userName="nested")}])
    outer = made(client, "Groups", displayName="outer", members=[{"value": inner}])
    other = made(client, "Groups", displayName="other", members=[{"value": inner}])
    made(client, "Users", userName="far")
    server.sql("INSERT INTO workspace_member VALUES (1, $1, 'READ')", int(outer))
    assert users(callers.reader) == {"reader", "nested", "owner"}
    assert users(client) >= {"reader", "nested", "owner", "far"}
    assert users(callers.stranger) == {"stranger", "owner"}
    nested = callers.reader.get(f"{SCIM}/Users", filter="userName eq nested")["Resources"][0]
    assert {each["display"] for each in nested["groups"]} == {"users", "inner", "outer"}
    listed = callers.reader.get(f"{SCIM}/Groups")["Resources"]
    assert {each["displayName"] for each in listed} == {"users", "admins", "inner", "outer"}
    assert callers.reader.refused("GET", f"{SCIM}/Groups/{other}").status == 404
    assert {each["display"] for each in callers.reader.get(f"{SCIM}/Groups/2")["members"]} == users(callers.reader)
    for caller in (callers.reader, callers.manager):
        assert caller.refused("GET", f"{ACCOUNT}/Users").status == 403


def test_everybody_knows_who_he_is(callers):
    for who in ("reader", "memberless", "stranger", "admin"):
        me = getattr(callers, who).get(f"{SCIM}/Me")
        assert (me["userName"], me["active"]) == (who, True)
        assert "users" in {each["display"] for each in me["groups"]}
    assert callers.nobody.refused("GET", f"{SCIM}/Me").status == 401


def test_a_manager_gives_roles_to_those_who_are_in_already(server: Server, client: Caller, callers):
    here = "/api/2.0/preview/permissionassignments"
    far = made(client, "Users", userName="far")
    robot = made(client, "ServicePrincipals", displayName="robot")
    reader = callers.reader.get(f"{SCIM}/Me")["id"]
    assert callers.manager.refused("PUT", f"{here}/principals/{far}", {"permissions": ["USER"]}).status == 404
    assert callers.editor.refused("GET", here).status == 403
    given = client.call("PUT", f"{here}/principals/{robot}", json={"permissions": ["USER", "ADMIN", "UNKNOWN"]})
    assert given["permissions"] == ["ADMIN"]
    assert (
        given["principal"]["service_principal_name"] == client.get(f"{SCIM}/ServicePrincipals/{robot}")["applicationId"]
    )
    path = f"{here}/principals/{reader}"
    assert callers.manager.call("PUT", path, json={"permissions": ["USER"]})["permissions"] == ["USER"]
    role = "SELECT role FROM workspace_member WHERE principal_id = $1"
    assert server.sql(role, int(reader))[0]["role"] == "READ"  # who reads goes on reading
    callers.manager.call("PUT", path, json={"permissions": ["ADMIN"]})
    callers.manager.call("PUT", path, json={"permissions": ["USER"]})
    assert server.sql(role, int(reader))[0]["role"] == "EDIT"
    callers.manager.call("DELETE", path)
    assert callers.manager.refused("DELETE", path).status == 404
    assert callers.stranger.call("GET", here)["permission_assignments"][0]["principal"]["user_name"] == "stranger"


# --- changes count at once, everywhere


def until(status: int, caller: Caller, path: str = "experiments/search") -> float:
    started = time.monotonic()
    while caller.request("GET", path).status_code != status:
        assert time.monotonic() - started < 3
        time.sleep(0.02)
    return time.monotonic() - started


def test_a_deactivated_user_is_out_within_a_second(server: Server, serving, client: Caller):
    token = server.token("ada", role=Role.EDIT)
    with serving(beside=server) as other:
        callers = [each.bearer(token) for each in (server, other)]
        for caller in callers:
            assert caller.request("GET", "experiments/search").status_code == 200
        [ada] = client.get(f"{SCIM}/Users", filter="userName eq ada")["Resources"]
        patch(client, f"Users/{ada['id']}", {"op": "replace", "path": "active", "value": False})
        assert max(until(401, caller) for caller in callers) < 1.2
        patch(client, f"Users/{ada['id']}", {"op": "replace", "path": "active", "value": True})
        assert max(until(200, caller) for caller in callers) < 1.2


def test_a_group_gives_and_takes_within_a_second(server: Server, serving, client: Caller):
    token = server.token("ada")
    [ada] = client.get(f"{SCIM}/Users", filter="userName eq ada")["Resources"]
    inner = made(client, "Groups", displayName="inner")
    outer = made(client, "Groups", displayName="outer", members=[{"value": inner}])
    client.call("PUT", f"/api/2.0/preview/permissionassignments/principals/{outer}", json={"permissions": ["USER"]})
    with serving(beside=server) as other:
        callers = [each.bearer(token) for each in (server, other)]
        for caller in callers:
            assert caller.request("GET", "experiments/search").status_code == 403
        patch(client, f"Groups/{inner}", {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})
        assert max(until(200, caller) for caller in callers) < 1.2
        patch(client, f"Groups/{inner}", {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'})
        assert max(until(403, caller) for caller in callers) < 1.2
        patch(client, "Groups/3", {"op": "add", "path": "members", "value": [{"value": outer}]})
        patch(client, f"Groups/{inner}", {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})
        assert max(until(200, caller, "/metrics") for caller in callers) < 1.2


# --- administrators


def test_somebody_stays_administrator(server: Server, client: Caller, callers):
    admin = callers.admin
    admin_id = admin.get(f"{SCIM}/Me")["id"]
    off = {"op": "replace", "path": "active", "value": False}
    patch(admin, "Users/1", off)  # from now on a local caller without credentials is nobody
    until(401, client, f"{SCIM}/Me")
    for change in (
        lambda: admin.refused("PATCH", f"{SCIM}/Users/{admin_id}", {"Operations": [off]}),
        lambda: admin.refused("PUT", f"{SCIM}/Users/{admin_id}", {"userName": "admin", "active": False}),
        lambda: admin.refused("DELETE", f"{SCIM}/Users/{admin_id}"),
        lambda: admin.refused("PUT", f"{SCIM}/Groups/3", {"displayName": "admins"}),
        lambda: admin.refused(
            "PATCH", f"{SCIM}/Groups/3",
            {"Operations": [{"op": "remove", "path": f'members[value eq "{admin_id}"]'}]},
        ),
    ):  # fmt: skip
        answer = change()
        assert (answer.status, answer.response.json()["scimType"]) == (400, "mutability")
        assert "nobody to administer" in answer.response.json()["detail"]
    assert admin.get(f"{SCIM}/Me")["active"] is True
    patch(admin, "Users/1", {"op": "replace", "path": "active", "value": True})
    until(200, client, f"{SCIM}/Me")
    assert admin.refused("DELETE", f"{SCIM}/Users/1").status == 400
    client.call("DELETE", f"{SCIM}/Users/{admin_id}")
    until(401, admin)


def test_two_administrators_cannot_remove_each_other_at_once(server: Server, client: Caller):
    """And two groups cannot be put into one another at once."""
    for _ in range(4):
        tokens = [server.token(name, admin=True) for name in ("first", "second")]
        pair = [server.bearer(token) for token in tokens]
        ids = [caller.get(f"{SCIM}/Me")["id"] for caller in pair]
        patch(pair[0], "Users/1", {"op": "replace", "path": "active", "value": False})
        groups = [made(pair[0], "Groups", displayName=f"g{number}") for number in range(2)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            deleted = [
                pool.submit(caller.request, "DELETE", f"{SCIM}/Users/{other}")
                for caller, other in zip(pair, reversed(ids), strict=True)
            ]
            nested = [
                pool.submit(
                    caller.request, "PATCH", f"{SCIM}/Groups/{group}",
                    json={"Operations": [{"op": "add", "path": "members", "value": other}]},
                )
                for caller, group, other in zip(pair, groups, reversed(groups), strict=True)
            ]  # fmt: skip
            outcome = [each.result().status_code for each in deleted]
            assert sorted(outcome) in ([204, 400], [204, 401])
            assert sorted(each.result().status_code for each in nested) in ([200, 400], [200, 401])
        left = pair[outcome.index(204)]
        patch(left, "Users/1", {"op": "replace", "path": "active", "value": True})
        until(200, client, f"{SCIM}/Me")
        for kind in ("Users", "Groups"):
            for each in client.get(f"{SCIM}/{kind}")["Resources"]:
                if int(each["id"]) >= 100:
                    client.request("DELETE", f"{SCIM}/{kind}/{each['id']}")


def test_a_group_holds_no_token(server: Server):
    for name in ("users", "admins", "OWNER"):
        with pytest.raises(Exception, match="case only, or a group"):
            server.token(name)
