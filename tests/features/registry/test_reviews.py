"""Comments and requests for transitions: who may, beyond what the platform's client shows, and many at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from lakeward.runtime.http import Role

AT = {"version": "1"}


@pytest.fixture
def name(registry) -> str:
    made = registry.model()
    registry.add(made)
    return made


def test_whoever_reads_the_workspace_may_review(server, registry, name):
    """Decide he may not, and what others asked for is not his to cancel."""
    reader = server.bearer(server.token("reader", role=Role.READ))
    said = reader.post("comments/create", name=name, **AT, comment="hm")["comment"]
    assert said["available_actions"] == ["EDIT_COMMENT", "DELETE_COMMENT"]
    reader.post("transition-requests/create", name=name, **AT, stage="Staging")
    registry.client.post("transition-requests/create", name=name, **AT, stage="Staging")
    assert reader.refused("POST", "transition-requests/approve", {"name": name, **AT, "stage": "Staging"}).status == 403
    listed = reader.get("transition-requests/list", name=name, **AT)["requests"]
    assert [each.get("available_actions", []) for each in listed] == [["CANCEL_TRANSITION_REQUEST"], []]
    for creator, allowed in (("owner", False), ("reader", True)):
        asked = {"name": name, **AT, "stage": "Staging", "creator": creator}
        if allowed:
            reader.call("DELETE", "transition-requests/delete", json=asked)
        else:
            assert reader.refused("DELETE", "transition-requests/delete", asked).status == 403
    user = server.bearer(server.token("user", role=Role.USE))
    assert user.refused("POST", "comments/create", {"name": name, **AT, "comment": "x"}).status == 403
    assert user.refused("DELETE", "comments/delete", {"id": said["id"]}).status == 403


def test_one_of_many_approves(registry, name):
    """The others hear that nobody asks any more, and the version moved once."""
    asked = {"name": name, **AT, "stage": "Production"}
    registry.client.post("transition-requests/create", **asked)

    def approve(_: int) -> int:
        return registry.client.request("POST", "transition-requests/approve", json=asked).status_code

    with ThreadPoolExecutor(8) as many:
        assert sorted(many.map(approve, range(8))) == [200, *[404] * 7]
    log = registry.client.get("/api/2.0/lakeward/registry/activity", name=name, **AT)["activities"]
    assert [each["action"] for each in log].count("stage_set") == 1


def test_prompts_have_no_reviews(registry):
    name = registry.model(tags={"mlflow.prompt.is_prompt": "true"})
    registry.add(name, source="dummy-source", tags={"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "x"})
    for path, more in (("comments/create", {"comment": "x"}), ("transition-requests/create", {"stage": "Staging"})):
        assert registry.client.refused("POST", path, {"name": name, **AT, **more}).status == 404
