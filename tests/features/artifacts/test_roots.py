"""The table of places: a higher package adds one, with its own idea of where things are and who may see them."""

import pytest
from transports import DIRECTORIES, FILES, plain, send

from lakeward.artifacts import Access, Root, add_root, roots
from lakeward.kit.errors import NotFound, PermissionDenied
from server import Answer


async def locate(tx, workspace, names, access):
    if names["shelf"] == "none":
        raise NotFound(f"No shelf {names['shelf']!r}.")
    assert await tx.fetchval("SELECT 1") == 1
    return f"shelves/{workspace}/{names['shelf']}/{names['box']}"


async def check(tx, actor, workspace, names, access):
    if access is not Access.READ and not actor.is_admin:
        raise PermissionDenied("Only administrators fill boxes.")


@pytest.fixture(autouse=True)
def shelf():
    added = Root("shelves", ("Shelves", "{shelf}", "{box}"), None, locate, check)
    add_root(added)
    yield
    roots._roots.remove(added)


def test_a_root_of_another_package(client, callers):
    send(client, "PUT", f"{FILES}/Shelves/a/b/dir/file", b"content")
    assert send(callers.reader, "GET", f"{FILES}/Shelves/a/b/dir/file").content == b"content"
    listed = send(client, "GET", f"{DIRECTORIES}/Shelves/a/b/dir").json()["contents"]
    assert [entry["path"] for entry in listed] == ["/Shelves/a/b/dir/file"]
    for path in ("/Shelves/none/b/file", "/Shelves/a", "/Shelves"):
        with pytest.raises(Answer) as refused:
            send(client, "GET", FILES + path)
        assert (refused.value.status, refused.value.code) == (404, "NOT_FOUND")


def test_its_check_asks_for_more_than_a_role(client, callers):
    for who, expected in ((callers.editor, 403), (callers.admin, 204)):
        try:
            found = send(who, "PUT", f"{FILES}/Shelves/a/c/file", b"x").status_code
        except Answer as answer:
            found = answer.status
        assert found == expected
    with pytest.raises(Answer) as refused:
        callers.editor.call("POST", "/api/2.0/fs/create-upload-url", params={"path": "/Shelves/a/c/file"})
    assert refused.value.status == 403


def test_whoever_holds_its_signed_url_was_checked(client, callers):
    url = callers.admin.call("POST", "/api/2.0/fs/create-upload-url", params={"path": "/Shelves/a/d/file"})["url"]
    plain("PUT", url, b"by url")
    assert send(callers.reader, "GET", f"{FILES}/Shelves/a/d/file").content == b"by url"


def test_it_is_not_behind_the_proxy(client):
    with pytest.raises(Answer) as refused:
        client.call("GET", "/api/2.0/mlflow-artifacts/artifacts", params={"path": "Shelves/a/b"})
    assert refused.value.status == 404
