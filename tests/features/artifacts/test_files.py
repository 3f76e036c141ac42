"""The Files API as the platform SDK uses it: files, directories, pages, words for refusals."""

import time
from pathlib import Path

import pytest
from transports import DIRECTORIES, FILES, LISTERS, PROXY, READERS, WRITERS, files_list, send

from server import Answer


def refusal(client, method, target, content=None):
    with pytest.raises(Answer) as refused:
        send(client, method, target, content)
    return refused.value.status, refused.value.code


def test_overwrite(client, run):
    target = f"{FILES}{run.files}/f"
    assert send(client, "PUT", target + "?overwrite=false", b"first").status_code == 204
    assert refusal(client, "PUT", target + "?overwrite=false", b"second") == (409, "ALREADY_EXISTS")
    assert refusal(client, "POST", target + "?action=initiate-upload&overwrite=false") == (409, "ALREADY_EXISTS")
    assert READERS["files"](client, run, "f") == b"first"
    send(client, "PUT", target + "?overwrite=true", b"third")
    send(client, "PUT", target, b"fourth")
    assert READERS["files"](client, run, "f") == b"fourth"


def test_delete(client, run):
    target = f"{FILES}{run.files}/a/f"
    WRITERS["files"](client, run, "a/f", b"x")
    answer = send(client, "DELETE", target)
    assert (answer.status_code, answer.content) == (204, b"")
    assert refusal(client, "DELETE", target) == (404, "NOT_FOUND")
    assert LISTERS["files"](client, run) == {}


def test_absence_has_its_own_word(client, run):
    WRITERS["files"](client, run, "dir/f", b"x")
    gone = "0" * 32
    for method, target in [
        ("GET", f"{FILES}{run.files}/nothing"),
        ("GET", f"{FILES}{run.files}/dir"),
        ("GET", f"{FILES}{run.files}/dir/f/below"),
        ("DELETE", f"{FILES}{run.files}/dir"),
        ("GET", f"{FILES}{run.files.replace(run.id, gone)}/f"),
        ("PUT", f"{FILES}{run.files.replace(run.id, gone)}/f"),
        ("GET", f"{FILES}{run.files.replace(f'/{run.experiment}/', '/999999/')}/f"),
        ("GET", f"{FILES}/WorkspaceInternal/Mlflow/Artifacts/{run.experiment}/LoggedModels/m-{gone}/artifacts/f"),
        ("GET", f"{FILES}/WorkspaceInternal/Mlflow/Artifacts"),
        ("GET", f"{FILES}/Volumes/a/b/c/f"),
        ("PUT", f"{FILES}/etc/passwd"),
        ("POST", f"{FILES}{run.files.replace(run.id, gone)}/f?action=initiate-upload"),
        ("GET", f"{DIRECTORIES}{run.files}/nothing"),
        ("GET", f"{DIRECTORIES}{run.files}/dir/f"),
        ("DELETE", f"{DIRECTORIES}{run.files}/nothing"),
        ("GET", f"{DIRECTORIES}/"),
        ("POST", f"/api/2.0/fs/create-download-url?path={run.files}/nothing"),
        ("POST", "/api/2.0/fs/create-upload-url?path=/Volumes/a/b/c/f"),
    ]:
        assert refusal(client, method, target) == (404, "NOT_FOUND"), (method, target)
    for target in (
        f"{FILES}{run.files}/nothing",
        f"{DIRECTORIES}{run.files}/nothing",
        f"{DIRECTORIES}{run.files}/dir/f",
    ):
        answer = client.request("HEAD", "/", extensions={"target": target.encode()})
        assert (answer.status_code, answer.content) == (404, b"")


def test_the_top_is_no_file(client, run):
    for method in ("GET", "PUT", "DELETE"):
        assert refusal(client, method, FILES + run.files) == (400, "INVALID_PARAMETER_VALUE")
    assert refusal(client, "POST", f"{FILES}{run.files}?action=initiate-upload") == (400, "INVALID_PARAMETER_VALUE")


