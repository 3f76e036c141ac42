"""Bodies that are large, or become large: each is refused in words, and no process grows by more than a few of them.

Two API processes as users run them, eight senders at once, and the kernel's own account of the memory.
"""

import gzip
import secrets
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
import pytest
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from spans import ids, protobuf, span

from lakeward.tracing import otlp
from lakeward.tracing.payloads import field
from lakeward_up import Up, running
from memory import Peaks, pss_mb

SENDERS = 8
GROWTH_MB = 400  # of one process, whatever is sent to it: two of the largest bodies, and what is made of one of them
MB = 1 << 20
PROTOBUF, JSON = "application/x-protobuf", "application/json"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("hostile") / "data", "--port", "0", "--workers", "2") as started:
        warm = [post(started, Hostile(protobuf(span(*ids())), 200)) for _ in range(20)]
        assert {each.status_code for each in warm} == {200}
        yield started


class Hostile(NamedTuple):
    body: bytes | Callable[[], Iterator[bytes]]
    status: int
    media_type: str = PROTOBUF
    encoding: str = "identity"


def post(up: Up, given: Hostile) -> httpx.Response:
    headers = {
        "x-mlflow-experiment-id": "0", "content-type": given.media_type, "content-encoding": given.encoding,
    }  # fmt: skip
    content = given.body if isinstance(given.body, bytes) else given.body()
    return httpx.post(f"{up.url}/v1/traces", content=content, headers=headers, timeout=120, trust_env=False)


def answered(up: Up, given: Hostile) -> int:
    """As exporters do: who is told to come back comes back."""
    while True:
        answer = post(up, given)
        if answer.status_code != 429:
            return answer.status_code
        assert answer.headers["retry-after"]
        time.sleep(0.2)


def chunks(size: int) -> Callable[[], Iterator[bytes]]:
    piece = bytes(range(256)) * (MB // 256)
    return lambda: (piece for _ in range(size // MB))


def gzip_bomb(plain: bytes, times: int) -> bytes:
    """So many times a text, each of whose copies takes a thousandth of it."""
    engine = zlib.compressobj(9, wbits=-15)
    engine.compress(plain)
    engine.flush(zlib.Z_FULL_FLUSH)
    again = engine.compress(plain) + engine.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + again * times + b"\x03\0" + struct.pack("<II", 0, 0)


def zstd_bomb(size: int) -> bytes:
    engine = zstandard.ZstdCompressor(level=1, write_content_size=False).compressobj()
    return b"".join([engine.compress(bytes(16 * MB)) for _ in range(size // (16 * MB))]) + engine.flush()


def within_span(content: bytes) -> bytes:
    """A request with one span, which is right but for what is added."""
    trace, root = bytes(15) + b"\x07", bytes(7) + b"\x07"
    made = field(1, trace) + field(2, root) + field(5, b"work") + content
    return field(1, field(2, field(2, made)))


def wide_resource(size: int, traces: int) -> bytes:
    """A large resource, which each of many traces would take along."""
    made = ExportTraceServiceRequest()
    part = made.resource_spans.add()
    note = part.resource.attributes.add()
    note.key, note.value.string_value = "notes", secrets.token_hex(size // 2)
    spans = part.scope_spans.add().spans
    for _ in range(traces):
        otlp.fill_span(span(*ids()), spans.add())
    return made.SerializeToString()


EMPTY = 30 * MB  # so many empty messages fit into a body
UNFOLDED = b"[" + b"[]," * (20 * MB) + b"[]]"  # JSON, twenty million lists in one


def zipped(body: bytes, status: int, media_type: str = PROTOBUF) -> Hostile:
    return Hostile(gzip.compress(body, 1), status, media_type, "gzip")


HOSTILE: dict[str, Callable[[], Hostile]] = {
    "100 MB, as declared": lambda: Hostile(bytes(100 * MB), 413),
    "100 MB in chunks": lambda: Hostile(chunks(100 * MB), 413),
    "60 MB that are no protobuf": lambda: Hostile(chunks(60 * MB), 400),
    "gzip of 4 GB": lambda: Hostile(gzip_bomb(bytes(16 * MB), 256), 413, PROTOBUF, "gzip"),
    "100 MB of gzip of 100 GB": lambda: Hostile(gzip_bomb(bytes(16 * MB), 256) * 25, 413, PROTOBUF, "gzip"),
    "zstd of 4 GB": lambda: Hostile(zstd_bomb(4 << 30), 413, PROTOBUF, "zstd"),
    "thirty million resources": lambda: zipped(b"\x0a\0" * EMPTY, 413),
    "thirty million spans": lambda: zipped(field(1, field(2, b"\x12\0" * EMPTY)), 413),
    "thirty million attributes": lambda: zipped(within_span(b"\x4a\0" * EMPTY), 413),
    "thirty million values": lambda: zipped(within_span(field(9, field(2, field(5, b"\x0a\0" * EMPTY)))), 413),
    "thirty million fields nobody knows": lambda: zipped(b"\x50\x01" * EMPTY, 413),
    "twenty million lists of JSON": lambda: zipped(b'{"resourceSpans": ' + UNFOLDED + b"}", 413, JSON),
    "a million levels of JSON": lambda: Hostile(b'{"resourceSpans": ' + b"[" * MB + b"]" * MB + b"}", 400, JSON),
    "JSON in a text": lambda: zipped(
        within_span(field(9, field(1, b"mlflow.spanInputs") + field(2, field(1, UNFOLDED)))), 200
    ),
    "a resource of 1 MB and 5,000 traces": lambda: Hostile(wide_resource(MB, 5_000), 413),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_stays_flat(up: Up, name: str, record_property: Callable[[str, Any], None]) -> None:
    given = HOSTILE[name]()
    processes = up.children("lakeward-api")
    peaks = Peaks(processes)
    with ThreadPoolExecutor(SENDERS) as pool:
        statuses = Counter(pool.map(lambda _: answered(up, given), range(SENDERS)))
    grown = peaks.grown_mb()
    record_property("grown_mb", [round(each) for each in grown])
    record_property("tree_pss_mb", round(pss_mb(up.process.pid)))
    assert statuses == {given.status: SENDERS}
    assert up.children("lakeward-api") == processes
    assert max(grown) < GROWTH_MB
    assert up.get("/health").status_code == 200
