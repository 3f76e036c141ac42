"""The workspace registry with the unmodified `databricks-sdk` (`w.model_registry`): the same models as over http."""

import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service import ml

OWNER = "client-suite"

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


def log(owner, name) -> list[tuple]:
    """The activity log of version 1, oldest first."""
    found = owner.api_client.do("GET", "/api/2.0/lakeward/registry/activity", query={"name": name, "version": "1"})
    shown = ("action", "user_id", "key", "value", "before")
    return [tuple(each.get(field) for field in shown) for each in reversed(found["activities"])]


@pytest.fixture
def reviewed(owner, member, name):
    """A model with a version that the member may read, and a function that gives him another level."""
    owner.model_registry.create_model(name)
    owner.model_registry.create_model_version(name, "s3://bucket/m")
    number = owner.model_registry.get_model(name).registered_model_databricks.id

    def give(level: str) -> None:
        owner.model_registry.set_permissions(number, access_control_list=[
            ml.RegisteredModelAccessControlRequest(
                user_name=member[1], permission_level=ml.RegisteredModelPermissionLevel(level)
            )
        ])  # fmt: skip

    give("CAN_READ")
    return give


def test_comments(owner, member, name, reviewed):
    """Whoever may read writes them, their author alone edits them, and who manages the model may delete them too."""
    api, who = member[0].model_registry, member[1]
    said = api.create_comment(name, "1", "looks good").comment
    assert (said.user_id, said.comment) == (who, "looks good")
    assert [each.value for each in said.available_actions] == ["EDIT_COMMENT", "DELETE_COMMENT"]
    edited = api.update_comment(said.id, "looks fine").comment
    assert (edited.id, edited.comment, edited.creation_timestamp) == (said.id, "looks fine", said.creation_timestamp)
    with pytest.raises(PermissionDenied):
        owner.model_registry.update_comment(said.id, "looks bad")
    other = owner.model_registry.create_comment(name, "1", "thanks").comment
    with pytest.raises(PermissionDenied):
        api.delete_comment(other.id)
    listed = member[0].api_client.do(
        "GET", "/api/2.0/lakeward/registry/comments", query={"name": name, "version": "1", "max_results": 1}
    )
    assert [each["comment"] for each in listed["comments"]] == ["thanks"]
    assert listed["next_page_token"]
    owner.model_registry.delete_comment(said.id)
    with pytest.raises(NotFound):
        api.update_comment(said.id, "again")
    assert log(owner, name)[1:] == [
        ("commented", who, said.id, "looks good", None),
        ("comment_edited", who, said.id, "looks fine", "looks good"),
        ("commented", OWNER, other.id, "thanks", None),
        ("comment_deleted", OWNER, said.id, None, "looks fine"),
    ]
    for wrong in ("", " ", "x" * 65_536):
        with pytest.raises(BadRequest):
            api.create_comment(name, "1", wrong)
    for unknown in ("2", "0", "one"):
        with pytest.raises((NotFound, BadRequest)):
            api.create_comment(name, unknown, "x")
    for unknown in ("999999", "abc", "-1", "9" * 30):
        with pytest.raises(NotFound):
            owner.model_registry.delete_comment(unknown)


