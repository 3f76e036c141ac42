"""What a body would become is known before anything is made of it: exactly, whatever is in its texts."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from spans import got, ids, info, protobuf, request, searched, send, sent, span

from lakeward.kit.errors import InvalidParameter, TooLarge
from lakeward.tracing import arrivals, json_size, meaning, otlp, pieces
from lakeward.tracing.book import Book
from server import Answer, Caller

PROTOBUF = "application/x-protobuf"
TEXTS = st.text(st.sampled_from('a{}[],"\\\n\u00e9'), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
EVERY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def marks(value: Any) -> int:
    """Brackets that open, and commas."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inside is None:
        return 0
    return 1 + max(0, len(inside) - 1) + sum(map(marks, inside))


@EVERY
@given(value=VALUES, at_once=st.integers(2, 9))
def test_json_is_counted_and_texts_are_not(value: Any, at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_size, "_SMALL", 0)
        patch.setattr(json_size, "_AT_ONCE", at_once)
        body = json.dumps(value).encode()
        assert not json_size.has_more(body, marks(value))
        assert marks(value) == 0 or json_size.has_more(body, marks(value) - 1)


def messages(value: Any) -> int:
    """Of an attribute's value, itself among them; of a pair without a value the pair alone."""
    if isinstance(value, dict):
        return 2 + sum(1 + (0 if each is None else messages(each)) for each in value.values())
    return 2 + sum(map(messages, value)) if isinstance(value, list) else 1


@EVERY
@given(values=st.lists(VALUES, max_size=3))
def test_protobuf_is_counted_and_texts_are_not(values: list[Any]) -> None:
    attributes = {f"k{number}": json.loads(json.dumps(each)) for number, each in enumerate(values) if each is not None}
    made = ExportTraceServiceRequest()
    filled = made.resource_spans.add().scope_spans.add().spans.add()
    for key, value in attributes.items():
        pair = filled.attributes.add()
        pair.key = key
        otlp.set_value(pair.value, value)
    expected = 3 + sum(1 + messages(value) for value in attributes.values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_SMALL", 0)
        patch.setattr(pieces, "MAX_MESSAGES", expected)
        pieces.check_size(made.SerializeToString())
        patch.setattr(pieces, "MAX_MESSAGES", expected - 1)
        with pytest.raises(TooLarge):
            pieces.check_size(made.SerializeToString())


@EVERY
@given(body=st.binary(max_size=60))
def test_what_is_no_protobuf_is_refused(body: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_SMALL", 0)
        patch.setattr(pieces, "MAX_MESSAGES", 0)
        for read in (lambda: arrivals.of(body, Book()), lambda: pieces.check_size(body)):
            with contextlib.suppress(InvalidParameter, TooLarge):
                read()


def test_spans_are_read_in_pieces_and_stay_whole(
    client: Caller, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_SMALL", 200)
    trace, root = ids()
    spans = [span(trace, root if not number else None, "" if not number else root, name=f"s{number}", at=number,
                  attributes={"text": "x" * (number * 40)}) for number in range(30)]  # fmt: skip
    assert send(client, experiment, protobuf(*spans), PROTOBUF).status_code == 200
    assert [each["name"] for each in got(client, trace)["spans"]] == [f"s{number}" for number in range(30)]
    assert info(client, trace)["state"] == "OK"


def test_a_large_resource_comes_with_few_traces(client: Caller, experiment: str) -> None:
    notes = "n" * 2_000_000
    few, many = [span(ids()[0]) for _ in range(5)], [span(ids()[0]) for _ in range(60)]
    assert send(client, experiment, request(*few, notes=notes)).status_code == 200
    refused = Answer(send(client, experiment, request(*many, notes=notes)))
    assert (refused.status, refused.code) == (413, "INVALID_PARAMETER_VALUE")
    assert "fewer traces" in refused.message
    assert len(searched(client, experiment)) == 5
    # one trace in many scopes has its resource once
    trace = ids()[0]
    body = request(span(trace), notes=notes)
    scopes = [{"scope": {"name": f"s{number}"}, "spans": [span(trace)]} for number in range(200)]
    body["resourceSpans"][0]["scopeSpans"] += scopes
    assert send(client, experiment, body).status_code == 200
    assert len(got(client, trace)["spans"]) == 201


def test_addresses_of_schemas_are_kept(client: Caller, experiment: str) -> None:
    body = request(span(trace := ids()[0]), span(ids()[0]), service_name="shop")
    body["resourceSpans"][0]["schemaUrl"] = "https://opentelemetry.io/schemas/1.37.0"
    body["resourceSpans"][0]["scopeSpans"][0]["schemaUrl"] = "https://opentelemetry.io/schemas/1.36.0"
    assert send(client, experiment, body).status_code == 200
    asked = {"experiment_ids": [experiment], "trace_ids": [f"tr-{trace}"], "format": "otlp"}
    exported = json.loads(client.request("POST", "/api/2.0/lakeward/traces/export", json=asked).content)
    [part] = exported["resourceSpans"]
    assert part["schemaUrl"].endswith("1.37.0")
    assert part["scopeSpans"][0]["schemaUrl"].endswith("1.36.0")


def test_tokens_of_a_deep_chain_are_counted_in_one_pass() -> None:
    """Fifty thousand spans without tokens above fifty thousand that have some."""
    deep = [number.to_bytes(8, "big") for number in range(1, 50_001)]
    parents = dict(zip(deep[1:], deep, strict=False)) | {deep[0]: b""}
    leaves = [number.to_bytes(8, "big") for number in range(100_001, 150_001)]
    parents |= dict.fromkeys(leaves, deep[-1])
    began = time.process_time()
    assert meaning.total(parents, {each: {"input_tokens": 1} for each in leaves}) == {"input_tokens": 50_000}
    assert time.process_time() - began < 2
    circle = {b"a": b"b", b"b": b"c", b"c": b"a", b"d": b"c"}
    assert meaning.total(circle, {b"a": {"n": 1}, b"d": {"n": 10}}) == {"n": 1}
    assert meaning.total(circle, {b"d": {"n": 10}}) == {"n": 10}


def test_traces_of_a_request_do_not_share_what_their_roots_say(client: Caller, experiment: str) -> None:
    first, second = ids()[0], ids()[0]
    sent(client, experiment, span(first, attributes={"mlflow.traceTag.a": "1"}), span(second), service_name="shop")
    assert info(client, first)["tags"]["a"] == "1"
    assert "a" not in info(client, second)["tags"]
