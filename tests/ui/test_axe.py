"""Nothing that axe objects to, on any page, in both colours."""

from collections.abc import Callable

from assistant import Assistant
from pages import PAGES, complaints, darken, visit
from playwright.sync_api import Page, expect
from world import World


def test_axe_objects_to_nothing(tab: Callable[..., Page], made: World, shop: Assistant) -> None:
    page = tab(color_scheme="light")
    found = {}
    for name in PAGES:
        visit(page, made, shop, name)
        found[name] = complaints(page)
        darken(page)
        found[f"{name}, dark"] = complaints(page, only="color-contrast")
        page.emulate_media(color_scheme="light")
    assert {name: each for name, each in found.items() if each} == {}


def test_axe_objects_to_nothing_that_opens(page: Page, made: World, shop: Assistant) -> None:
    visit(page, made, shop, "runs")
    page.get_by_role("button", name="Columns").click()
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Filter").fill("metr")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    assert complaints(page) == []


def test_axe_objects_to_no_form(page: Page, made: World, shop: Assistant) -> None:
    for name, button in (
        ("trace", "Assess"),
        ("traces", "Time: All time"),
        ("registered", "Alias"),
        ("registered", "Edit the model's description"),
        ("prompts", "New prompt"),
        ("prompt-chat", "New version"),
    ):
        visit(page, made, shop, name)
        page.get_by_role("button", name=button, exact=True).click()
        assert complaints(page) == [], button
