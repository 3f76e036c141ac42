"""Prompts by the client over http: text and chat, versions, aliases, tags, links, and apart from models."""

import uuid

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import PromptModelConfig
from mlflow.exceptions import MlflowException
from pydantic import BaseModel

from clients.expect import EXISTS, INVALID, MISSING

genai = mlflow.genai
pytestmark = pytest.mark.modes("http")
NO_CACHE = {"cache_ttl_seconds": 0}


class Answer(BaseModel):
    text: str
    score: float


@pytest.fixture
def name(side) -> str:
    return f"prompt-{uuid.uuid4().hex}"


def test_a_text_prompt(name):
    made = genai.register_prompt(name, "Hi {{ who }}!", commit_message="first", tags={"team": "a"})
    assert (made.version, made.template, made.commit_message, made.variables) == (1, "Hi {{ who }}!", "first", {"who"})
    second = genai.register_prompt(name, "Hello {{who}} ünïcode 🎉")
    assert second.version == 2
    for uri, version in ((f"prompts:/{name}/1", 1), (f"prompts:/{name}@latest", 2), (f"prompts:/{name}/2", 2)):
        assert genai.load_prompt(uri, **NO_CACHE).version == version
    assert genai.load_prompt(name, **NO_CACHE).template == "Hello {{who}} ünïcode 🎉"
    loaded = genai.load_prompt(name, version=1)
    assert loaded.format(who="you") == "Hi you!"
    assert loaded.tags == {"team": "a"}
    assert loaded.commit_message == "first"


def test_a_chat_prompt_with_everything(name):
    messages = [{"role": "system", "content": "Be {{ mood }}."}, {"role": "user", "content": "{{ question }}"}]
    config = PromptModelConfig(model_name="m", temperature=0.5, max_tokens=7)
    genai.register_prompt(name, messages, response_format=Answer, model_config=config)
    loaded = genai.load_prompt(name, version=1)
    assert loaded.template == messages
    assert loaded.is_text_prompt is False
    assert loaded.response_format == Answer.model_json_schema()
    assert loaded.model_config["model_name"] == "m"
    assert loaded.format(mood="kind", question="why?")[1] == {"role": "user", "content": "why?"}
    genai.set_prompt_model_config(name=name, version=1, model_config={"model_name": "other"})
    assert genai.load_prompt(f"prompts:/{name}/1", **NO_CACHE).model_config == {"model_name": "other"}
    genai.delete_prompt_model_config(name=name, version=1)
    assert genai.load_prompt(f"prompts:/{name}/1", **NO_CACHE).model_config is None


def test_aliases(name):
    for text in ("one", "two"):
        genai.register_prompt(name, text)
    genai.set_prompt_alias(name, alias="production", version=1)
    assert genai.load_prompt(f"prompts:/{name}@production", **NO_CACHE).template == "one"
    genai.set_prompt_alias(name, alias="production", version=2)
    moved = genai.load_prompt(f"prompts:/{name}@production", **NO_CACHE)
    assert (moved.template, list(moved.aliases)) == ("two", ["production"])
    genai.delete_prompt_alias(name, alias="production")
    with pytest.raises(MlflowException):
        genai.load_prompt(f"prompts:/{name}@production", **NO_CACHE)
    assert genai.load_prompt(f"prompts:/{name}@production", allow_missing=True, **NO_CACHE) is None


def test_tags(client: MlflowClient, name):
    genai.register_prompt(name, "x", tags={"v": "1"})
    genai.set_prompt_tag(name, "owner", "me")
    assert genai.get_prompt_tags(name)["owner"] == "me"
    genai.delete_prompt_tag(name, "owner")
    assert "owner" not in genai.get_prompt_tags(name)
    genai.set_prompt_version_tag(name, 1, "v", "2")
    genai.set_prompt_version_tag(name, 1, "w/x", "3")
    assert genai.load_prompt(f"prompts:/{name}/1", **NO_CACHE).tags == {"v": "2", "w/x": "3"}
    genai.delete_prompt_version_tag(name, 1, "w/x")
    assert genai.load_prompt(f"prompts:/{name}/1", **NO_CACHE).tags == {"v": "2"}


def test_search(client: MlflowClient, name):
    for number in range(3):
        genai.register_prompt(f"{name}-{number}", "x", tags={"v": str(number)})
        genai.set_prompt_tag(f"{name}-{number}", "n", str(number))
    found = genai.search_prompts(f"name LIKE '{name}%'")
    assert [each.name for each in found] == [f"{name}-{number}" for number in range(3)]
    assert [each.name for each in genai.search_prompts(f"name LIKE '{name}%' AND tags.n = '1'")] == [f"{name}-1"]
    page = client.search_prompts(f"name LIKE '{name}%'", max_results=2)
    assert (len(page), bool(page.token)) == (2, True)
    rest = client.search_prompts(f"name LIKE '{name}%'", max_results=2, page_token=page.token)
    assert [each.name for each in rest] == [f"{name}-2"]


def test_versions_of_a_prompt(client: MlflowClient, name):
    for text in ("one", "two", "three"):
        genai.register_prompt(name, text)
    assert [each.version for each in client.search_prompt_versions(name)] == [3, 2, 1]
    client.delete_prompt_version(name, "2")
    assert [each.template for each in client.search_prompt_versions(name)] == ["three", "one"]
    assert genai.register_prompt(name, "four").version == 4
    client.delete_prompt(name)
    assert client.get_prompt(name) is None
    with pytest.raises(MlflowException):
        genai.load_prompt(f"prompts:/{name}/1", **NO_CACHE)


def test_prompts_are_no_models(client: MlflowClient, name):
    genai.register_prompt(name, "x")
    client.create_registered_model(f"{name}-model")
    client.create_model_version(f"{name}-model", "s3://bucket/m")
    assert [each.name for each in client.search_registered_models(f"name LIKE '{name}%'")] == [f"{name}-model"]
    assert [each.name for each in client.search_model_versions(f"name LIKE '{name}%'")] == [f"{name}-model"]
    assert [each.name for each in genai.search_prompts(f"name LIKE '{name}%'")] == [name]
    with pytest.raises(MlflowException) as caught:
        client.create_registered_model(name)
    assert caught.value.error_code == EXISTS
    with pytest.raises(MlflowException) as caught:
        genai.register_prompt(f"{name}-model", "x")
    assert caught.value.error_code in (EXISTS, INVALID)
    with pytest.raises(MlflowException) as caught:
        client.copy_model_version(f"models:/{name}/1", f"{name}-copy")
    assert caught.value.error_code in (MISSING, INVALID)


def test_a_prompt_is_linked_to_a_run_and_a_model(client: MlflowClient, experiment, name):
    genai.register_prompt(name, "x")
    with mlflow.start_run(experiment_id=experiment) as run:
        loaded = genai.load_prompt(f"prompts:/{name}/1", **NO_CACHE)
        info = mlflow.pyfunc.log_model(
            name="app", python_model=lambda model_input: model_input, pip_requirements=["mlflow"], prompts=[loaded],
            input_example=["x"],
        )  # fmt: skip
    assert name in client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"]
    assert name in client.get_logged_model(info.model_id).tags["mlflow.linkedPrompts"]
