# ruff: noqa: RUF001 - look-alike characters are what is tested
"""Paths: what is refused, in the parser and in every transport, and that nothing else is."""

from functools import partial
from pathlib import Path

import pytest
from transports import DIRECTORIES, FILES, LISTERS, PROXY, READERS, WRITERS, encoded, plain, send

from lakeward.artifacts import parse
from lakeward.kit.errors import InvalidParameter
from server import Answer

HOSTILE = [
    "..", "../x", "../../../../../../../../etc/passwd", "a/../../x", "a/../x", "a/..", "./x", "a/./x", ".", "a/.",
    "/etc/passwd", "//etc/passwd", "a//b", "///", "C:/x", "c:/windows", "\\x", "..\\x", "a\\..\\x", "C:\\x",
    "\\\\host\\x",
    "x\0y", "\0", "x\ny", "x\ry", "\tx", "x\x1b", "x\x7f", "x\x85y", "x\x9f",
    "%2e%2e/x", "%2e%2e%2fx", "%2E%2E/x", "%2e/x", "..%2fx", "a%2f..%2f..%2fx", "%2fetc/passwd", "%5c..%5cx", "a%5cb",
    "a%00b", "a%0ab", "%252e%252e/x", "%252e%252e%252fx", "..%252fx", "%25252e%25252e%25252fx", "%c0%ae%c0%ae%2f..%2fx",
    "．．/x", "．/x", "a／..／x", "a／b", "／etc/passwd", "＼x", "a＼b", "‥/x", "․․/x", "﹒﹒/x", "．․/x",
    "%ef%bc%8e%ef%bc%8e/x", "%e2%80%a5/x", "a%ef%bc%8f..", "℀", "n" * 256, "é" * 128, "d/" + "n" * 256,
    "/".join(["d" * 100] * 11), "é/" * 400 + "x", ".lakeward.directory", "d/.lakeward.directory",
]  # fmt: skip
HARMLESS = ["..x", "x..", "...", "a/...", "a/..b/c", "~", "~root/x", "$HOME", "a%b", "100%", "%", "%zz", "a%20b",
            "%41", "a%2Fb", "file:", "CON", "NUL", "x:y", "C:x", "½", "a…b", "full．txt", " ", "-rf", "a b/ c",
            "é" * 127]  # fmt: skip


@pytest.mark.parametrize("path", HARMLESS)
def test_harmless_names_are_kept(path):
    assert "/".join(parse(path)) == path


@pytest.mark.parametrize("path", [*HOSTILE, ""])
def test_hostile_paths_are_refused(path):
    with pytest.raises(InvalidParameter, match="Invalid path"):
        parse(path)
    if path:
        with pytest.raises(InvalidParameter, match="Invalid path"):
            parse(path, directory=True)


def test_directories():
    assert parse("", directory=True) == parse("/", directory=True) == ()
    assert parse("a/b/", directory=True) == parse("a/b", directory=True) == ("a", "b")


def outcome(work):
    """What became of a hostile request; REFUSED is the only good answer."""
    try:
        work()
    except Answer as answer:
        if "Invalid path" in answer.message or not answer.response.content:  # HEAD has no body
            return answer.status, answer.code
        return answer
    return "taken"


REFUSED = (400, "INVALID_PARAMETER_VALUE")


def outcomes(work):
    """The hostile paths that were not refused, and what happened instead."""
    return {path: found for path in HOSTILE if (found := outcome(partial(work, path))) != REFUSED}


# The client sends the path its file has on its own machine there; only the last part counts, see below.
@pytest.mark.parametrize("writer", [name for name in WRITERS if name != "proxy in parts"])
def test_writes(client, owner, writer):
    assert outcomes(lambda path: WRITERS[writer](client, owner, path, b"hostile")) == {}


@pytest.mark.parametrize("reader", READERS)
def test_reads(client, owner, reader):
    assert outcomes(lambda path: READERS[reader](client, owner, path)) == {}


