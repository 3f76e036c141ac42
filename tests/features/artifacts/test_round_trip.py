# ruff: noqa: RUF001 - look-alike characters are what is tested
"""Every byte and every name comes back, whichever way it went in and whichever way it comes out."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from transports import LISTERS, READERS, WRITERS, Owner

MIB = 1 << 20
NAMES = [
    "plain.txt", "no_extension", ".hidden", "with space.txt", " leading", "trailing ", "ünïcödé.txt", "日本語.txt",
    "emoji 🧪.bin", "A\u030a decomposed", "hash#1.txt", "what?.txt", "what?a=b&c=d", "#", "?", "&", "100%.txt",
    "%41.txt", "%zz", "100%25", "a+b&c=d", "semi;colon,comma", "quo'te\"s", "(b) [s] {c}", "at@sign!$", "tilde~`^|<>*",
    "a:b",
    "..two", "three...", "dots. . .", "full．width．txt", "ellipsis… 1.txt", "½", "n" * 255, "é" * 127,
]  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("size", [0, 1, 100_000, 3 * MIB + 1], ids=lambda size: f"{size}B")
def test_bytes(client, owner, writer, size):
    content = os.urandom(size)
    WRITERS[writer](client, owner, "dir/data.bin", content)
    for name, read in READERS.items():
        assert read(client, owner, "dir/data.bin") == content, name
    for name, listed in LISTERS.items():
        assert listed(client, owner) == {"dir": None}, name
        assert listed(client, owner, "dir") == {"data.bin": size}, name


@pytest.mark.parametrize("writer", WRITERS)
def test_names(client, run, writer):
    for number, name in enumerate(NAMES):
        WRITERS[writer](client, run, f"some/{name}", b"x" * number)
        if len(name) < 40 and number % 3 == 0:
            WRITERS[writer](client, run, f"dirs/{name}/{name}/file", b"")
    for listed in LISTERS.values():
        assert listed(client, run, "some") == {name: number for number, name in enumerate(NAMES)}
        assert listed(client, run, "dirs") == dict.fromkeys([name for name in NAMES[::3] if len(name) < 40])
        assert listed(client, run, "dirs/what?a=b&c=d/what?a=b&c=d") == {"file": 0}


@pytest.mark.parametrize("reader", READERS)
def test_names_out(client, run, reader):
    for number, name in enumerate(NAMES):
        WRITERS["files"](client, run, f"{name[:40]}/{name}", b"x" * number)
    for number, name in enumerate(NAMES):
        assert READERS[reader](client, run, f"{name[:40]}/{name}") == b"x" * number, name


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("size", [0, 10, 9 * MIB], ids=lambda size: f"{size}B")
def test_on_every_store(any_store, writer, size):
    owner = Owner.new_run(any_store)
    content = os.urandom(size)
    WRITERS[writer](any_store, owner, "dir/dätä #1.bin", content)
    for name, read in READERS.items():
        assert read(any_store, owner, "dir/dätä #1.bin") == content, name
    for name, listed in LISTERS.items():
        assert listed(any_store, owner, "dir") == {"dätä #1.bin": size}, name


@pytest.mark.parametrize("writer", WRITERS)
def test_written_over(client, run, writer):
    for content in (b"a longer first one", b"second"):
        WRITERS[writer](client, run, "file", content)
    assert READERS["files"](client, run, "file") == b"second"
    assert LISTERS["api"](client, run) == {"file": 6}


def test_two_hundred_files_at_once(client, run):
    contents = {f"d{number % 7}/f{number}": os.urandom(100 + number * 37) for number in range(200)}
    with ThreadPoolExecutor(16) as threads:
        writing = [threads.submit(WRITERS["proxy"], client, run, *item) for item in contents.items()]
        for each in writing:
            each.result()
        found = dict(
            zip(contents, threads.map(lambda path: READERS["files"](client, run, path), contents), strict=True)
        )
    assert found == contents


def test_one_file_from_many_writers_is_one_of_theirs(client, run):
    contents = [bytes([number]) * MIB for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda content: WRITERS["files"](client, run, "file", content), contents))
    assert READERS["proxy"](client, run, "file") in contents


def test_a_body_without_a_length(client, run):
    def pieces():
        for number in range(50):
            yield bytes([number]) * 10_000

    response = client.request("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{run.proxy}/chunked", content=pieces())
    assert response.status_code == 200
    assert READERS["proxy"](client, run, "chunked") == b"".join(bytes([number]) * 10_000 for number in range(50))


def test_a_body_cut_short_leaves_nothing(client, run, server):
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        target = f"/api/2.0/mlflow-artifacts/artifacts/{run.proxy}/cut"
        sock.sendall(f"PUT {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n".encode())
        sock.sendall(b"x" * 3_000_000)
    WRITERS["proxy"](client, run, "other", b"")
    assert LISTERS["api"](client, run) == {"other": 0}


def test_clients_are_told_what_pays_off(server, s3_backed, s3_hidden):
    """Parts through this server are slower than one stream; straight from a cloud store they are faster."""
    for each, downloads in ((server, False), (s3_backed, True), (s3_hidden, False)):
        told = each.local.call("GET", "/api/3.0/mlflow/server-info")
        assert (told["multipart_uploads_enabled"], told["multipart_downloads_enabled"]) == (False, downloads)
