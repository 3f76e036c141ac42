"""Single sign-on against a real, certified OpenID provider: who comes in and who does not, groups, what may be forged.

The provider runs on loopback, which is a private address: that it may be called is the setting's own word.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import openid_provider
from lakeward.identity.openid import SignInRefused, check_claims
from lakeward.identity.single_sign_on import safe_address
from lakeward.runtime.settings import SettingError, load
from openid_provider import ELSEWHERE, OpenIdProvider, Visitor, problem
from server import Caller, Server

LAKEWARD = "/api/2.0/lakeward"
SCIM = "/api/2.0/preview/scim/v2"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider.running() as started:
        yield started


@pytest.fixture(scope="module")
def server(serving: Callable[..., AbstractContextManager[Server]], provider: OpenIdProvider) -> Iterator[Server]:
    """Users are made, and groups follow the claim `groups`."""
    groups = ["/teams/vision=vision", "/admins=admins", "cn=all,ou=x=everyone"]
    given = {"oidc_create_users": True, "oidc_groups_claim": "groups", "oidc_groups": groups}
    with serving(**provider.settings, oidc_scopes=["profile", "email", "groups"], **given) as started:
        provider.serve(started)
        yield started


@pytest.fixture
def visitor(server: Server, provider: OpenIdProvider) -> Iterator[Visitor]:
    made = Visitor(server, provider)
    yield made
    made.close()


def person(name: str, **claims: Any) -> dict[str, Any]:
    return {name: {"email": f"{name}@example.org", "email_verified": True, "name": name.title(), **claims}}


def groups_of(client: Caller, name: str) -> set[str]:
    [found] = client.get(f"{SCIM}/Users", filter=f'userName eq "{name}@example.org"')["Resources"]
    return {each["display"] for each in found.get("groups", [])} - {"users"}


def events(client: Caller, **search: Any) -> list[dict[str, Any]]:
    """Of the audit log, once they are there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = client.get(f"{LAKEWARD}/audit", service_name="accounts", **search)["events"]
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no event {search}")


def test_somebody_comes_in(server: Server, client: Caller, provider: OpenIdProvider, visitor: Visitor) -> None:
    provider.change(accounts=person("ada", given_name="Ada"))
    assert visitor.get(f"{LAKEWARD}/sign-in").json() == {"password": False, "provider": "Example ID"}
    assert visitor.who() is None
    asked = parse_qs(urlsplit(visitor.leave()).query)
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert asked["redirect_uri"] == [f"{server.url}/sso/callback"]
    done = visitor.sign_in("ada", "/ml/settings?tab=tokens")
    assert (done.status_code, done.headers["location"]) == (303, "/ml/settings?tab=tokens")
    cookie = done.headers["set-cookie"]
    assert re.fullmatch(r"lakeward_session=lkc_[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200", cookie)
    who = visitor.who()
    assert who is not None
    assert (who["name"], who["by"], who["is_admin"]) == ("ada@example.org", "SESSION", False)
    [user] = client.get(f"{SCIM}/Users", filter='userName eq "ada@example.org"')["Resources"]
    assert (user["displayName"], user["name"]["givenName"]) == ("Ada", "Ada")
    # what changes something still says the CSRF token
    refused = visitor.http.post(f"{server.url}{LAKEWARD}/sign-out")
    assert (refused.status_code, refused.json()["error_code"]) == (403, "CSRF_TOKEN_WRONG")
    left = visitor.http.post(f"{server.url}{LAKEWARD}/sign-out", headers={"x-lakeward-csrf": who["csrf_token"]})
    assert left.status_code == 200
    assert visitor.who() is None
    [event] = events(client, action_name="login", principal="ada@example.org")
    assert (event["status_code"], event["request_params"]["user_name"]) == (303, "ada@example.org")


def test_the_same_person_by_another_name(client: Caller, provider: OpenIdProvider, visitor: Visitor) -> None:
    """The subject decides: an address that goes to somebody else takes nothing along."""
    provider.change(accounts=person("bea"))
    assert visitor.sign_in("bea").headers["location"] == "/"
    provider.change(accounts={"bea": {"email": "married@example.org", "email_verified": True}})
    visitor.http.cookies.clear()
    assert visitor.sign_in("bea").headers["location"] == "/"
    assert visitor.who()["name"] == "bea@example.org"  # type: ignore[index]
    provider.change(accounts={"another": {"email": "bea@example.org", "email_verified": True}})
    visitor.http.cookies.clear()
    assert problem(visitor.sign_in("another")) == "SSO_UNKNOWN_USER"
    event = events(client, action_name="login", denied=True)[0]
    assert (event["status_code"], event["error_code"]) == (403, "SSO_UNKNOWN_USER")
    assert event["request_params"]["user_name"] == "bea@example.org"
    assert event["source_ip_address"]


