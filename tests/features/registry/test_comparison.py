"""The difference of two versions of a prompt."""

import json

import pytest

DIFF = "/api/2.0/lakeward/registry/prompts/diff"
PROMPT = {"mlflow.prompt.is_prompt": "true"}


@pytest.fixture
def prompt(registry) -> str:
    return registry.model(tags=PROMPT)


def add(registry, name: str, text: str, *, description: str = "", **tags: str) -> None:
    given = PROMPT | {"mlflow.prompt.text": text, "_mlflow_prompt_type": "text"} | tags
    registry.add(name, tags=given, source="dummy-source", description=description)


def diff(registry, name: str, before: str, after: str):
    return registry.client.call("GET", DIFF, params={"name": name, "from": before, "to": after})


def test_text(registry, prompt):
    add(registry, prompt, "Hello {{ name }}.\nBe brief.\nThanks.", description="first", team="a")
    add(registry, prompt, "Hello {{ name }}.\nBe kind.\nThanks.\nBye.", description="second", owner="me")
    found = diff(registry, prompt, "1", "2")
    assert found["diff"].splitlines() == [
        f"--- {prompt}/1", f"+++ {prompt}/2", "@@ -1,3 +1,4 @@",
        " Hello {{ name }}.", "-Be brief.", "+Be kind.", " Thanks.", "+Bye.",
    ]  # fmt: skip
    assert (found["lines_removed"], found["lines_added"]) == (1, 2)
    assert found["changes"] == [
        {"field": "commit_message", "before": "first", "after": "second"},
        {"field": "tags.owner", "after": "me"},
        {"field": "tags.team", "before": "a"},
    ]
    assert (found["from"]["version"], found["to"]["commit_message"]) == ("1", "second")


def test_chat_and_configuration(registry, prompt):
    one = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{ question }}"}]
    two = [{"role": "system", "content": "Be kind."}, one[1], {"role": "tool", "content": None, "calls": [1]}]
    config = {"model_name": "m", "temperature": 0.5}
    tags = {"_mlflow_prompt_type": "chat", "_mlflow_prompt_model_config": json.dumps(config)}
    add(registry, prompt, json.dumps(one), **tags)
    tags["_mlflow_prompt_model_config"] = json.dumps(config | {"temperature": 1, "top_p": 0.1})
    add(registry, prompt, json.dumps(two), **tags)
    found = diff(registry, prompt, "1", "2")
    assert "-Be brief.\n+Be kind." in found["diff"]
    assert "+[message]" in found["diff"]
    assert found["changes"] == [
        {"field": "model_config.temperature", "before": "0.5", "after": "1"},
        {"field": "model_config.top_p", "after": "0.1"},
    ]


def test_by_alias_and_in_the_other_dialect(registry, prompt):
    add(registry, prompt, "one")
    add(registry, prompt, "two")
    registry.alias(prompt, "live", 1)
    found = diff(registry, f"MAIN.default.{prompt}", "live", "latest")
    assert (found["name"], found["lines_removed"], found["lines_added"]) == (prompt, 1, 1)


def test_equal_versions(registry, prompt):
    add(registry, prompt, "one")
    found = diff(registry, prompt, "1", "1")
    assert (found["diff"], found["changes"], found["lines_added"]) == ("", [], 0)


def test_very_long_texts_are_compared_as_wholes(registry, prompt):
    lines = "\n".join("ab"[number % 2] for number in range(20_000))
    add(registry, prompt, lines)
    add(registry, prompt, lines + "\nend")
    found = diff(registry, prompt, "1", "2")
    assert (found["lines_removed"], found["lines_added"]) == (20_000, 20_001)


def test_what_is_not_there(registry, prompt):
    add(registry, prompt, "not json", _mlflow_prompt_type="chat")
    assert registry.client.refused("GET", DIFF, {"name": prompt, "from": "1", "to": "9"}).status == 404
    assert registry.client.refused("GET", DIFF, {"name": prompt, "from": "1", "to": "none"}).status == 400
    assert registry.client.refused("GET", DIFF, {"name": registry.model(), "from": "1", "to": "1"}).status == 404
    assert diff(registry, prompt, "1", "1")["diff"] == ""
