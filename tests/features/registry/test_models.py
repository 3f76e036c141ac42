"""Registered models: what they are born with, what they may be called, how they change and go."""

import time

import pytest

PROMPT = {"mlflow.prompt.is_prompt": "true"}


def test_a_model_as_it_is_born(registry):
    before = time.time() * 1000 - 1
    name = registry.name("Iris é")
    model = registry.create(name, description="flowers", tags={"team": "é", "a/b c": ""})
    assert before <= model["creation_timestamp"] == model["last_updated_timestamp"] <= time.time() * 1000 + 1
    assert model == {
        "name": name,
        "creation_timestamp": model["creation_timestamp"],
        "last_updated_timestamp": model["creation_timestamp"],
        "user_id": "owner",
        "description": "flowers",
        "latest_versions": [],
        "tags": [{"key": "a/b c", "value": ""}, {"key": "team", "value": "é"}],
        "aliases": [],
    }
    assert registry.get(name) == model


def test_the_browser_has_the_same_api(registry, client):
    name = registry.model()
    found = client.call("GET", "/ajax-api/2.0/mlflow/registered-models/get", params={"name": name})
    assert found["registered_model"] == registry.get(name)


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "..", "../a", ".", "a\nb", "a" * 257])
def test_names_that_no_uri_could_say(client, name):
    for path, body in (
        ("registered-models/create", {"name": name}),
        ("registered-models/rename", {"name": "x", "new_name": name}),
        ("registered-models/set-tag", {"name": name, "key": "k", "value": "v"}),
    ):
        refused = client.refused("POST", path, body)
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert client.refused("GET", "registered-models/get", {"name": name}).code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("stem", ["with space", "日本語 🎉", "a.b", "a.b.c.d", "a..b", "'; DROP TABLE x--", "%_", "@a"])
def test_odd_names(registry, stem):
    name = registry.name(stem)
    assert registry.create(name)["name"] == registry.get(name)["name"] == name
    assert registry.add(name)["name"] == name
    assert registry.names(filter=f'name = "{name}"') == [name]


def test_case_counts(registry):
    upper = registry.name("RM")
    lower = upper.lower()
    registry.create(upper)
    registry.create(lower)
    assert {registry.get(upper)["name"], registry.get(lower)["name"]} == {upper, lower}


def test_a_name_of_three_levels_is_in_a_catalog(registry, client, server):
    """What stands in the default schema has two spellings and keeps the one it was made with."""
    name = registry.name()
    registry.create(name)
    assert registry.get(f"main.default.{name}")["name"] == name
    registry.add(f"main.default.{name}")
    assert registry.versions(filter=f"name = 'main.default.{name}'") == [(name, 1)]
    taken = client.refused("POST", "registered-models/create", {"name": f"main.default.{name}"})
    assert taken.code == "RESOURCE_ALREADY_EXISTS"
    whole = registry.name("prod.vision.M")
    assert registry.create(whole)["name"] == whole
    [row] = server.sql("SELECT catalog_name, schema_name, full_name FROM registered_model WHERE name = $1", whole)
    assert tuple(row) == ("prod", "vision", whole)


def test_a_name_is_taken_once(registry, client):
    model, prompt = registry.model(), registry.model(tags=PROMPT)
    for name, tags, words in (
        (model, {}, f"Registered Model (name={model}) already exists"),
        (prompt, PROMPT, f"Prompt (name={prompt}) already exists"),
        (model, PROMPT, "already taken by a registered model"),
        (prompt, {}, "already taken by a prompt"),
    ):
        body = {"name": name, "tags": [{"key": key, "value": value} for key, value in tags.items()]}
        refused = client.refused("POST", "registered-models/create", body)
        assert (refused.status, refused.code) == (400, "RESOURCE_ALREADY_EXISTS")
        assert words in refused.message


