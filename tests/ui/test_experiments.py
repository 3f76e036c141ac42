"""Experiments: made, found, renamed, tagged, thrown away and taken back; the wait for a first run."""

import re

from playwright.sync_api import Page, expect
from world import World

from lakeward_up import wait_until
from server import Server


def names(server: Server, view: str = "ACTIVE_ONLY") -> set[str]:
    return {each["name"] for each in server.local.post("experiments/search", view_type=view)["experiments"]}


def test_from_its_making_to_its_first_run(page: Page, server: Server, console: list[str]) -> None:
    page.goto("/ml/experiments")
    page.get_by_role("button", name="New experiment").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("/Shared/vision/digit-classifier")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("already exists")
    console.clear()  # the refusal
    dialog.get_by_label("Name").fill("/Shared/ui/fresh")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1, name="fresh")).to_be_visible()
    expect(page.get_by_text("Waiting for your first run")).to_be_visible()
    expect(page.get_by_role("figure").nth(1)).to_contain_text('mlflow.set_experiment("/Shared/ui/fresh")')
    run = server.local.run(page.url.rsplit("/", 1)[-1], run_name="the first")
    page.wait_for_url(re.compile(run))
    expect(page.get_by_role("heading", level=1, name="the first")).to_be_visible()


def test_search_sort_and_shared_address(page: Page, made: World) -> None:
    page.goto("/ml/experiments")
    rows = page.get_by_role("table", name="Experiments").get_by_role("row")
    expect(rows.nth(1)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("nlp")
    expect(rows).to_have_count(3)
    page.wait_for_url(re.compile("q=nlp"))
    page.get_by_role("button", name="Order").click()
    page.get_by_role("button", name="Name", exact=True).click()
    expect(rows.nth(1)).to_contain_text("intent-router")
    page.reload()
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("intent-router")


def test_rename_throw_away_take_back(page: Page, server: Server) -> None:
    server.local.experiment("ui/to-rename")
    page.goto("/ml/experiments?q=ui/to-rename")
    page.get_by_role("button", name="Actions for ui/to-rename").click()
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_role("dialog").get_by_label("Name").fill("ui/to-rename-b")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("link", name="to-rename-b").first).to_be_visible()
    assert "ui/to-rename-b" in names(server)
    page.get_by_role("button", name="Actions for ui/to-rename-b").click()
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_role("status").filter(has_text="is in the trash")).to_be_visible()
    assert "ui/to-rename-b" not in names(server)
    page.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("table", name="Experiments").get_by_role("link", name="to-rename-b")).to_be_visible()
    assert "ui/to-rename-b" in names(server)
    page.get_by_role("button", name="Actions for ui/to-rename-b").click()
    page.get_by_role("button", name="Move to trash").click()
    page.get_by_role("button", name="Trash", exact=True).click()
    page.get_by_role("button", name="Actions for ui/to-rename-b").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status").filter(has_text="is back")).to_be_visible()
    wait_until(lambda: "ui/to-rename-b" in names(server))  # the words may still be those of the undo before


def test_tags_in_place(page: Page, server: Server) -> None:
    made = server.local.experiment("ui/tagged", tags=[{"key": "team", "value": "blue"}])
    page.goto(f"/ml/experiments/{made}")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("owner")
    page.get_by_label("Tag value").fill("ana")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("ana", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove tag team").click()
    expect(page.get_by_role("button", name="Remove tag team")).to_have_count(0)
    tags = server.local.get("experiments/get", experiment_id=made)["experiment"]["tags"]
    assert tags == [{"key": "owner", "value": "ana"}]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Remove tag team")).to_be_visible()
