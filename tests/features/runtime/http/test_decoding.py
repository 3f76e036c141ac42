"""From the wire to a typed request: what is taken, in which spellings, and what is refused. Nothing here is a fault."""

import json
import math

import pytest

from server import Caller

INVALID = "INVALID_PARAMETER_VALUE"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.fixture
def run(client: Caller) -> str:
    return client.run("0")


@pytest.fixture
def log(client: Caller, run: str):
    """Log a metric with some fields replaced; `...` leaves a field out."""

    def call(**fields):
        body = {"run_id": run, "key": "m", "value": 1.5, "timestamp": 10, "step": 2} | fields
        client.post("runs/log-metric", **{name: value for name, value in body.items() if value is not ...})
        (point,) = client.history(run, body["key"])
        return point

    return call


def send(client: Caller, content: bytes, path: str = "runs/set-tag", **headers: str):
    return client.refused("POST", path, content=content, headers=headers)


# --- numbers


@pytest.mark.parametrize("field", ["timestamp", "step"])
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (7, 7), ("7", 7), ("-7", -7), (7.0, 7), ("7.0", 7), (0, 0), (-1, -1),
        (2**63 - 1, 2**63 - 1), (str(2**63 - 1), 2**63 - 1), (-(2**63), -(2**63)), (str(-(2**63)), -(2**63)),
    ],
)  # fmt: skip
def test_int64_as_number_or_string(log, field, sent, kept):
    timestamp, step, _ = log(**{field: sent})
    assert (timestamp if field == "timestamp" else step) == kept


@pytest.mark.parametrize(
    "sent", [2**63, -(2**63) - 1, str(2**63), 1.5, "1.5", "", "one", " 1", "0x1", "NaN", True, "true", [1], {}, 1e30]
)
def test_what_is_no_int64(client, run, sent):
    body = {"run_id": run, "key": "m", "value": 1, "timestamp": sent}
    answer = client.refused("POST", "runs/log-metric", body)
    assert (answer.status, answer.code) == (400, INVALID)
    assert "timestamp" in answer.message


@pytest.mark.parametrize("digits", [400, 5_000, 100_000])
def test_huge_numbers(client, run, digits):
    for field in ("value", "timestamp", "unknown"):
        content = f'{{"run_id": "{run}", "key": "m", "value": 1, "timestamp": 1, "{field}": {"9" * digits}}}'
        response = client.request("POST", "runs/log-metric", content=content.encode())
        assert response.status_code in ((200, 400) if field == "unknown" else (400,)), response.text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (1, 1.0), (-0.5, -0.5), (1e308, 1e308), (5e-324, 5e-324), ("2.5", 2.5), ("1e3", 1000.0),
        ("NaN", "NaN"), ("nan", "NaN"), ("Infinity", "Infinity"), ("inf", "Infinity"), ("-Infinity", "-Infinity"),
        ("-inf", "-Infinity"),
    ],
)  # fmt: skip
def test_doubles_and_what_json_cannot_say(client, run, log, sent, kept):
    """Protobuf JSON spells NaN and the infinities as strings; so do histories, runs and searches."""
    assert log(value=sent)[2] == kept
    assert client.data(run)["metrics"][0]["value"] == kept
    found = client.post("runs/search", experiment_ids=["0"], max_results=1)["runs"][0]
    assert found["info"]["run_id"] == run
    assert found["data"]["metrics"][0]["value"] == kept


@pytest.mark.parametrize("value", ["", "one", "1_0", True, None, [], {}, "+-1"])
def test_what_is_no_double(client, run, value):
    answer = client.refused("POST", "runs/log-metric", {"run_id": run, "key": "m", "value": value, "timestamp": 1})
    assert (answer.status, answer.code) == (400, INVALID)
    assert "value" in answer.message


def test_bare_nan_is_not_json(client, run):
    for word in (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"01", b"+1", b".5"):
        content = json.dumps({"run_id": run, "key": "m", "timestamp": 1}).encode()[:-1] + b', "value": ' + word + b"}"
        assert send(client, content, "runs/log-metric").code == INVALID


def test_negative_zero_and_precision(client, run, log):
    assert math.copysign(1, log(key="z", value=-0.0)[2]) == -1
    assert log(key="p", value=0.1 + 0.2)[2] == 0.1 + 0.2
    assert log(key="l", value=2**53 + 1)[2] == float(2**53)


