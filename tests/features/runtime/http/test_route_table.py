"""Which route serves a path: static before parameter before rest, segments decoded once, and what is said to misses."""

from urllib.parse import quote

import pytest

from lakeward.runtime.http import PUBLIC, Call, Route
from lakeward.runtime.http.table import RouteTable


async def handler(_call: Call) -> None:
    """Serves every route of these tests."""


def table(*routes: str) -> RouteTable:
    return RouteTable([Route(*route.split(" "), handler, PUBLIC, "test") for route in routes])


PLACES = table(
    "GET /a", "POST /a",
    "GET /a/b", "GET /a/{id}", "DELETE /a/{id}",
    "GET /a/{id}/c", "PUT /a/b/d",
    "GET /files/{path...}", "PUT /files/{path...}", "GET /files/special", "GET /files/{id}/parts",
    "GET /search", "POST /items", "GET /items/{id}",
)  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "expected", "values"),
    [
        ("GET", "/a", "/a", {}),
        ("POST", "/a", "/a", {}),
        ("GET", "/a/", "/a", {}),
        ("GET", "/a/b", "/a/b", {}),
        ("GET", "/a/b/", "/a/b", {}),
        ("GET", "/a/x", "/a/{id}", {"id": "x"}),
        ("GET", "/a/x/", "/a/{id}", {"id": "x"}),
        ("DELETE", "/a/b", "/a/{id}", {"id": "b"}),
        ("GET", "/a/b/c", "/a/{id}/c", {"id": "b"}),
        ("PUT", "/a/b/d", "/a/b/d", {}),
        ("GET", "/a/x%2Fy", "/a/{id}", {"id": "x/y"}),
        ("GET", "/a/x%2Fy/c", "/a/{id}/c", {"id": "x/y"}),
        ("GET", "/a/%252F", "/a/{id}", {"id": "%2F"}),
        ("GET", "/a/%E2%82%AC", "/a/{id}", {"id": "€"}),
        ("GET", "/a/b%63", "/a/{id}", {"id": "bc"}),
        ("GET", "/a/+", "/a/{id}", {"id": "+"}),
        ("GET", "/files/special", "/files/special", {}),
        ("PUT", "/files/special", "/files/{path...}", {"path": "special"}),
        ("GET", "/files/x", "/files/{path...}", {"path": "x"}),
        ("GET", "/files/x/parts", "/files/{id}/parts", {"id": "x"}),
        ("PUT", "/files/x/parts", "/files/{path...}", {"path": "x/parts"}),
        ("GET", "/files/x/y/z", "/files/{path...}", {"path": "x/y/z"}),
        ("GET", "/files/x%2Fy/..%2f", "/files/{path...}", {"path": "x/y/../"}),
        ("GET", "/files/x/", "/files/{path...}", {"path": "x/"}),
        ("GET", "/files//x", "/files/{path...}", {"path": "/x"}),
        ("GET", "/files/", "/files/{path...}", {"path": ""}),
        ("GET", "/files", "/files/{path...}", {"path": ""}),
    ],
)
def test_found(method, path, expected, values):
    route, params, _ = PLACES.find(method, path)
    assert route is not None
    assert (route.method, route.path, params) == (method, expected, values)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/a", ["GET", "POST"]),
        ("PATCH", "/a/x", ["DELETE", "GET"]),
        ("DELETE", "/files/x/y", ["GET", "PUT"]),
        ("POST", "/search", ["GET"]),
        ("GET", "/items", ["POST"]),
        ("OPTIONS", "/items/1", ["GET"]),
    ],
)
def test_other_methods_are_named(method, path, allowed):
    assert PLACES.find(method, path) == (None, {}, allowed)


@pytest.mark.parametrize("path", ["", "/", "/A", "/b", "/a/x/y", "/items/1/2", "//a", "/a//c", "/search/x", "*"])
def test_unknown(path):
    assert PLACES.find("GET", path) == (None, {}, [])


@pytest.mark.parametrize("path", ["/a/%ff", "/a/%ED%A0%80", "/files/x/%c3%28"])
def test_not_utf8(path):
    with pytest.raises(UnicodeDecodeError):
        PLACES.find("GET", path)


def test_a_route_stands_once():
    with pytest.raises(ValueError, match="two routes for GET /a"):
        table("GET /a", "GET /a")
    with pytest.raises(ValueError, match=r"two routes for GET /a/\{other\}"):
        table("GET /a/{id}", "GET /a/{other}")


def test_equal_positions_may_have_different_names():
    routes = table("GET /x/{model}", "GET /x/{name}/parts")
    assert routes.find("GET", "/x/1")[1] == {"model": "1"}
    assert routes.find("GET", "/x/1/parts")[1] == {"name": "1"}


def test_every_segment_survives_the_trip():
    for text in ("a b", "ü/€", "%", "%2F", "..", "a;b=c", "a?b", "a#b", "\x00", "\N{FIRE}"):
        assert PLACES.find("GET", f"/a/{quote(text, safe='')}")[1] == {"id": text}
        assert PLACES.find("GET", f"/files/x/{quote(text, safe='')}")[1] == {"path": f"x/{text}"}


def test_many_segments_are_cheap():
    """Ten thousand segments: one walk, no recursion along the path."""
    path = "/a" * 10_000
    assert PLACES.find("GET", path)[0] is None
    assert PLACES.find("GET", "/files" + path)[1] == {"path": path[1:]}


def test_head_is_get_unless_it_has_a_route():
    routes = table("GET /a", "POST /b", "GET /c/{id}", "HEAD /c/{id}", "GET /d/{path...}")
    assert routes.find("HEAD", "/a")[0].method == "GET"
    assert routes.find("HEAD", "/b") == (None, {}, ["POST"])
    assert routes.find("HEAD", "/c/1")[0].method == "HEAD"
    assert routes.find("HEAD", "/d/x/y")[1] == {"path": "x/y"}
