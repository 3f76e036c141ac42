"""A trace of more than a process should hold: whoever reads it gets all of it, and memory stays flat.

A process as users run it, and the kernel's own account of its memory.
"""

import base64
import contextlib
import io
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from spans import ids, protobuf, span

from lakeward.tracing.payloads import field
from lakeward_up import Up, running, wait_until
from memory import Peaks

MB = 1 << 20
SPANS, TEXT, REQUESTS = 640, 100_000, 4
GROWTH_MB = 130  # the trace has 64, and as JSON in memory it would be three times as much
PARQUET_MB = 220  # of which a row group is several times, before it is written
TRACE, ROOT = secrets.token_bytes(16), (1).to_bytes(8)
NAMED = f"tr-{TRACE.hex()}"
OWN = f"/api/2.0/lakeward/traces/{NAMED}"


def sent(up: Up, body: bytes) -> None:
    headers = {"x-mlflow-experiment-id": "0", "content-type": "application/x-protobuf"}
    answer = httpx.post(f"{up.url}/v1/traces", content=body, headers=headers, timeout=60, trust_env=False)
    assert answer.status_code == 200, answer.text


def large(number: int) -> bytes:
    """A request with some of the spans, in no order.

    The last of the one before comes again, with another name; one comes twice, of which the later is right.
    """
    per_request = SPANS // REQUESTS
    spans = []
    for each in [number * per_request - 1, *reversed(range(number * per_request, (number + 1) * per_request))]:
        if each < 0:
            continue
        made = Span(
            trace_id=TRACE, span_id=(each + 1).to_bytes(8), parent_span_id=ROOT if each else b"", name=f"s{each}"
        )
        if each == number * per_request - 1:
            made.name = "again"
        made.start_time_unix_nano = 1_795_000_000_000_000_000 + each * 1_000
        made.end_time_unix_nano = made.start_time_unix_nano + 500
        text = made.attributes.add()
        text.key, text.value.string_value = "text", secrets.token_urlsafe(TEXT)[:TEXT]
        if each == number * per_request:
            early = Span()
            early.CopyFrom(made)
            early.name = "early"
            spans.insert(0, field(2, early.SerializeToString()))
        spans.append(field(2, made.SerializeToString()))
    return field(1, field(2, b"".join(spans)))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("large") / "data", "--port", "0", "--workers", "1") as started:
        small, root = ids()
        sent(started, protobuf(span(small, root)))
        for path in (f"3.0/mlflow/traces/get?trace_id=tr-{small}", f"2.0/lakeward/traces/tr-{small}/outline"):
            assert started.get(f"/api/{path}").status_code == 200
        asked = {"experiment_ids": ["0"], "format": "parquet"}  # pyarrow is loaded once
        assert started.http.post(f"{started.url}/api/2.0/lakeward/traces/export", json=asked).status_code == 200
        for number in range(REQUESTS):
            sent(started, large(number))
        yield started


def get(path: str) -> Callable[[Up], bytes]:
    return lambda up: up.http.get(up.url + path, timeout=60).content


def export(form: str) -> Callable[[Up], bytes]:
    asked = {"experiment_ids": ["0"], "trace_ids": [NAMED], "format": form}
    return lambda up: up.http.post(f"{up.url}/api/2.0/lakeward/traces/export", json=asked, timeout=60).content


def by_otlp(answer: bytes) -> list[Any]:
    spans = [
        each
        for resource in json.loads(answer)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for each in scope["spans"]
    ]
    return sorted(spans, key=lambda each: int(each["startTimeUnixNano"]))


def by_parquet(answer: bytes) -> list[Any]:
    rows = pq.read_table(io.BytesIO(answer)).to_pylist()
    assert len(rows) > 1
    assert {row["trace_id"] for row in rows} == {NAMED}
    return [each for row in rows for each in row["spans"]]


