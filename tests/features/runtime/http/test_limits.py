"""Sizes are bounded before anything is read, decompressed or parsed."""

import contextlib
import gzip
import json
import socket
import time
import zlib

import pytest

from server import Caller, Server

MAX = 100_000


@pytest.fixture(scope="module")
def server(serving):
    with serving(max_body=MAX) as started:
        yield started


@pytest.fixture
def run(client: Caller) -> str:
    return client.run("0")


def tag(run: str, size: int = 10) -> bytes:
    """A good request of this many bytes: unknown fields are ignored, whatever their size."""
    body = json.dumps({"run_id": run, "key": "k", "value": "v", "padding": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + body[-2:]


def head(*lines: bytes) -> bytes:
    first = b"POST /api/2.0/mlflow/runs/set-tag HTTP/1.1"
    return b"\r\n".join([first, b"Host: localhost", b"Connection: close", *lines, b"", b""])


def test_up_to_the_limit(client, run):
    assert client.request("POST", "runs/set-tag", content=tag(run, MAX)).status_code == 200
    answer = client.refused("POST", "runs/set-tag", content=tag(run, MAX + 1))
    assert (answer.status, answer.code) == (413, "INVALID_PARAMETER_VALUE")
    assert str(MAX) in answer.message


def test_refused_before_reading(server: Server):
    """The answer comes although not one byte of the body was sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(head(b"Content-Length: %d" % (MAX + 1)))
        assert sock.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "length", [b"999999999999999999999", b"0" * 5000 + b"7", b"-1", b"+5", b"1e3", b"0x10", b"", b"5, 5"]
)
def test_odd_lengths(raw, length):
    """Refused by the parser or by us; a fault would be a 500, a hang would time out."""
    status = raw(head(b"Content-Length: " + length) + b'{"a":1}').split(b" ", 2)[1]
    assert status in (b"400", b"413")


def test_length_and_chunks_together_are_refused(raw):
    """Two lengths are how requests are smuggled."""
    both = head(b"Content-Length: 7", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"
    assert raw(both).startswith(b"HTTP/1.1 400 ")
    assert raw(head(b"Content-Length: 7", b"Content-Length: 8") + b'{"a":1}').startswith(b"HTTP/1.1 400 ")


def test_chunks_are_counted(client, run):
    whole = tag(run, MAX)
    pieces = [whole[place : place + 10_000] for place in range(0, len(whole), 10_000)]
    assert client.request("POST", "runs/set-tag", content=iter(pieces)).status_code == 200
    assert client.refused("POST", "runs/set-tag", content=iter([*pieces, b" "])).status == 413


def test_chunks_without_end(server: Server):
    """A body that never ends is cut at the limit, while it still comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(head(b"Transfer-Encoding: chunked"))
        chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
        for _ in range(MAX // 10_000 + 1):
            sock.sendall(chunk)
        assert sock.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("identity", bytes), ("", bytes)],
)
def test_compressed(client, run, encoding, pack):
    response = client.request("POST", "runs/set-tag", content=pack(tag(run)), headers={"content-encoding": encoding})
    assert response.status_code == 200, response.text
    assert {"key": "k", "value": "v"} in client.data(run)["tags"]


@pytest.mark.parametrize("pack", [lambda data: gzip.compress(data, 9), lambda data: zlib.compress(data, 9)])
def test_bombs(client, run, pack):
    encoding = "gzip" if pack(b"")[:1] == b"\x1f" else "deflate"
    headers = {"content-encoding": encoding}
    assert client.request("POST", "runs/set-tag", content=pack(tag(run, MAX)), headers=headers).status_code == 200
    bomb = pack(b" " * 60_000_000)
    assert len(bomb) < MAX
    started = time.monotonic()
    assert client.refused("POST", "runs/set-tag", content=bomb, headers=headers).status == 413
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "x", "\xe9"])
def test_other_encodings(client, run, encoding):
    answer = client.refused(
        "POST", "runs/set-tag", content=tag(run), headers={"content-encoding": encoding.encode("latin-1")}
    )
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[:-1],
        lambda packed: packed[:10],
        lambda packed: packed[:20] + b"\x00" * 10 + packed[30:],
        lambda packed: packed[:-8] + b"\x00" * 8,
        lambda packed: packed + b"x",
        lambda packed: packed + packed,
        lambda packed: b"x" + packed,
        lambda _: b"\x1f\x8b",
        lambda _: b"{}",
    ],
)
def test_broken_compression(client, run, spoil):
    content = spoil(gzip.compress(tag(run)))
    answer = client.refused("POST", "runs/set-tag", content=content, headers={"content-encoding": "gzip"})
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "k" not in [each["key"] for each in client.data(run)["tags"]]


def test_an_empty_compressed_body(client):
    """Nothing, and nothing compressed, are no fields at all."""
    for content in (b"", gzip.compress(b"")):
        response = client.request("POST", "experiments/search", content=content, headers={"content-encoding": "gzip"})
        assert response.status_code in (200, 400), response.text


def test_a_client_that_goes_away(server: Server, client, run):
    """Half a body, then silence: no answer is owed, nothing was written, and the server goes on."""
    body = tag(run, 1000)
    for cut in (0, 1, 500, 999):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
            sock.sendall(head(b"Content-Length: 1000") + body[:cut])
    assert "k" not in [each["key"] for each in client.data(run)["tags"]]


@pytest.mark.parametrize(
    "start", [b"GET /version HTTP/1.1\r\nHost: localhost\r\nX: ", b"GET /version?", b"GET / HTTP/1.1\r\n"]
)
def test_heads_are_bounded(server: Server, start):
    """A head without an end is not collected: the server closes after some 64 KiB, and says why."""
    line = b"x: y\r\n" if start.endswith(b"\n") else b"x"
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(start)
        with contextlib.suppress(ConnectionError):
            while sent < 16 << 20:
                sock.sendall(line * (4096 // len(line)))
                sent += 4096
                time.sleep(0.001)
        with contextlib.suppress(ConnectionError):  # a reset may overtake the answer
            assert sock.recv(65536)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 431", b"")
    assert sent < 4 << 20


def test_many_headers(raw):
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(500))
    answer = raw(b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + lines + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_refused_body_is_never_taken_for_a_request(server: Server):
    """Answered before the body was read: what then comes is still that body, not the next request."""
    smuggled = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    first = b"POST /api/2.0/mlflow/runs/set-tag HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    for early in (True, False):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
            sock.sendall(first % (MAX + len(smuggled)))
            if early:
                assert sock.recv(65536).startswith(b"HTTP/1.1 413 ")
            sock.sendall(b"x" * MAX + smuggled)
            sock.settimeout(1)
            heard = b""
            try:
                while piece := sock.recv(65536):
                    heard += piece
            except OSError:
                pass
            assert heard.count(b"HTTP/1.1 ") <= (0 if early else 1), heard
            assert b"3.17" not in heard


def test_requests_in_a_row_on_one_connection(server: Server):
    """Answered in order, also when some are refused and one has a body that nobody asked for."""
    one = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    two = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
    three = b"POST /api/2.0/mlflow/experiments/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
    last = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    heard = server.raw(one + two + three + last)
    assert [part[:3] for part in heard.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200", b"200"]
