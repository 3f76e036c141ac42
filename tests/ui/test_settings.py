"""Settings: tokens shown once, people and groups, and who may do what with an experiment."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from lakeward.runtime.http import Role
from server import Callers, Server

ELSEWHERE = {"x-forwarded-for": "203.0.113.7"}


def user(server: Server, name: str) -> str:
    """Somebody who is in the workspace, with a right on nothing."""
    server.token(name, role=Role.USE)
    return name


def test_a_token_is_shown_once_works_and_is_revoked(page: Page, tab: Callable[..., Page], server: Server) -> None:
    page.goto("/ml/settings")
    page.get_by_role("tab", name="Access tokens").click()
    tokens = page.get_by_role("region", name="Access tokens")
    tokens.get_by_role("button", name="New token").click()
    page.get_by_label("What it is for").fill("nightly training")
    page.get_by_label("Valid for").select_option("30 days")
    page.get_by_role("button", name="Create").click()
    value = page.get_by_role("dialog").locator("code").inner_text()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text(value)).to_have_count(0)
    row = tokens.get_by_role("row").filter(has_text="nightly training")
    expect(row).to_be_visible()
    caller = server.caller(authorization=f"Bearer {value}", x_forwarded_for="203.0.113.7")
    assert caller.get("/api/2.0/lakeward/whoami")["name"] == "owner"
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    page.wait_for_timeout(1100)  # that is how long the server remembers
    assert caller.refused("GET", "/api/2.0/lakeward/whoami").status == 401


def test_people_come_are_locked_out_and_go(page: Page, server: Server) -> None:
    page.goto("/ml/settings?tab=users")
    people = page.get_by_role("region", name="Users")
    people.get_by_role("button", name="New user").click()
    page.get_by_role("dialog").get_by_label("User name").fill("dora@example.org")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    people.get_by_label("Find a user").fill("dora")
    row = people.get_by_role("row").filter(has_text="dora@example.org")
    expect(row).to_contain_text("Active")
    row.get_by_role("button", name="Actions for dora@example.org").click()
    row.get_by_role("button", name="Lock out").click()
    expect(row).to_contain_text("Locked out")
    page.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Active")
    row.get_by_role("button", name="Actions for dora@example.org").click()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(people.get_by_text("No user has that name")).to_be_visible()


def test_groups_and_their_members(page: Page, server: Server) -> None:
    user(server, "eve@example.org")
    page.goto("/ml/settings?tab=groups")
    groups = page.get_by_role("region", name="Groups")
    groups.get_by_role("button", name="New group").click()
    page.get_by_role("dialog").get_by_label("Name").fill("painters")
    page.get_by_role("button", name="Create").click()
    row = groups.get_by_role("row").filter(has_text="painters")
    row.get_by_role("button", name="Actions for painters").click()
    row.get_by_role("button", name="Add a member").click()
    page.get_by_role("searchbox", name="Find", exact=True).fill("eve")
    page.get_by_role("radio", name="eve@example.org").check()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(row).to_contain_text("eve@example.org")
    row.get_by_role("button", name="Remove eve@example.org from painters").click()
    expect(row).not_to_contain_text("eve@example.org")


def test_whoever_is_no_administrator_is_told(tab: Callable[..., Page], callers: Callers, console: list[str]) -> None:
    page = tab(extra_http_headers=ELSEWHERE)
    page.goto("/ml/settings?tab=users")
    page.get_by_label("Access token").fill(callers.reader.headers["authorization"].removeprefix("Bearer "))
    page.get_by_role("button", name="Sign in").click()
    new = page.get_by_role("button", name="New user")
    expect(new).to_have_attribute("aria-disabled", "true")
    expect(new).to_have_attribute("title", re.compile("Administrators"))
    console.clear()


def test_access_is_given_explained_and_taken(page: Page, server: Server) -> None:
    user(server, "frida@example.org")
    experiment = server.local.experiment("ui/shared")
    page.goto(f"/ml/experiments/{experiment}")
    page.get_by_role("button", name="Actions for this experiment").click()
    page.get_by_role("button", name="Access").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User, group or service principal").fill("frida@example.org")
    dialog.get_by_label("May", exact=True).select_option("CAN_EDIT")
    dialog.get_by_role("button", name="Give").click()
    row = dialog.get_by_role("row").filter(has_text="frida@example.org")
    expect(row).to_contain_text("given here")
    dialog.get_by_label("Whom it is about").fill("frida@example.org")
    dialog.get_by_role("button", name="Ask").click()
    expect(dialog.get_by_role("status")).to_contain_text("Yes")
    row.get_by_role("button", name="Take Edit from frida@example.org").click()
    expect(row).to_have_count(0)


def test_secrets_are_written_and_never_shown(page: Page, server: Server) -> None:
    page.goto("/ml/settings?tab=secrets")
    secrets = page.get_by_role("region", name="Secrets")
    secrets.get_by_role("button", name="New scope").click()
    page.get_by_role("dialog").get_by_label("Name").fill("ui-shop")
    page.get_by_role("button", name="Create").click()
    scope = page.get_by_role("region", name="ui-shop")
    scope.get_by_role("button", name="Secret", exact=True).click()
    page.get_by_label("Key").fill("api-key")
    page.get_by_label("Value").fill("hush-hush-4711")
    page.get_by_role("button", name="Write", exact=True).click()
    expect(scope).to_contain_text("api-key")
    assert "hush-hush-4711" not in page.content()
    found = server.local.get("/api/2.0/secrets/get", scope="ui-shop", key="api-key")
    assert found["value"] == "aHVzaC1odXNoLTQ3MTE="
    scope.get_by_role("button", name="Delete the scope ui-shop").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(scope).to_have_count(0)


def test_the_audit_log_tells_what_happened(page: Page, server: Server) -> None:
    server.local.experiment("ui/audited")
    page.goto("/ml/settings?tab=audit")
    log = page.get_by_role("region", name="Audit log")
    log.get_by_label("What").fill("createMlflowExperiment")
    row = log.get_by_role("row").filter(has_text="createMlflowExperiment").first
    expect(row).to_contain_text("owner")
    row.get_by_role("button", name="More of this event").click()
    expect(log.get_by_text("user_agent")).to_be_visible()
