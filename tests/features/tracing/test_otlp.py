"""OTLP in: whatever comes, in whatever order, is there when it is answered, or refused as a whole."""

import gzip
import json
import zlib

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from spans import got, ids, info, protobuf, request, searched, send, sent, span, values

from lakeward.tracing import payloads
from server import Answer, Caller, Callers, Server

PROTOBUF = "application/x-protobuf"


def raw_deflate(body: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(body) + engine.flush()


ENCODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("media_type", [PROTOBUF, "application/json", "application/json; charset=utf-8"])
def test_media_types_and_encodings(client: Caller, experiment: str, encoding: str, media_type: str) -> None:
    trace, root = ids()
    made = span(trace, root, name="root", attributes={"a": "b", "n": 1, "x": [1, {"y": 0.5}], "t": True})
    body = protobuf(made) if media_type == PROTOBUF else json.dumps(request(made)).encode()
    answer = send(
        client, experiment, ENCODINGS[encoding](body), media_type, content_encoding=encoding.removeprefix("raw ")
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type.partition(";")[0]
    [read] = got(client, trace)["spans"]
    assert values(read) | {"mlflow.spanType": "UNKNOWN"} == {
        "a": "b", "n": 1, "x": [1, {"y": 0.5}], "t": True, "mlflow.spanType": "UNKNOWN",
    }  # fmt: skip


def test_what_the_root_says_of_the_whole(client: Caller, experiment: str) -> None:
    trace, root = ids()
    attributes = {
        "mlflow.spanInputs": '{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hello"}]}',
        "mlflow.spanOutputs": '{"choices": [{"message": {"role": "assistant", "content": "hi there"}}]}',
        "session.id": "s-9",
        "user.id": "ada",
        "mlflow.traceTag.team": "search",
    }
    made = span(trace, root, name="chat", at=1000, ms=1500, status={"code": 2}, attributes=attributes)
    sent(client, experiment, made, service_name="shop", telemetry_sdk_name="x")
    read = info(client, trace)
    assert read["state"] == "ERROR"
    assert read["request_preview"] == "hello"
    assert read["response_preview"] == "hi there"
    assert read["execution_duration"] == "1.500s"
    assert read["trace_metadata"] == {"mlflow.trace.session": "s-9", "mlflow.trace.user": "ada"}
    assert {key: read["tags"].get(key) for key in ("service.name", "team", "mlflow.traceName")} == {
        "service.name": "shop", "team": "search", "mlflow.traceName": "chat",
    }  # fmt: skip
    assert "telemetry.sdk.name" not in read["tags"]


def test_partial_late_double_and_disordered(client: Caller, experiment: str) -> None:
    trace, root = ids()
    _, child = ids()
    sent(client, experiment, span(trace, None, child, name="leaf", at=30, ms=5), service_name="b")
    assert info(client, trace)["state"] == "IN_PROGRESS"
    assert [each["name"] for each in got(client, trace)["spans"]] == ["leaf"]
    sent(client, experiment, span(trace, child, root, name="old name", at=20, ms=20))
    sent(client, experiment, span(trace, child, root, name="middle", at=20, ms=20))
    sent(client, experiment, span(trace, root, "", name="root", at=10, ms=50), service_name="a")
    read = got(client, trace)
    assert [each["name"] for each in read["spans"]] == ["root", "middle", "leaf"]
    assert read["trace_info"]["state"] == "OK"
    assert read["trace_info"]["execution_duration"] == "0.050s"
    assert read["trace_info"]["tags"]["service.name"] == "b", "what was said first stands"
    assert searched(client, experiment, "span.name = 'leaf'") == [trace]


def test_traces_of_one_request_are_told_apart(client: Caller, experiment: str) -> None:
    made = [ids()[0] for _ in range(20)]
    spans = [span(trace, name=f"{trace[:4]}-{number}") for number in range(3) for trace in made]
    assert send(client, experiment, protobuf(*spans), PROTOBUF).status_code == 200
    for trace in made:
        assert sorted(each["name"] for each in got(client, trace)["spans"]) == [f"{trace[:4]}-{n}" for n in range(3)]
    assert sorted(searched(client, experiment)) == sorted(made)


def test_layouts_that_protobuf_allows(client: Caller, experiment: str) -> None:
    """Fields in any order, in pieces, unknown, of wrong types, in groups that hold what looks like ours."""
    first, second = ids()[0], ids()[0]

    def cut(**resource: str) -> tuple[bytes, list[bytes]]:
        """A resource, and a span of each trace, as fields."""
        spans = [span(trace, name=name) for name in resource for trace in (first, second)]
        made = ExportTraceServiceRequest.FromString(protobuf(*spans)).resource_spans[0]
        for key, value in resource.items():
            attribute = made.resource.attributes.add()
            attribute.key, attribute.value.string_value = key, value
        fields = [payloads.field(2, each.SerializeToString()) for each in made.scope_spans[0].spans]
        return payloads.field(1, made.resource.SerializeToString()), fields

    # Fields 100 with a number, of eight and four bytes, and with text; then a number where spans should be.
    strange = (
        b"\xa0\x06\x85\x80\x00" + b"\xa1\x06" + bytes(8) + b"\xa5\x06" + bytes(4) + b"\xa2\x06\x02xx" + b"\x10\x01"
    )
    (one, spans), (more, others) = cut(a="1"), cut(b="2")
    group = b"\xa3\x06" + others[0] + b"\xab\x06" + others[1] + b"\xac\x06" + b"\xa4\x06"  # one in another
    name = payloads.field(1, payloads.field(1, b"scope"))
    scopes = [payloads.field(2, strange + spans[0] + group + spans[1] + name), payloads.field(2, name + others[1])]
    body = strange + payloads.field(1, scopes[0] + one + group + scopes[1] + more + strange) + group
    answer = send(client, experiment, body + payloads.field(1, payloads.field(2, others[0])), PROTOBUF)
    assert answer.status_code == 200, answer.text
    for trace in (first, second):
        read = got(client, trace)
        assert sorted(each["name"] for each in read["spans"]) == ["a", "b"]
        assert {key: read["trace_info"]["tags"].get(key) for key in "ab"} == {"a": "1", "b": "2"}


def test_tokens_are_counted_once_however_they_come(client: Caller, experiment: str) -> None:
    """A parent that sums up its children counts, they do not; also if the parent comes last, and a span twice."""
    trace, root = ids()
    usage = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
    first, second = span(trace, None, root, attributes=usage), span(trace, None, root, attributes=usage)

    def tokens() -> dict:
        return json.loads(info(client, trace)["trace_metadata"]["mlflow.trace.tokenUsage"])

    sent(client, experiment, first)
    assert tokens() == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    sent(client, experiment, second)
    sent(client, experiment, second)
    assert tokens()["total_tokens"] == 30
    whole = {"gen_ai.usage.input_tokens": 21, "gen_ai.usage.output_tokens": 10}
    sent(client, experiment, span(trace, root, attributes=whole))
    assert tokens() == {"input_tokens": 21, "output_tokens": 10, "total_tokens": 31}


CONVENTIONS = [
    (
        {"openinference.span.kind": "LLM", "input.value": "q", "output.value": "a", "llm.model_name": "m-1",
         "llm.provider": "p", "llm.token_count.prompt": 3, "llm.token_count.completion": 4, "llm.cost.total": 0.5},
        "LLM",
    ),
    (
        {"gen_ai.operation.name": "chat", "gen_ai.input.messages": '[{"role": "user", "content": "q"}]',
         "gen_ai.output.messages": '[{"role": "assistant", "content": "a"}]', "gen_ai.request.model": "m-0",
         "gen_ai.response.model": "m-1", "gen_ai.provider.name": "p", "gen_ai.usage.input_tokens": 3,
         "gen_ai.usage.output_tokens": 4, "gen_ai.usage.cost": 0.5},
        "CHAT_MODEL",
    ),
    (
        {"mlflow.spanType": '"LLM"', "mlflow.spanInputs": '"q"', "mlflow.spanOutputs": '"a"', "mlflow.llm.model": "m-1",
         "mlflow.llm.provider": "p", "mlflow.chat.tokenUsage": '{"input_tokens": 3, "output_tokens": 4}',
         "mlflow.llm.cost": '{"input_cost": 0.2, "output_cost": 0.3}'},
        "LLM",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "kind"), CONVENTIONS, ids=["openinference", "genai", "mlflow"])
def test_conventions(client: Caller, experiment: str, attributes: dict, kind: str) -> None:
    trace, root = ids()
    sent(client, experiment, span(trace, root, attributes=attributes))
    read = got(client, trace)
    metadata = read["trace_info"]["trace_metadata"]
    assert json.loads(metadata["mlflow.trace.tokenUsage"])["total_tokens"] == 7
    assert json.loads(metadata["mlflow.trace.cost"])["total_cost"] == 0.5
    said = values(read["spans"][0])
    assert {key: said[key] for key in attributes} == attributes, "what came is kept as it came"
    assert said["mlflow.llm.model"] == "m-1"
    assert said["mlflow.llm.provider"] == "p"
    assert "q" in str(said["mlflow.spanInputs"])
    assert "a" in str(said["mlflow.spanOutputs"])
    assert searched(client, experiment, f"span.type = '{kind}'") == [trace]


@pytest.mark.parametrize("nothing", ["null", '"UNKNOWN"', "UNKNOWN"])
def test_a_type_that_says_nothing_leaves_the_word_to_others(client: Caller, experiment: str, nothing: str) -> None:
    """mlflow's client writes one into spans of an OpenInference instrumentation, as `mlflow.agno.autolog()` uses it."""
    trace, root = ids()
    told = {"mlflow.spanType": nothing, "openinference.span.kind": "TOOL"}
    sent(client, experiment, span(trace, root, attributes=told))
    assert values(got(client, trace)["spans"][0])["mlflow.spanType"] == "TOOL"
    assert searched(client, experiment, "span.type = 'TOOL'") == [trace]


def test_a_plain_model_is_one_where_tokens_are_told(client: Caller, experiment: str) -> None:
    """litellm says `model`; a span that spent nothing may mean a car by it."""
    (asked, first), (sold, second) = ids(), ids()
    usage = '{"input_tokens": 1000000, "output_tokens": 0}'
    told = {"model": "gpt-4o-mini", "mlflow.chat.tokenUsage": usage}
    sent(client, experiment, span(asked, first, attributes=told))
    sent(client, experiment, span(sold, second, attributes={"model": "estate"}))
    assert values(got(client, asked)["spans"][0])["mlflow.llm.model"] == "gpt-4o-mini"
    assert json.loads(got(client, asked)["trace_info"]["trace_metadata"]["mlflow.trace.cost"])["total_cost"] > 0
    assert "mlflow.llm.model" not in values(got(client, sold)["spans"][0])


def test_a_run_in_the_header(client: Caller, experiment: str) -> None:
    run = client.run(experiment)
    trace, root = ids()
    answer = send(client, experiment, request(span(trace, root)), x_mlflow_run_id=run)
    assert answer.status_code == 200
    assert searched(client, experiment, f"run_id = '{run}'") == [trace]


# ── hostile input ────────────────────────────────────────────────────────────────────────────────────────────────────


def broken(**changed: object) -> dict:
    trace, root = ids()
    return request(span(trace, root) | changed)


HOSTILE = {
    "no JSON": b"{",
    "a list": b"[]",
    "wrong types": json.dumps({"resourceSpans": {"scopeSpans": 1}}).encode(),
    "a short trace id": json.dumps(broken(traceId="abcd")).encode(),
    "a long trace id": json.dumps(broken(traceId="ab" * 40)).encode(),
    "a zero trace id": json.dumps(broken(traceId="0" * 32)).encode(),
    "a short span id": json.dumps(broken(spanId="ab")).encode(),
    "no span id": json.dumps(broken(spanId="")).encode(),
    "an odd parent": json.dumps(broken(parentSpanId="ab")).encode(),
    "no hexadecimal": json.dumps(broken(traceId="zz" * 16)).encode(),
    "a time out of bounds": json.dumps(broken(startTimeUnixNano=str(2**64))).encode(),
    "a time below zero": json.dumps(broken(startTimeUnixNano=-1)).encode(),
    "an integer too large": json.dumps(
        broken(attributes=[{"key": "k", "value": {"intValue": str(2**63)}}])
    ).encode(),
    "deep JSON": b'{"resourceSpans": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    "a deep value": json.dumps(broken(attributes=[{"key": "k", "value": json.loads(
        '{"arrayValue": {"values": [' * 90 + '{"stringValue": "x"}' + "]}}" * 90)}])).encode(),
    "invalid UTF-8": json.dumps(broken()).encode().replace(b"work", b"\xff\xfe"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json(client: Caller, experiment: str, name: str) -> None:
    refused = Answer(send(client, experiment, HOSTILE[name]))
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert searched(client, experiment) == []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.booleans())
def test_protobuf_that_was_tampered_with(server: Server, where: int, byte: int, cut: bool) -> None:
    """Any byte changed, or the rest cut off: taken or refused, never a fault."""
    trace, root = ids()
    body = bytearray(protobuf(span(trace, root, attributes={"text": "x" * 40, "list": [1, 2, {"a": "b"}]})))
    place = where % len(body)
    if cut:
        del body[place:]
    else:
        body[place] = byte
    answer = send(server.local, "0", bytes(body), PROTOBUF)
    assert answer.status_code in (200, 400), answer.text


