"""The workspace registry with the unmodified `databricks-sdk` (`w.model_registry`): the same models as over http."""

import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service import ml

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]


@pytest.fixture
def owner(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token)


@pytest.fixture
def member(side):
    """A client of a new member of the workspace who was given nothing, and his name."""
    name = f"member-{uuid.uuid4().hex[:8]}"
    return WorkspaceClient(host=side.server.url, token=side.server.make_token(name, "--role", "use")), name


@pytest.fixture
def name() -> str:
    return f"model-{uuid.uuid4().hex}"


def test_a_life(owner, name):
    api = owner.model_registry
    made = api.create_model(name, description="flowers", tags=[ml.ModelTag("team", "a")]).registered_model
    assert (made.name, made.description) == (name, "flowers")
    version = api.create_model_version(name, "s3://bucket/m", tags=[ml.ModelVersionTag("k", "v")]).model_version
    assert (version.version, version.status, version.current_stage) == ("1", ml.ModelVersionStatus.READY, "None")
    api.create_model_version(name, "s3://bucket/m")
    assert name in [each.name for each in api.list_models(max_results=1)]
    assert [each.name for each in api.search_models(filter=f"name = '{name}'")] == [name]
    found = api.get_model(name).registered_model_databricks
    assert (found.description, found.tags, found.user_id) == ("flowers", [ml.ModelTag("team", "a")], made.user_id)
    assert [each.version for each in found.latest_versions] == ["2"]

    moved = api.transition_stage(name, "1", "Production", False, comment="passed the review").model_version_databricks
    assert (moved.version, moved.current_stage, moved.tags) == ("1", "Production", [ml.ModelVersionTag("k", "v")])
    api.transition_stage(name, "2", "production", archive_existing_versions=True)
    assert api.get_model_version(name, "1").model_version.current_stage == "Archived"
    assert [each.version for each in api.get_latest_versions(name, stages=["Production"])] == ["2"]
    log = owner.api_client.do("GET", "/api/2.0/lakeward/registry/activity", query={"name": name, "version": "1"})
    assert ("commented", "passed the review") in [(each["action"], each.get("value")) for each in log["activities"]]

    api.update_model(name, description="trees")
    api.update_model_version(name, "2", description="second")
    api.set_model_version_tag(name, "2", "n", "1")
    api.delete_model_version_tag(name, "2", "n")
    assert api.get_model_version(name, "2").model_version.description == "second"
    assert api.get_model_version_download_uri(name, "2").artifact_uri == "s3://bucket/m"
    api.delete_model_version(name, "1")
    api.rename_model(name, new_name=f"{name}-new")
    assert [each.version for each in api.search_model_versions(filter=f"name = '{name}-new'")] == ["2"]
    api.delete_model(f"{name}-new")
    with pytest.raises(NotFound):
        api.get_model(f"{name}-new")


def test_the_id_of_a_model_is_that_of_its_permissions(owner, member, name):
    """And everybody is told the level that counts for him."""
    api, who = member
    owner.model_registry.create_model(name)
    owner.model_registry.create_model_version(name, "s3://bucket/m")
    found = owner.model_registry.get_model(name).registered_model_databricks
    assert found.permission_level == ml.PermissionLevel.CAN_MANAGE
    with pytest.raises(PermissionDenied):
        api.model_registry.get_model(name)
    assert name not in [each.name for each in api.model_registry.list_models()]
    for level in ("CAN_READ", "CAN_EDIT", "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS"):
        with pytest.raises(PermissionDenied):
            api.model_registry.transition_stage(name, "1", "Production", False)
        owner.model_registry.set_permissions(found.id, access_control_list=[
            ml.RegisteredModelAccessControlRequest(
                user_name=who, permission_level=ml.RegisteredModelPermissionLevel(level)
            )
        ])  # fmt: skip
        seen = api.model_registry.get_model(name).registered_model_databricks
        assert (seen.permission_level, seen.id) == (ml.PermissionLevel(level), found.id)
    assert name in [each.name for each in api.model_registry.list_models()]
    api.model_registry.transition_stage(name, "1", "Production", False)