@pytest.mark.parametrize("lister", LISTERS)
def test_listings(client, owner, lister):
    assert outcomes(lambda path: LISTERS[lister](client, owner, path)) == {}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("DELETE", f"{PROXY}artifacts/{{proxy}}/{{path}}"),
        ("POST", f"{PROXY}mpu/create/{{proxy}}/{{path}}"),
        ("POST", f"{PROXY}mpu/abort/{{proxy}}/{{path}}"),
        ("DELETE", f"{FILES}{{files}}/{{path}}"),
        ("POST", f"{FILES}{{files}}/{{path}}?action=initiate-upload"),
        ("POST", f"{FILES}{{files}}/{{path}}?action=complete-upload&session_token=x"),
        ("DELETE", f"{FILES}{{files}}/{{path}}?action=abort-upload&session_token=x"),
        ("PUT", f"{FILES}{{files}}/{{path}}?session_token=x&part_number=1"),
        ("PUT", f"{DIRECTORIES}{{files}}/{{path}}"),
        ("DELETE", f"{DIRECTORIES}{{files}}/{{path}}"),
    ],
)
def test_everything_else(client, run, method, target):
    body = {"path": "file", "num_parts": 1, "upload_id": "x"} if "mpu" in target else None

    def work(path):
        spelled = target.format(proxy=run.proxy, files=run.files, path=encoded(path))
        client.call(method, "/", json=body, extensions={"target": spelled.encode()})

    assert outcomes(work) == {}


@pytest.mark.parametrize("base", [f"{PROXY}artifacts/{{proxy}}", f"{FILES}{{files}}", f"{DIRECTORIES}{{files}}"])
def test_heads(client, run, base):
    for path in HOSTILE:
        target = f"{base.format(proxy=run.proxy, files=run.files)}/{encoded(path)}"
        answer = client.request("HEAD", "/", extensions={"target": target.encode()})
        assert (answer.status_code, answer.content) == (400, b""), path


@pytest.mark.parametrize("dots", ["%2e%2e", "%2E%2e", ".%2e", ".."])
@pytest.mark.parametrize("slash", ["/", "%2f", "%2F"])
def test_percent_encoded_targets(client, run, dots, slash):
    """As an attacker would write the request line."""
    way = slash.join([dots] * 8)
    for method, base in [
        ("GET", f"{PROXY}artifacts/{run.proxy}"),
        ("PUT", f"{PROXY}artifacts/{run.proxy}"),
        ("DELETE", f"{PROXY}artifacts/{run.proxy}"),
        ("GET", f"{FILES}{run.files}"),
        ("PUT", f"{FILES}{run.files}"),
        ("GET", f"{DIRECTORIES}{run.files}"),
    ]:
        with pytest.raises(Answer) as refused:
            send(client, method, f"{base}/{way}{slash}etc{slash}passwd", b"x" if method == "PUT" else None)
        assert refused.value.status in (400, 404), (method, base)


def test_nothing_was_written_anywhere(server):
    """Runs last in this module: whatever the tests above tried, no hostile object exists."""
    root = Path(server.settings.objects_location)
    assert [
        path
        for path in root.rglob("*")
        if path.is_file() and path.stat().st_size == 7 and path.read_bytes() == b"hostile"
    ] == []
    assert not (root.parent / "x").exists()


@pytest.mark.parametrize("local", ["/home/me/data/model.bin", "model.bin", "../model.bin", "C:\\Users\\me\\model.bin"])
def test_only_the_name_of_a_local_file_counts(client, run, local):
    begun = client.call("POST", f"{PROXY}mpu/create/{run.proxy}", json={"path": local, "num_parts": 1})
    etag = plain("PUT", begun["credentials"][0]["url"], b"content").headers["etag"]
    parts = [{"part_number": 1, "etag": etag}]
    done = {"path": local, "upload_id": begun["upload_id"], "parts": parts}
    client.call("POST", f"{PROXY}mpu/complete/{run.proxy}", json=done)
    assert LISTERS["api"](client, run) == {"model.bin": 7}


@pytest.mark.parametrize("local", ["/home/me/..", "..", "/home/me/", "", "a\0b", "．．"])
def test_hostile_local_names(client, run, local):
    body = {"path": local, "num_parts": 1}
    assert outcome(lambda: client.call("POST", f"{PROXY}mpu/create/{run.proxy}", json=body)) == REFUSED
