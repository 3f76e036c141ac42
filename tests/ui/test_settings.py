"""Settings: tokens shown once, people and groups, webhooks, how the server is, and access to an experiment."""

import contextlib
import re
from collections.abc import Callable, Iterator

import pytest
import stock
from pages import complaints
from playwright.sync_api import Page, expect

from lakeward.runtime.http import Role
from receiver import Receiver
from server import Callers, Server

ELSEWHERE = {"x-forwarded-for": "203.0.113.7"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with contextlib.closing(Receiver()) as made:
        yield made


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
    row.get_by_role("button", name="Actions for painters").click()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_service_principals_come_are_locked_out_and_go(page: Page) -> None:
    page.goto("/ml/settings?tab=services")
    services = page.get_by_role("region", name="Service principals")
    services.get_by_role("button", name="New service principal").click()
    page.get_by_role("dialog").get_by_label("Name").fill("nightly-job")
    page.get_by_role("button", name="Create").click()
    row = services.get_by_role("row").filter(has_text="nightly-job")
    row.get_by_role("button", name="Actions for nightly-job").click()
    row.get_by_role("button", name="Lock out").click()
    expect(row).to_contain_text("Locked out")
    row.get_by_role("button", name="Actions for nightly-job").click()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


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
    page.get_by_label("Key", exact=True).fill("api-key")
    page.get_by_label("Value").fill("hush-hush-4711")
    page.get_by_role("button", name="Write", exact=True).click()
    expect(scope).to_contain_text("api-key")
    assert "hush-hush-4711" not in page.content()
    found = server.local.get("/api/2.0/secrets/get", scope="ui-shop", key="api-key")
    assert found["value"] == "aHVzaC1odXNoLTQ3MTE="
    scope.get_by_role("button", name="Delete api-key").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete")).click()
    expect(scope).not_to_contain_text("api-key")
    server.token("sam@example.org", role=Role.USE)
    scope.get_by_role("button", name="Access to ui-shop").click()
    access = page.get_by_role("dialog", name="Access to ui-shop")
    access.get_by_label("User, group or service principal").fill("sam@example.org")
    access.get_by_role("button", name="Give").click()
    take = access.get_by_role("button", name="Take READ from sam@example.org")
    expect(take).to_be_visible()
    assert {"principal": "sam@example.org", "permission": "READ"} in server.local.get(
        "/api/2.0/secrets/acls/list", scope="ui-shop"
    )["items"]
    assert complaints(page) == []
    take.click()
    expect(take).to_have_count(0)
    access.get_by_role("button", name="Done").click()
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
    log.get_by_role("button", name="Only refusals").click()
    page.wait_for_url(re.compile("what=createMlflowExperiment&denied=1"))
    page.reload()
    expect(log.get_by_label("What")).to_have_value("createMlflowExperiment")
    expect(log.get_by_text("No such event")).to_be_visible()
    log.get_by_role("button", name="Only refusals").click()
    log.get_by_role("button", name="Time: All time").click()
    log.get_by_role("button", name="Last hour").click()
    expect(row).to_contain_text("owner")


def test_a_webhook_is_made_tried_out_and_told(page: Page, server: Server, receiver: Receiver) -> None:
    page.goto("/ml/settings?tab=webhooks")
    page.get_by_role("button", name="New webhook").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("ui-hook")
    dialog.get_by_label("URL").fill(receiver.url)
    expect(dialog.get_by_role("button", name="Create")).to_have_attribute("title", "Choose what it hears of")
    dialog.get_by_label("registered_model.created").check()
    dialog.get_by_label("Secret").fill("sesame")
    assert complaints(page) == []
    dialog.get_by_role("button", name="Create").click()
    row = page.get_by_role("row").filter(has_text="ui-hook")
    row.get_by_role("button", name="Actions for ui-hook").click()
    row.get_by_role("button", name="Send an example").click()
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_role("status")).to_contain_text("Taken: the answer was 200")
    dialog.get_by_role("button", name="Cancel").click()
    assert receiver.requests[0][0]["webhook-signature"].startswith("v1,")
    receiver.answers = [503, 200]
    server.local.post("registered-models/create", name="ui-told")
    stock.deliver(server)
    row.get_by_role("button", name="ui-hook", exact=True).click()
    log = page.get_by_role("region", name="What ui-hook was told")
    line = log.get_by_role("row").filter(has_text="registered_model.created")
    expect(line).to_contain_text("Waits")
    expect(line).to_contain_text("1 · 503")
    line.get_by_role("button", name="Send registered_model.created again").click()
    expect(page.get_by_role("status").filter(has_text="It is sent again")).to_be_visible()
    stock.deliver(server)
    log.get_by_role("button", name="Taken").click()
    expect(line).to_contain_text("2 · 200")
    line.get_by_role("button", name="More of this delivery").click()
    expect(log.get_by_text("The answer was 503.")).to_be_visible()
    page.get_by_role("button", name="All webhooks").click()
    row.get_by_role("button", name="Actions for ui-hook").click()
    row.get_by_role("button", name="Turn off").click()
    expect(row).to_contain_text("Off")
    row.get_by_role("button", name="Actions for ui-hook").click()
    row.get_by_role("button", name="Edit").click()
    dialog.get_by_label("run.failed").check()
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("2 events")
    row.get_by_role("button", name="Actions for ui-hook").click()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(row).to_have_count(0)


def test_how_the_server_is(page: Page, server: Server) -> None:
    server.sql(
        "INSERT INTO worker (id, host, pid, seen_at, waiting) VALUES"
        " ('a', 'alpha', 71, now(), '{\"audit_events\": 12}'),"
        " ('b', 'beta', 72, now() - interval '3 minutes', '{}')"
    )
    page.goto("/ml/settings?tab=system")
    workers = page.get_by_role("region", name="Workers")
    expect(workers.get_by_role("listitem").filter(has_text="alpha")).to_contain_text("up for")
    expect(workers.get_by_role("listitem").filter(has_text="beta")).to_contain_text("silent")
    expect(workers).to_contain_text("12 waiting")
    health = page.get_by_role("region", name="Health")
    expect(health).to_contain_text("answers a real query")
    expect(page.get_by_role("meter", name="Disk in use")).to_be_visible()
    expect(page.get_by_role("region", name="Database")).to_contain_text("PostgreSQL")
    calls = page.get_by_role("region", name="The busiest calls").get_by_role("row")
    expect(calls.filter(has_text="/api/").first).to_be_visible()


def test_who_manages_nothing_sees_no_webhooks(
    signed_in: Callable[[str], Page], callers: Callers, console: list[str]
) -> None:
    page = signed_in(callers.reader.headers["authorization"].removeprefix("Bearer "))
    page.goto("/ml/settings?tab=webhooks")
    expect(page.get_by_role("alert")).to_contain_text("MANAGE")
    page.get_by_role("tab", name="System").click()
    expect(page.get_by_role("region", name="Health")).to_contain_text("Object store")
    expect(page.get_by_text("Administrators of the server also see")).to_be_visible()
    console.clear()