# --- absence, unknown and wrong fields


def test_null_is_absent(log):
    assert log(step=None, model_id=None, dataset_name=None, run_uuid=None) == (10, 0, 1.5)


def test_null_in_a_list(client, run):
    client.post("runs/log-batch", run_id=run, metrics=None, params=[{"key": "p", "value": None}], tags=None)
    assert client.data(run)["params"] == [{"key": "p", "value": ""}]
    assert client.refused("POST", "runs/log-batch", {"run_id": run, "params": [None]}).status == 400


@pytest.mark.parametrize("field", ["key", "value", "timestamp"])
@pytest.mark.parametrize("how", ["absent", "null"])
def test_missing_fields_are_named(client, run, field, how):
    body = {"run_id": run, "key": "m", "value": 1, "timestamp": 1, field: None}
    if how == "absent":
        del body[field]
    answer = client.refused("POST", "runs/log-metric", body)
    assert (answer.status, answer.code) == (400, INVALID)
    assert answer.message == f"Missing value for required parameter '{field}'."


def test_unknown_fields_are_ignored(log):
    assert log(unknown={"deep": [1, None, "x"]}, x=1, y=None) == (10, 2, 1.5)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("runs/set-tag", {"key": 1}, "key"),
        ("runs/set-tag", {"key": "k", "value": 1}, "value"),
        ("runs/set-tag", {"key": "k", "value": ["x"]}, "value"),
        ("runs/set-tag", {"key": "k", "value": {"a": 1}}, "value"),
        ("runs/set-tag", {"key": "k", "value": True}, "value"),
        ("runs/log-batch", {"metrics": {}}, "metrics"),
        ("runs/log-batch", {"metrics": "x"}, "metrics"),
        ("runs/log-batch", {"metrics": [1]}, "metrics"),
        ("runs/log-batch", {"params": [{"key": "a", "value": 1}]}, "params"),
        ("runs/create", {"experiment_id": 0}, "experiment_id"),
        ("runs/create", {"experiment_id": "0", "tags": [{"value": "x"}]}, "key"),
        ("runs/search", {"experiment_ids": "0"}, "experiment_ids"),
        ("runs/search", {"experiment_ids": [0]}, "experiment_ids"),
        ("runs/search", {"max_results": "many"}, "max_results"),
        ("runs/search", {"order_by": "metrics.a"}, "order_by"),
    ],
)
def test_wrong_types_are_named(client, run, path, body, field):
    answer = client.refused("POST", path, {"run_id": run} | body)
    assert (answer.status, answer.code) == (400, INVALID)
    assert field in answer.message


@pytest.mark.parametrize("view", ["ACTIVE_ONLY", 1, "1", "", None])
def test_enums_by_name_or_number(client, view):
    assert client.post("experiments/search", view_type=view)["experiments"]


@pytest.mark.parametrize("word", ["active_only", "4", 4, 0, -1, "²", "9" * 5000, 10**400, 1.5, True, []])
def test_what_is_no_enum(client, run, word):
    for path, field in (("experiments/search", "view_type"), ("runs/search", "run_view_type")):
        assert client.refused("POST", path, {field: word, "experiment_ids": ["0"]}).code == INVALID
    if word not in ("4", 4):
        assert client.refused("POST", "runs/update", {"run_id": run, "status": word}).code == INVALID


# --- bodies


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"}", b"[]", b'"x"', b"1", b"null", b"true", b"{'a': 1}", b"{,}", b'{"a": 1,}', b'{"a": 1} x', b"\x00",
        b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"key=value&x=1", b"--boundary\r\n\r\n", b'{"a": undefined}',
        b'{"key": "\\x41"}', b'{"key": "\\u12"}', b'{"key": "\n"}', b"{" * 1000, b"// comment\n{}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("query", ["", "?run_id=x"])
def test_what_is_no_json_object(client, content, query):
    answer = send(client, content, f"runs/set-tag{query}")
    assert (answer.status, answer.code) == (400, INVALID)


@pytest.mark.parametrize("content", [b"", b"{}", b" \n{ } ", b'{"a": 1}', b'{"a": null}'])
def test_an_empty_body_is_an_empty_object(client, content):
    assert send(client, content).message == "Missing value for required parameter 'key'."


