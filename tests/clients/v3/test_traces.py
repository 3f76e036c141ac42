"""Traces by the client of version 3: made by decorators and spans, read, searched, tagged, judged, deleted."""

import json
import subprocess
import time

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import SpanType

from clients.server import command, server_environment
from clients.sides import Side


@pytest.fixture(autouse=True)
def _tracing(side: Side, experiment: str, monkeypatch: pytest.MonkeyPatch):
    """The client's queue takes seconds to flush; one test is about it, all others write at once."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    mlflow.tracing.reset()
    mlflow.set_experiment(experiment_id=experiment)
    yield
    mlflow.tracing.reset()


def flushed() -> str:
    return mlflow.get_last_active_trace_id()


@mlflow.trace(span_type=SpanType.TOOL)
def look_up(word: str) -> list[str]:
    return [f"meaning of {word}"]


@mlflow.trace(name="answer", span_type=SpanType.AGENT, attributes={"version": "7"})
def answer(question: str, limit: int = 3) -> str:
    found = look_up(question.rsplit(maxsplit=1)[-1])
    with mlflow.start_span("compose", span_type=SpanType.LLM) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}], "found": found})
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": "It is a test."}}]})
        span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 7, "output_tokens": 4, "total_tokens": 11})
    return "It is a test."


def test_a_decorated_function_is_a_trace(client: MlflowClient, experiment: str) -> None:
    answer("what is a trace")
    trace = mlflow.get_trace(flushed())

    assert trace.info.experiment_id == experiment
    assert trace.info.state == "OK"
    assert trace.info.request_preview == '{"question": "what is a trace", "limit": 3}'
    assert trace.info.response_preview == '"It is a test."'
    assert trace.info.token_usage == {"input_tokens": 7, "output_tokens": 4, "total_tokens": 11}
    assert trace.info.tags["mlflow.traceName"] == "answer"
    assert trace.info.execution_duration >= 0
    root, tool, llm = trace.data.spans
    assert (root.name, root.span_type, root.parent_id) == ("answer", SpanType.AGENT, None)
    assert root.attributes["version"] == "7"
    assert root.inputs == {"question": "what is a trace", "limit": 3}
    assert root.outputs == "It is a test."
    assert (tool.name, tool.span_type, tool.parent_id) == ("look_up", SpanType.TOOL, root.span_id)
    assert tool.outputs == ["meaning of trace"]
    assert llm.inputs["messages"][0]["content"] == "what is a trace"
    assert llm.start_time_ns <= llm.end_time_ns


def test_errors_and_events(experiment: str) -> None:
    @mlflow.trace
    def fails() -> None:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        fails()
    trace = mlflow.get_trace(flushed())
    assert trace.info.state == "ERROR"
    [span] = trace.data.spans
    assert span.status.status_code == "ERROR"
    assert span.events[0].name == "exception"
    assert span.events[0].attributes["exception.message"] == "no such thing"


@pytest.mark.modes("http")  # in databricks mode the client itself waits five seconds before it sends anything
def test_a_trace_is_seen_within_a_second_of_its_end(client: MlflowClient, experiment: str, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "true")
    mlflow.tracing.reset()
    answer("the first one starts the client's threads")
    answer("how fast")
    trace_id, began, found = mlflow.get_last_active_trace_id(), time.monotonic(), None
    while not found and time.monotonic() - began < 10:
        found = client.search_traces(
            locations=[experiment], filter_string=f"request_id = '{trace_id}'", include_spans=False
        )
    took = time.monotonic() - began
    mlflow.flush_trace_async_logging(terminate=True)
    assert found
    assert took < 1


def test_two_hundred_spans_come_back_as_they_were(experiment: str) -> None:
    with mlflow.start_span("root") as root:
        for number in range(200):
            with mlflow.start_span(f"step {number}", attributes={"number": number, "half": number / 2}) as span:
                span.set_inputs({"number": number, "text": "ü" * 50})
    del root
    trace = mlflow.get_trace(flushed())
    steps = [span for span in trace.data.spans if span.parent_id]
    assert len(steps) == 200
    assert [span.attributes["number"] for span in steps] == list(range(200))
    assert steps[7].attributes["half"] == 3.5
    assert steps[7].inputs == {"number": 7, "text": "ü" * 50}


def test_a_megabyte_in_an_attribute(experiment: str) -> None:
    text = "lorem ipsum " * 90_000
    with mlflow.start_span("large") as span:
        span.set_inputs({"text": text})
    assert mlflow.get_trace(flushed()).data.spans[0].inputs == {"text": text}


def test_a_dozen_megabytes_in_a_trace(experiment: str) -> None:
    """More than the server puts together before it begins to answer."""
    with mlflow.start_span("whole") as whole:
        for number in range(12):
            with mlflow.start_span(f"part {number}") as span:
                span.set_outputs(f"{number} " + "lorem ipsum " * 90_000)
        whole.set_outputs("all")
    spans = mlflow.get_trace(flushed()).data.spans
    assert [each.name for each in spans] == ["whole", *(f"part {number}" for number in range(12))]
    assert all(each.outputs.startswith(f"{number} ") for number, each in enumerate(spans[1:]))
    [again] = mlflow.search_traces(locations=[experiment], return_type="list")
    assert len(again.data.spans) == 13


def test_search(client: MlflowClient, experiment: str) -> None:
    for word in ("alpha", "beta", "gamma"):
        answer(f"what is {word}")
    flushed()
    found = client.search_traces(locations=[experiment])
    assert [trace.data.spans[0].inputs["question"] for trace in found] == [
        f"what is {word}" for word in ("gamma", "beta", "alpha")
    ]
    assert all(len(trace.data.spans) == 3 for trace in found)

    def asked(filter_string: str) -> list[str]:
        traces = client.search_traces(locations=[experiment], filter_string=filter_string, include_spans=False)
        return sorted(json.loads(trace.info.request_preview)["question"].split()[-1] for trace in traces)

    everything = ["alpha", "beta", "gamma"]
    assert asked("status = 'OK'") == everything
    assert asked("attributes.status = 'ERROR'") == []
    assert asked("trace.name = 'answer'") == everything
    assert asked("timestamp_ms > 0 AND execution_time < 100000") == everything
    assert asked("span.name = 'look_up'") == everything
    assert asked("span.type = 'TOOL' AND span.name = 'compose'") == []
    assert asked("span.type IN ('LLM', 'TOOL')") == everything
    assert asked("span.name LIKE 'look%'") == everything
    assert asked("trace.text LIKE '%is beta%'") == ["beta"]
    assert asked("trace.text ILIKE '%IS BETA%'") == ["beta"]
    assert asked("span.attributes.`mlflow.spanType` = 'TOOL'") == everything
    assert asked("span.attributes.version = '7'") == everything
    assert asked("span.name RLIKE '^look_.p$'") == everything
    assert asked("request_metadata.`mlflow.trace_schema.version` = '3'") == everything
    assert asked("tags.`nothing` IS NULL") == everything


def test_pages(client: MlflowClient, experiment: str) -> None:
    for number in range(7):
        answer(f"number {number}")
    flushed()
    seen, token = [], None
    while True:
        page = client.search_traces(locations=[experiment], max_results=3, page_token=token, include_spans=False)
        seen += [trace.info.trace_id for trace in page]
        token = page.token
        if not token:
            break
    assert len(seen) == len(set(seen)) == 7
    ordered = client.search_traces(locations=[experiment], order_by=["timestamp_ms ASC"], include_spans=False)
    assert [trace.info.trace_id for trace in ordered] == seen[::-1]
    frame = mlflow.search_traces(locations=[experiment], max_results=2)
    assert list(frame["trace_id"]) == seen[:2]


def test_tags(client: MlflowClient, experiment: str) -> None:
    answer("tags")
    trace_id = flushed()
    client.set_trace_tag(trace_id, "team", "search")
    assert mlflow.get_trace(trace_id).info.tags["team"] == "search"
    found = client.search_traces(locations=[experiment], filter_string="tags.team = 'search'", include_spans=False)
    assert [trace.info.trace_id for trace in found] == [trace_id]
    client.delete_trace_tag(trace_id, "team")
    assert "team" not in mlflow.get_trace(trace_id).info.tags


def test_session_and_user(client: MlflowClient, experiment: str) -> None:
    @mlflow.trace
    def turn(text: str) -> str:
        mlflow.update_current_trace(
            metadata={"mlflow.trace.session": "s-1", "mlflow.trace.user": "ada"}, client_request_id=f"req-{text}"
        )
        return text

    turn("one")
    turn("two")
    trace_id = flushed()
    info = mlflow.get_trace(trace_id).info
    assert info.trace_metadata["mlflow.trace.session"] == "s-1"
    assert info.trace_metadata["mlflow.trace.user"] == "ada"
    assert info.client_request_id == "req-two"
    for text in ("metadata.`mlflow.trace.session` = 's-1'", "metadata.`mlflow.trace.user` = 'ada'"):
        assert len(client.search_traces(locations=[experiment], filter_string=text, include_spans=False)) == 2
    found = client.search_traces(
        locations=[experiment], filter_string="client_request_id = 'req-one'", include_spans=False
    )
    assert [trace.info.response_preview for trace in found] == ['"one"']


def test_traces_of_runs(client: MlflowClient, experiment: str) -> None:
    with mlflow.start_run() as run:
        answer("in a run")
    inside = flushed()
    answer("outside")
    outside = flushed()

    def of_run() -> set[str]:
        found = client.search_traces(locations=[experiment], run_id=run.info.run_id, include_spans=False)
        return {trace.info.trace_id for trace in found}

    assert of_run() == {inside}
    client.link_traces_to_run([outside], run.info.run_id)
    assert of_run() == {inside, outside}


def test_traces_of_an_app_version(client: MlflowClient, experiment: str) -> None:
    model = mlflow.set_active_model(name="app")
    try:
        answer("which version")
        trace_id = flushed()
        found = mlflow.search_traces(locations=[experiment], model_id=model.model_id, return_type="list")
        assert [trace.info.trace_id for trace in found] == [trace_id]
    finally:
        mlflow.clear_active_model()


def test_deletion(client: MlflowClient, experiment: str) -> None:
    ids = []
    for number in range(4):
        answer(str(number))
        ids.append(flushed())
    assert client.delete_traces(experiment, trace_ids=[ids[2], "tr-none"]) == 1
    assert client.delete_traces(experiment, max_timestamp_millis=2**52, max_traces=1) == 1
    left = client.search_traces(locations=[experiment], include_spans=False)
    assert {trace.info.trace_id for trace in left} == {ids[1], ids[3]}
    assert mlflow.get_trace(ids[2]) is None


def test_log_feedback_as_in_the_announcement(client: MlflowClient, experiment: str) -> None:
    from mlflow.entities.assessment import AssessmentSource, AssessmentSourceType

    answer("was it good")
    trace_id = flushed()
    mlflow.log_feedback(
        trace_id=trace_id,
        name="user_feedback",
        value=True,
        rationale="Clear and short.",
        source=AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id="ada@example.com"),
        metadata={"channel": "chat"},
    )
    [said] = mlflow.get_trace(trace_id).info.assessments
    assert (said.name, said.value, said.rationale) == ("user_feedback", True, "Clear and short.")
    assert (said.source.source_type, said.source.source_id) == ("HUMAN", "ada@example.com")
    assert said.metadata["channel"] == "chat"
    assert said.valid is True


VALUES = [True, 3.0, 0.25, "yes", ["a", "b"], {"a": 1, "b": ["c"]}, {"a": None, "b": [None, {"c": None}]}]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_of_assessments(client: MlflowClient, experiment: str, value: object) -> None:
    answer("values")
    trace_id = flushed()
    mlflow.log_feedback(trace_id=trace_id, name="fed", value=value)
    mlflow.log_expectation(trace_id=trace_id, name="expected", value=value)
    fed, expected = mlflow.get_trace(trace_id).info.assessments
    assert (fed.value, expected.value) == (value, value)
    assert type(fed.value) is type(value)


def test_the_life_of_an_assessment(client: MlflowClient, experiment: str) -> None:
    from mlflow.entities import Feedback
    from mlflow.entities.assessment import AssessmentError

    answer("life")
    trace_id = flushed()
    span_id = mlflow.get_trace(trace_id).data.spans[1].span_id
    first = mlflow.log_feedback(trace_id=trace_id, name="quality", value=0.4, span_id=span_id)
    assert mlflow.get_assessment(trace_id, first.assessment_id).span_id == span_id
    changed = mlflow.update_assessment(
        trace_id, first.assessment_id, Feedback(name="quality", value=0.6, rationale="on second thought")
    )
    assert (changed.value, changed.rationale) == (0.6, "on second thought")
    second = mlflow.override_feedback(trace_id=trace_id, assessment_id=first.assessment_id, value=0.9)
    assert second.overrides == first.assessment_id
    assert mlflow.get_assessment(trace_id, first.assessment_id).valid is False

    def found(text: str) -> int:
        return len(client.search_traces(locations=[experiment], filter_string=text, include_spans=False))

    assert found("feedback.quality > 0.8") == 1
    assert found("feedback.quality <= 0.6") == 0, "what is overridden counts no more"
    assert found("feedback.quality IS NOT NULL") == 1
    assert found("feedback.other IS NULL") == 1
    mlflow.delete_assessment(trace_id, second.assessment_id)
    assert mlflow.get_assessment(trace_id, first.assessment_id).valid is True
    assert found("feedback.quality <= 0.6") == 1

    failed = mlflow.log_feedback(
        trace_id=trace_id, name="judged", error=AssessmentError(error_code="RATE_LIMIT", error_message="slow down")
    )
    assert mlflow.get_assessment(trace_id, failed.assessment_id).feedback.error.error_code == "RATE_LIMIT"
    mlflow.log_feedback(trace_id=trace_id, name="tone", value="polite")
    assert found("feedback.tone = 'polite'") == 1
    assert found("feedback.tone = 'rude'") == 0
    mlflow.log_expectation(trace_id=trace_id, name="answer", value="a test")
    assert found("expectation.answer = 'a test'") == 1


def test_attachments(client: MlflowClient, experiment: str, side: Side) -> None:
    from mlflow.tracing.attachments import Attachment
    from mlflow.tracing.client import TracingClient

    image = b"\x89PNG\r\n" + bytes(range(256)) * 500
    with mlflow.start_span("look at it") as span:
        span.set_inputs({"image": Attachment(content_type="image/png", content_bytes=image), "text": "what is it"})
    trace = mlflow.get_trace(flushed())
    reference = Attachment.parse_ref(trace.data.spans[0].inputs["image"])
    assert (reference["content_type"], reference["size"]) == ("image/png", len(image))
    files = TracingClient()._get_artifact_repo_for_trace(trace.info)
    assert files.download_trace_attachment(reference["attachment_id"]) == image
    shown = {"request_id": trace.info.trace_id, "path": reference["attachment_id"]}
    path = "/ajax-api/2.0/mlflow/get-trace-artifact"
    assert side.server.request("GET", path, params=shown).content == image
    spans = side.server.request("GET", path, params={"request_id": trace.info.trace_id}).json()["spans"]
    assert [each["name"] for each in spans] == ["look at it"]
    client.delete_traces(experiment, trace_ids=[trace.info.trace_id])
    assert side.server.request("GET", path, params=shown).status_code == 404


@pytest.mark.modes("http")
@pytest.mark.beyond
def test_exported_lines_are_traces(client: MlflowClient, experiment: str, side: Side) -> None:
    from mlflow.entities import Trace

    for number in range(3):
        answer(f"number {number}")
        mlflow.log_feedback(trace_id=flushed(), name="good", value={"n": number})
    body = {"experiment_ids": [experiment], "format": "jsonl"}
    lines = side.server.post("/api/2.0/lakeward/traces/export", body).text.splitlines()
    found = [Trace.from_json(line) for line in lines]
    for trace in found:
        read = mlflow.get_trace(trace.info.trace_id)
        assert trace.info.to_dict() == read.info.to_dict()
        for mine, theirs in zip(trace.data.spans, read.data.spans, strict=True):
            assert (mine.name, mine.span_id, mine.parent_id) == (theirs.name, theirs.span_id, theirs.parent_id)
            assert (mine.start_time_ns, mine.end_time_ns) == (theirs.start_time_ns, theirs.end_time_ns)
            assert (mine.status, mine.events) == (theirs.status, theirs.events)
            assert mine.attributes == theirs.attributes
    assert [trace.info.assessments[0].value["n"] for trace in found] == [2, 1, 0]


@pytest.mark.modes("http")
@pytest.mark.parametrize("model", ["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-flash", "gpt-4.1-2025-04-14"])
def test_cost_is_what_the_client_would_say(experiment: str, model: str) -> None:
    """In `databricks` mode the client says it itself, in http mode the server does: they agree."""
    from mlflow.tracing.utils import calculate_cost_by_model_and_token_usage

    usage = {"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200, "cache_read_input_tokens": 600}
    with mlflow.start_span("root"), mlflow.start_span("call", span_type=SpanType.CHAT_MODEL) as span:
        span.set_attribute("mlflow.chat.tokenUsage", usage)
        span.set_attribute("mlflow.llm.model", model)
    expected = calculate_cost_by_model_and_token_usage(model, usage)
    trace = mlflow.get_trace(flushed())
    assert trace.info.cost == pytest.approx(expected)
    assert trace.data.spans[1].llm_cost == pytest.approx(expected)


@pytest.mark.modes("http")  # the client has no issues in databricks mode
def test_issues(client: MlflowClient, experiment: str) -> None:
    from mlflow.tracing.assessment import log_issue
    from mlflow.tracing.client import TracingClient

    issue = TracingClient()._create_issue(experiment, "slow", "It takes too long.", categories=["speed"])
    answer("is it slow")
    trace_id = flushed()
    answer("is it fast")
    said = log_issue(trace_id=trace_id, issue_id=issue.issue_id, rationale="Ten seconds.")
    assert (said.issue_id, said.issue_name) == (issue.issue_id, "slow")
    [read] = mlflow.get_trace(trace_id).info.assessments
    assert (read.issue_id, read.issue_name, read.rationale) == (issue.issue_id, "slow", "Ten seconds.")
    found = client.search_traces(
        locations=[experiment], filter_string=f"issue.id = '{issue.issue_id}'", include_spans=False
    )
    assert [trace.info.trace_id for trace in found] == [trace_id]
    store = TracingClient().store
    changed = store.update_issue(issue.issue_id, status="resolved", severity="high")
    assert (str(changed.status), str(changed.severity)) == ("resolved", "high")
    [listed] = store.search_issues(experiment, filter_string="status = 'resolved'", include_trace_count=True)
    assert (listed.issue_id, listed.categories, listed.trace_count) == (issue.issue_id, ["speed"], 1)


def test_a_chain_of_overrides(client: MlflowClient, experiment: str) -> None:
    answer("who is right")
    trace_id = flushed()
    first = mlflow.log_feedback(trace_id=trace_id, name="quality", value=1)
    second = mlflow.override_feedback(trace_id=trace_id, assessment_id=first.assessment_id, value=2)
    third = mlflow.override_feedback(trace_id=trace_id, assessment_id=second.assessment_id, value=3)

    def valid() -> list[object]:
        return [each.value for each in mlflow.get_trace(trace_id).info.assessments if each.valid]

    assert valid() == [3]
    mlflow.delete_assessment(trace_id, third.assessment_id)
    assert valid() == [2]
    mlflow.delete_assessment(trace_id, second.assessment_id)
    assert valid() == [1]


@pytest.mark.beyond
def test_traces_that_were_moved(client: MlflowClient, experiment: str, side: Side) -> None:
    """Their spans are in Delta tables: for the client nothing has changed."""
    began = int(time.time() * 1000)
    answer("where are you")
    trace_id = flushed()
    before = mlflow.get_trace(trace_id)
    assert side.server.data is not None
    moving = [*command(), "traces", "move", "--experiment", experiment, "--data", str(side.server.data)]
    environment = server_environment(side.server.data.parent)
    moved = subprocess.run(moving, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert "1 traces" in moved.stdout

    after = mlflow.get_trace(trace_id)
    assert after.to_dict() == before.to_dict()
    ended = int(time.time() * 1000)
    between = f"timestamp_ms >= {began} AND timestamp_ms <= {ended}"
    [found] = client.search_traces(locations=[experiment], filter_string=between)
    assert [span.to_dict() for span in found.data.spans] == [span.to_dict() for span in before.data.spans]
    [found] = client.search_traces(
        locations=[experiment], filter_string=f"request_id = '{trace_id}'", include_spans=False
    )
    mlflow.log_feedback(trace_id=trace_id, name="good", value=True)
    client.set_trace_tag(trace_id, "seen", "yes")
    [found] = client.search_traces(locations=[experiment], filter_string="feedback.good = 'true'")
    assert (found.info.tags["seen"], found.info.assessments[0].value) == ("yes", True)
    assert len(found.data.spans) == 3
    assert client.delete_traces(experiment, trace_ids=[trace_id]) == 1
    assert mlflow.get_trace(trace_id) is None