def test_groups_come_and_go_with_the_provider(client: Caller, provider: OpenIdProvider, visitor: Visitor) -> None:
    for name in ("vision", "everyone", "by-hand", "/teams/vision"):
        client.post(f"{SCIM}/Groups", displayName=name)
    for groups, expected in (
        (["/teams/vision", "cn=all,ou=x", "by-hand", 7], {"vision", "everyone"}),
        (["/admins"], {"admins"}),
        ("/teams/vision", {"vision"}),
        ([], set()),
        (["/teams/vision"], {"vision"}),
        (None, set()),
    ):
        provider.change(accounts=person("cleo", groups=groups))
        visitor.http.cookies.clear()
        assert visitor.sign_in("cleo").headers["location"] == "/"
        assert groups_of(client, "cleo") == expected
        assert visitor.who()["is_admin"] is ("admins" in expected)  # type: ignore[index]
    changes = events(client, action_name="followGroups")
    assert {"user_name": "cleo@example.org", "added": ["admins"], "removed": ["everyone", "vision"]} in [
        each["request_params"] for each in changes
    ]


def test_groups_that_people_gave_stay(client: Caller, provider: OpenIdProvider, visitor: Visitor) -> None:
    [vision] = client.get(f"{SCIM}/Groups", filter='displayName eq "vision"')["Resources"]
    provider.change(accounts=person("dora"))
    visitor.sign_in("dora")
    [dora] = client.get(f"{SCIM}/Users", filter='userName eq "dora@example.org"')["Resources"]
    add = {"op": "add", "path": "members", "value": [{"value": dora["id"]}]}
    client.call("PATCH", f"{SCIM}/Groups/{vision['id']}", json={"Operations": [add]})
    for groups in (["/teams/vision"], []):
        provider.change(accounts=person("dora", groups=groups))
        visitor.http.cookies.clear()
        visitor.sign_in("dora")
        assert groups_of(client, "dora") == {"vision"}


def test_whoever_is_deactivated_stays_out(client: Caller, provider: OpenIdProvider, visitor: Visitor) -> None:
    provider.change(accounts=person("emil"))
    assert visitor.sign_in("emil").headers["location"] == "/"
    [emil] = client.get(f"{SCIM}/Users", filter='userName eq "emil@example.org"')["Resources"]
    off = {"op": "replace", "path": "active", "value": False}
    client.call("PATCH", f"{SCIM}/Users/{emil['id']}", json={"Operations": [off]})
    visitor.http.cookies.clear()
    assert problem(visitor.sign_in("emil")) == "SSO_INACTIVE"


def test_addresses_that_nobody_verified(provider: OpenIdProvider, visitor: Visitor) -> None:
    """Whoever may write any address into a profile elsewhere is not its owner here."""
    for claims in ({"email_verified": False}, {"email_verified": None}, {"email_verified": "false"}):
        provider.change(accounts=person("fay", **claims))
        assert problem(visitor.sign_in("fay")) == "SSO_UNVERIFIED_EMAIL"
    for name in ("owner", "token"):
        provider.change(accounts={name: {"email": name, "email_verified": True}})
        assert problem(visitor.sign_in(name)) == "SSO_UNKNOWN_USER"
    provider.change(accounts={"mute": {"name": "Mute"}})
    assert problem(visitor.sign_in("mute")) == "SSO_NOT_SET_UP"


def test_an_answer_counts_once_and_in_its_own_browser(
    server: Server, provider: OpenIdProvider, visitor: Visitor
) -> None:
    provider.change(accounts=person("gil"))
    back = visitor.answer(visitor.leave(), "gil")
    other = Visitor(server, provider)
    assert problem(other.get(back)) == "SSO_EXPIRED"  # somebody was made to open the answer of another one
    other.close()
    assert problem(visitor.get(back)) == "SSO_EXPIRED"  # and that ended it
    back = visitor.answer(visitor.leave(), "gil")
    assert visitor.get(back).headers["location"] == "/"
    assert problem(visitor.get(back)) == "SSO_EXPIRED"
    assert problem(visitor.get("/sso/callback?code=x&state=made-up")) == "SSO_EXPIRED"
    assert problem(visitor.get("/sso/callback")) == "SSO_EXPIRED"
    late = visitor.answer(visitor.leave(), "gil")
    server.sql("UPDATE sso_attempt SET expires_at = now()")
    assert problem(visitor.get(late)) == "SSO_EXPIRED"


