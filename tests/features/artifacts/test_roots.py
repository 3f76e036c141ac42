"""The table of places: a higher package adds one, with its own idea of where things are and who may see them."""

import dataclasses

import pytest
from transports import DIRECTORIES, FILES, plain, send

from lakeward.access import unity
from lakeward.artifacts import Root, add_root, roots
from lakeward.kit.errors import NotFound
from lakeward.runtime.http import Role
from server import Answer


async def locate(tx, workspace, names, access):
    if names["shelf"] == "none":
        raise NotFound(f"No shelf {names['shelf']!r}.")
    assert await tx.fetchval("SELECT 1") == 1
    return f"shelves/{workspace}/{names['shelf']}/{names['box']}"


BY_SHELF = dataclasses.replace(unity.BY_CATALOG, means={"READ": "USE_CATALOG", "EDIT": "MANAGE"})


def owner(names):
    """A shelf has the rights of a catalog, in other words."""
    return BY_SHELF, names["shelf"]


@pytest.fixture(autouse=True)
def shelf():
    added = Root("shelves", ("Shelves", "{shelf}", "{box}"), None, locate, owner)
    add_root(added)
    yield
    roots._roots.remove(added)


def test_a_root_of_another_package(client, callers):
    for name in ("a", "none"):
        client.request("POST", "/api/2.1/unity-catalog/catalogs", json={"name": name})
    send(client, "PUT", f"{FILES}/Shelves/a/b/dir/file", b"content")
    assert send(callers.reader, "GET", f"{FILES}/Shelves/a/b/dir/file").content == b"content"
    listed = send(client, "GET", f"{DIRECTORIES}/Shelves/a/b/dir").json()["contents"]
    assert [entry["path"] for entry in listed] == ["/Shelves/a/b/dir/file"]
    for path in ("/Shelves/none/b/file", "/Shelves/a", "/Shelves"):
        with pytest.raises(Answer) as refused:
            send(client, "GET", FILES + path)
        assert (refused.value.status, refused.value.code) == (404, "NOT_FOUND")


def test_its_owner_decides_where_a_role_does_not(server, client, callers):
    for name in ("a", "b"):  # one may be there already
        client.request("POST", "/api/2.1/unity-catalog/catalogs", json={"name": name})
    keeper, guest = (server.bearer(server.token(name, role=Role.USE)) for name in ("keeper", "guest"))
    server.sql(
        "INSERT INTO access_grant SELECT 1, 'catalog', 'a', p.id, g.privilege FROM principal p"
        " JOIN (VALUES ('keeper', 'MANAGE'), ('guest', 'USE_CATALOG')) AS g(name, privilege) ON g.name = p.name"
    )
    file = f"{FILES}/Shelves/a/c/file"
    send(client, "PUT", file, b"x")

    def tries(caller, method: str, path: str) -> int:
        try:
            return send(caller, method, path, b"x" if method == "PUT" else None).status_code
        except Answer as answer:
            return answer.status

    for who, put, get in (
        (callers.member, 403, 403),
        (keeper, 204, 200),
        (guest, 403, 200),
        (callers.editor, 204, 200),
    ):
        assert tries(who, "PUT", file) == put
        assert tries(who, "GET", file) == get
        assert tries(who, "GET", f"{FILES}/Shelves/b/c/file") == (404 if who is callers.editor else 403)
    with pytest.raises(Answer) as refused:
        guest.call("POST", "/api/2.0/fs/create-upload-url", json={"path": "/Shelves/a/c/file"})
    assert refused.value.status == 403


def test_whoever_holds_its_signed_url_was_checked(client, callers):
    url = callers.admin.call("POST", "/api/2.0/fs/create-upload-url", params={"path": "/Shelves/a/d/file"})["url"]
    plain("PUT", url, b"by url")
    assert send(callers.reader, "GET", f"{FILES}/Shelves/a/d/file").content == b"by url"


def test_it_is_not_behind_the_proxy(client):
    with pytest.raises(Answer) as refused:
        client.call("GET", "/api/2.0/mlflow-artifacts/artifacts", params={"path": "Shelves/a/b"})
    assert refused.value.status == 404