def test_the_content_type_does_not_matter(client, run):
    """R and curl send what they send; a browser's form is stopped by its Origin."""
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain", "x", ""):
        content = json.dumps({"run_id": run, "key": "k", "value": kind}).encode()
        assert (
            client.request("POST", "runs/set-tag", content=content, headers={"content-type": kind}).status_code == 200
        )


@pytest.mark.parametrize("depth", [100, 900, 990, 1000, 1100, 5_000, 100_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize(
    "place", [b'{"x":%s}', b'{"x":%s,"key":null}', b'{"key":%s}', b'{"run_id":"r","key":"k","value":%s}']
)
def test_deep_nesting(client, depth, opening, place):
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]
    for inner in (opening * depth + b"1" + closing * depth, opening * depth):
        answer = send(client, place % inner)
        assert (answer.status, answer.code) == (400, INVALID)
        assert send(client, place % inner, "runs/set-tag?a=1").status == 400


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\\ud800",
        b"\\udc00",
        b"\\ud800\\ud800",
        b"x\\udfff",
    ],
)
@pytest.mark.parametrize("query", ["", "?x=1"])
def test_text_that_is_no_unicode(client, run, text, query):
    for content in (
        b'{"run_id": "%s", "key": "k", "value": "%s"}' % (run.encode(), text),
        b'{"run_id": "%s", "key": "%s"}' % (run.encode(), text),
        b'{"run_id": "%s", "key": "k", "value": null, "x": "%s", "value": "%s"}' % (run.encode(), text, text),
    ):
        answer = send(client, content, f"runs/set-tag{query}")
        assert (answer.status, answer.code) == (400, INVALID)
    assert client.data(run)["tags"] == [
        {"key": "mlflow.runName", "value": client.get("runs/get", run_id=run)["run"]["info"]["run_name"]}
    ]


@pytest.mark.parametrize(
    "text", ["€", "\N{FIRE}", "\u202e", "\ufeff", "a\u0301", "\t\r\n\x7f\x1b", "\uffff", "\U0010ffff"]
)
def test_any_other_unicode_comes_back(client, run, text):
    client.post("runs/set-tag", run_id=run, key="t", value=text)
    client.post("runs/log-parameter", run_id=run, key="p", value=text)
    data = client.data(run)
    assert {"key": "p", "value": text} in data["params"]
    assert {"key": "t", "value": text} in data["tags"]


# --- queries


def test_lists_in_queries(client, run):
    other = client.run("0")
    client.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
    client.post("runs/log-metric", run_id=other, key="m", value=2, timestamp=1)
    for ids in ([run], [run, other], [other, run, run]):
        points = client.call("GET", "metrics/get-history-bulk-interval", params={"run_ids": ids, "metric_key": "m"})
        assert [point["run_id"] for point in points["metrics"]] == list(dict.fromkeys(ids))


def test_one_field_said_twice_keeps_the_last(client):
    assert client.call("GET", "experiments/get?experiment_id=999&experiment_id=0")["experiment"]["experiment_id"] == "0"


def test_queries_count_on_posts_and_bodies_win(client, run):
    client.call("POST", f"runs/set-tag?run_id={run}&key=a&value=query", json={"value": "body"})
    assert {"key": "a", "value": "body"} in client.data(run)["tags"]


def test_a_body_of_a_get_is_ignored(client):
    for content in (b"{not json", b'{"experiment_id": "999"}', b"x" * 100_000):
        response = client.request("GET", "experiments/get?experiment_id=0", content=content)
        assert response.json()["experiment"]["experiment_id"] == "0"


@pytest.mark.parametrize("query", ["experiment_id=%ff", "experiment_id=%ED%A0%80", "%ff=1&experiment_id=0"])
def test_queries_that_are_not_utf8(client, query):
    assert client.refused("GET", f"experiments/get?{query}").code == INVALID


@pytest.mark.parametrize(
    "query", ["", "experiment_id", "experiment_id=", "=0", "&&&", "experiment_id%3D0", ";experiment_id=0"]
)
def test_queries_that_say_nothing(client, query):
    answer = client.refused("GET", f"experiments/get?{query}")
    assert (answer.status, answer.code) == (400, INVALID)


def test_too_many_fields(client):
    assert client.refused("GET", "experiments/get?" + "a=1&" * 11_000).code == INVALID
