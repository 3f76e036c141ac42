"""A service principal that signs in by OAuth drives all that a person's token does, through the unmodified SDK; and
`mlflow` works under every kind of identity.
"""

import uuid

import mlflow
import pytest
import requests
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import NotFound, ResourceDoesNotExist
from databricks.sdk.service import catalog, iam, settings, workspace

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]


def word(stem="x"):
    return f"{stem}{uuid.uuid4().hex[:12]}"


def join(api, group, member):
    added = iam.Patch(op=iam.PatchOp.ADD, path="members", value=[{"value": member.id}])
    api.groups.patch(group.id, operations=[added])


@pytest.fixture(scope="module")
def machine(server):
    """(client id, secret) of an administrator that is a program."""
    person = WorkspaceClient(host=server.url, token=server.token)
    robot = person.service_principals.create(display_name=word("robot"))
    [admins] = person.groups.list(filter='displayName eq "admins"')
    person.groups.patch(
        admins.id, operations=[iam.Patch(op=iam.PatchOp.ADD, path="members", value=[{"value": robot.id}])]
    )
    yield robot.application_id, person.service_principal_secrets_proxy.create(robot.id).secret
    person.service_principals.delete(robot.id)


@pytest.fixture
def api(side, machine):
    return WorkspaceClient(host=side.server.url, client_id=machine[0], client_secret=machine[1], auth_type="oauth-m2m")


def test_users_groups_and_service_principals(api):
    user = api.users.create(user_name=f"{word()}@example.org")
    inner, outer = (api.groups.create(display_name=word("group")) for _ in range(2))
    join(api, inner, user)
    join(api, outer, inner)
    assert {each.display for each in api.users.get(user.id).groups} >= {inner.display_name, "users"}
    robot = api.service_principals.create(display_name="another")
    assert api.service_principals.get(robot.id).application_id == robot.application_id
    for gone in (lambda: api.users.delete(user.id), lambda: api.service_principals.delete(robot.id)):
        gone()
    api.groups.delete(outer.id)
    api.groups.delete(inner.id)
    with pytest.raises(NotFound):
        api.users.get(user.id)


def test_the_account(side, machine):
    api = AccountClient(
        host=side.server.url, client_id=machine[0], client_secret=machine[1], account_id="lakeward",
        auth_type="oauth-m2m",
    )  # fmt: skip
    robot = api.service_principals.create(display_name=word("robot"))
    api.workspace_assignment.update(1, int(robot.id), permissions=[iam.WorkspacePermission.USER])
    assert int(robot.id) in {each.principal.principal_id for each in api.workspace_assignment.list(1)}
    secret = api.service_principal_secrets.create(robot.id)
    assert secret.id in {each.id for each in api.service_principal_secrets.list(robot.id)}
    api.service_principals.delete(robot.id)


def test_tokens(api, side):
    made = api.tokens.create(comment="of a program", lifetime_seconds=600)
    assert (
        WorkspaceClient(host=side.server.url, token=made.token_value).current_user.me().id == api.current_user.me().id
    )
    assert made.token_info.token_id in {each.token_id for each in api.token_management.list()}
    api.tokens.delete(made.token_info.token_id)


def test_secrets(api):
    scope = word("scope")
    api.secrets.create_scope(scope)
    api.secrets.put_secret(scope, "k", string_value="v")
    api.secrets.put_acl(scope, "users", workspace.AclPermission.READ)
    assert [each.key for each in api.secrets.list_secrets(scope)] == ["k"]
    assert "users" in {each.principal for each in api.secrets.list_acls(scope)}
    api.secrets.delete_scope(scope)
    with pytest.raises((NotFound, ResourceDoesNotExist)):
        list(api.secrets.list_secrets(scope))


def test_permissions_and_grants(api):
    user = api.users.create(user_name=f"{word()}@example.org")
    api.api_client.do(
        "PUT", f"/api/2.0/preview/permissionassignments/principals/{user.id}", body={"permissions": ["USER"]}
    )
    made = api.experiments.create_experiment(f"/{word()}").experiment_id
    given = iam.AccessControlRequest(user_name=user.user_name, permission_level=iam.PermissionLevel.CAN_READ)
    api.permissions.update("experiments", made, access_control_list=[given])
    assert user.user_name in {each.user_name for each in api.permissions.get("experiments", made).access_control_list}

    place = api.catalogs.create(word("c"))
    changes = [catalog.PermissionsChange(principal=user.user_name, add=[catalog.Privilege.USE_CATALOG])]
    api.grants.update("catalog", place.name, changes=changes)
    [held] = api.grants.get("catalog", place.name, principal=user.user_name).privilege_assignments
    assert held.privileges == [catalog.Privilege.USE_CATALOG]
    assert api.grants.get_effective("catalog", place.name).privilege_assignments
    api.catalogs.delete(place.name, force=True)


def test_address_lists(api):
    made = api.ip_access_lists.create(word(), settings.ListType.BLOCK, ip_addresses=["192.0.2.1"]).ip_access_list
    assert api.ip_access_lists.get(made.list_id).ip_access_list.ip_addresses == ["192.0.2.1"]
    api.ip_access_lists.delete(made.list_id)


@pytest.mark.parametrize("identity", ["user's token", "program's token", "program's secret", "name and password"])
def test_mlflow_is_who_signed_in(side, monkeypatch, identity):
    """What it makes is its own; what the identity may not is refused."""
    person = WorkspaceClient(host=side.server.url, token=side.server.token)
    for name in ("DATABRICKS_TOKEN", "DATABRICKS_USERNAME", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    if identity in ("user's token", "name and password"):
        made = person.users.create(user_name=f"{word()}@example.org")
        who = made.user_name
    else:
        made = person.service_principals.create(display_name=word("robot"))
        who = made.application_id
    path = f"/api/2.0/preview/permissionassignments/principals/{made.id}"
    person.api_client.do("PUT", path, body={"permissions": ["USER"]})
    if identity == "user's token":
        given = {"TOKEN": side.server.make_token(who)}
    elif identity == "program's token":
        token = person.token_management.create_obo_token(application_id=who, lifetime_seconds=600)
        given = {"TOKEN": token.token_value}
    elif identity == "program's secret":
        given = {"CLIENT_ID": who, "CLIENT_SECRET": person.service_principal_secrets_proxy.create(made.id).secret}
    else:
        password = "correct horse battery staple"
        person.api_client.do("PUT", f"/api/2.0/lakeward/users/{made.id}/password", body={"new_password": password})
        given = {"USERNAME": who, "PASSWORD": password}
    monkeypatch.setenv("DATABRICKS_HOST", side.server.url)
    for name, value in given.items():
        monkeypatch.setenv(f"DATABRICKS_{name}", value)
    mlflow.set_experiment(f"/{word()}")
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1.5)
    found = person.api_client.do("GET", "/api/2.0/mlflow/runs/get", query={"run_id": run.info.run_id})["run"]
    made_by = person.permissions.get("experiments", found["info"]["experiment_id"]).access_control_list
    assert who in {each.user_name or each.service_principal_name for each in made_by}
    assert found["data"]["metrics"][0]["value"] == 1.5
    refused = requests.get(f"{side.server.url}/api/2.0/token-management/tokens", headers=headers_of(), timeout=20)
    assert refused.status_code == 403


def headers_of():
    """Those that the SDK sends for what the environment says."""
    return WorkspaceClient().config.authenticate()