def test_the_provider_says_no(provider: OpenIdProvider, visitor: Visitor) -> None:
    provider.change(accounts=person("hal"))
    assert problem(visitor.sign_in("hal", cancel="1")) == "SSO_REFUSED"
    stranger = visitor.answer(visitor.leave(), "hal").replace("&iss=", "&iss=http%3A%2F%2Fevil.example&x=")
    assert "evil.example" in stranger
    assert problem(visitor.get(stranger)) == "SSO_INVALID"


@pytest.mark.parametrize(
    "forge",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"aud": ["lakeward-tests", "somebody-else"]}},
        {"claims": {"azp": "somebody-else"}},
        {"claims": {"iss": "http://evil.example"}},
        {"claims": {"exp": 1_700_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"nbf": 4_000_000_000}},
        {"claims": {"iat": 4_000_000_000}},
        {"claims": {"sub": "ina"}},
        {"alg": "none"},
        {"alg": "HS256"},
        {"stranger": True},
        {"kid": "unheard-of"},
    ],
    ids=lambda forge: " ".join(f"{key}={value}" for key, value in forge.items()),
)
def test_a_token_that_is_not_right(provider: OpenIdProvider, visitor: Visitor, forge: dict[str, Any]) -> None:
    provider.change(accounts=person("ike"), forge=forge)
    assert problem(visitor.sign_in("ike")) == "SSO_INVALID"
    assert visitor.who() is None
    assert visitor.sign_in("ike").headers["location"] == "/"


def test_keys_are_remembered_and_may_change(provider: OpenIdProvider, visitor: Visitor) -> None:
    provider.change(accounts=person("jo", groups=[]), rotate=True, tokenClaims=True)
    try:
        for _ in range(2):
            assert visitor.sign_in("jo").headers["location"] == "/"
        seen = provider.asked("/jwks"), provider.asked("/me")
        assert visitor.sign_in("jo").headers["location"] == "/"
        assert (provider.asked("/jwks"), provider.asked("/me")) == seen
        provider.change(rotate=True)
        assert visitor.sign_in("jo").headers["location"] == "/"
        assert provider.asked("/jwks") == seen[0] + 1
    finally:
        provider.change(tokenClaims=False)


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\tx", "javascript:alert(1)",
     "evil.example", "", "/" + "x" * 3000, "/ä"],
    ids=["two slashes", "url", "backslash", "backslashes", "tab", "script", "name", "nothing", "long", "not ascii"],
)  # fmt: skip
def test_nobody_is_led_to_another_site(provider: OpenIdProvider, visitor: Visitor, back: str) -> None:
    assert safe_address(back) == "/"
    if len(back) < 100:
        provider.change(accounts=person("kim"))
        assert visitor.sign_in("kim", back).headers["location"] == "/"


def test_programs_sign_in_the_same_way(server: Server, provider: OpenIdProvider, visitor: Visitor) -> None:
    """`lakeward login` and `databricks-sdk` open the browser, which asks whoever it is, and goes on from there."""
    provider.change(accounts=person("lea"))
    asked = (
        "/oidc/v1/authorize?client_id=lakeward&response_type=code&scope=all-apis&state=s"
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F&code_challenge=" + "x" * 43 + "&code_challenge_method=S256"
    )
    led = visitor.get(asked)
    assert led.status_code == 303
    page = urlsplit(led.headers["location"])
    assert (page.path, page.netloc) == ("/ml/sign-in", "")
    going = parse_qs(page.query)["next"][0]
    assert going == asked
    assert visitor.get(asked, accept="application/json").status_code == 401
    back = visitor.get(visitor.sign_in("lea", going).headers["location"])
    assert back.status_code == 302
    assert back.headers["location"].startswith("http://127.0.0.1:1/?code=")


def test_what_pages_ask_makes_the_browser_ask_nothing(server: Server) -> None:
    """With Basic on offer a browser would open a window of its own for a password."""
    caller = server.caller(x_forwarded_for=ELSEWHERE)
    for headers, schemes in (({"x-lakeward-csrf": ""}, {"Bearer"}), ({}, {"Bearer", "Basic"})):
        answer = caller.request("GET", f"{LAKEWARD}/whoami", headers=headers)
        assert answer.status_code == 401
        assert set(re.findall(r"(\w+) realm", answer.headers["www-authenticate"])) == schemes


# --- other settings