def test_a_body_that_unfolds(client: Caller, experiment: str) -> None:
    bomb = b"\0" * (200 << 20)
    for encoding in ("gzip", "zstd"):
        answer = send(client, experiment, ENCODINGS[encoding](bomb), PROTOBUF, content_encoding=encoding)
        assert answer.status_code == 413, answer.text
    body = gzip.compress(protobuf(span(*ids())))
    for wrong in (body[:-4], b"no gzip", body + body):
        assert send(client, experiment, wrong, PROTOBUF, content_encoding="gzip").status_code == 400
    whole = ENCODINGS["zstd"](protobuf(span(*ids())))
    for wrong in (whole[:-3], b"no zstd", b""):
        assert send(client, experiment, wrong, PROTOBUF, content_encoding="zstd").status_code == 400
    assert send(client, experiment, body, PROTOBUF, content_encoding="br").status_code == 400


def test_headers_that_are_needed(client: Caller, experiment: str) -> None:
    body = protobuf(span(*ids()))
    assert send(client, experiment, body, "text/plain").status_code == 400
    answer = client.request("POST", "/v1/traces", content=body, headers={"content-type": PROTOBUF})
    assert answer.status_code == 400
    assert "x-mlflow-experiment-id" in answer.text
    assert send(client, "999999", body, PROTOBUF).status_code == 404
    client.post("experiments/delete", experiment_id=experiment)
    assert send(client, experiment, body, PROTOBUF).status_code == 400


