"""Prompts in Unity Catalog by the client, and the same prompts over http."""

import uuid

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pydantic import BaseModel

genai = mlflow.genai
pytestmark = pytest.mark.modes("databricks")
NO_CACHE = {"cache_ttl_seconds": 0}


class Answer(BaseModel):
    text: str


@pytest.fixture
def uc(side) -> MlflowClient:
    mlflow.set_registry_uri("databricks-uc")
    yield MlflowClient(tracking_uri=side.uri, registry_uri="databricks-uc")
    mlflow.set_registry_uri("")


@pytest.fixture
def http(server) -> MlflowClient:
    return MlflowClient(tracking_uri=server.url, registry_uri=server.url)


@pytest.fixture
def schema() -> str:
    return f"s{uuid.uuid4().hex[:12]}"


@pytest.fixture
def name(schema) -> str:
    return f"main.{schema}.prompt"


def test_a_prompt_from_first_to_last(uc, http, name):
    first = genai.register_prompt(name, "Hi {{ who }}!", commit_message="first", tags={"team": "a/b"})
    assert (first.version, first.template, first.tags) == (1, "Hi {{ who }}!", {"team": "a/b"})
    messages = [{"role": "user", "content": "{{ question }} ü"}]
    second = genai.register_prompt(name, messages, response_format=Answer, model_config={"temperature": 0.5})
    assert second.version == 2
    loaded = genai.load_prompt(f"prompts:/{name}/2", **NO_CACHE)
    assert (loaded.template, loaded.response_format) == (messages, Answer.model_json_schema())
    assert loaded.model_config == {"temperature": 0.5}
    genai.set_prompt_alias(name, alias="production", version=1)
    assert genai.load_prompt(f"prompts:/{name}@production", **NO_CACHE).format(who="you") == "Hi you!"
    genai.set_prompt_alias(name, alias="production", version=2)
    # the same prompts over http
    seen = http.load_prompt(f"prompts:/{name}@production", **NO_CACHE)
    assert (seen.version, seen.template, seen.response_format) == (2, messages, Answer.model_json_schema())
    assert http.load_prompt(f"prompts:/{name}/1", **NO_CACHE).template == "Hi {{ who }}!"
    assert http.register_prompt(name, "over http").version == 3
    assert genai.load_prompt(f"prompts:/{name}/3", **NO_CACHE).template == "over http"
    genai.delete_prompt_alias(name, alias="production")
    assert uc.get_prompt_version_by_alias(name, "production") is None
    assert genai.load_prompt(f"prompts:/{name}/99", allow_missing=True, **NO_CACHE) is None


def test_tags(uc, http, name):
    genai.register_prompt(name, "x")
    genai.set_prompt_tag(name, "owner", "me")
    genai.set_prompt_version_tag(name, 1, "a/b c", "1")
    assert uc.get_prompt(name).tags == {"owner": "me"}
    assert genai.load_prompt(f"prompts:/{name}/1", **NO_CACHE).tags == {"a/b c": "1"}
    genai.delete_prompt_tag(name, "owner")
    genai.delete_prompt_version_tag(name, 1, "a/b c")
    assert uc.get_prompt(name).tags == {}
    assert http.load_prompt(f"prompts:/{name}/1", **NO_CACHE).tags == {}


def test_search(uc, schema):
    for number in range(3):
        genai.register_prompt(f"main.{schema}.p{number}", "x", tags={"n": str(number)})
        genai.set_prompt_tag(f"main.{schema}.p{number}", "n", str(number))
    where = f"catalog = 'main' AND schema = '{schema}'"
    names = [f"main.{schema}.p{number}" for number in range(3)]
    assert [each.name for each in genai.search_prompts(where)] == names
    assert [each.name for each in genai.search_prompts(f"{where} AND tags.n = '1'")] == names[1:2]
    page = uc.search_prompts(where, max_results=2)
    assert [each.name for each in uc.search_prompts(where, max_results=2, page_token=page.token)] == names[2:]
    assert names[0] not in [each.name for each in uc.search_registered_models(max_results=1000)]
    assert genai.search_prompts("catalog = 'main' AND schema = 'nothing-here'") == []


def test_deleting(uc, name):
    for text in ("one", "two"):
        genai.register_prompt(name, text)
    assert [int(each.version) for each in uc.search_prompt_versions(name)] == [2, 1]
    with pytest.raises(MlflowException):  # the client asks whether versions are left
        uc.delete_prompt(name)
    for version in ("1", "2"):
        uc.delete_prompt_version(name, version)
    uc.delete_prompt(name)
    assert uc.get_prompt(name) is None


def test_models_and_prompts_keep_apart(uc, name):
    genai.register_prompt(name, "x")
    with pytest.raises(MlflowException) as caught:
        uc.get_registered_model(name)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException):
        uc.create_registered_model(name)
