"""Saved views of tables: taken from a menu, saved, changed, renamed, shared and deleted, with the way back."""

import re
from collections.abc import Callable

from pages import complaints
from playwright.sync_api import Page, expect
from world import World

from server import Callers, Server

VIEWS = re.compile("^Views")


def seen(server: Server, experiment: str, table: str = "runs") -> dict[str, tuple[bool, dict[str, str]]]:
    views = server.local.get(f"/api/2.0/lakeward/experiments/{experiment}/views", table=table)["views"]
    return {each["name"]: (each["shared"], each["state"]) for each in views}


def menu(page: Page, item: str | None = None) -> None:
    page.get_by_role("button", name=VIEWS).click()
    if item:
        page.locator(".menu-panel").get_by_role("button", name=item, exact=True).click()


def undo(page: Page, text: str) -> None:
    page.locator(".toast").filter(has_text=text).get_by_role("button", name="Undo").click()


def test_a_view_is_saved_taken_changed_and_shared(page: Page, server: Server, made: World) -> None:
    address = f"/ml/experiments/{made.study}"
    page.goto(
        f"{address}?q=params.family%20%3D%20'convnext'&sort=metrics.latency_ms:asc&cols=name,params.family&pins=name"
    )
    expect(page.get_by_text("7 runs", exact=True)).to_be_visible()
    assert complaints(page) == []
    menu(page)
    assert complaints(page, within=".menu-panel") == []
    page.get_by_role("button", name="Save as a new view").click()
    assert complaints(page) == []
    page.get_by_role("textbox", name="Name").fill("Convnext, quick first")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    button = page.get_by_role("button", name=VIEWS)
    expect(button).to_have_accessible_name("Views: Convnext, quick first")
    quick = {
        "q": "params.family = 'convnext'", "sort": "metrics.latency_ms:asc", "cols": "name,params.family",
        "pins": "name",
    }  # fmt: skip
    assert seen(server, made.study) == {"Convnext, quick first": (False, quick)}

    page.goto(address)
    expect(page.get_by_text("26 runs", exact=True)).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")  # by keys alone
    expect(page.locator(".menu-panel").get_by_role("button", name="Convnext, quick first")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("7 runs", exact=True)).to_be_visible()
    expect(button).to_have_accessible_name("Views: Convnext, quick first")
    page.get_by_role("button", name="Charts", exact=True).click()
    expect(button).to_have_accessible_name("Views: Convnext, quick first · changed")
    menu(page, "Save changes")
    expect(button).to_have_accessible_name("Views: Convnext, quick first")
    assert seen(server, made.study)["Convnext, quick first"][1] == quick | {"mode": "charts"}
    undo(page, "Convnext, quick first saved")
    expect(button).to_have_accessible_name("Views: Convnext, quick first · changed")
    menu(page, "Back to what was saved")
    expect(button).to_have_accessible_name("Views: Convnext, quick first")
    expect(page.get_by_role("grid", name="Runs")).to_be_visible()

    menu(page, "Rename")
    page.get_by_role("textbox", name="Name").fill("Quick")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(button).to_have_accessible_name("Views: Quick")
    menu(page, "Share it")
    expect(page.get_by_text("Quick: Shared with everybody")).to_be_visible()
    page.wait_for_url(re.compile("saved=shared%3AQuick"))
    assert seen(server, made.study) == {"Quick": (True, quick)}
    menu(page, "Delete")
    expect(button).to_have_accessible_name("Views")
    assert seen(server, made.study) == {}
    undo(page, "Quick deleted")
    expect(button).to_have_accessible_name("Views: Quick")
    assert seen(server, made.study) == {"Quick": (True, quick)}
    menu(page, "Leave the view")
    expect(page.get_by_text("26 runs", exact=True)).to_be_visible()


def test_a_reader_takes_shared_views_and_has_his_own(
    signed_in: Callable[..., Page], server: Server, callers: Callers, made: World
) -> None:
    path = f"/api/2.0/lakeward/experiments/{made.study}/shared-views/runs/Failures"
    server.local.call("PUT", path, json={"state": {"q": "attributes.status = 'FAILED'"}})
    page = signed_in(callers.reader.headers["authorization"].removeprefix("Bearer "))
    page.goto(f"/ml/experiments/{made.study}")
    menu(page, "Failures")
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    menu(page)
    for item in ("Rename", "Make it yours alone", "Delete"):
        expect(page.get_by_role("button", name=item)).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Save as a new view").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("checkbox")).to_be_disabled()
    dialog.get_by_role("textbox", name="Name").fill("Mine")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name=VIEWS)).to_have_accessible_name("Views: Mine")
    assert "Mine" not in seen(server, made.study)
    server.local.call("DELETE", path)


def test_views_of_traces(page: Page, server: Server, shop) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces?q=status%20%3D%20'ERROR'")
    expect(page.get_by_role("grid", name="Traces")).to_be_visible()
    menu(page, "Save as a new view")
    page.get_by_role("textbox", name="Name").fill("Errors")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name=VIEWS)).to_have_accessible_name("Views: Errors")
    assert seen(server, shop.experiment, "traces")["Errors"][1]["q"] == "status = 'ERROR'"
    assert seen(server, shop.experiment) == {}
    undo(page, "Errors saved")
    expect(page.get_by_role("button", name=VIEWS)).to_have_accessible_name("Views")
    assert seen(server, shop.experiment, "traces") == {}
