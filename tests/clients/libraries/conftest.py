"""A local model for all of these tests, and what a trace must tell about each library."""

import importlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import mlflow
import pytest
from mlflow.entities import Span, Trace

from clients.sides import Side

from . import models
from .script import ANSWER, TOKENS

# Before they are imported: nothing is fetched, nothing is told.
os.environ |= {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True", "HAYSTACK_TELEMETRY_ENABLED": "False", "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false", "AGNO_TELEMETRY": "false",
}  # fmt: skip

USAGE = {"input_tokens": TOKENS["input"], "output_tokens": TOKENS["output"], "total_tokens": TOKENS["total"]}


@pytest.fixture(scope="session")
def local() -> Iterator[models.ModelServer]:
    with models.running() as started:
        yield started


@pytest.fixture(autouse=True)
def _tracing(side: Side, experiment: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    mlflow.tracing.reset()
    mlflow.set_experiment(experiment_id=experiment)
    yield
    mlflow.tracing.reset()


@pytest.fixture
def autolog(side: Side) -> Iterator[Callable[[str], None]]:
    """The one line; undone after the test."""
    on: list[Any] = []

    def switch(flavour: str) -> None:
        module = importlib.import_module(f"mlflow.{flavour}")
        module.autolog()
        on.append(module)

    yield switch
    for module in on:
        module.autolog(disable=True)


def last() -> Trace:
    mlflow.flush_trace_async_logging()
    found = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert found is not None
    return found


def of_type(trace: Trace, *types: str) -> list[Span]:
    return [span for span in trace.data.spans if span.span_type in types]


def model_calls(trace: Trace, apart: tuple[str, ...] = ()) -> list[Span]:
    """The outermost spans of models, for some libraries trace each layer of one call; without those named so."""
    found = {span.span_id: span for span in of_type(trace, "LLM", "CHAT_MODEL") if span.name not in apart}
    parents = {span.span_id: span.parent_id for span in trace.data.spans}

    def inside(span: Span) -> bool:
        above = span.parent_id
        while above is not None:
            if above in found:
                return True
            above = parents[above]
        return False

    return [span for span in found.values() if not inside(span)]


def check(
    trace: Trace, model: str | None, *, calls: int = 1, answer: str = ANSWER, tools: tuple[str, ...] = (),
    apart: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """So many calls of a model with inputs, outputs, tokens and its name; the answer at the root; the tools that ran.

    `apart` are spans that a library says are of a model, and are none.
    """
    assert trace.info.state == "OK"
    roots = [span for span in trace.data.spans if span.parent_id is None]
    assert len(roots) == 1
    ids = {span.span_id for span in trace.data.spans}
    assert all(span.parent_id in ids for span in trace.data.spans if span.parent_id), "the tree is whole"
    shown = [(span.name, span.span_type) for span in trace.data.spans]
    asked = model_calls(trace, apart)
    assert len(asked) == calls, shown
    for span in asked:
        assert span.inputs, shown
        assert span.outputs, shown
    if model is not None:
        said = [span.get_attribute("mlflow.llm.model") for span in of_type(trace, "LLM", "CHAT_MODEL")]
        assert any(model in str(each) for each in said), said
    told = trace.info.token_usage
    assert {key: told[key] for key in USAGE} == {key: calls * count for key, count in USAGE.items()}
    assert answer in json.dumps(roots[0].outputs, default=str), roots[0].outputs
    ran = [span.name for span in of_type(trace, "TOOL")]
    for tool in tools:
        assert any(tool in name for name in ran), ran