def test_who_was_given_nothing_neither_comments_nor_asks(owner, member, name):
    owner.model_registry.create_model(name)
    owner.model_registry.create_model_version(name, "s3://bucket/m")
    said = owner.model_registry.create_comment(name, "1", "mine").comment
    owner.model_registry.create_transition_request(name, "1", "Staging")
    api = member[0].model_registry
    for refused in (
        lambda: api.create_comment(name, "1", "x"),
        lambda: api.update_comment(said.id, "x"),
        lambda: api.delete_comment(said.id),
        lambda: api.create_transition_request(name, "1", "Staging"),
        lambda: api.list_transition_requests(name, "1"),
        lambda: api.approve_transition_request(name, "1", "Staging", False),
        lambda: api.reject_transition_request(name, "1", "Staging"),
        lambda: api.delete_transition_request(name, "1", "Staging", OWNER),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    assert len(owner.model_registry.list_transition_requests(name, "1")) == 1


def test_a_request_is_approved(owner, member, name, reviewed):
    """By who may move the version there; that moves it, and answers all who asked for the same."""
    api, who = member[0].model_registry, member[1]
    asked = api.create_transition_request(name, "1", "staging", comment="it passed").request
    assert (asked.user_id, asked.to_stage, asked.comment) == (who, "Staging", "it passed")
    assert [each.value for each in asked.available_actions] == ["CANCEL_TRANSITION_REQUEST"]
    with pytest.raises(ResourceAlreadyExists):
        api.create_transition_request(name, "1", "Staging")
    with pytest.raises(BadRequest, match="already"):
        api.create_transition_request(name, "1", "None")
    owner.model_registry.create_transition_request(name, "1", "Staging")
    api.create_transition_request(name, "1", "Production")
    with pytest.raises(PermissionDenied):
        api.approve_transition_request(name, "1", "Staging", False)
    with pytest.raises(PermissionDenied):
        api.reject_transition_request(name, "1", "Staging")
    with pytest.raises(PermissionDenied):
        api.delete_transition_request(name, "1", "Staging", OWNER)
    open_ones = [(each.user_id, each.from_stage, each.to_stage) for each in api.list_transition_requests(name, "1")]
    assert open_ones == [(who, "None", "Staging"), (OWNER, "None", "Staging"), (who, "None", "Production")]

    reviewed("CAN_MANAGE_STAGING_VERSIONS")
    with pytest.raises(PermissionDenied):
        api.approve_transition_request(name, "1", "Production", False)
    done = api.approve_transition_request(name, "1", "Staging", False, comment="go").activity
    assert (done.activity_type.value, done.user_id, done.from_stage, done.to_stage, done.comment) == (
        "APPROVED_REQUEST", who, "None", "Staging", "go",
    )  # fmt: skip
    assert api.get_model_version(name, "1").model_version.current_stage == "Staging"
    [left] = api.list_transition_requests(name, "1")
    assert (left.from_stage, left.to_stage) == ("Staging", "Production")
    with pytest.raises(NotFound):
        api.approve_transition_request(name, "1", "Archived", False)  # nobody asked for that
    assert api.get_model_version(name, "1").model_version.current_stage == "Staging"
    assert log(owner, name)[-5:] == [
        ("transition_requested", who, who, "Production", "None"),
        ("stage_set", who, None, "Staging", "None"),
        ("transition_approved", who, who, "Staging", "None"),
        ("transition_approved", who, OWNER, "Staging", "None"),
        ("commented", who, None, "go", None),
    ]


def test_a_request_is_rejected_cancelled_or_met_otherwise(owner, member, name, reviewed):
    api, who = member[0].model_registry, member[1]
    for stage in ("Staging", "Production", "Archived"):
        api.create_transition_request(name, "1", stage)
    rejected = owner.model_registry.reject_transition_request(name, "1", "Staging", comment="not yet").activity
    assert (rejected.activity_type.value, rejected.to_stage) == ("REJECTED_REQUEST", "Staging")
    gone = api.delete_transition_request(name, "1", "Archived", who, comment="changed my mind").activity
    assert (gone.activity_type.value, gone.to_stage) == ("CANCELLED_REQUEST", "Archived")
    for again in (
        lambda: owner.model_registry.reject_transition_request(name, "1", "Staging"),
        lambda: owner.model_registry.delete_transition_request(name, "1", "Archived", who),
    ):
        with pytest.raises(NotFound):
            again()
    assert api.get_model_version(name, "1").model_version.current_stage == "None"
    owner.model_registry.transition_stage(name, "1", "Production", False)
    assert list(api.list_transition_requests(name, "1")) == []
    actions = [each[0] for each in log(owner, name)]
    assert [each for each in actions if each.startswith("transition_")] == [
        *["transition_requested"] * 3, "transition_rejected", "transition_cancelled", "transition_approved",
    ]  # fmt: skip
    api.create_transition_request(name, "1", "Archived")
    owner.model_registry.delete_model_version(name, "1")
    with pytest.raises(NotFound):
        api.list_transition_requests(name, "1")
