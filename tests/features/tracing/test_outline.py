"""Outlines: what the page of a trace asks first, and the spans it then asks for one by one."""

from spans import got, ids, sent, span

from server import Caller

API = "/api/2.0/lakeward/traces"


def outline(client: Caller, trace: str) -> dict:
    return client.get(f"{API}/tr-{trace}/outline")


def test_places_names_and_durations(client: Caller, experiment: str) -> None:
    trace, root = ids()
    child, other = ids()[1], ids()[1]
    usage = {"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.cost": 0.25}
    sent(
        client,
        experiment,
        span(trace, child, root, name="call", at=2, ms=3, attributes={"mlflow.spanType": "LLM", **usage}),
        span(trace, other, child, name="call", at=4, ms=1, status={"code": 2, "message": "no"}),
        span(trace, root, name="all", at=1, ms=10, attributes={"mlflow.spanType": "AGENT"}),
    )
    answer = outline(client, trace)
    assert answer["trace_info"]["trace_id"] == f"tr-{trace}"
    spans = answer["spans"]
    assert spans["ids"] == [root, child, other]
    assert spans["parents"] == [-1, 0, 1]
    assert [spans["names"][each] for each in spans["name"]] == ["all", "call", "call"]
    assert [spans["types"][each] for each in spans["type"]] == ["AGENT", "LLM", "UNKNOWN"]
    assert (spans["start_us"], spans["duration_us"]) == ([0, 1000, 3000], [10_000, 3000, 1000])
    assert (spans["errors"], spans["tokens"], spans["costs"]) == ([2], {"1": 12}, {"1": 0.25})
    assert int(spans["start_ns"]) % 1_000_000 == 0


def test_before_the_root_comes(client: Caller, experiment: str) -> None:
    trace, root = ids()
    sent(client, experiment, span(trace, parent=root, endTimeUnixNano="0"))
    spans = outline(client, trace)["spans"]
    assert (spans["parents"], spans["duration_us"]) == ([-1], [-1])


def test_one_span_as_it_came_last(client: Caller, experiment: str) -> None:
    trace, root = ids()
    sent(client, experiment, span(trace, root, attributes={"mlflow.spanInputs": '{"q": 1}'}))
    sent(client, experiment, span(trace, root, name="again", attributes={"input.value": "later"}))
    answer = client.get(f"{API}/tr-{trace}/spans/{root}")
    assert answer["span"] == got(client, trace)["spans"][0]
    assert answer["span"]["name"] == "again"
    for span_id in ("0" * 16, "none"):
        assert client.refused("GET", f"{API}/tr-{trace}/spans/{span_id}").status == 404


def test_spans_that_hold_a_text(client: Caller, experiment: str) -> None:
    trace, root = ids()
    child = ids()[1]
    sent(
        client,
        experiment,
        span(trace, root, name="Refund desk"),
        span(trace, child, root, attributes={"mlflow.spanOutputs": '"the REFUND is 12.50"'}),
        span(trace, parent=root, attributes={"count": 12}),
    )
    find = lambda text: client.get(f"{API}/tr-{trace}/spans", text=text)["span_ids"]  # noqa: E731
    assert find("refund") == [root, child]
    assert find("12.50") == [child]
    assert find("nothing") == []
    assert client.refused("GET", f"{API}/tr-{trace}/spans", {"text": ""}).status == 400


def test_traces_of_elsewhere_have_none(client: Caller, experiment: str, server) -> None:
    trace, root = ids()
    sent(client, experiment, span(trace, root))
    server.local.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "outline-elsewhere"})
    elsewhere = server.caller(x_mlflow_workspace="outline-elsewhere")
    for path in ("outline", f"spans/{root}", "spans?text=work"):
        assert elsewhere.refused("GET", f"{API}/tr-{trace}/{path}").status == 404
