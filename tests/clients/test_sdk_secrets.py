"""The `databricks-sdk` secrets API and the `dbutils.secrets` of its users."""

import base64
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue, ResourceAlreadyExists, ResourceDoesNotExist
from databricks.sdk.service.workspace import AclPermission, ScopeBackendType

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]


@pytest.fixture
def workspace(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def api(workspace):
    return workspace.secrets


@pytest.fixture
def scope(api):
    name = f"scope.{uuid.uuid4().hex}"
    api.create_scope(name)
    return name


def test_scope_life(api):
    name = f"scope-{uuid.uuid4().hex}"
    api.create_scope(name, initial_manage_principal="users", scope_backend_type=ScopeBackendType.DATABRICKS)
    [found] = [each for each in api.list_scopes() if each.name == name]
    assert found.backend_type is ScopeBackendType.DATABRICKS
    assert [(each.principal, each.permission) for each in api.list_acls(name)] == [("users", AclPermission.MANAGE)]
    with pytest.raises(ResourceAlreadyExists):
        api.create_scope(name)
    api.delete_scope(name)
    assert name not in [each.name for each in api.list_scopes()]
    with pytest.raises(ResourceDoesNotExist):
        api.delete_scope(name)


def test_secret_life(api, scope):
    api.put_secret(scope, "text", string_value="päss 🔑")
    api.put_secret(scope, "bytes", bytes_value=base64.b64encode(bytes(range(256))).decode())
    listed = {each.key: each.last_updated_timestamp for each in api.list_secrets(scope)}
    assert set(listed) == {"text", "bytes"}
    assert all(isinstance(each, int) and each > 1_700_000_000_000 for each in listed.values())
    assert base64.b64decode(api.get_secret(scope, "text").value).decode() == "päss 🔑"
    assert base64.b64decode(api.get_secret(scope, "bytes").value) == bytes(range(256))
    api.put_secret(scope, "text", string_value="another")
    assert base64.b64decode(api.get_secret(scope, "text").value) == b"another"
    api.delete_secret(scope, "text")
    with pytest.raises(ResourceDoesNotExist):
        api.get_secret(scope, "text")
    with pytest.raises(ResourceDoesNotExist):
        api.delete_secret(scope, "text")


def test_dbutils(workspace, api, scope):
    api.put_secret(scope, "token", string_value="for code")
    dbutils = workspace.dbutils
    assert dbutils.secrets.get(scope, "token") == "for code"
    assert [each.key for each in dbutils.secrets.list(scope)] == ["token"]
    assert scope in [each.name for each in dbutils.secrets.listScopes()]


def test_access_lists(api, scope):
    api.put_acl(scope, "users", AclPermission.READ)
    assert api.get_acl(scope, "users").permission is AclPermission.READ
    api.put_acl(scope, "users", AclPermission.WRITE)
    held = {each.principal: each.permission for each in api.list_acls(scope)}
    assert held == {"client-suite": AclPermission.MANAGE, "users": AclPermission.WRITE}
    api.delete_acl(scope, "users")
    with pytest.raises(ResourceDoesNotExist):
        api.get_acl(scope, "users")
    with pytest.raises(ResourceDoesNotExist):
        api.delete_acl(scope, "users")
    with pytest.raises(InvalidParameterValue):
        api.put_acl(scope, "nobody-of-this-name", AclPermission.READ)


def test_refusals_have_their_classes(api, scope):
    for wrong in ("a b", "", "x" * 129, "a/b", "ä"):
        with pytest.raises(InvalidParameterValue):
            api.create_scope(wrong)
        with pytest.raises(InvalidParameterValue):
            api.put_secret(scope, wrong, string_value="x")
    for values in ({}, {"string_value": "x", "bytes_value": "eA=="}):
        with pytest.raises(BadRequest) as refused:
            api.put_secret(scope, "k", **values)
        assert refused.value.error_code == "MALFORMED_REQUEST"
    with pytest.raises(InvalidParameterValue):
        api.put_secret(scope, "k", bytes_value="no base64!")
    with pytest.raises(InvalidParameterValue):
        api.put_secret(scope, "k", string_value="x" * (128 * 1024 + 1))
    with pytest.raises(ResourceDoesNotExist):
        api.put_secret(f"{scope}-2", "k", string_value="x")
    with pytest.raises(ResourceDoesNotExist):
        list(api.list_secrets(f"{scope}-2"))
    with pytest.raises(InvalidParameterValue):
        api.create_scope(f"{scope}-3", initial_manage_principal="client-suite")
    with pytest.raises(InvalidParameterValue):
        api.create_scope(f"{scope}-3", scope_backend_type=ScopeBackendType.AZURE_KEYVAULT)
    api.put_secret(scope, "most", string_value="x" * (128 * 1024))
    assert [each.key for each in api.list_secrets(scope)] == ["most"]
