"""Traces as clients of both versions make and read them: the older sends its spans as a file."""

import mlflow
import pytest
from mlflow import MlflowClient

from .sides import Side


@pytest.fixture(autouse=True)
def _tracing(side: Side, experiment: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    mlflow.tracing.reset()
    mlflow.set_experiment(experiment_id=experiment)
    yield
    mlflow.tracing.reset()


@mlflow.trace(name="outer")
def outer(word: str) -> str:
    with mlflow.start_span("inner", span_type="TOOL") as span:
        span.set_inputs({"word": word})
        span.set_outputs(word.upper())
    return word.upper()


def traced(client: MlflowClient, experiment: str, word: str) -> str:
    outer(word)
    [newest] = client.search_traces(experiment_ids=[experiment], max_results=1)
    return newest.info.request_id


def test_a_trace_and_its_spans(client: MlflowClient, experiment: str) -> None:
    trace = client.get_trace(traced(client, experiment, "hello"))
    assert trace.info.experiment_id == experiment
    assert str(trace.info.status.value) == "OK"
    assert trace.info.execution_time_ms >= 0
    assert trace.info.tags["mlflow.traceName"] == "outer"
    first, second = trace.data.spans
    assert (first.name, first.inputs, first.outputs) == ("outer", {"word": "hello"}, "HELLO")
    assert (second.name, second.span_type, second.parent_id) == ("inner", "TOOL", first.span_id)
    assert second.inputs == {"word": "hello"}


def test_search_tags_and_deletion(client: MlflowClient, experiment: str) -> None:
    ids = [traced(client, experiment, word) for word in ("one", "two", "three")]
    client.set_trace_tag(ids[1], "team", "search")

    def found(text: str | None = None) -> list[str]:
        return [t.info.request_id for t in client.search_traces(experiment_ids=[experiment], filter_string=text)]

    assert found() == ids[::-1]
    assert found("tags.team = 'search'") == [ids[1]]
    assert found("status = 'OK' AND timestamp_ms > 0") == ids[::-1]
    client.delete_trace_tag(ids[1], "team")
    assert found("tags.team = 'search'") == []
    page = client.search_traces(experiment_ids=[experiment], max_results=2)
    rest = client.search_traces(experiment_ids=[experiment], max_results=2, page_token=page.token)
    assert [t.info.request_id for t in [*page, *rest]] == ids[::-1]
    assert client.delete_traces(experiment, None, None, ids[:1]) == 1
    assert found() == ids[:0:-1]


def test_spans_of_files_are_searched_too(client: MlflowClient, side: Side, experiment: str) -> None:
    """Spans that came as a file are read: an unsigned question in the dialect of today finds them."""
    trace_id = traced(client, experiment, "needle")
    traced(client, experiment, "hay")
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    for text in (
        "trace.text LIKE '%needle%'",
        "span.name = 'inner' AND span.attributes.`mlflow.spanOutputs` = 'NEEDLE'",
    ):
        answer = side.server.post("/api/3.0/mlflow/traces/search", {"locations": [place], "filter": text})
        assert [each["trace_id"] for each in answer.json()["traces"]] == [trace_id], answer.text


def test_traces_of_a_run(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as run:
        inside = traced(client, experiment, "inside")
    traced(client, experiment, "outside")
    found = client.search_traces(experiment_ids=[experiment], run_id=run.info.run_id)
    assert [trace.info.request_id for trace in found] == [inside]


def test_a_trace_that_failed(client: MlflowClient, experiment: str) -> None:
    @mlflow.trace
    def fails() -> None:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        fails()
    [trace] = client.search_traces(experiment_ids=[experiment], filter_string="status = 'ERROR'")
    assert str(trace.data.spans[0].status.status_code.value) == "ERROR"
