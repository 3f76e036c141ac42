"""Search over models and versions: filters, orders, pages, and what is a prompt."""

import itertools

import pytest

from server import Callers

PROMPT = {"mlflow.prompt.is_prompt": "true"}
INVALID = (400, "INVALID_PARAMETER_VALUE")


@pytest.fixture(scope="module")
def world(registry_for_all):
    """Models RM1…RM4a under a prefix of their own, two versions each, and a prompt."""
    registry = registry_for_all
    prefix = registry.name("search") + " "
    for number, stem in enumerate(("RM1", "RM2", "RM3", "RM4", "RM4A", "RM4a")):
        registry.create(prefix + stem, tags={"n": str(number), "even": str(number % 2 == 0), "all": "x" * 200})
        for run in (f"{prefix}r{number}", f"{prefix}shared"):
            registry.add(prefix + stem, run_id=run, source=f"s3://b/{stem}", tags={"run": run, "stem": stem})
    registry.create(prefix + "RMprompt", tags={**PROMPT, "n": "9"})
    registry.add(prefix + "RMprompt", source="dummy-source", tags={**PROMPT, "mlflow.prompt.text": "hi"})
    return registry, prefix


def found(world, filter_text: str, **fields) -> list[str]:
    registry, prefix = world
    names = registry.names(filter=f"name LIKE '{prefix}%'" + (f" AND {filter_text}" if filter_text else ""), **fields)
    return [name.removeprefix(prefix) for name in names]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "RM1 RM2 RM3 RM4 RM4A RM4a"),
        ("name = '{}RM4a'", "RM4a"),
        ("name != '{}RM4a'", "RM1 RM2 RM3 RM4 RM4A"),
        ("name LIKE '%RM4_'", "RM4A RM4a"),
        ("name ILIKE '%rm4a'", "RM4A RM4a"),
        ("name LIKE '%rm4a'", ""),
        ("name IN ('{}RM1', '{}RM2', 'x')", "RM1 RM2"),
        ("name NOT IN ('{}RM1')", "RM2 RM3 RM4 RM4A RM4a"),
        ("tags.n = '3'", "RM4"),
        ("tags.n != '3' AND tag.even = 'True'", "RM1 RM3 RM4A"),
        ("tags.`n` LIKE '%' AND tags.even ILIKE 'TRUE'", "RM1 RM3 RM4A"),
        ("tags.missing != 'x'", ""),
        ("attribute.name = '{}RM1'", "RM1"),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", "RMprompt"),
        ("tags.`mlflow.prompt.is_prompt` != 'false'", "RMprompt"),
        ("tag.`mlflow.prompt.is_prompt` != 'true' AND tags.n = '0'", "RM1"),
        ("tag.`mlflow.prompt.is_prompt` = 'false' AND tags.n = '9'", ""),
    ],
)
def test_filters_of_models(world, text, names):
    assert found(world, text.replace("{}", world[1])) == names.split()


def test_a_long_tag_is_compared_as_a_whole(world):
    assert len(found(world, f"tags.all = '{'x' * 200}'")) == 6
    assert found(world, f"tags.all = '{'x' * 199}'") == []


def test_orders_and_pages_of_models(world):
    registry, prefix = world
    rows = registry.names(filter=f"name LIKE '{prefix}%'")
    assert found(world, "", order_by=["name DESC"]) == [name.removeprefix(prefix) for name in reversed(rows)]
    newest_last = ["RM1", "RM2", "RM3", "RM4", "RM4A", "RM4a"]
    for size, key in itertools.product((1, 2, 3, 6, 7), ("last_updated_timestamp", "timestamp", "creation_timestamp")):
        assert found(world, "", order_by=[f"{key} ASC"], max_results=size) == newest_last
        assert sorted(found(world, "", order_by=[f"attribute.{key} DESC", "name ASC"], max_results=size)) == newest_last
    assert registry.names(filter=f"name LIKE '{prefix}%'", max_results=1) == rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = '{}RM1'", [("RM1", 2), ("RM1", 1)]),
        ("name = '{}RM1' AND version_number = 1", [("RM1", 1)]),
        ("name = '{}RM1' AND version_number >= 2", [("RM1", 2)]),
        ("run_id = '{}r2'", [("RM3", 1)]),
        ("run_id IN ('{}r2', '{}r1', 'x')", [("RM3", 1), ("RM2", 1)]),
        ("run_id = '{}shared' AND name NOT IN ('{}RM1', '{}RM2', '{}RM3', '{}RM4')", [("RM4a", 2), ("RM4A", 2)]),
        ("source_path = 's3://b/RM2' AND name LIKE '{}%'", [("RM2", 2), ("RM2", 1)]),
        ("tags.stem = 'RM4' AND tags.run LIKE '{}r%'", [("RM4", 1)]),
        ("name LIKE '{}%' AND tags.`mlflow.prompt.is_prompt` = 'true'", [("RMprompt", 1)]),
        ("name = '{}RMprompt'", []),
    ],
)
def test_filters_of_versions(world, text, expected):
    registry, prefix = world
    found = registry.versions(filter=text.replace("{}", prefix))
    assert [(name.removeprefix(prefix), number) for name, number in found] == expected


