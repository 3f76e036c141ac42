"""The Files API of `databricks-sdk` on the files of a run."""

import io

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, NotFound

pytestmark = [pytest.mark.beyond, pytest.mark.modes("databricks")]


@pytest.fixture
def files(side):
    return WorkspaceClient(host=side.server.url, token=side.server.token).files


@pytest.fixture
def root(experiment, run):
    return f"/WorkspaceInternal/Mlflow/Artifacts/{experiment}/Runs/{run}/artifacts"


def test_up_and_down(files, root):
    files.upload(f"{root}/a b/ünï#1.bin", io.BytesIO(b"content"), overwrite=True)
    found = files.download(f"{root}/a b/ünï#1.bin")
    assert found.contents.read() == b"content"
    assert found.content_length == 7
    assert found.last_modified


def test_metadata(files, root):
    files.upload(f"{root}/f.bin", io.BytesIO(b"x" * 1234))
    found = files.get_metadata(f"{root}/f.bin")
    assert found.content_length == 1234
    assert found.content_type
    assert found.last_modified


def test_overwrite(files, root):
    files.upload(f"{root}/f", io.BytesIO(b"one"))
    with pytest.raises(AlreadyExists):
        files.upload(f"{root}/f", io.BytesIO(b"two"), overwrite=False)
    assert files.download(f"{root}/f").contents.read() == b"one"
    files.upload(f"{root}/f", io.BytesIO(b"three"), overwrite=True)
    assert files.download(f"{root}/f").contents.read() == b"three"


def test_delete(files, root):
    files.upload(f"{root}/f", io.BytesIO(b"x"))
    files.delete(f"{root}/f")
    with pytest.raises(NotFound):
        files.get_metadata(f"{root}/f")
    with pytest.raises(NotFound):
        files.download(f"{root}/f")


def test_folders(files, root):
    files.create_directory(f"{root}/made/deep")
    files.create_directory(f"{root}/made/deep")
    files.get_directory_metadata(f"{root}/made/deep")
    assert list(files.list_directory_contents(f"{root}/made/deep")) == []
    with pytest.raises(NotFound):
        files.get_directory_metadata(f"{root}/nobody")


def test_listing(files, root):
    for name in ("b.txt", "a.txt", "sub/c.txt"):
        files.upload(f"{root}/{name}", io.BytesIO(name.encode()))
    found = {e.name: e for e in files.list_directory_contents(root)}
    assert set(found) == {"a.txt", "b.txt", "sub"}
    assert (found["a.txt"].is_directory, found["a.txt"].file_size) == (False, 5)
    assert found["sub"].is_directory
    assert found["a.txt"].path == f"{root}/a.txt"
    assert found["a.txt"].last_modified


def test_listing_over_pages(files, root):
    for number in range(12):
        files.upload(f"{root}/many/f{number:02}", io.BytesIO(b"x"))
    found = [e.name for e in files.list_directory_contents(f"{root}/many", page_size=5)]
    assert found == [f"f{number:02}" for number in range(12)]


@pytest.mark.parametrize(
    ("given", "status", "expected"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=5-", 206, b"56789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=3-3", 206, b"3"),
        ("bytes=20-", 416, None),
        (None, 200, b"0123456789"),
    ],
)
def test_ranges(side, files, root, given, status, expected):
    files.upload(f"{root}/digits", io.BytesIO(b"0123456789"))
    headers = {"Authorization": f"Bearer {side.server.token}"} | ({"Range": given} if given else {})
    answer = requests.get(f"{side.server.url}/api/2.0/fs/files{root}/digits", headers=headers, timeout=30)
    assert answer.status_code == status
    if expected is not None:
        assert answer.content == expected
        assert answer.headers["content-length"] == str(len(expected))
    if status == 206:
        assert answer.headers["content-range"].endswith("/10")


def test_pages_never_run_in_a_browser(side, files, root):
    """An artifact is somebody's upload: a browser may show it, but never as a page of this server."""
    files.upload(f"{root}/page.html", io.BytesIO(b"<script>alert(1)</script>"))
    headers = {"Authorization": f"Bearer {side.server.token}"}
    answer = requests.get(f"{side.server.url}/api/2.0/fs/files{root}/page.html", headers=headers, timeout=30)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers.get("content-security-policy", "") or "attachment" in answer.headers.get(
        "content-disposition", ""
    )


def test_what_the_client_stored_is_there(files, client, run, root, tmp_path):
    (tmp_path / "f.txt").write_text("by the client")
    client.log_artifact(run, str(tmp_path / "f.txt"), "sub")
    assert files.download(f"{root}/sub/f.txt").contents.read() == b"by the client"
    files.upload(f"{root}/sub/g.txt", io.BytesIO(b"by the SDK"))
    assert [f.path for f in client.list_artifacts(run, "sub")] == ["sub/f.txt", "sub/g.txt"]


def test_unknown_run(files):
    with pytest.raises(NotFound):
        files.upload(f"/WorkspaceInternal/Mlflow/Artifacts/1/Runs/{'0' * 32}/artifacts/f", io.BytesIO(b"x"))