def test_only_those_who_are_known_and_of_a_domain(
    serving: Callable[..., AbstractContextManager[Server]], provider: OpenIdProvider, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not yet\n")
    given = provider.settings | {"oidc_client_secret": None, "oidc_client_secret_file": str(secret)}
    given |= {"oidc_allowed_domains": ["Example.org"], "oidc_user_claim": "preferred_username"}
    with serving(**given, oidc_groups_claim="realm.roles", oidc_scopes=["profile", "email", "groups"]) as server:
        provider.serve(server)
        visitor = Visitor(server, provider)
        for name in ("vision", "admins-of-nothing"):
            server.local.post(f"{SCIM}/Groups", displayName=name)
        provider.change(accounts=person("mia", preferred_username="Mia", realm={"roles": ["vision", "admins", "x"]}))
        assert problem(visitor.sign_in("mia")) == "SSO_NOT_SET_UP"  # the secret is wrong
        secret.write_text(f"{openid_provider.CLIENT['client_secret']}\n")
        assert problem(visitor.sign_in("mia")) == "SSO_UNKNOWN_USER"
        mia = server.local.post(f"{SCIM}/Users", userName="mia")
        assert visitor.sign_in("mia").headers["location"] == "/"
        assert visitor.who()["name"] == "mia"  # type: ignore[index]
        held = server.local.get(f"{SCIM}/Users/{mia['id']}")["groups"]
        assert {each["display"] for each in held} == {"users", "vision"}  # and not admins, because of a name alone
        visitor.http.cookies.clear()
        elsewhere = {"email": "mia@example.org.evil.example", "email_verified": True, "preferred_username": "mia"}
        twice = elsewhere | {"email": "mia@evil.example@example.org"}
        for claims in (elsewhere, twice, elsewhere | {"email": "mia@example.org", "email_verified": False}, {}):
            provider.change(accounts={"mia": claims})
            assert problem(visitor.sign_in("mia")) in ("SSO_DOMAIN", "SSO_UNVERIFIED_EMAIL")
        visitor.close()


def test_a_provider_that_is_down_keeps_nobody_else_out(
    serving: Callable[..., AbstractContextManager[Server]], provider: OpenIdProvider
) -> None:
    with serving(**provider.settings | {"oidc_issuer": "http://127.0.0.1:9"}) as server:
        visitor = Visitor(server, provider)
        assert problem(visitor.get("/sso/sign-in?next=/ml/settings")) == "SSO_UNREACHABLE"
        nora = server.local.post(f"{SCIM}/Users", userName="nora")["id"]
        server.local.call("PUT", f"{LAKEWARD}/users/{nora}/password", json={"new_password": PASSWORD})
        answer = visitor.http.post(f"{server.url}{LAKEWARD}/sign-in", json={"name": "nora", "password": PASSWORD})
        assert answer.status_code == 200
        assert visitor.who()["name"] == "nora"  # type: ignore[index]
        visitor.close()


def test_without_a_provider_there_is_no_way(
    client: Caller, serving: Callable[..., AbstractContextManager[Server]]
) -> None:
    with serving() as server:
        assert server.local.get(f"{LAKEWARD}/sign-in") == {"password": False, "provider": None}
        for path in ("/sso/sign-in", "/sso/callback"):
            answer = server.local.request("GET", path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/ml/sign-in?problem=SSO_")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"oidc_issuer": "https://id.example.org"}, "oidc_client_id"),
        ({"oidc_issuer": "http://id.example.org", "oidc_client_id": "x"}, "https"),
        ({"oidc_issuer": "id.example.org", "oidc_client_id": "x"}, "https"),
        ({"oidc_issuer": "https://id.example.org?x", "oidc_client_id": "x"}, "https"),
        ({"oidc_groups": "vision"}, "ml-team=forecasting"),
    ],
)
def test_settings_that_cannot_work(tmp_path: Path, given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        load({"data": str(tmp_path)} | given, {})
    both = {"oidc_issuer": "https://id.example.org", "oidc_client_id": "x", "oidc_client_secret_file": "x"}
    with pytest.raises(SettingError, match="twice") as raised:
        load({"data": str(tmp_path), "oidc_client_secret": "sesame"} | both, {})
    assert "sesame" not in raised.value.message
    shown = repr(load({"data": str(tmp_path), "oidc_client_secret": "sesame"}, {}))
    assert "sesame" not in shown


def test_clocks_may_differ_a_little() -> None:
    good = {"iss": "i", "aud": "c", "sub": "s", "nonce": "n", "iat": 1000, "exp": 1300}
    for now in (941, 1000, 1359):
        check_claims(good, issuer="i", client_id="c", nonce="n", now=now)
    for now in (939, 1361):
        with pytest.raises(SignInRefused):
            check_claims(good, issuer="i", client_id="c", nonce="n", now=now)
