"""How a file is served: ranges, validators, and headers under which no browser runs it."""

import gzip
import os
import socket
import time
from pathlib import Path

import pytest
from transports import FILES, PROXY, WRITERS, plain, post, send

from server import Answer

CONTENT = bytes(range(256)) * 10
MODIFIED = "Wed, 21 Oct 2065 07:28:00 GMT"


@pytest.fixture
def file(client, run):
    """The file through each way that answers with bytes: (target, send)."""
    WRITERS["proxy"](client, run, "data.bin", CONTENT)
    (info,) = post(client, "artifacts/credentials-for-read", run_id=run.id, path=["data.bin"])["credential_infos"]
    return [
        f"{PROXY}artifacts/{run.proxy}/data.bin",
        f"/ajax-api/2.0/mlflow-artifacts/artifacts/{run.proxy}/data.bin",
        f"{FILES}{run.files}/data.bin",
        f"/get-artifact?run_uuid={run.id}&path=data.bin",
        f"/ajax-api/2.0/mlflow/get-artifact?run_id={run.id}&path=data.bin",
        info["signed_uri"].removeprefix(client.url),
    ]


def test_the_whole(client, file):
    for target in file:
        answer = send(client, "GET", target)
        assert (answer.status_code, answer.content) == (200, CONTENT)
        assert answer.headers["content-length"] == str(len(CONTENT))
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["etag"]
        assert answer.headers["last-modified"].endswith("GMT")
        assert "content-encoding" not in answer.headers


def test_head(client, file):
    for target in file:
        answer = send(client, "HEAD", target)
        assert (answer.status_code, answer.content) == (200, b"")
        whole = send(client, "GET", target)
        for name in ("content-length", "content-type", "etag", "last-modified", "content-disposition"):
            assert answer.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("0-99", 0, 100), ("100-", 100, 2560), ("-60", 2500, 2560), ("2559-", 2559, 2560),
     ("0-99999", 0, 2560), ("-99999", 0, 2560)],
)  # fmt: skip
def test_ranges(client, file, asked, start, stop):
    for target in file:
        answer = send(client, "GET", target, range=f"bytes={asked}")
        assert (answer.status_code, answer.content) == (206, CONTENT[start:stop])
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/2560"
        assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["2560-", "99999-100000", "-0"])
def test_ranges_outside(client, file, asked):
    for target in file:
        with pytest.raises(Answer) as refused:
            send(client, "GET", target, range=f"bytes={asked}")
        assert refused.value.status == 416
        assert refused.value.response.headers["content-range"] == "bytes */2560"
        assert refused.value.code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=x", "lines=1-2", "bytes=0-1,5-6"])
def test_ranges_nobody_serves_give_the_whole(client, file, header):
    assert send(client, "GET", file[0], range=header).content == CONTENT


def test_a_range_of_nothing(client, run):
    WRITERS["proxy"](client, run, "empty", b"")
    target = f"{PROXY}artifacts/{run.proxy}/empty"
    assert send(client, "GET", target).headers["content-length"] == "0"
    with pytest.raises(Answer) as refused:
        send(client, "GET", target, range="bytes=0-")
    assert refused.value.status == 416


def test_conditions(client, run, file):
    target = file[0]
    whole = send(client, "GET", target)
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]

    def status(**headers):
        try:
            return send(
                client, "GET", target, **{name.replace("_", "-"): value for name, value in headers.items()}
            ).status_code
        except Answer as answer:
            return answer.status

    assert status(if_none_match=etag) == status(if_none_match=f'"x", W/{etag}') == status(if_none_match="*") == 304
    assert status(if_none_match='"other"') == 200
    assert status(if_modified_since=modified) == 304
    assert status(if_modified_since="Wed, 21 Oct 2015 07:28:00 GMT") == 200
    assert status(if_match=etag) == 200
    assert status(if_match='"other"') == 412
    assert status(if_unmodified_since=modified) == 200
    assert status(if_unmodified_since="Wed, 21 Oct 2015 07:28:00 GMT") == 412
    assert status(if_unmodified_since="nonsense", if_modified_since="nonsense") == 200
    assert status(range="bytes=0-1", if_range=etag) == status(range="bytes=0-1", if_range=modified) == 206
    assert status(range="bytes=0-1", if_range='"other"') == 200
    WRITERS["proxy"](client, run, "data.bin", CONTENT[:-1] + b"x")
    assert status(if_none_match=etag) == 200
    assert status(if_match=etag) == 412


@pytest.mark.parametrize("name", ["page.html", "p.HTM", "x.svg", "x.xml", "x.xhtml", "x.js", "x.pdf", "x.mht", "bin",
                                  "x.swf", "html", "x.png.html", "noext.", "x.htm ", "x.png\u200b"])  # fmt: skip
