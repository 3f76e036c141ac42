"""Governed tags on models, prompts and versions: the same rules in every dialect."""

import itertools

import pytest

from server import Caller

_keys = itertools.count(1)
UC = "unity-catalog"
NATIVE = "/api/2.1/unity-catalog"


@pytest.fixture
def key(client: Caller) -> str:
    """Governed, with one value."""
    made = f"openness{next(_keys)}"
    client.post("/api/2.1/tag-policies", tag_key=made, values=[{"name": "public"}])
    return made


@pytest.fixture
def model(registry) -> str:
    name = registry.model(name=f"main.default.{registry.name('governed')}")
    registry.add(name)
    return name


@pytest.fixture
def prompt(client: Caller, registry) -> str:
    name = f"main.default.{registry.name('prompt')}"
    client.post(f"{UC}/prompts", name=name, prompt={})
    client.post(f"{UC}/prompts/{name}/versions", prompt_version={"template": '"t"'})
    return name


def requests(model: str, prompt: str, tag: dict[str, str]) -> list[tuple[str, str, dict]]:
    """Every way to put a tag on a model, a prompt or a version."""
    version, added = {"name": model, "version": "1"}, {"changes": {"add_tags": [tag]}}
    catalog, schema, short = model.split(".")
    at = {"catalog_name": catalog, "schema_name": schema}
    return [
        ("POST", "registered-models/set-tag", {"name": model, **tag}),
        ("POST", "model-versions/set-tag", version | tag),
        ("POST", "registered-models/create", {"name": f"{model}-new", "tags": [tag]}),
        ("POST", "model-versions/create", {"name": model, "source": "s3://b/m", "tags": [tag]}),
        ("POST", f"{UC}/registered-models/set-tag", {"name": model, **tag}),
        ("POST", f"{UC}/model-versions/set-tag", version | tag),
        ("POST", f"{UC}/registered-models/create", {"name": f"{model}-new", "tags": [tag]}),
        ("POST", f"{UC}/model-versions/create", {"name": model, "source": "s3://b/m", "tags": [tag]}),
        ("POST", f"{UC}/prompts", {"name": f"{prompt}-new", "prompt": {"tags": [tag]}}),
        ("POST", f"{UC}/prompts/{prompt}/tags", tag),
        ("POST", f"{UC}/prompts/{prompt}/versions", {"prompt_version": {"template": '"t"', "tags": [tag]}}),
        ("POST", f"{UC}/prompts/{prompt}/versions/1/tags", tag),
        ("POST", f"{NATIVE}/models", at | {"name": f"{short}-new", "tags": [tag]}),
        ("POST", f"{NATIVE}/models/versions", at | {"model_name": short, "source": "s3://b/m", "tags": [tag]}),
        ("PATCH", f"{NATIVE}/securable-tags/FUNCTION/{model}", added),
        ("PATCH", f"{NATIVE}/subentity-tags/FUNCTION/{model}/1", added),
    ]  # fmt: skip


def test_every_way_to_tag_asks_the_policy(client, callers, registry, key, model, prompt):
    wrong, right = ({"key": key, "value": value} for value in ("maybe", "public"))
    for method, path, body in requests(model, prompt, wrong):
        refused = client.refused(method, path, body)
        assert (refused.status, "no value of the governed tag" in refused.message) == (400, True), path
    for method, path, body in requests(model, prompt, right):
        refused = callers.editor.refused(method, path, body)
        assert (refused.status, "ASSIGN" in refused.message) == (403, True), path
    assert registry.tags(model) == registry.tags(model, 1) == {}
    assert [number for _, number in registry.versions(filter=f"name = '{model}'")] == [1]


def test_who_has_assign_on_the_policy_may_tag_and_untag(client, callers, registry, key, model):
    editor = callers.editor
    set_tag = {"name": model, "key": key, "value": "public"}
    client.post("registered-models/set-tag", **set_tag)
    gone = {"name": model, "key": key}
    for path in ("registered-models/delete-tag", f"{UC}/registered-models/delete-tag"):
        assert editor.refused("DELETE", path, gone).status == 403
    untag = {"changes": {"remove": [key]}}
    assert editor.refused("PATCH", f"{NATIVE}/securable-tags/FUNCTION/{model}", untag).status == 403
    assert registry.tags(model) == {key: "public"}
    given = {"changes": [{"principal": "editor", "add": ["ASSIGN"]}]}
    client.call("PATCH", f"{NATIVE}/permissions/tag_policy/{key}", json=given)
    editor.call("DELETE", "registered-models/delete-tag", json=gone)
    editor.post("model-versions/set-tag", name=model, version="1", key=key, value="public")
    assert (registry.tags(model), registry.tags(model, 1)) == ({}, {key: "public"})
    editor.post("registered-models/set-tag", name=model, key="free", value="as ever")
    client.call("DELETE", f"/api/2.1/tag-policies/{key}")
    editor.post("registered-models/set-tag", name=model, key=key, value="anything")
    assert registry.tags(model) == {"free": "as ever", key: "anything"}
