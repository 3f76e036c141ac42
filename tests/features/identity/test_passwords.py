"""Signing in with a name and a password: sessions, cookies and CSRF tokens, Basic, and how slowly one may guess."""

import base64
import concurrent.futures
import re
import time

import pytest

from server import Caller, Server

LAKEWARD = "/api/2.0/lakeward"
SCIM = "/api/2.0/preview/scim/v2"
PASSWORD = "correct horse battery"
ELSEWHERE = {"x-forwarded-for": "203.0.113.9"}


@pytest.fixture
def ada(client: Caller) -> str:
    """The id of a user with a password, who may write in the default workspace."""
    made = client.post(f"{SCIM}/Users", userName="ada")["id"]
    client.call("PUT", f"/api/2.0/preview/permissionassignments/principals/{made}", json={"permissions": ["USER"]})
    client.call("PUT", f"{LAKEWARD}/users/{made}/password", json={"new_password": PASSWORD})
    return made


def sign_in(server: Server, name: str = "ada", password: str = PASSWORD, **headers: str):
    caller = server.caller(x_forwarded_for="203.0.113.9", **headers)
    return caller, caller.request("POST", f"{LAKEWARD}/sign-in", json={"name": name, "password": password})


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def until(status: int, caller: Caller, limit: float = 1.5) -> None:
    started = time.monotonic()
    while caller.request("GET", "experiments/search").status_code != status:
        assert time.monotonic() - started < limit
        time.sleep(0.02)


def test_a_session(server: Server, ada: str) -> None:
    caller, answer = sign_in(server)
    assert answer.status_code == 200
    assert answer.json() | {"csrf_token": ""} == {"name": "ada", "is_admin": False, "csrf_token": ""}
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"lakeward_session=lkc_[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800", cookie)
    assert answer.headers["cache-control"] == "no-store"
    assert caller.get(f"{SCIM}/Me")["userName"] == "ada"
    csrf = caller.get(f"{LAKEWARD}/session")["csrf_token"]
    assert csrf == answer.json()["csrf_token"]
    for headers in ({}, {"x-lakeward-csrf": ""}, {"x-lakeward-csrf": csrf[:-1] + "x"}):
        refused = caller.request("POST", "experiments/create", json={"name": "x"}, headers=headers)
        assert refused.status_code == 403
        assert "CSRF" in refused.json()["message"]
    caller.call("POST", "experiments/create", json={"name": "x"}, headers={"x-lakeward-csrf": csrf})
    gone = caller.request("POST", f"{LAKEWARD}/sign-out", headers={"x-lakeward-csrf": csrf})
    assert gone.headers["set-cookie"].startswith("lakeward_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
    secret = cookie.partition("=")[2].partition(";")[0]
    until(401, server.caller(cookie=f"lakeward_session={secret}", x_forwarded_for="203.0.113.9"))


def test_behind_tls_the_cookie_is_secure(server: Server, ada: str) -> None:
    _, answer = sign_in(server, x_forwarded_proto="https")
    assert answer.headers["set-cookie"].endswith("; Secure")


def test_a_session_is_a_cookie_and_a_token_is_none(server: Server, ada: str) -> None:
    _, answer = sign_in(server)
    secret = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert server.bearer(secret).request("GET", f"{SCIM}/Me").status_code == 401
    assert server.caller(authorization=basic("ada", secret)).request("GET", f"{SCIM}/Me").status_code == 401
    token = server.token("ada")
    cookie = server.caller(cookie=f"lakeward_session={token}", x_forwarded_for="203.0.113.9")
    assert cookie.request("GET", f"{SCIM}/Me").status_code == 401
    assert secret not in str(server.sql("SELECT t::text FROM access_token t"))


def test_other_sites_cannot_sign_in_or_use_a_session(server: Server, ada: str) -> None:
    assert sign_in(server, origin="http://evil.example")[1].status_code == 403
    caller, _ = sign_in(server)
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}):
        assert caller.request("GET", f"{SCIM}/Me", headers=headers).status_code == 403


def test_basic_with_a_password(server: Server, client: Caller, ada: str) -> None:
    caller = server.caller(authorization=basic("ada", PASSWORD))
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: caller.request("GET", "experiments/search").status_code, range(100)))
    assert set(statuses) == {200}
    assert time.monotonic() - started < 5  # the password is not hashed a hundred times
    client.call(
        "PATCH", f"{SCIM}/Users/{ada}", json={"Operations": [{"op": "replace", "path": "active", "value": False}]}
    )
    until(401, caller)
    client.call(
        "PATCH", f"{SCIM}/Users/{ada}", json={"Operations": [{"op": "replace", "path": "active", "value": True}]}
    )
    until(200, caller)
    client.call("PUT", f"{LAKEWARD}/users/{ada}/password", json={"new_password": PASSWORD + " staple"})
    until(401, caller)
    assert server.caller(authorization=basic("ada", PASSWORD + " staple")).get(f"{SCIM}/Me")["userName"] == "ada"


