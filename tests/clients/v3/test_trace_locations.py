"""Traces in Unity Catalog locations, as the client in `databricks` mode sends and reads them (API versions 4 and 5)."""

import uuid
from collections.abc import Callable, Iterator

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import AssessmentSource, Feedback, SpanType, UCSchemaLocation
from mlflow.entities.trace_location import UnityCatalog
from mlflow.exceptions import MlflowException

from clients.sides import Side

pytestmark = pytest.mark.modes("databricks")


@pytest.fixture(autouse=True)
def at_once(side: Side, experiment: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    mlflow.tracing.reset()
    yield
    mlflow.tracing.reset()


@pytest.fixture
def prefix() -> str:
    return f"p{uuid.uuid4().hex[:12]}"


@pytest.fixture
def place(experiment: str, prefix: str) -> str:
    """The path of a location that the test's experiment sends its traces to."""
    mlflow.set_experiment(experiment_id=experiment, trace_location=UnityCatalog("main", "agents", prefix))
    return f"main.agents.{prefix}"


@mlflow.trace(span_type=SpanType.AGENT)
def answer(question: str) -> str:
    with mlflow.start_span("look_up", span_type=SpanType.TOOL) as span:
        span.set_inputs({"question": question})
        span.set_outputs([question.upper()])
    return question.upper()


def traced(question: str) -> str:
    answer(question)
    return mlflow.get_last_active_trace_id()


def test_the_whole_way(client: MlflowClient, experiment: str, place: str) -> None:
    trace_id = traced("where is it")
    assert trace_id.startswith(f"trace:/{place}/")
    trace = mlflow.get_trace(trace_id)
    assert trace.info.trace_id == trace_id
    assert trace.info.trace_location.uc_table_prefix.full_table_prefix == place
    assert (trace.info.state, trace.info.trace_metadata["mlflow.trace_schema.version"]) == ("OK", "4")
    assert [(span.name, span.span_type) for span in trace.data.spans] == [("answer", "AGENT"), ("look_up", "TOOL")]
    assert trace.data.spans[0].inputs == {"question": "where is it"}
    assert trace.data.spans[1].outputs == ["WHERE IS IT"]
    assert {span.trace_id for span in trace.data.spans} == {trace_id}
    tags = client.get_experiment(experiment).tags
    assert tags["mlflow.experiment.databricksTraceDestinationPath"] == place
    assert tags["mlflow.experiment.databricksTraceSpanStorageTable"].startswith(f"{place}_")


def test_search(client: MlflowClient, place: str) -> None:
    ids = [traced(f"number {number}") for number in range(3)]
    found = mlflow.search_traces(locations=[place], return_type="list")
    assert [trace.info.trace_id for trace in found] == ids[::-1]
    assert [len(trace.data.spans) for trace in found] == [2, 2, 2]
    for where in ("trace.text LIKE '%number 1%'", "span.attributes.`mlflow.spanOutputs` LIKE '%NUMBER 1%'"):
        one = client.search_traces(locations=[place], filter_string=where, include_spans=False)
        assert [trace.info.trace_id for trace in one] == [ids[1]]
    page = client.search_traces(locations=[place], max_results=2, include_spans=False)
    rest = client.search_traces(locations=[place], max_results=2, page_token=page.token, include_spans=False)
    assert [trace.info.trace_id for trace in [*page, *rest]] == ids[::-1]


def test_the_experiment_has_them_too(
    client: MlflowClient, side: Side, experiment: str, place: str, other_side: Callable[[], Side]
) -> None:
    """By the ids that experiments know, for clients of any mode; a location holds nothing but its own."""
    trace_id = traced("both ways")
    plain = f"tr-{trace_id.rpartition('/')[2]}"
    assert [t.info.trace_id for t in client.search_traces(locations=[experiment], include_spans=False)] == [plain]
    span = {"traceId": uuid.uuid4().hex, "spanId": "ab" * 8, "name": "not in the location", "startTimeUnixNano": "1"}
    sent = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    headers = {"x-mlflow-experiment-id": experiment}
    assert side.server.post("/api/2.0/otel/v1/traces", sent, headers=headers).status_code == 200
    with other_side().entered() as other:
        assert [span.name for span in mlflow.get_trace(plain).data.spans] == ["answer", "look_up"]
        assert len(other.client.search_traces(locations=[experiment], include_spans=False)) == 2
    mlflow.tracing.reset()
    assert [t.info.trace_id for t in client.search_traces(locations=[place], include_spans=False)] == [trace_id]


def test_tags(client: MlflowClient, place: str) -> None:
    trace_id = traced("tags")
    client.set_trace_tag(trace_id, "a key/with slash", "yes")
    assert mlflow.get_trace(trace_id).info.tags["a key/with slash"] == "yes"
    found = client.search_traces(
        locations=[place], filter_string="tags.`a key/with slash` = 'yes'", include_spans=False
    )
    assert len(found) == 1
    client.delete_trace_tag(trace_id, "a key/with slash")
    assert "a key/with slash" not in mlflow.get_trace(trace_id).info.tags


def test_assessments(client: MlflowClient, place: str) -> None:
    trace_id = traced("good")
    made = mlflow.log_feedback(
        trace_id=trace_id, name="good", value={"yes": None}, source=AssessmentSource("HUMAN", "ada"), rationale="short"
    )
    assert made.trace_id == trace_id
    read = mlflow.get_assessment(trace_id, made.assessment_id)
    assert (read.value, read.rationale, read.source.source_id) == ({"yes": None}, "short", "ada")
    changed = mlflow.update_assessment(trace_id, made.assessment_id, Feedback(name="good", value=False))
    assert changed.value is False
    assert mlflow.get_assessment(trace_id, made.assessment_id).rationale == "short"
    [told] = mlflow.get_trace(trace_id).info.assessments
    assert (told.assessment_id, told.trace_id, told.value) == (made.assessment_id, trace_id, False)
    assert (
        len(client.search_traces(locations=[place], filter_string="feedback.good = 'false'", include_spans=False)) == 1
    )
    mlflow.delete_assessment(trace_id, made.assessment_id)
    assert mlflow.get_trace(trace_id).info.assessments == []


def test_runs(client: MlflowClient, experiment: str, place: str) -> None:
    run = client.create_run(experiment).info.run_id
    trace_id = traced("of a run")
    client.link_traces_to_run([trace_id], run)
    where = f"attributes.run_id = '{run}'"
    assert len(client.search_traces(locations=[place], filter_string=where, include_spans=False)) == 1
    client.unlink_traces_from_run([trace_id], run)
    assert len(client.search_traces(locations=[place], filter_string=where, include_spans=False)) == 0


def test_errors_and_batches(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans gathered by the client's own thread."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "true")
    mlflow.tracing.reset()

    @mlflow.trace
    def steps() -> None:
        for number in range(30):
            with mlflow.start_span(f"step {number}"):
                pass
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        steps()
    mlflow.flush_trace_async_logging(terminate=True)
    trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert (trace.info.state, len(trace.data.spans)) == ("ERROR", 31)


def test_an_experiment_stays_with_its_location(client: MlflowClient, experiment: str, place: str, side) -> None:
    with pytest.raises(MlflowException, match="already linked to a different trace location"):
        mlflow.set_experiment(experiment_id=experiment, trace_location=UnityCatalog("main", "agents", "elsewhere"))
    mlflow.set_experiment(experiment_id=experiment, trace_location=UnityCatalog(*place.split(".")))
    with pytest.raises(MlflowException, match="is linked to the experiment"):
        mlflow.set_experiment(experiment_id=side.experiment(), trace_location=UnityCatalog(*place.split(".")))


def test_a_schema_as_a_whole(client: MlflowClient, experiment: str, prefix: str) -> None:
    """The older way, without a prefix."""
    schema = UCSchemaLocation("main", prefix)
    location = mlflow.tracing.set_experiment_trace_location(location=schema, experiment_id=experiment)
    assert location.full_otel_spans_table_name == f"main.{prefix}.mlflow_experiment_trace_otel_spans"
    mlflow.tracing.set_destination(location)
    trace_id = traced("in a schema")
    assert trace_id.startswith(f"trace:/main.{prefix}/")
    assert len(mlflow.get_trace(trace_id).data.spans) == 2
    assert len(client.search_traces(locations=[f"main.{prefix}"], include_spans=False)) == 1
    mlflow.tracing.unset_experiment_trace_location(location=location, experiment_id=experiment)
    assert "mlflow.experiment.databricksTraceDestinationPath" not in client.get_experiment(experiment).tags
    assert len(mlflow.get_trace(trace_id).data.spans) == 2


def test_a_warehouse_is_not_needed_but_may_be_named(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACING_SQL_WAREHOUSE_ID", "w1")
    trace_id = traced("with a warehouse")
    made = mlflow.log_feedback(trace_id=trace_id, name="good", value=1.0)
    mlflow.update_assessment(trace_id, made.assessment_id, Feedback(name="good", value=2.0))
    [told] = mlflow.search_traces(locations=[place], return_type="list")[0].info.assessments
    assert told.value == 2.0
