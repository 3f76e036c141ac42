"""No web page reaches the server through a browser, and only a direct local call is the owner's."""

import pytest

from lakeward.kit.hosts import is_loopback
from lakeward.runtime.http.guard import Guard, host_name
from server import Caller, Server

SEARCH = "/api/2.0/mlflow/experiments/search"


@pytest.fixture(scope="module")
def server(serving):
    with serving() as started:
        yield started


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost.", "127.0.0.1:9999", "localhost:80"]
)
def test_names_of_this_machine(client: Caller, host):
    assert client.request("GET", SEARCH, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost", "[::1",
     "", "::1", "0.0.0.0", "localhost@evil.example", "127.0.0.2", "2130706433", "\xe9"],
)  # fmt: skip
def test_dns_rebinding(client: Caller, host):
    """A page's own name that points to 127.0.0.1 comes with that name in Host; so not even /health answers."""
    for path in (SEARCH, "/health", "/version", "/nothing"):
        answer = client.refused("GET", path, headers={"host": host.encode("latin-1")})
        assert (answer.status, answer.code) == (403, "PERMISSION_DENIED")


def test_no_host_at_all(raw):
    assert raw(b"GET /health HTTP/1.0\r\n\r\n").split(b" ", 2)[1] in (b"400", b"403")


def test_two_hosts(raw):
    """Which of them counts must not be a matter of taste."""
    answer = raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ", 2)[1] in (b"400", b"403")
    answer = raw(b"GET /health HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ", 2)[1] in (b"400", b"403")
    for header in (b"Authorization: Bearer x", b"X-MLFLOW-WORKSPACE: default", b"Origin: http://localhost"):
        twice = (header + b"\r\n") * 2
        answer = raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + twice + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"must stand once" in answer


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1",
     "http://127.0.0.1", "file://", "chrome-extension://abc", "http://[::1", "x", "", "http://", "\xff"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "experiments/create"), ("GET", "experiments/search"), ("GET", "/health")]
)
def test_cross_site_requests(server: Server, client: Caller, origin, method, path):
    headers = {"origin": origin.encode("latin-1"), "content-type": "text/plain"}
    body = {"content": b'{"name": "made by a web page"}'} if method == "POST" else {}
    answer = client.refused(method, path, headers=headers, **body)
    assert (answer.status, answer.code) == (403, "PERMISSION_DENIED")
    assert server.sql("SELECT FROM experiment WHERE name = 'made by a web page'") == []
    assert "access-control-allow-origin" not in answer.response.headers


def test_our_own_pages(server: Server, client: Caller):
    for origin, host in [
        (server.url, None),
        (f"http://localhost:{server.port}", f"localhost:{server.port}"),
        (f"HTTP://LOCALHOST:{server.port}", f"localhost:{server.port}"),
        ("https://localhost", "localhost"),
    ]:
        headers = {"origin": origin} | ({"host": host} if host else {})
        assert client.request("GET", SEARCH, headers=headers).status_code == 200


def test_no_preflight_is_answered(client: Caller):
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    assert client.refused("OPTIONS", "experiments/create", headers=headers).status == 403


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "X-Forwarded-For", "forwarded", "x-real-ip", "via", "x-forwarded-host"]
)
@pytest.mark.parametrize("value", ["127.0.0.1", "203.0.113.7", "localhost", "", "for=127.0.0.1"])
def test_through_a_proxy_nobody_is_the_owner(client: Caller, header, value):
    """Whatever the proxy says: a forwarded request is not a call from this machine."""
    answer = client.refused("GET", SEARCH, headers={header: value})
    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
    assert answer.response.headers["www-authenticate"].startswith("Bearer ")
    assert client.request("GET", "/health", headers={header: value}).status_code == 200


def test_a_public_name_is_not_the_owner(serving):
    """A proxy on this machine that forwards quietly still says the name it was called by."""
    with serving(allowed_hosts="mlflow.example.org,other.example") as server:
        token = server.token("someone", admin=True)
        for name in ("mlflow.example.org", "OTHER.example:443"):
            answer = server.local.refused("GET", SEARCH, headers={"host": name})
            assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
            headers = {"host": name, "authorization": f"Bearer {token}", "origin": f"https://{name}"}
            assert server.local.request("GET", SEARCH, headers=headers).status_code == 200
        assert server.local.request("GET", SEARCH).status_code == 200
        assert server.local.refused("GET", SEARCH, headers={"host": "evil.example"}).status == 403


def test_open_to_the_network():
    """Bound to a public address everybody needs a token, so names protect nothing and nobody is local."""
    guard = Guard("0.0.0.0", ())
    guard.check({b"host": b"whatever.example"})
    assert not guard.is_local(("127.0.0.1", 1), {b"host": b"localhost"})
    named = Guard("0.0.0.0", ("mlflow.example.org",))
    named.check({b"host": b"mlflow.example.org"})
    with pytest.raises(Exception, match="not called"):
        named.check({b"host": b"whatever.example"})


def test_only_this_machine_is_local():
    guard = Guard("127.0.0.1", ())
    here = {b"host": b"localhost:5000"}
    assert guard.is_local(("127.0.0.1", 50000), here)
    assert guard.is_local(("::1", 50000), here)
    assert not guard.is_local(("10.0.0.7", 50000), here)
    assert not guard.is_local(("127.0.0.1", 50000), {})


@pytest.mark.parametrize(
    ("authority", "name"),
    [("localhost:5000", "localhost"), ("[::1]:5000", "::1"), ("A.b.", "a.b"), ("", ""), ("[::1", ""), ("x:y:z", "x")],
)
def test_host_names(authority, name):
    assert host_name(authority) == name


@pytest.mark.parametrize(
    ("host", "expected"), [("localhost", True), ("127.8.9.1", True), ("::1", True), ("10.0.0.1", False), ("", False)]
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected
