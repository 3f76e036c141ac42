"""Export: a selection of traces with all that is known of them, as a stream that others can read."""

import io
import json
import subprocess
import sys

import pytest
from spans import got, ids, protobuf, send, sent, span

from server import Caller, Callers, Server

API = "/api/2.0/lakeward/traces/export"


def exported(client: Caller, experiment: str, form: str = "jsonl", **more: object) -> list[dict]:
    body = {"experiment_ids": [experiment], "format": form} | more
    answer = client.request("POST", API, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def traces(client: Caller, experiment: str) -> list[str]:
    """Five of two spans each, newest last, the second span in a request of its own."""
    made = []
    for number in range(5):
        trace, root = ids()
        sent(client, experiment, span(trace, None, root, name="leaf"), service_name="b")
        attributes = {"input.value": f"question {number}", "n": number, "x": [1, {"y": 0.5}], "t": True}
        sent(client, experiment, span(trace, root, name=f"root {number % 2}", attributes=attributes), service_name="a")
        made.append(trace)
    return made


def test_what_is_selected(client: Caller, experiment: str, traces: list[str]) -> None:
    def found(**more: object) -> list[str]:
        return [each["info"]["trace_id"].removeprefix("tr-") for each in exported(client, experiment, **more)]

    assert found() == traces[::-1]
    assert found(max_traces=2) == traces[:-3:-1]
    assert found(filter="name = 'root 1'") == [traces[3], traces[1]]
    assert found(filter="trace.text LIKE '%question 2%'") == [traces[2]]
    assert found(trace_ids=[f"tr-{traces[4]}", "tr-none", f"tr-{traces[0]}"]) == [traces[4], traces[0]]
    assert found(filter="name = 'nobody'") == []


def test_a_trace_as_json(client: Caller, experiment: str, traces: list[str]) -> None:
    said = {"assessment_name": "good", "feedback": {"value": {"a": None}}}
    client.post(f"/api/3.0/mlflow/traces/tr-{traces[0]}/assessments", assessment=said)
    [made] = exported(client, experiment, trace_ids=[f"tr-{traces[0]}"])
    read = got(client, traces[0])["trace_info"]
    seconds = float(read.pop("execution_duration")[:-1])
    assert made["info"] == read | {"execution_duration_ms": round(seconds * 1000)}
    assert [each["name"] for each in made["data"]["spans"]] == ["root 0", "leaf"]
    assert json.loads(made["data"]["spans"][0]["attributes"]["x"]) == [1, {"y": 0.5}]


def test_parquet_says_what_the_lines_say(client: Caller, experiment: str, traces: list[str]) -> None:
    import pyarrow.parquet as pq

    said = {"assessment_name": "good", "feedback": {"value": {"a": None}}, "rationale": "because"}
    client.post(f"/api/3.0/mlflow/traces/tr-{traces[4]}/assessments", assessment=said)
    late = {"timeUnixNano": str(2**64 - 1), "name": "e", "attributes": []}
    links = [{"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": []}]
    odd = ids()[0]
    sent(client, experiment, span(odd, name="odd", events=[late], links=links, status={"code": 2, "message": "no"}))
    answer = client.request("POST", API, json={"experiment_ids": [experiment], "format": "parquet"})
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert 'filename="traces.parquet"' in answer.headers["content-disposition"]
    rows = pq.read_table(io.BytesIO(answer.content)).to_pylist()
    lines = exported(client, experiment)
    assert [row["trace_id"] for row in rows] == [line["info"]["trace_id"] for line in lines]
    for row, line in zip(rows, lines, strict=True):
        spans = line["data"]["spans"]
        assert [each["name"] for each in row["spans"]] == [each["name"] for each in spans]
        assert [dict(each["attributes"]) for each in row["spans"]] == [each["attributes"] for each in spans]
        assert dict(row["tags"]) == line["info"].get("tags", {})
        assert dict(row["trace_metadata"]) == line["info"].get("trace_metadata", {})
        assert row["execution_duration_ms"] == line["info"]["execution_duration_ms"]
    [good] = rows[1]["assessments"]
    assert (good["name"], json.loads(good["value"]), good["rationale"]) == ("good", {"a": None}, "because")
    [special] = rows[0]["spans"]
    assert (special["status_code"], special["status_message"]) == ("ERROR", "no")
    assert special["links"][0]["span_id"] == "cd" * 8
    nothing = {"experiment_ids": [experiment], "format": "parquet", "filter": "name = 'x'"}
    none = client.request("POST", API, json=nothing)
    assert pq.read_table(io.BytesIO(none.content)).num_rows == 0


def test_otlp_can_be_sent_again(client: Caller, experiment: str, traces: list[str]) -> None:
    """Each line is a request: in another experiment, and with other ids, it makes the same trace."""
    special = {
        "kind": 3, "traceState": "a=b", "flags": 1, "status": {"code": 2, "message": "no"},
        "events": [{"timeUnixNano": "1795000000000000001", "name": "e", "attributes": []}],
        "links": [{"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": []}],
    }  # fmt: skip
    trace, root = ids()
    sent(client, experiment, span(trace, root, name="first try"))
    sent(client, experiment, span(trace, root, name="special", attributes={"n": -(2**60), "d": 1e300}, **special))
    found = exported(client, experiment, "otlp")
    assert len(found) == 6
    again = client.experiment()
    for line in found:
        for resource_spans in line["resourceSpans"]:
            for each in resource_spans["scopeSpans"][0]["spans"]:
                each["traceId"] = each["traceId"][:-4] + "0000"
        assert send(client, again, line).status_code == 200
    for each in [*traces, trace]:
        first, second = got(client, each), got(client, each[:-4] + "0000")
        for one in second["spans"]:
            one["trace_id"] = first["spans"][0]["trace_id"]
        assert second["spans"] == first["spans"]
        assert second["trace_info"]["tags"].get("service.name") == first["trace_info"]["tags"].get("service.name")
    [one] = exported(client, experiment, "otlp", trace_ids=[f"tr-{trace}"])
    [exact] = one["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert {key: exact[key] for key in special} == special


def test_more_than_a_page(client: Caller, experiment: str) -> None:
    made = []
    for _ in range(5):
        some = [ids()[0] for _ in range(100)]
        made += some
        body = protobuf(*(span(each) for each in some))
        assert send(client, experiment, body, "application/x-protobuf").status_code == 200
    found = [each["info"]["trace_id"].removeprefix("tr-") for each in exported(client, experiment, max_traces=450)]
    assert found == made[:-451:-1]


REFUSED = [
    {"format": "csv"}, {"filter": "nonsense ="}, {"max_traces": 0}, {"trace_ids": ["a"], "filter": "name = 'x'"},
    {"experiment_ids": []}, {"trace_ids": ["a"] * 10_001},
]  # fmt: skip


@pytest.mark.parametrize("change", REFUSED, ids=lambda change: str(change)[:60])
def test_what_is_refused(client: Caller, experiment: str, change: dict) -> None:
    assert client.refused("POST", API, {"experiment_ids": [experiment]} | change).code == "INVALID_PARAMETER_VALUE"


def test_who_may(callers: Callers, client: Caller, experiment: str, traces: list[str]) -> None:
    assert len(exported(callers.reader, experiment)) == len(traces)
    assert exported(callers.stranger, experiment) == []
    named = [f"tr-{each}" for each in traces]
    assert exported(callers.stranger, experiment, trace_ids=named) == []
    body = {"experiment_ids": [experiment]}
    assert callers.memberless.request("POST", API, json=body).status_code == 403
    assert callers.nobody.request("POST", API, json=body).status_code == 401


def test_the_command(server: Server, client: Caller, experiment: str, traces: list[str], tmp_path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        url = server.backend.dsn_of(server.database)
        command = [sys.executable, "-m", "lakeward", "traces", "export", "--database-url", url, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    out = tmp_path / "traces.jsonl"
    done = run("--experiment", experiment, "--filter", "name = 'root 0'", "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in out.read_text().splitlines()] == exported(
        client, experiment, filter="name = 'root 0'"
    )
    shown = run("--experiment", experiment, "--format", "otlp", "--max", "1")
    assert [json.loads(line) for line in shown.stdout.splitlines()] == exported(
        client, experiment, "otlp", max_traces=1
    )
    assert run("--experiment", "987654").returncode == 1
