"""Assessments: what may be said, by whom, and what it does to searches and numbers."""

import json

import pytest
from spans import ids, info, searched, sent, span

from server import Caller

API = "/api/3.0/mlflow/traces"


@pytest.fixture
def trace(client: Caller, experiment: str) -> str:
    made, root = ids()
    sent(client, experiment, span(made, root))
    return made


def judge(client: Caller, trace: str, name: str, value: object, kind: str = "feedback", **more: object) -> dict:
    said = {"assessment_name": name, kind: {"value": value}} | more
    return client.post(f"{API}/tr-{trace}/assessments", assessment=said)["assessment"]


VALUES = [
    True, 0, -1.5, "yes", "", ["a", {"b": [None]}], {"a": {"b": [1]}}, 10**18, None, [None], {"a": None}, {},
    {"a": {"b": None, "c": [{"d": None}]}}, 10**30, 1e300, "\N{SNOWMAN}\N{GRINNING FACE}", {"": {"value": None}},
]  # fmt: skip


@pytest.mark.parametrize("kind", ["feedback", "expectation"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_any_json_value(client: Caller, trace: str, value: object, kind: str) -> None:
    made = judge(client, trace, "x", value, kind)
    read = client.get(f"{API}/tr-{trace}/assessments/{made['assessment_id']}")["assessment"]
    assert said_by(read, kind) == value
    assert info(client, trace)["assessments"] == [read]
    path = f"{API}/tr-{trace}/assessments/{made['assessment_id']}"
    body = {"assessment": {kind: {"value": [value]}, "rationale": None}, "update_mask": kind}
    assert said_by(client.call("PATCH", path, json=body)["assessment"], kind) == [value]


def said_by(read: dict, kind: str) -> object:
    """compat(mlflow 3.17): expectations that are lists or objects travel as text."""
    if text := read[kind].get("serialized_value"):
        return json.loads(text["value"])
    return read[kind].get("value")


def test_who_says_it(client: Caller, trace: str) -> None:
    made = judge(client, trace, "x", 1)
    assert made["source"] == {"source_id": "owner"}
    made = judge(client, trace, "x", 1, source={"source_type": 2, "source_id": "gpt"})
    assert made["source"] == {"source_type": "LLM_JUDGE", "source_id": "gpt"}
    assert judge(client, trace, "x", 1, source={"source_type": "AI_JUDGE"})["source"]["source_type"] == "LLM_JUDGE"


REFUSED = {
    "no name": {"assessment_name": "", "feedback": {"value": 1}},
    "a long name": {"assessment_name": "x" * 251, "feedback": {"value": 1}},
    "nothing said": {"assessment_name": "x"},
    "two things said": {"assessment_name": "x", "feedback": {"value": 1}, "expectation": {"value": 1}},
    "no such source": {"assessment_name": "x", "feedback": {"value": 1}, "source": {"source_type": "GOD"}},
    "no JSON": {"assessment_name": "x", "expectation": {"serialized_value": {"value": "{"}}},
    "no time": {"assessment_name": "x", "feedback": {"value": 1}, "create_time": "yesterday"},
    "a character that no column holds": {"assessment_name": "x", "feedback": {"value": "a\0"}},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(client: Caller, trace: str, name: str) -> None:
    body = {"assessment": REFUSED[name]}
    assert client.refused("POST", f"{API}/tr-{trace}/assessments", body).code == "INVALID_PARAMETER_VALUE"
    assert "assessments" not in info(client, trace)


def test_unknown_ones(client: Caller, trace: str) -> None:
    said = {"assessment_name": "x", "feedback": {"value": 1}}
    assert client.refused("POST", f"{API}/tr-none/assessments", {"assessment": said}).status == 404
    body = {"assessment": said | {"overrides": "a-none"}}
    assert client.refused("POST", f"{API}/tr-{trace}/assessments", body).status == 404
    assert client.refused("GET", f"{API}/tr-{trace}/assessments/a-none").status == 404
    body = {"assessment": {"rationale": "x"}, "update_mask": "rationale"}
    assert client.refused("PATCH", f"{API}/tr-{trace}/assessments/a-none", body).status == 404
    assert client.call("DELETE", f"{API}/tr-{trace}/assessments/a-none") == {}


def test_updates(client: Caller, trace: str) -> None:
    made = judge(client, trace, "x", 1, metadata={"a": "1"})
    path = f"{API}/tr-{trace}/assessments/{made['assessment_id']}"
    change = {"assessment_name": "y", "feedback": {"value": 2}, "metadata": {"b": "2"}, "rationale": "because"}
    mask = "assessmentName,feedback,metadata"
    changed = client.call("PATCH", path, json={"assessment": change, "update_mask": mask})["assessment"]
    assert (changed["assessment_name"], changed["feedback"]["value"]) == ("y", 2)
    assert changed["metadata"] == {"a": "1", "b": "2"}
    assert "rationale" not in changed, "it was not in the mask"
    for mask, body in (("expectation", {"expectation": {"value": 1}}), ("source", {}), ("feedback", {})):
        assert client.refused("PATCH", path, {"assessment": body, "update_mask": mask}).status == 400


def test_values_in_filters(client: Caller, experiment: str) -> None:
    values = [0.2, 0.9, "yes", "no way", True, ["a"], 10**400]
    made = {}
    for number, value in enumerate(values):
        trace, root = ids()
        sent(client, experiment, span(trace, root))
        judge(client, trace, "q", value)
        made[trace] = number
    expected = {
        "feedback.q > 0.5": {1},  # what no double holds is no number here
        "feedback.q <= 0.2": {0},
        "feedback.q = 'yes'": {2},
        "feedback.q = 'true'": {4},
        "feedback.q LIKE 'no%'": {3},
        "feedback.q ILIKE 'YES'": {2},
        "feedback.q RLIKE '^(yes|no)'": {2, 3},
        "feedback.q IS NOT NULL": set(range(7)),
        "feedback.q IS NULL": set(),
        "feedback.other IS NULL": set(range(7)),
        "expectation.q IS NOT NULL": set(),
    }
    found = {text: {made[trace] for trace in searched(client, experiment, text)} for text in expected}
    assert found == expected


def test_what_is_said_of_a_session_holds_for_its_traces(client: Caller, experiment: str) -> None:
    traces = [ids()[0] for _ in range(3)]
    for trace in traces[:2]:
        sent(client, experiment, span(trace, attributes={"session.id": "s"}))
    sent(client, experiment, span(traces[2]))
    judge(client, traces[0], "polite", "yes", metadata={"mlflow.trace.session": "s"})
    assert set(searched(client, experiment, "feedback.polite = 'yes'")) == set(traces[:2])
    assert searched(client, experiment, "feedback.polite IS NULL") == [traces[2]]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def measured(client: Caller, experiment: str, view: str, metric: str, *aggregations: object, **more: object) -> list:
    wanted = [
        {"aggregation_type": "PERCENTILE", "percentile_value": each} if isinstance(each, float) else
        {"aggregation_type": each} for each in aggregations
    ]  # fmt: skip
    answer = client.post(
        f"{API}/metrics", experiment_ids=[experiment], view_type=view, metric_name=metric, aggregations=wanted, **more
    )
    return [(each["dimensions"], each["values"]) for each in answer["data_points"]]


def test_metrics(client: Caller, experiment: str) -> None:
    begin = 1_795_000_000_000
    for number in range(10):
        trace, root = ids()
        usage = {"gen_ai.usage.input_tokens": number, "gen_ai.usage.output_tokens": 1, "session.id": f"s{number % 3}",
                 "gen_ai.request.model": "m", "gen_ai.usage.cost": 0.5}  # fmt: skip
        sent(
            client, experiment,
            span(trace, root, name=f"n{number % 2}", at=number * 1000, ms=number * 10, attributes=usage,
                 status={"code": 2 if number > 7 else 0}),
            span(trace, None, root, name="child", at=number * 1000, ms=1, attributes={"mlflow.spanType": "TOOL"}),
        )  # fmt: skip
        if number < 4:
            judge(client, trace, "good", number % 2 == 0)

    def ask(*args: object, **more: object) -> list:
        return measured(client, experiment, *args, **more)

    assert ask("TRACES", "trace_count", "COUNT") == [({}, {"COUNT": 10})]
    assert ask("TRACES", "trace_count", "COUNT", dimensions=["trace_status"]) == [
        ({"trace_status": "ERROR"}, {"COUNT": 2}), ({"trace_status": "OK"}, {"COUNT": 8}),
    ]  # fmt: skip
    assert ask("TRACES", "session_count", "COUNT") == [({}, {"COUNT": 3})]
    assert ask("TRACES", "latency", "AVG", "MAX", 50.0, filters=["trace.status = 'OK'"]) == [
        ({}, {"AVG": 35.125, "MAX": 70, "P50.0": 35.0})
    ]
    assert ask("TRACES", "input_tokens", "SUM", dimensions=["trace_name"]) == [
        ({"trace_name": "n0"}, {"SUM": 20}), ({"trace_name": "n1"}, {"SUM": 25}),
    ]  # fmt: skip
    buckets = ask(
        "TRACES", "trace_count", "COUNT", time_interval_seconds=4, start_time_ms=begin, end_time_ms=begin + 60_000
    )
    assert [(each["time_bucket"][:19], values["COUNT"]) for each, values in buckets] == [
        ("2026-11-18T11:06:40", 4), ("2026-11-18T11:06:44", 4), ("2026-11-18T11:06:48", 2),
    ]  # fmt: skip
    assert ask("SPANS", "span_count", "COUNT", dimensions=["span_type"]) == [
        ({"span_type": "TOOL"}, {"COUNT": 10}), ({"span_type": "UNKNOWN"}, {"COUNT": 10}),
    ]  # fmt: skip
    assert ask("SPANS", "total_cost", "SUM", dimensions=["span_model_name"]) == [({"span_model_name": "m"}, {"SUM": 5})]
    assert ask("SPANS", "latency", "MAX", filters=["span.name = 'n1'"]) == [({}, {"MAX": 90})]
    assert ask("ASSESSMENTS", "assessment_value", "AVG", dimensions=["assessment_name"]) == [
        ({"assessment_name": "good"}, {"AVG": 0.5})
    ]
    assert ask("ASSESSMENTS", "assessment_count", "COUNT", filters=["assessment.name = 'bad'"]) == []
    for wrong in (
        ("NOTHING", "x", "COUNT"), ("TRACES", "x", "COUNT"), ("TRACES", "trace_count", "SUM"),
        ("TRACES", "latency", "P"),
    ):  # fmt: skip
        body = {"experiment_ids": [experiment], "view_type": wrong[0], "metric_name": wrong[1],
                "aggregations": [{"aggregation_type": wrong[2]}]}  # fmt: skip
        assert client.refused("POST", f"{API}/metrics", body).status == 400


def test_correlation(client: Caller, experiment: str) -> None:
    for number in range(20):
        trace, root = ids()
        sent(client, experiment, span(trace, root, name="slow" if number < 10 else "quick",
                                      status={"code": 2 if number < 8 or number == 15 else 1}))  # fmt: skip
    answer = client.post(
        f"{API}/calculate-filter-correlation", experiment_ids=[experiment],
        filter_string1="span.name = 'slow'", filter_string2="status = 'ERROR'",
    )  # fmt: skip
    counts = [answer[f"{name}_count"] for name in ("filter1", "filter2", "joint", "total")]
    assert counts == [10, 9, 8, 20]
    assert 0.5 < answer["npmi_smoothed"] < answer["npmi"] < 0.7


def test_sessions(client: Caller, experiment: str) -> None:
    for number in range(7):
        trace, root = ids()
        attributes = {"session.id": f"s{number % 3}", "user.id": "ada", "input.value": f"q{number}",
                      "output.value": f"a{number}", "llm.token_count.total": 10}  # fmt: skip
        sent(client, experiment, span(trace, root, at=number * 100, attributes=attributes))
    sent(client, experiment, span(ids()[0]))
    found, token = [], None
    while True:
        page = client.post(f"{API}/sessions/search", experiment_ids=[experiment], max_results=2, page_token=token)
        found += page["sessions"]
        token = page.get("next_page_token")
        if not token:
            break
    assert [(each["session_id"], each["trace_count"], each["total_tokens"]) for each in found] == [
        ("s0", 3, 30), ("s2", 2, 20), ("s1", 2, 20),
    ]  # fmt: skip
    assert (found[0]["first_request_preview"], found[0]["last_response_preview"]) == ("q0", "a6")
    assert found[0]["user"] == "ada"
