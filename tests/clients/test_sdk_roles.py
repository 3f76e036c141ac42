"""Rule sets with the unmodified `databricks-sdk`: who looks after a group or a service principal, who acts as one."""

import time
import uuid

import mlflow
import pytest
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import Aborted, BadRequest, NotFound, PermissionDenied
from databricks.sdk.service import iam

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]
MANAGER, USER, GROUP = "roles/servicePrincipal.manager", "roles/servicePrincipal.user", "roles/group.manager"


@pytest.fixture
def owner(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def account(side):
    return AccountClient(host=side.server.url, token=side.server.token, account_id="lakeward")


@pytest.fixture
def ann(side):
    """A member of the workspace without any other right: his name, and his clients."""
    name = f"ann-{uuid.uuid4().hex[:8]}"
    login = {"host": side.server.url, "token": side.server.make_token(name, "--role", "use")}
    return name, WorkspaceClient(**login), AccountClient(**login, account_id="lakeward")


@pytest.fixture
def robot(owner):
    made = owner.service_principals.create(display_name="robot")
    owner.api_client.do(
        "PUT", f"/api/2.0/preview/permissionassignments/principals/{made.id}", body={"permissions": ["USER"]}
    )
    return made


def set_of(kind: str, name: str) -> str:
    return f"accounts/lakeward/{kind}/{name}/ruleSets/default"


def give(api, name: str, **rules: list[str]):
    """Replaces the rule set; `manager=[...]`."""
    roles = {"manager": MANAGER, "user": USER, "group": GROUP}
    known = api.get_rule_set(name, "")
    grants = [iam.GrantRule(role=roles[role], principals=principals) for role, principals in rules.items()]
    return api.update_rule_set(name, iam.RuleSetUpdateRequest(name=name, etag=known.etag, grant_rules=grants))


def test_rule_sets_are_read_and_replaced(owner, account, ann, robot):
    name, access = set_of("servicePrincipals", robot.application_id), account.access_control
    assert access.get_rule_set(name, "").grant_rules == []
    given = give(access, name, manager=[f"users/{ann[0]}", "groups/users"], user=[f"users/{ann[0]}"])
    assert given == access.get_rule_set(name, given.etag) == owner.account_access_control_proxy.get_rule_set(name, "")
    assert {each.role: each.principals for each in given.grant_rules} == {
        MANAGER: ["groups/users", f"users/{ann[0]}"], USER: [f"users/{ann[0]}"],
    }  # fmt: skip
    stale = iam.RuleSetUpdateRequest(name=name, etag="older", grant_rules=[])
    with pytest.raises(Aborted):
        access.update_rule_set(name, stale)
    assert give(access, name).grant_rules == []
    with pytest.raises(NotFound):
        give(access, name, user=["users/nobody-of-this-name"])
    with pytest.raises(BadRequest):
        give(access, name, group=[f"users/{ann[0]}"])
    with pytest.raises(BadRequest):
        give(access, set_of("groups", "3"), group=[f"users/{ann[0]}"])


def test_which_roles_there_are(owner, account, robot):
    resource = f"accounts/lakeward/servicePrincipals/{robot.application_id}"
    found = account.access_control.get_assignable_roles_for_resource(resource).roles
    assert [each.name for each in found] == [MANAGER, USER]
    proxy = owner.account_access_control_proxy
    assert [each.name for each in proxy.get_assignable_roles_for_resource("accounts/a/groups/1").roles] == [GROUP]
    assert proxy.get_assignable_roles_for_resource("accounts/a").roles == []


def test_who_manages_a_service_principal(account, ann, robot):
    name, api, mine = ann
    rules = set_of("servicePrincipals", robot.application_id)
    with pytest.raises(PermissionDenied):
        mine.service_principal_secrets.create(robot.id)
    with pytest.raises(PermissionDenied):
        mine.access_control.get_rule_set(rules, "")
    give(account.access_control, rules, manager=[f"users/{name}"])
    secret = mine.service_principal_secrets.create(robot.id)
    assert [each.id for each in mine.service_principal_secrets.list(robot.id)] == [secret.id]
    machine = WorkspaceClient(
        host=api.config.host, client_id=robot.application_id, client_secret=secret.secret, auth_type="oauth-m2m"
    )
    assert machine.current_user.me().user_name == robot.application_id
    mine.service_principal_secrets.delete(robot.id, secret.id)
    with pytest.raises(PermissionDenied):  # to manage it is not to act as it
        api.token_management.create_obo_token(robot.application_id)
    give(mine.access_control, rules, manager=[f"users/{name}"], user=[f"users/{name}"])  # he may pass it on
    assert api.token_management.create_obo_token(robot.application_id).token_value
    with pytest.raises(PermissionDenied):
        mine.service_principals.delete(robot.id)


def test_who_acts_as_a_service_principal(side, account, ann, robot, monkeypatch):
    name, api, _ = ann
    me = iam.ComplexValue(value=api.current_user.me().id)
    team = account.groups.create(display_name=f"team-{name}", members=[me])
    give(account.access_control, set_of("servicePrincipals", robot.application_id), user=[f"groups/team-{name}"])
    time.sleep(1.05)  # who is in a group counts within a second
    token = api.token_management.create_obo_token(robot.application_id).token_value
    monkeypatch.setenv("DATABRICKS_HOST", side.server.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", token)
    mlflow.set_tracking_uri("databricks")
    experiment = mlflow.set_experiment(f"/as-{robot.id}")
    assert mlflow.MlflowClient().get_experiment(experiment.experiment_id).name == f"/as-{robot.id}"
    with pytest.raises(PermissionDenied):
        api.api_client.do("GET", f"/api/2.0/accounts/servicePrincipals/{robot.id}/credentials/secrets")
    account.groups.delete(team.id)
    with pytest.raises(PermissionDenied):
        WorkspaceClient(host=side.server.url, token=api.config.token).token_management.create_obo_token(
            robot.application_id
        )


def test_who_manages_a_group(account, ann, robot):
    name, _, mine = ann
    group = account.groups.create(display_name=f"readers-{name}")
    add = [iam.Patch(op=iam.PatchOp.ADD, path="members", value=[{"value": robot.id}])]
    schemas = [iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]
    with pytest.raises(PermissionDenied):
        mine.groups.patch(group.id, operations=add, schemas=schemas)
    give(account.access_control, set_of("groups", group.id), group=[f"users/{name}"])
    mine.groups.patch(group.id, operations=add, schemas=schemas)
    assert [each.value for each in mine.groups.get(group.id).members] == [robot.id]
    rename = [iam.Patch(op=iam.PatchOp.REPLACE, path="displayName", value="admins too")]
    with pytest.raises(PermissionDenied):
        mine.groups.patch(group.id, operations=rename, schemas=schemas)
    with pytest.raises(PermissionDenied):
        mine.groups.delete(group.id)