def test_a_circle_of_parents(client: Caller, experiment: str) -> None:
    trace, first = ids()
    _, second = ids()
    usage = {"gen_ai.usage.input_tokens": 1}
    made = [span(trace, first, second, attributes=usage), span(trace, second, first), span(trace, None, "ab" * 8)]
    sent(client, experiment, *made)
    sent(client, experiment, span(trace, None, first))
    assert len(got(client, trace)["spans"]) == 4
    assert info(client, trace)["state"] == "IN_PROGRESS"


def test_characters_that_no_column_holds(client: Caller, experiment: str) -> None:
    trace, root = ids()
    attributes = {"mlflow.spanInputs": "a\0b", "session.id": "s\0", "mlflow.traceTag.k\0": "v\0"}
    sent(client, experiment, span(trace, root, name="n\0", attributes=attributes), service_name="x\0")
    read = got(client, trace)
    assert read["spans"][0]["name"] == "n\0"
    assert read["trace_info"]["request_preview"] == "a\N{REPLACEMENT CHARACTER}b"


def test_a_request_without_spans(client: Caller, experiment: str) -> None:
    assert send(client, experiment, b"", PROTOBUF).status_code == 200
    assert send(client, experiment, {}).status_code == 200


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_id_in_another_workspace_is_another_trace(client: Caller, callers: Callers, experiment: str) -> None:
    trace, root = ids()
    sent(client, experiment, span(trace, root, name="ours"))
    theirs = callers.stranger.experiment()
    sent(callers.stranger, theirs, span(trace, root, name="theirs"))
    assert [each["name"] for each in got(client, trace)["spans"]] == ["ours"]
    assert [each["name"] for each in got(callers.stranger, trace)["spans"]] == ["theirs"]
    assert callers.stranger.refused("PATCH", f"traces/tr-{ids()[0]}/tags", {"key": "k", "value": "v"}).status == 404
    assert send(callers.stranger, experiment, request(span(*ids()))).status_code == 404
    assert send(callers.reader, experiment, request(span(*ids()))).status_code == 403
