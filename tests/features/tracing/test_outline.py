"""Outlines: what the page of a trace asks first, and the spans it then asks for one by one."""

import time

from spans import got, ids, sent, span

from server import Caller, Server

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


def test_a_large_one_is_kept_and_never_stale(client: Caller, server: Server, experiment: str) -> None:
    trace, root = ids()
    usage = {"gen_ai.request.model": "outlined-model", "gen_ai.usage.input_tokens": 1_000_000}
    many = [span(trace, f"{at:016x}", root, name=f"step {at % 7}", at=1 + at, ms=1) for at in range(1, 1_200)]
    sent(client, experiment, span(trace, root, name="all", at=1, ms=10), *many)
    made = outline(client, trace)

    def kept() -> bool:
        counted = "SELECT count(*) FROM trace_outline o JOIN trace t ON t.seq = o.trace_seq WHERE t.trace_id = $1"
        return bool(server.sql(counted, f"tr-{trace}")[0][0])

    for _ in range(100):
        if kept():
            break
        time.sleep(0.05)
    assert kept()
    assert outline(client, trace) == made
    assert len(made["spans"]["ids"]) == 1_200

    late = ids()[1]
    sent(client, experiment, span(trace, late, root, name="late", at=5, ms=1, attributes=usage))
    spans = outline(client, trace)["spans"]
    assert late in spans["ids"]
    assert spans["costs"] == {}
    said = {"model": "outlined-model", "input": 3.0, "output": 1.0, "valid_from_ms": 0}
    price = client.call("PUT", "/api/2.0/lakeward/prices", json=said)["price"]
    assert list(outline(client, trace)["spans"]["costs"].values()) == [3.0]
    client.call("DELETE", f"/api/2.0/lakeward/prices/{price['price_id']}")
    assert outline(client, trace)["spans"]["costs"] == {}
    for _ in range(100):
        if kept():
            break
        time.sleep(0.05)
    client.post("/api/3.0/mlflow/traces/delete-traces", experiment_id=experiment, request_ids=[f"tr-{trace}"])
    assert not kept()


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


def test_pages_of_spans_and_of_what_is_below_one(client: Caller, experiment: str) -> None:
    trace, root = ids()
    made = [span(trace, root, name="root", at=0)]
    branches = []
    for number in range(3):
        _, branch = ids()
        branches.append(branch)
        made.append(span(trace, branch, root, name=f"b{number}", at=number * 100 + 1))
        made += [span(trace, None, branch, name=f"b{number}-{leaf}", at=number * 100 + 2 + leaf) for leaf in range(20)]
    sent(client, experiment, *reversed(made))

    def paged(**asked: object) -> list[str]:
        names, token = [], None
        while True:
            page = client.get(f"{API}/tr-{trace}/spans", page_token=token or "", **asked)
            assert len(page["span_ids"]) == len(page["spans"])
            names += [each["name"] for each in page["spans"]]
            token = page.get("next_page_token")
            if token is None:
                return names

    everything = [each["name"] for each in made]
    assert paged(max_results=7) == paged() == everything
    assert paged(max_results=7, under=branches[1]) == ["b1", *(f"b1-{leaf}" for leaf in range(20))]
    assert paged(under=root) == everything
    assert client.refused("GET", f"{API}/tr-{trace}/spans?under={'ab' * 8}").status == 404
    assert client.refused("GET", f"{API}/tr-{trace}/spans?max_results=0").status == 400
    sent(client, experiment, span(trace, branches[0], branches[1]), span(trace, branches[1], branches[0]))
    assert len(paged(under=branches[0])) == 42, "parents in a circle"