def test_what_a_browser_could_run_is_an_attachment(client, owner, name):
    WRITERS["files"](client, owner, name, b"<script>alert(1)</script>")
    for answer in _everywhere(client, owner, name):
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment;")
        _armoured(answer)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.png", "image/png"), ("a.JPG", "image/jpeg"), ("a.jpeg", "image/jpeg"), ("a.gif", "image/gif"),
     ("a.webp", "image/webp"), ("a.json", "application/json"), ("a.txt", "text/plain; charset=utf-8"),
     ("a.csv", "text/plain; charset=utf-8"), ("a.md", "text/plain; charset=utf-8"),
     ("MLmodel", "text/plain; charset=utf-8"), ("conda.yaml", "text/plain; charset=utf-8")],
)  # fmt: skip
def test_what_is_inert_is_shown(client, owner, name, kind):
    WRITERS["files"](client, owner, name, b"<script>alert(1)</script>")
    for answer in _everywhere(client, owner, name):
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-disposition"].startswith("inline;")
        _armoured(answer)


def _everywhere(client, owner, name):
    path = name.replace(" ", "%20").encode().decode("ascii", "ignore") if name.isascii() else None
    if owner.kind == "run":
        yield client.request("GET", "/get-artifact", params={"run_uuid": owner.id, "path": name})
        (info,) = post(client, "artifacts/credentials-for-read", run_id=owner.id, path=[name])["credential_infos"]
        yield plain("GET", info["signed_uri"])
    else:
        where = f"/ajax-api/2.0/mlflow/logged-models/{owner.id}/artifacts/files"
        yield client.request("GET", where, params={"artifact_file_path": name})
    if path is not None:
        yield send(client, "GET", f"{PROXY}artifacts/{owner.proxy}/{path}")
        yield send(client, "GET", f"{FILES}{owner.files}/{path}")


def _armoured(answer):
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "allow-scripts" not in policy


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plain.bin", 'attachment; filename="plain.bin"'),
        ("with space.bin", 'attachment; filename="with space.bin"'),
        ('quo"te.bin', "attachment; filename=\"quo_te.bin\"; filename*=UTF-8''quo%22te.bin"),
        ("ü 日.bin", "attachment; filename=\"_ _.bin\"; filename*=UTF-8''%C3%BC%20%E6%97%A5.bin"),
        ("100%.bin", "attachment; filename=\"100_.bin\"; filename*=UTF-8''100%25.bin"),
    ],
)
def test_names_of_downloads(client, run, name, header):
    WRITERS["files"](client, run, name, b"")
    answer = client.request("GET", "/get-artifact", params={"run_uuid": run.id, "path": name})
    assert answer.headers["content-disposition"] == header


def test_compression_is_never_applied(client, run):
    WRITERS["proxy"](client, run, "zeros.txt", bytes(100_000))
    answer = send(client, "GET", f"{PROXY}artifacts/{run.proxy}/zeros.txt", **{"accept-encoding": "gzip, br"})
    assert answer.headers["content-length"] == "100000"
    assert "content-encoding" not in answer.headers


def test_a_compressed_upload_is_kept_as_it_is(client, run):
    """Content-Encoding says how the bytes are packed for the reader; a store hands them out the same."""
    packed = gzip.compress(b"content")
    send(client, "PUT", f"{PROXY}artifacts/{run.proxy}/f.gz", packed, **{"content-encoding": "gzip"})
    assert send(client, "GET", f"{PROXY}artifacts/{run.proxy}/f.gz").content == packed


@pytest.mark.parametrize("size", [1, 256 * 1024, 256 * 1024 + 1, 5_000_000])
def test_exact_lengths(client, run, size):
    WRITERS["proxy"](client, run, "f", b"x" * size)
    target = f"{PROXY}artifacts/{run.proxy}/f"
    assert len(send(client, "GET", target).content) == size
    assert len(send(client, "GET", target, range=f"bytes={size // 2}-").content) == size - size // 2


def test_a_reader_who_goes_away_does_no_harm(client, run, server):
    WRITERS["proxy"](client, run, "f", b"x" * 30_000_000)
    request = f"GET {PROXY}artifacts/{run.proxy}/f HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(request)
            sock.recv(1000)
    assert len(send(client, "GET", f"{PROXY}artifacts/{run.proxy}/f").content) == 30_000_000


def test_nothing_is_read_for_a_reader_who_went_away(client, run, server):
    WRITERS["proxy"](client, run, "endless", b"")
    stored = f"{server.settings.objects_location}/artifacts/1/{run.experiment}/{run.id}/artifacts/endless"
    os.truncate(stored, 1 << 40)

    def open_readers():
        return sum(1 for each in Path("/proc/self/fd").iterdir() if os.path.realpath(each) == os.path.realpath(stored))

    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        request = f"GET {PROXY}artifacts/{run.proxy}/endless HTTP/1.1\r\nHost: localhost\r\n\r\n"
        sock.sendall(request.encode())
        sock.recv(1000)
        assert open_readers() == 1
    deadline = time.monotonic() + 10
    while open_readers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert open_readers() == 0
    os.truncate(stored, 0)


def test_a_date_in_the_future_is_no_reason_to_refuse(client, file):
    assert send(client, "GET", file[0], **{"if-unmodified-since": MODIFIED}).status_code == 200