def test_description_and_deployment_job(registry, client):
    name = registry.model(description="old", deployment_job_id="7")
    assert registry.get(name)["deployment_job_id"] == "7"
    changed = client.call("PATCH", "registered-models/update", json={"name": name, "description": "new"})
    assert changed["registered_model"]["description"] == "new"
    assert registry.get(name)["deployment_job_id"] == "7"
    client.call("PATCH", "registered-models/update", json={"name": name, "deployment_job_id": ""})
    assert "deployment_job_id" not in registry.get(name)
    assert registry.get(name)["description"] == "new"


def test_rename_takes_everything_along(registry, client):
    old, new = registry.model(tags={"k": "v"}), registry.name("new")
    registry.add(old, tags={"t": "u"})
    registry.alias(old, "champion", 1)
    renamed = client.post("registered-models/rename", name=old, new_name=new)["registered_model"]
    assert renamed["name"] == new
    assert renamed["latest_versions"][0]["name"] == new
    assert registry.tags(new) == {"k": "v"}
    assert registry.tags(new, 1) == {"t": "u"}
    assert registry.by_alias(new, "champion") == "1"
    assert client.refused("GET", "registered-models/get", {"name": old}).code == "RESOURCE_DOES_NOT_EXIST"
    assert registry.add(new)["version"] == "2"
    other = registry.model()
    taken = client.refused("POST", "registered-models/rename", {"name": new, "new_name": other})
    assert taken.code == "RESOURCE_ALREADY_EXISTS"
    missing = client.refused("POST", "registered-models/rename", {"name": old, "new_name": registry.name()})
    assert (missing.status, missing.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert client.post("registered-models/rename", name=new, new_name=new)["registered_model"]["name"] == new


def test_delete_takes_everything_along(registry, client, server):
    name = registry.model(tags={"k": "v"})
    registry.add(name, tags={"t": "u"})
    registry.alias(name, "champion", 1)
    registry.delete("registered-models/delete", name=name)
    for path, params in (
        ("registered-models/get", {}),
        ("model-versions/get", {"version": "1"}),
        ("model-versions/get-download-uri", {"version": "1"}),
        ("registered-models/alias", {"alias": "champion"}),
    ):
        refused = client.refused("GET", path, {"name": name, **params})
        assert (refused.status, refused.code) == (404, "RESOURCE_DOES_NOT_EXIST")
    again = client.refused("DELETE", "registered-models/delete", {"name": name})
    assert again.code == "RESOURCE_DOES_NOT_EXIST"
    assert registry.create(name)["tags"] == []
    assert registry.add(name)["version"] == "1"  # another model


def test_tags(registry, client):
    name = registry.model()
    for value in ("1", "ü" * 100_000, ""):
        client.post("registered-models/set-tag", name=name, key="k/é", value=value)
        assert registry.tags(name) == {"k/é": value}
    registry.delete("registered-models/delete-tag", name=name, key="k/é")
    registry.delete("registered-models/delete-tag", name=name, key="k/é")  # a repeated call changes nothing
    assert registry.tags(name) == {}
    for key, value in (("", "v"), ("k" * 251, "v"), ("a\0b", "v"), ("k", "v" * 100_001)):
        refused = client.refused("POST", "registered-models/set-tag", {"name": name, "key": key, "value": value})
        assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    for method, what in (("POST", "set-tag"), ("DELETE", "delete-tag")):
        refused = client.refused(method, f"registered-models/{what}", {"name": registry.name(), "key": "k"})
        assert refused.code == "RESOURCE_DOES_NOT_EXIST"


def test_the_last_of_equal_tags_counts(client, registry):
    tags = [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]
    client.post("registered-models/create", name=(name := registry.name()), tags=tags)
    assert registry.tags(name) == {"k": "2"}


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "x" * 65_536},
        {"tags": [{"key": f"k{number}", "value": ""} for number in range(1_001)]},
        {"tags": [{"key": "", "value": ""}]},
        {"tags": {"k": "v"}},
        {"deployment_job_id": "x" * 2_001},
    ],
)
def test_what_is_refused_at_birth(client, registry, fields):
    name = registry.name()
    refused = client.refused("POST", "registered-models/create", {"name": name, **fields})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert client.refused("GET", "registered-models/get", {"name": name}).status == 404