def test_passwords_are_kept_as_argon2(server: Server, ada: str) -> None:
    [row] = server.sql("SELECT hash FROM password")
    assert row["hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_new_password_ends_sessions(server: Server, client: Caller, ada: str) -> None:
    elsewhere, _ = sign_in(server)
    caller, answer = sign_in(server)
    csrf = {"x-lakeward-csrf": answer.json()["csrf_token"]}
    assert caller.request(
        "PUT", f"{LAKEWARD}/password", json={"current_password": "wrong", "new_password": PASSWORD * 2}, headers=csrf
    ).status_code in (401, 403)
    body = {"current_password": PASSWORD, "new_password": PASSWORD * 2}
    answer = caller.request("PUT", f"{LAKEWARD}/password", json=body, headers=csrf)
    assert answer.status_code == 200
    assert "Max-Age=0" in answer.headers["set-cookie"]  # the browser knows so at once
    until(401, elsewhere)
    assert sign_in(server)[1].status_code == 401
    assert sign_in(server, password=PASSWORD * 2)[1].status_code == 200


@pytest.mark.parametrize("password", ["", "short", "x" * 1025, "aaaaaaaaaaaaaaaa", "ada@example.org"])
def test_bad_passwords(client: Caller, password: str) -> None:
    made = client.post(f"{SCIM}/Users", userName="ada@example.org")["id"]
    answer = client.refused("PUT", f"{LAKEWARD}/users/{made}/password", {"new_password": password})
    assert (answer.status, answer.code) == (400, "INVALID_PARAMETER_VALUE")


def test_only_administrators_set_the_passwords_of_others(client: Caller, callers, ada: str) -> None:
    for who in ("reader", "editor", "manager", "memberless"):
        answer = getattr(callers, who).refused("PUT", f"{LAKEWARD}/users/{ada}/password", {"new_password": PASSWORD})
        assert answer.status == 403
    robot = client.post(f"{SCIM}/ServicePrincipals", displayName="robot")["id"]
    for nobody in (robot, "3", "999", "x"):
        assert client.refused("PUT", f"{LAKEWARD}/users/{nobody}/password", {"new_password": PASSWORD}).status == 404


# --- guessing


def guess(server: Server, name: str = "ada", address: str = "203.0.113.9", password: str = "wrong") -> int:
    caller = server.caller(x_forwarded_for=address)
    return caller.request("POST", f"{LAKEWARD}/sign-in", json={"name": name, "password": password}).status_code


def test_guessing_is_slowed_on_every_process(server: Server, serving, ada: str) -> None:
    """Also the right password must wait then, and neither another address nor another name does."""
    with serving(beside=server) as other:
        statuses = [guess(each) for each in (server, other) * 6]
        assert statuses[:10] == [401] * 10
        assert 429 in statuses[10:]
        server.sql(
            "UPDATE sign_in_attempt SET blocked_until = now() + interval '1 minute' WHERE key = 'both:ada|203.0.113.9'"
        )
        for each in (server, other):
            assert guess(each, password=PASSWORD) == 429
        answer = server.caller(x_forwarded_for="203.0.113.9").refused(
            "POST", f"{LAKEWARD}/sign-in", {"name": "ada", "password": PASSWORD}
        )
        assert (answer.code, answer.response.headers["retry-after"]) == ("REQUEST_LIMIT_EXCEEDED", "60")
        by_header = server.caller(x_forwarded_for="203.0.113.9", authorization=basic("ada", PASSWORD))
        assert by_header.refused("GET", f"{SCIM}/Me").response.headers["retry-after"] == "1"
        assert "Try again in 60 seconds" in answer.message
        assert guess(server, address="203.0.113.10", password=PASSWORD) == 200
        assert guess(server, name="eve") == 401
        server.sql("UPDATE sign_in_attempt SET blocked_until = now()")
        assert guess(server, password=PASSWORD) == 200
        assert guess(server) == 401  # and after a success one starts anew


def test_the_wait_doubles_and_is_forgotten(server: Server, ada: str) -> None:
    def wait(key: str) -> float:
        return float(server.sql(
            "SELECT extract(epoch FROM blocked_until - last_at)::float8 s FROM sign_in_attempt WHERE key = $1", key
        )[0]["s"])  # fmt: skip

    waits = []
    for failures in (9, 10, 11, 14, 30):
        guess(server)
        server.sql("UPDATE sign_in_attempt SET failures = $1, blocked_until = now()", failures)
        guess(server)
        waits.append(wait("both:ada|203.0.113.9"))
    assert waits == [pytest.approx(each, abs=0.1) for each in (1, 2, 4, 32, 900)]
    server.sql("UPDATE sign_in_attempt SET failures = 500, blocked_until = now()")
    guess(server)
    assert wait("name:ada") == pytest.approx(60, abs=0.1)  # nobody is locked out by others for long
    server.sql("UPDATE sign_in_attempt SET last_at = now() - interval '16 minutes', blocked_until = now()")
    assert guess(server) == 401
    assert guess(server) == 401


def test_many_at_once_get_no_further(server: Server, ada: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(lambda _: guess(server), range(40)))
    assert statuses.count(401) <= 12
    assert statuses.count(429) >= 28


def test_unknown_names_look_like_wrong_passwords(server: Server, ada: str) -> None:
    answers = [
        server.caller(x_forwarded_for="203.0.113.9").refused(
            "POST", f"{LAKEWARD}/sign-in", {"name": n, "password": "w"}
        )
        for n in ("ada", "nobody", "owner", "users", "", "x" * 5000, "a\x00b")
    ]
    assert {each.status for each in answers} <= {401, 400}
    assert answers[0].response.json() | {"request_id": ""} == answers[1].response.json() | {"request_id": ""}
