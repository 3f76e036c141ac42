"""A/B tests: one alias of a prompt, several versions, each key always to the same one."""

from collections import Counter

import pytest

from lakeward.runtime.http import Role
from server import Caller, Server

SPLIT = "/api/2.0/lakeward/registry/prompts/split"
RESOLVE = "/api/2.0/lakeward/registry/prompts/resolve"
UC = "unity-catalog/prompts"
PROMPT = {"mlflow.prompt.is_prompt": "true"}


@pytest.fixture
def prompt(registry) -> str:
    name = registry.model(tags=PROMPT)
    for number in range(3):
        registry.add(name, tags=PROMPT | {"mlflow.prompt.text": f"text {number}"}, source="dummy-source")
    return name


def split(client: Caller, name: str, weights: dict[int, float], alias: str = "live"):
    arms = [{"version": version, "weight": weight} for version, weight in weights.items()]
    return client.call("PUT", SPLIT, json={"name": name, "alias": alias, "arms": arms})


def arms_of(client: Caller, name: str, keys: range, alias: str = "live") -> dict[int, str]:
    return {key: client.get(RESOLVE, name=name, alias=alias, key=f"user {key}")["version"] for key in keys}


def test_a_split(client, prompt):
    made = split(client, prompt, {1: 1, 2: 3})
    assert made["arms"] == [
        {"version": "1", "weight": 1.0, "share": 0.25},
        {"version": "2", "weight": 3.0, "share": 0.75},
    ]
    assert client.get(SPLIT, name=prompt, alias="live") == made


def test_keys_stick_and_arms_get_their_share(client, prompt):
    split(client, prompt, {1: 1, 2: 3})
    first = arms_of(client, prompt, range(400))
    assert arms_of(client, prompt, range(50)) == {key: first[key] for key in range(50)}
    assert 60 < Counter(first.values())["1"] < 140  # 100 expected, deviation 8.7
    split(client, prompt, {1: 2, 2: 3})  # whoever had version 1 keeps it when its weight grows
    second = arms_of(client, prompt, range(400))
    assert {second[key] for key, version in first.items() if version == "1"} == {"1"}
    assert {first[key] for key, version in second.items() if version == "2"} == {"2"}


def test_the_key_of_a_request(server: Server, client, registry, prompt):
    """In a header, behind the alias, or the caller's name; the same in both dialects."""
    split(client, prompt, {1: 1, 2: 1})
    wanted = {key: client.get(RESOLVE, name=prompt, alias="live", key=key)["version"] for key in "abcdefghijklmnop"}
    assert set(wanted.values()) == {"1", "2"}
    full = f"main.default.{prompt}"
    for key, version in wanted.items():
        assert registry.by_alias(prompt, f"live--{key}") == version
        assert client.get(f"{UC}/{full}/versions/by-alias/live--{key}")["version"] == version
        keyed = server.caller(x_lakeward_key=key)
        assert keyed.get(f"{UC}/{full}/versions/by-alias/live")["version"] == version
        answered = keyed.get("registered-models/alias", name=prompt, alias="live")["model_version"]["version"]
        assert answered == version
    for who in ("ann", "bob", "cem"):
        caller = server.bearer(server.token(who, role=Role.READ))
        wanted_of = client.get(RESOLVE, name=prompt, alias="live", key=who)["version"]
        answered = caller.get("registered-models/alias", name=prompt, alias="live")["model_version"]["version"]
        assert answered == wanted_of


def test_an_alias_that_looks_like_a_key_goes_first(client, registry, prompt):
    split(client, prompt, {1: 1, 2: 1})
    registry.alias(prompt, "live--x", 3)
    assert registry.by_alias(prompt, "live--x") == "3"


def test_models_have_no_keys_and_no_splits(client, registry):
    name = registry.model()
    registry.add(name)
    registry.add(name)
    registry.alias(name, "live", 1)
    body = {"name": name, "alias": "live", "arms": [{"version": 1, "weight": 1}, {"version": 2, "weight": 1}]}
    assert client.refused("PUT", SPLIT, body).status == 404
    assert client.refused("GET", "registered-models/alias", {"name": name, "alias": "live--x"}).status == 400


def test_setting_the_alias_ends_the_split(client, registry, prompt):
    split(client, prompt, {1: 1, 2: 1})
    registry.alias(prompt, "live", 3)
    assert set(arms_of(client, prompt, range(8)).values()) == {"3"}
    assert client.refused("GET", SPLIT, {"name": prompt, "alias": "live"}).status == 404


def test_ending_it_leaves_the_heaviest(client, registry, prompt):
    split(client, prompt, {1: 1, 2: 5, 3: 2})
    assert client.call("DELETE", SPLIT, params={"name": prompt, "alias": "live"}) == {}
    assert set(arms_of(client, prompt, range(8)).values()) == {"2"}
    assert client.refused("DELETE", SPLIT, params={"name": prompt, "alias": "none"}).status == 404


def test_deleting_a_version_never_leaves_the_alias_without_one(client, registry, prompt):
    split(client, prompt, {1: 1, 2: 5, 3: 2})
    registry.delete("model-versions/delete", name=prompt, version="2")
    assert set(arms_of(client, prompt, range(40)).values()) == {"1", "3"}
    registry.delete("model-versions/delete", name=prompt, version="3")
    registry.delete("model-versions/delete", name=prompt, version="1")
    assert client.refused("GET", RESOLVE, {"name": prompt, "alias": "live"}).status == 400


@pytest.mark.parametrize(
    "weights", [{1: 1}, {}, {1: 0, 2: 1}, {1: -1, 2: 1}, {1: 1e12, 2: 1}, dict.fromkeys(range(1, 22), 1)]
)
def test_what_is_no_split(client, prompt, weights):
    arms = [{"version": version, "weight": weight} for version, weight in weights.items()]
    assert client.refused("PUT", SPLIT, {"name": prompt, "alias": "live", "arms": arms}).status == 400


def test_versions_must_be_there(client, prompt):
    for missing in (9, 2**40, -1):
        arms = [{"version": 1, "weight": 1}, {"version": missing, "weight": 1}]
        assert client.refused("PUT", SPLIT, {"name": prompt, "alias": "live", "arms": arms}).status == 404
    assert client.refused("GET", SPLIT, {"name": prompt, "alias": "live"}).status == 404


def test_the_trace_shows_the_arm(client, prompt):
    split(client, prompt, {1: 1, 2: 1})
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": client.experiment()}}
    used = '[{"name": "' + prompt + '", "version": "2"}]'
    for number, (tags, later) in enumerate((({"mlflow.linkedPrompts": used}, False), ({}, True))):
        info = {"trace_id": f"tr-{prompt}-{number}", "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
        client.post("/api/3.0/mlflow/traces", trace={"trace_info": info | {"tags": tags}})
        if later:
            versions = [{"name": prompt, "version": "2"}]
            client.post("traces/link-prompts", trace_id=info["trace_id"], prompt_versions=versions)
        found = client.get(f"/api/3.0/mlflow/traces/{info['trace_id']}")["trace"]["trace_info"]["tags"]
        assert found[f"lakeward.arm.{prompt}"] == "live=2"
