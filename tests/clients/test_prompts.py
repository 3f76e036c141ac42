"""Prompts as both generations of the client write and read them; v3/test_prompts.py has what only the newer one can."""

import uuid

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from .conftest import MLFLOW_3

pytestmark = pytest.mark.modes("http")

prompts = mlflow.genai if MLFLOW_3 else mlflow
NO_CACHE = {"cache_ttl_seconds": 0} if MLFLOW_3 else {}


@pytest.fixture
def name(side) -> str:
    return f"prompt-{uuid.uuid4().hex}"


def test_versions_and_aliases(name):
    first = prompts.register_prompt(name, "Hi {{ who }}!", commit_message="first")
    second = prompts.register_prompt(name, "Hello {{ who }}!", commit_message="second")
    assert [int(prompt.version) for prompt in (first, second)] == [1, 2]  # the older client keeps the text of the wire
    assert prompts.load_prompt(f"prompts:/{name}/1", **NO_CACHE).format(who="you") == "Hi you!"
    prompts.set_prompt_alias(name, "production", 1)
    assert prompts.load_prompt(f"prompts:/{name}@production", **NO_CACHE).template == "Hi {{ who }}!"
    prompts.set_prompt_alias(name, "production", 2)
    moved = prompts.load_prompt(f"prompts:/{name}@production", **NO_CACHE)
    assert (int(moved.version), moved.commit_message) == (2, "second")
    prompts.delete_prompt_alias(name, "production")
    with pytest.raises(MlflowException):
        prompts.load_prompt(f"prompts:/{name}@production", **NO_CACHE)


def test_a_prompt_is_no_model(name):
    prompts.register_prompt(name, "x")
    client = mlflow.MlflowClient()
    assert client.search_registered_models(f"name = '{name}'") == []
    with pytest.raises(MlflowException):
        client.create_registered_model(name)
