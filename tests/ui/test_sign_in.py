"""Coming in: with a password, by single sign-on at a real provider, and coming back when a session has ended."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from pages import complaints, darken
from playwright.sync_api import Page, expect

import openid_provider
from lakeward.runtime.http import Role
from openid_provider import OpenIdProvider
from server import Server

LAKEWARD = "/api/2.0/lakeward"
SCIM = "/api/2.0/preview/scim/v2"
PASSWORD = "correct horse battery"
ELSEWHERE = {"x-forwarded-for": "203.0.113.31"}


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider.running() as started:
        yield started


@pytest.fixture(scope="module")
def gate(
    browser: object, serving: Callable[..., AbstractContextManager[Server]], provider: OpenIdProvider
) -> Iterator[Server]:
    """A server with a provider, and a user who has a password."""
    with serving(**provider.settings, oidc_create_users=True) as started:
        provider.serve(started)
        user(started)
        yield started


def user(server: Server) -> str:
    made = server.local.call("POST", f"{SCIM}/Users", json={"userName": "ada"})["id"]
    server.local.call(
        "PUT", f"/api/2.0/preview/permissionassignments/principals/{made}", json={"permissions": ["USER"]}
    )
    server.local.call("PUT", f"{LAKEWARD}/users/{made}/password", json={"new_password": PASSWORD})
    return made


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def fill_in(page: Page, password: str = PASSWORD, name: str = "ada") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_with_a_name_and_a_password(tab: Callable[..., Page], gate: Server, console: list[str]) -> None:
    page = tab(base_url=gate.url, extra_http_headers=ELSEWHERE)
    page.goto("/ml/experiments?q=cats")
    heading(page, "Sign in to Lakeward")
    fill_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    expect(page.get_by_label("Name")).to_have_value("ada")
    fill_in(page)
    heading(page, "Experiments")
    assert page.url.endswith("/ml/experiments?q=cats")
    page.reload()
    heading(page, "Experiments")
    page.get_by_role("button", name="New experiment").click()  # a change, which says the CSRF token
    page.get_by_role("dialog").get_by_label("Name").fill("cats")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("link", name="cats").first).to_be_visible()
    page.get_by_role("button", name="Signed in as ada").click()
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in to Lakeward")
    assert page.context.cookies() == []
    console[:] = [each for each in console if "401" not in each]


def test_guessing_is_slowed_and_says_so(tab: Callable[..., Page], gate: Server, console: list[str]) -> None:
    guesser = gate.caller(x_forwarded_for="203.0.113.32")
    for _ in range(11):
        guesser.request("POST", f"{LAKEWARD}/sign-in", json={"name": "ada", "password": "wrong"})
    gate.sql("UPDATE sign_in_attempt SET blocked_until = now() + interval '40 seconds' WHERE key LIKE 'both:%113.32'")
    page = tab(base_url=gate.url, extra_http_headers={"x-forwarded-for": "203.0.113.32"})
    page.goto("/")
    fill_in(page)
    alert = page.get_by_role("alert")
    expect(alert).to_have_text(re.compile(r"Too many wrong passwords\. Try again in \d+ seconds"))
    before = alert.inner_text()
    expect(alert).not_to_have_text(before)  # it counts down
    expect(page.get_by_role("button", name="Sign in")).to_have_attribute("aria-disabled", "true")
    console[:] = [each for each in console if "401" not in each and "429" not in each]


def test_a_password_is_set_by_an_administrator_and_changed_by_oneself(
    tab: Callable[..., Page], gate: Server, console: list[str]
) -> None:
    gate.token("bea", role=Role.USE)
    owner = tab(base_url=gate.url)
    owner.goto("/ml/settings?tab=users")
    owner.get_by_role("button", name="Actions for bea", exact=True).click()
    owner.get_by_role("button", name="Set a password").click()
    owner.get_by_role("dialog").get_by_label("New password").fill(PASSWORD)
    owner.get_by_role("dialog").get_by_role("button", name="Set", exact=True).click()
    expect(owner.get_by_role("dialog")).to_have_count(0)
    page = tab(base_url=gate.url, extra_http_headers=ELSEWHERE)
    page.goto("/ml/settings")
    fill_in(page, name="bea")
    page.get_by_role("button", name="Change your password").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Current password").fill("wrong")
    dialog.get_by_label("New password").fill("another horse battery")
    dialog.get_by_role("button", name="Change").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_role("button", name="Change").click()
    heading(page, "Sign in to Lakeward")
    fill_in(page, "another horse battery", name="bea")
    heading(page, "Settings")
    console[:] = [each for each in console if "401" not in each and "403" not in each]


def test_a_session_that_ends_while_a_page_is_open(tab: Callable[..., Page], gate: Server, console: list[str]) -> None:
    page = tab(base_url=gate.url, extra_http_headers=ELSEWHERE)
    page.goto("/ml/settings")
    fill_in(page)
    heading(page, "Settings")
    gate.sql("DELETE FROM access_token WHERE kind = 'SESSION'")
    page.wait_for_timeout(1100)  # that is how long the server remembers
    page.get_by_role("tab", name="Access tokens").click()
    heading(page, "Sign in to Lakeward")
    assert page.url.endswith("/ml/settings?tab=tokens")
    fill_in(page)
    expect(page.get_by_role("region", name="Access tokens")).to_be_visible()
    console[:] = [each for each in console if "401" not in each]


def test_another_tab_signs_in_anew(tab: Callable[..., Page], gate: Server, console: list[str]) -> None:
    page = tab(base_url=gate.url, extra_http_headers=ELSEWHERE)
    page.goto("/ml/experiments")
    fill_in(page)
    heading(page, "Experiments")
    other = page.context.new_page()
    other.goto("/ml/sign-in?next=/ml/settings")
    other.wait_for_url("**/ml/settings")  # whoever is in already is led on
    other.get_by_role("button", name="Signed in as ada").click()
    other.get_by_role("button", name="Sign out").click()
    fill_in(other)
    heading(other, "Settings")
    page.get_by_role("button", name="New experiment").click()
    page.get_by_role("dialog").get_by_label("Name").fill("dogs")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("link", name="dogs").first).to_be_visible()
    console[:] = [each for each in console if "401" not in each and "403" not in each]


def test_by_single_sign_on(
    tab: Callable[..., Page], gate: Server, provider: OpenIdProvider, console: list[str]
) -> None:
    provider.change(accounts={"grace": {"email": "grace@example.org", "email_verified": True}})
    page = tab(base_url=gate.url, extra_http_headers=ELSEWHERE)
    page.goto("/ml/settings?tab=tokens")
    page.get_by_role("link", name="Continue with Example ID").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("cancelled")
    page.goto("/ml/settings?tab=tokens")
    page.get_by_role("link", name="Continue with Example ID").click()
    page.get_by_label("Account").fill("grace")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/ml/settings?tab=tokens")
    expect(page.get_by_role("button", name="Signed in as grace@example.org")).to_be_visible()
    console[:] = [each for each in console if "401" not in each]


def test_a_provider_that_is_down(
    tab: Callable[..., Page],
    serving: Callable[..., AbstractContextManager[Server]],
    provider: OpenIdProvider,
    console: list[str],
) -> None:
    with serving(**provider.settings | {"oidc_issuer": "http://127.0.0.1:9"}) as server:
        user(server)
        page = tab(base_url=server.url, extra_http_headers=ELSEWHERE)
        page.goto("/ml/experiments")
        page.get_by_role("link", name="Continue with Example ID").click()
        expect(page.get_by_role("alert")).to_contain_text("does not answer")
        fill_in(page)
        heading(page, "Experiments")
        page.close()
    console[:] = [each for each in console if "401" not in each]


def test_the_page_is_for_everybody(tab: Callable[..., Page], gate: Server, console: list[str]) -> None:
    page = tab(base_url=gate.url, extra_http_headers=ELSEWHERE, viewport={"width": 390, "height": 844})
    page.goto("/ml/sign-in?problem=SSO_EXPIRED&next=//evil.example")
    expect(page.get_by_role("alert")).to_contain_text("Please begin again")
    link = page.get_by_role("link", name="Continue with Example ID")
    expect(link).to_have_attribute("href", "/sso/sign-in?next=%2F")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    darken(page)
    assert complaints(page, only="color-contrast") == []
    page.get_by_role("button", name="Use an access token").click()
    expect(page.get_by_label("Access token")).to_be_focused()
    assert complaints(page) == []
    console[:] = [each for each in console if "401" not in each]