def test_directories(client, run):
    top = DIRECTORIES + run.files
    assert send(client, "HEAD", top).status_code == 200  # there as soon as the run is
    assert LISTERS["files"](client, run) == {}
    for _ in range(2):  # idempotent, parents included
        assert send(client, "PUT", f"{top}/a/b/c").status_code == 204
    for there in ("a", "a/b", "a/b/c", "a/b/c/"):
        assert send(client, "HEAD", f"{top}/{there}").status_code == 200
    assert LISTERS["files"](client, run, "a/b") == {"c": None}
    assert LISTERS["files"](client, run, "a/b/c") == {}
    assert LISTERS["api"](client, run, "a/b") == {"c": None}
    assert LISTERS["proxy"](client, run, "a/b/c") == {}

    WRITERS["files"](client, run, "a/b/c/f", b"x")
    for full in ("a", "a/b", "a/b/c"):
        assert refusal(client, "DELETE", f"{top}/{full}") == (409, "DIRECTORY_NOT_EMPTY")
    send(client, "DELETE", f"{FILES}{run.files}/a/b/c/f")
    assert LISTERS["files"](client, run, "a/b/c") == {}
    assert send(client, "DELETE", f"{top}/a/b/c").status_code == 204
    assert refusal(client, "GET", f"{top}/a/b/c") == (404, "NOT_FOUND")
    assert refusal(client, "DELETE", top) == (404, "NOT_FOUND")


def test_a_directory_where_a_file_is(client, run):
    WRITERS["files"](client, run, "f", b"x")
    assert refusal(client, "PUT", f"{DIRECTORIES}{run.files}/f") == (409, "ALREADY_EXISTS")
    assert refusal(client, "PUT", f"{FILES}{run.files}/f/below", b"y")[0] == 409
    WRITERS["files"](client, run, "d/f", b"x")
    assert refusal(client, "PUT", f"{FILES}{run.files}/d", b"y")[0] == 409


def test_pages(client, run):
    names = [f"f{number:02d}" for number in range(23)]
    for name in names:
        WRITERS["files"](client, run, f"dir/{name}", b"x")
    assert list(files_list(client, run, "dir", page_size=5)) == names
    target = f"{DIRECTORIES}{run.files}/dir"
    first = send(client, "GET", target + "?page_size=5").json()
    assert len(first["contents"]) == 5
    token = first["next_page_token"]
    assert refusal(client, "GET", f"{target}?page_token={token}x") == (400, "INVALID_PARAMETER_VALUE")
    assert refusal(client, "GET", f"{DIRECTORIES}{run.files}?page_token={token}") == (400, "INVALID_PARAMETER_VALUE")
    assert "next_page_token" not in send(client, "GET", target + "?page_size=23").json()


def test_ten_thousand_files(client, run, server):
    WRITERS["files"](client, run, "many/00000", b"")
    directory = Path(server.settings.objects_location, f"artifacts/1/{run.experiment}/{run.id}/artifacts/many")
    for number in range(10_000):
        (directory / f"{number:05d}").touch()
    for name, listed in LISTERS.items():
        started = time.process_time()  # of client and server, which share this process; waiting does not count
        assert list(listed(client, run, "many")) == [f"{number:05d}" for number in range(10_000)], name
        assert time.process_time() - started < (3 if name == "files" else 1), name  # ten pages of a thousand
    send(client, "DELETE", f"{PROXY}artifacts/{run.proxy}/many")
    assert LISTERS["api"](client, run) == {}


def test_entries(client, run):
    WRITERS["files"](client, run, "d/é #1.bin", b"four")
    (entry,) = send(client, "GET", f"{DIRECTORIES}{run.files}/d").json()["contents"]
    assert entry.pop("last_modified") > 1_700_000_000_000
    assert entry == {
        "path": f"{run.files}/d/é #1.bin", "name": "é #1.bin", "is_directory": False, "file_size": 4
    }  # fmt: skip


@pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z", ""])
def test_expire_time(client, run, moment):
    """Never longer than an hour, never in the past."""
    WRITERS["files"](client, run, "f", b"x")
    params = {"path": f"{run.files}/f", "expire_time": moment}
    assert client.call("POST", "/api/2.0/fs/create-download-url", params=params)["url"]


@pytest.mark.parametrize("moment", ["tomorrow", "0001-01-01", "2026-13-01T00:00:00Z", "9" * 30, "\0"])
def test_expire_time_of_nobody(client, run, moment):
    params = {"path": f"{run.files}/f", "expire_time": moment}
    answer = client.refused("POST", "/api/2.0/fs/create-upload-url", params=params)
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


def test_unknown_actions(client, run):
    assert refusal(client, "POST", f"{FILES}{run.files}/f?action=explode") == (400, "INVALID_PARAMETER_VALUE")
    assert refusal(client, "POST", f"{FILES}{run.files}/f") == (400, "INVALID_PARAMETER_VALUE")
    assert refusal(client, "DELETE", f"{FILES}{run.files}/f?action=explode") == (400, "INVALID_PARAMETER_VALUE")
