"""Ways around authentication: none by another spelling of a path or method, none by a password everybody knows.

CVE-2023-6014; CVE-2026-2652 and CVE-2026-0545 (a second router without the checks of the first), CVE-2026-2635 (a
default password), CVE-2025-11200 and 2025-1474 (weak and empty ones). tests/features/identity/test_isolation.py goes
through every route.
"""

import base64
import socket

import pytest

from lakeward.app import all_routes
from lakeward.runtime.http import PUBLIC, SIGNED_URL
from server import Callers, Server

GUARDED = sorted({(route.method, route.path) for route in all_routes() if route.allow not in (PUBLIC, SIGNED_URL)})
SPELLINGS = [
    "{0}", "{0}/", "/{0}", "{0}//", "/.{0}", "/x/..{0}", "{0}%20", "{0}%00", "{0};x=1", "{0}?", "{0}#", "{0}/.",
    "{0}/..", "{1}", "/health/..{0}", "/assets/..{0}", "{0}.json", "http://localhost{0}", "{0}%2f", "/%2e{0}",
]  # fmt: skip


def answer(server: Server, method: str, target: str, *more: str) -> int:
    """The status of a request that came by a proxy, without credentials."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: localhost",
        "X-Forwarded-For: 203.0.113.7",
        "Connection: close",
        *more,
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall("\r\n".join([*lines, "Content-Length: 2", "", "{}"]).encode("latin-1"))
        return int(sock.recv(65536).split(b" ", 2)[1])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_path_is_open(server: Server, spelling: str) -> None:
    """One path of each feature, which all share one table."""
    chosen = {}
    for route in all_routes():
        if route.allow not in (PUBLIC, SIGNED_URL) and "{" not in route.path:
            chosen.setdefault(route.tag, (route.method, route.path))
    assert len(chosen) > 8
    for method, path in chosen.values():
        status = answer(server, method, spelling.format(path, path.upper()))
        assert status in (400, 401, 403, 404, 405), (method, path)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "Post", "HEAD", "GET", "X"])
def test_no_method_is_open(server: Server, method: str) -> None:
    for path in ("/api/2.0/mlflow/runs/create", "/v1/traces", "/api/2.0/lakeward/purge", "/metrics"):
        assert answer(server, method, path) in (400, 401, 403, 404, 405)


@pytest.mark.parametrize(
    "header",
    ["X-HTTP-Method-Override: GET", "X-Original-URL: /health", "X-Rewrite-URL: /health", "X-Forwarded-Host: localhost",
     "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Remote-User: owner",
     "X-Forwarded-User: owner", "Remote-User: owner", "Cookie: session=owner", "Authorization: ",
     "X-Auth-Request-User: owner"],
)  # fmt: skip
def test_no_header_makes_somebody_of_nobody(server: Server, header: str) -> None:
    assert answer(server, "POST", "/api/2.0/mlflow/runs/create", header) in (400, 401)


@pytest.mark.parametrize("user", ["", "admin", "owner", "token", "root"])
@pytest.mark.parametrize(
    "password", ["", "password1234", "password", "admin", "owner", "changeme", "1234", "null", "\x00"]
)
def test_no_password_is_known_to_everybody(server: Server, user: str, password: str) -> None:
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert answer(server, "GET", "/api/2.0/mlflow/experiments/search", f"Authorization: Basic {basic}") == 401
    assert answer(server, "GET", "/api/2.0/mlflow/experiments/search", f"Authorization: Bearer {password}") in (
        400,
        401,
    )


def test_everything_but_a_few_named_paths_is_guarded(callers: Callers) -> None:
    assert len(GUARDED) > 250
    for method, path in GUARDED[:: len(GUARDED) // 40]:
        filled = path.replace("...}", "}").replace("{", "").replace("}", "")
        response = callers.nobody.request(method, filled, **({} if method in ("GET", "HEAD") else {"json": {}}))
        assert response.status_code == 401, (method, path)