def test_orders_and_pages_of_versions(world):
    registry, prefix = world
    every = f"name LIKE '{prefix}%'"
    natural = registry.versions(filter=every)
    assert len(natural) == 12
    by_name = sorted(natural, key=lambda each: (each[0], -each[1]))
    for size in (1, 5, 12, 13):
        assert registry.versions(filter=every, max_results=size) == natural
        assert registry.versions(filter=every, max_results=size, order_by=["name ASC"]) == by_name
        turned = registry.versions(filter=every, max_results=size, order_by=["version_number ASC", "name DESC"])
        assert turned == sorted(sorted(natural, reverse=True, key=lambda each: each[0]), key=lambda each: each[1])
        assert registry.versions(filter=every, max_results=size, order_by=["creation_timestamp DESC"]) == natural


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("registered-models/search", {"filter": "run_id = 'x'"}),
        ("registered-models/search", {"filter": "name > 'x'"}),
        ("registered-models/search", {"filter": "params.a = 'x'"}),
        ("registered-models/search", {"filter": "name = 'a' OR name = 'b'"}),
        ("registered-models/search", {"filter": "tags.a IN ('x')"}),
        ("registered-models/search", {"filter": "name LIKE"}),
        ("registered-models/search", {"order_by": ["run_id"]}),
        ("registered-models/search", {"order_by": ["name", "name DESC"]}),
        ("registered-models/search", {"max_results": 0}),
        ("registered-models/search", {"max_results": 1001}),
        ("registered-models/search", {"page_token": "x"}),
        ("model-versions/search", {"filter": "version_number LIKE '1'"}),
        ("model-versions/search", {"filter": "source_path IN ('x')"}),
        ("model-versions/search", {"filter": "current_stage = 'None'"}),
        ("model-versions/search", {"order_by": ["current_stage"]}),
        ("model-versions/search", {"max_results": 200_001}),
        ("model-versions/search", {"max_results": -1}),
    ],
)
def test_questions_that_make_no_sense(client, path, fields):
    refused = client.refused("GET", path, fields)
    assert (refused.status, refused.code) == INVALID


def test_a_page_token_belongs_to_its_search(world, client, server):
    prefix = world[1]
    fields = {"filter": f"name LIKE '{prefix}%'", "max_results": 1}
    token = client.get("registered-models/search", **fields)["next_page_token"]
    for other in ({"filter": "name LIKE '%'"}, {**fields, "order_by": ["name DESC"]}):
        assert client.refused("GET", "registered-models/search", {**other, "page_token": token}).status == 400
    assert client.refused("GET", "model-versions/search", {**fields, "page_token": token}).status == 400
    stranger = Callers(server).stranger
    assert stranger.refused("GET", "registered-models/search", {**fields, "page_token": token}).status == 400
    assert stranger.get("registered-models/search", filter=f"name LIKE '{prefix}%'")["registered_models"] == []
    assert stranger.get("model-versions/search", filter=f"name = '{prefix}RM1'")["model_versions"] == []


def test_becoming_a_prompt_and_back(registry, client):
    name = registry.model()
    registry.add(name)
    assert registry.names(filter=f"name = '{name}'") == [name]
    client.post("registered-models/set-tag", name=name, key="mlflow.prompt.is_prompt", value="true")
    assert registry.names(filter=f"name = '{name}'") == []
    assert registry.versions(filter=f"name = '{name}'") == []
    assert registry.names(filter=f"name = '{name}' AND tags.`mlflow.prompt.is_prompt` = 'true'") == [name]
    registry.delete("registered-models/delete-tag", name=name, key="mlflow.prompt.is_prompt")
    assert registry.names(filter=f"name = '{name}'") == [name]
    client.post("model-versions/set-tag", name=name, version="1", key="mlflow.prompt.is_prompt", value="true")
    assert registry.versions(filter=f"name = '{name}'") == []
    registry.delete("model-versions/delete-tag", name=name, version="1", key="mlflow.prompt.is_prompt")
    assert registry.versions(filter=f"name = '{name}'") == [(name, 1)]
