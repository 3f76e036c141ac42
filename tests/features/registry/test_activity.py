"""The activity log: every change of a model, a prompt or a version, in its own transaction, with who made it."""

import pytest

from lakeward.runtime.http import Role
from server import Caller, Server

LOG = "/api/2.0/lakeward/registry/activity"
SHOWN = ("action", "version", "key", "value", "before")


def log(client: Caller, name: str, **more) -> list[tuple]:
    """Oldest first."""
    found = client.get(LOG, name=name, **more)["activities"]
    return [tuple(each.get(field) for field in SHOWN) for each in reversed(found)]


def test_a_life(registry):
    name = registry.model(description="first")
    client = registry.client
    client.call("PATCH", "registered-models/update", json={"name": name, "description": "second"})
    client.call("PATCH", "registered-models/update", json={"name": name, "description": "second"})
    client.call("PATCH", "registered-models/update", json={"name": name, "deployment_job_id": "7"})
    client.post("registered-models/set-tag", name=name, key="k", value="1")
    client.post("registered-models/set-tag", name=name, key="k", value="2")
    registry.delete("registered-models/delete-tag", name=name, key="k")
    registry.delete("registered-models/delete-tag", name=name, key="k")
    assert log(client, name) == [
        ("created", None, None, None, None),
        ("described", None, None, "second", "first"),
        ("deployment_job_set", None, None, "7", ""),
        ("tag_set", None, "k", "1", None),
        ("tag_set", None, "k", "2", "1"),
        ("tag_deleted", None, "k", None, "2"),
    ]


def test_a_version(registry):
    name = registry.model()
    registry.add(name)
    registry.add(name)
    client, at = registry.client, {"name": name, "version": "1"}
    client.call("PATCH", "model-versions/update", json=at | {"description": "d"})
    client.post("model-versions/transition-stage", **at, stage="staging")
    two = {"name": name, "version": "2", "stage": "Staging", "archive_existing_versions": True}
    client.post("model-versions/transition-stage", **two)
    client.post("model-versions/set-tag", **at, key="k", value="v")
    registry.delete("model-versions/delete-tag", **at, key="k")
    registry.alias(name, "champion", 1)
    registry.alias(name, "champion", 2)
    registry.alias(name, "old", 1)
    registry.delete("model-versions/delete", **at)
    registry.delete("registered-models/alias", name=name, alias="champion")
    assert log(client, name, version="1") == [
        ("created", "1", None, None, None),
        ("described", "1", None, "d", ""),
        ("stage_set", "1", None, "Staging", "None"),
        ("stage_set", "1", None, "Archived", "Staging"),
        ("tag_set", "1", "k", "v", None),
        ("tag_deleted", "1", "k", None, "v"),
        ("alias_set", "1", "champion", "1", None),
        ("alias_moved", "1", "champion", "2", None),
        ("alias_set", "1", "old", "1", None),
        ("alias_deleted", "1", "old", None, "1"),
        ("deleted", "1", None, None, None),
    ]
    assert log(client, name, version="2")[-2:] == [
        ("alias_set", "2", "champion", "2", "1"),
        ("alias_deleted", "2", "champion", None, "2"),
    ]


def test_who_and_when(server: Server, registry):
    name = registry.model()
    ann = server.bearer(server.token("ann", role=Role.EDIT))
    ann.post("registered-models/set-tag", name=name, key="k", value="v")
    newest, first = registry.client.get(LOG, name=name)["activities"]
    assert (newest["user_id"], first["user_id"]) == ("ann", "owner")
    assert first["timestamp"] <= newest["timestamp"]


def test_a_renamed_model_takes_its_log_along(registry):
    name = registry.model()
    registry.add(name)
    new = registry.name()
    registry.client.post("registered-models/rename", name=name, new_name=new)
    assert [each[0] for each in log(registry.client, new)] == ["created", "created", "renamed"]
    assert registry.client.refused("GET", LOG, {"name": name}).status == 404


def test_what_was_deleted_can_be_read_about(registry):
    name = registry.model()
    registry.delete("registered-models/delete", name=name)
    registry.create(name)
    assert [each[0] for each in log(registry.client, name)] == ["created", "deleted", "created"]
    assert registry.client.refused("GET", LOG, {"name": registry.name()}).status == 404


def test_every_dialect_writes_to_one_log(registry):
    client, full = registry.client, f"main.default.{registry.name('uc')}"
    client.post("unity-catalog/registered-models/create", name=full)
    client.post("unity-catalog/model-versions/create", name=full, source="s3://b/m")
    client.post("unity-catalog/model-versions/finalize", name=full, version="1")
    client.post("unity-catalog/model-versions/finalize", name=full, version="1")
    client.call("PUT", f"/api/2.1/unity-catalog/models/{full}/aliases/best", json={"version_num": 1})
    wanted = [("created", None), ("created", "1"), ("finalized", "1"), ("alias_set", "1")]
    for spelled in (full, full.upper(), full.rpartition(".")[2]):
        assert [each[:2] for each in log(client, spelled)] == wanted


def test_pages(registry):
    name = registry.model()
    for number in range(7):
        registry.client.post("registered-models/set-tag", name=name, key="k", value=str(number))
    values, token = [], None
    while True:
        more = {"page_token": token} if token else {}
        page = registry.client.get(LOG, name=name, max_results=3, **more)
        values += [each.get("value") for each in page["activities"]]
        token = page.get("next_page_token")
        if token is None:
            break
    assert values == ["6", "5", "4", "3", "2", "1", "0", None]
    other = registry.model()
    token = registry.client.get(LOG, name=name, max_results=3)["next_page_token"]
    assert registry.client.refused("GET", LOG, {"name": other, "page_token": token}).status == 400


@pytest.mark.parametrize("failing", ["model-versions/set-tag", "registered-models/alias"])
def test_what_did_not_happen_is_not_written(registry, failing):
    name = registry.model()
    body = {"name": name, "version": "9", "key": "k", "value": "v", "alias": "a"}
    assert registry.client.refused("POST", failing, body).status == 404
    assert len(log(registry.client, name)) == 1
