# ruff: noqa: RUF001 - look-alike characters are what is tested
"""Paths: what is refused, in the parser and in every transport, and that nothing else is."""

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


def refusal(work):
    with pytest.raises(Answer) as refused:
        work()
    answer = refused.value
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE"), answer
    assert "Invalid path" in answer.message
    return answer


# The client's own path is the last part of what it says to be one, so these become harmless there.
ONLY_THE_NAME_COUNTS = {"proxy in parts"}


@pytest.mark.parametrize("writer", [name for name in WRITERS if name not in ONLY_THE_NAME_COUNTS])
@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_writes(client, run, writer, path):
    refusal(lambda: WRITERS[writer](client, run, path, b"hostile"))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_reads(client, owner, reader, path):
    refusal(lambda: READERS[reader](client, owner, path))


@pytest.mark.parametrize("lister", LISTERS)
@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_listings(client, owner, lister, path):
    refusal(lambda: LISTERS[lister](client, owner, path))


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_everything_else(client, run, path):
    once = encoded(path)
    for method, target in [
        ("DELETE", f"{PROXY}artifacts/{run.proxy}/{once}"),
        ("HEAD", f"{PROXY}artifacts/{run.proxy}/{once}"),
        ("HEAD", f"{FILES}{run.files}/{once}"),
        ("DELETE", f"{FILES}{run.files}/{once}"),
        ("POST", f"{FILES}{run.files}/{once}?action=initiate-upload"),
        ("PUT", f"{DIRECTORIES}{run.files}/{once}"),
        ("DELETE", f"{DIRECTORIES}{run.files}/{once}"),
        ("HEAD", f"{DIRECTORIES}{run.files}/{once}"),
        ("POST", f"{PROXY}mpu/create/{run.proxy}/{once}"),
    ]:
        with pytest.raises(Answer) as refused:
            client.call(
                method, "/", json={"path": "file", "num_parts": 1} if "mpu" in target else None,
                extensions={"target": target.encode()},
            )  # fmt: skip
        assert refused.value.status == 400, (method, target, refused.value)


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
    assert [path for path in root.rglob("*") if path.is_file() and path.read_bytes() == b"hostile"] == []
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
    refusal(lambda: client.call("POST", f"{PROXY}mpu/create/{run.proxy}", json={"path": local, "num_parts": 1}))