WAYS: dict[str, tuple[Callable[[Up], bytes], Callable[[bytes], list[Any]]]] = {
    "get": (get(f"/api/3.0/mlflow/traces/get?trace_id={NAMED}"), lambda answer: json.loads(answer)["trace"]["spans"]),
    "batch": (
        get(f"/api/3.0/mlflow/traces/batchGet?trace_ids={NAMED}"),
        lambda answer: json.loads(answer)["traces"][0]["spans"],
    ),
    "file": (
        get(f"/ajax-api/2.0/mlflow/get-trace-artifact?request_id={NAMED}"),
        lambda answer: json.loads(answer)["spans"],
    ),
    "jsonl": (export("jsonl"), lambda answer: json.loads(answer)["data"]["spans"]),
    "otlp": (export("otlp"), by_otlp),
    "parquet": (export("parquet"), by_parquet),
}


def grown(up: Up, ask: Callable[[], Any]) -> float:
    peaks = Peaks(up.children("lakeward-api"))
    ask()
    return max(peaks.grown_mb())


def expected() -> list[str]:
    again = {number * SPANS // REQUESTS - 1 for number in range(1, REQUESTS)}
    return ["again" if number in again else f"s{number}" for number in range(SPANS)]


@pytest.mark.parametrize("way", WAYS)
def test_all_of_it_comes_and_memory_stays_flat(up: Up, way: str, record_property: Callable[[str, Any], None]) -> None:
    ask, read = WAYS[way]
    answers: list[bytes] = []
    more = grown(up, lambda: answers.append(ask(up)))
    record_property("grown_mb", round(more))
    assert len(answers[0]) > SPANS * TEXT // 2
    assert [each["name"] for each in read(answers[0])] == expected()
    assert more < (PARQUET_MB if way == "parquet" else GROWTH_MB)


def test_its_pages(up: Up) -> None:
    """As many as are asked for; fewer, where they carry much."""
    names, sizes = [], []

    def ask() -> None:
        token = ""
        while True:
            answer = up.get(f"{OWN}/spans?max_results=400&page_token={token}").json()
            names.extend(each["name"] for each in answer["spans"])
            sizes.append(len(answer["spans"]))
            token = answer.get("next_page_token")
            if not token:
                return

    assert grown(up, ask) < GROWTH_MB
    assert names == expected()
    assert max(sizes) * TEXT < 9 * MB
    assert len(up.get(f"{OWN}/outline").json()["spans"]["ids"]) == SPANS
    one = up.get(f"{OWN}/spans/{(SPANS // REQUESTS).to_bytes(8).hex()}").json()["span"]
    assert (one["name"], base64.b64decode(one["parent_span_id"])) == ("again", ROOT)


def test_who_goes_away_leaves_nothing_open(up: Up) -> None:
    [process] = up.children("lakeward-api")

    def temporary() -> list[str]:
        links = []
        for handle in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                links.append(str(handle.readlink()))
        return [each for each in links if each.endswith("(deleted)")]

    before = temporary()
    path = f"{up.url}/api/3.0/mlflow/traces/get?trace_id={NAMED}"
    with up.http.stream("GET", path, timeout=60) as answer:
        assert next(answer.iter_raw())
        assert len(temporary()) > len(before)
    wait_until(lambda: temporary() == before)


def test_a_search_looks_into_it(up: Up) -> None:
    def found(where: str) -> list[str]:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
        asked = {"locations": [place], "filter": where}
        answer = up.http.post(f"{up.url}/api/3.0/mlflow/traces/search", json=asked, timeout=60).json()
        return [each["trace_id"] for each in answer["traces"]]

    def ask() -> None:
        assert found("span.name = 'again'") == [NAMED]
        assert found(f"span.name = 's{SPANS // REQUESTS - 1}'") == [], "it came again, as another"
        assert found("span.name = 'early'") == [], "the same, in one request"
        assert found("span.name = 's7' AND span.attributes.text RLIKE '^[A-Za-z0-9_-]+$'") == [NAMED]
        assert found("span.attributes.text RLIKE ' '") == []

    assert grown(up, ask) < GROWTH_MB
