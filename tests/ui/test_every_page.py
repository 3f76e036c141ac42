"""What every page owes: readable on a phone; a picture for the docs; and some of it by keys alone."""

from collections.abc import Callable

import pytest
from assistant import Assistant
from pages import PAGES, visit
from playwright.sync_api import Page, expect
from world import World

from server import Server

PHONE = {"width": 390, "height": 844}
NOT_SHOWN = {"settings-system"}  # it is about the machine


def test_a_phone_shows_every_page(tab: Callable[..., Page], made: World, shop: Assistant) -> None:
    """Nothing is wider than the screen, and the menu opens."""
    page = tab(viewport=PHONE, is_mobile=True, has_touch=True)
    for name in PAGES:
        visit(page, made, shop, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def test_a_phone_shows_more_than_tools(tab: Callable[..., Page], made: World, shop: Assistant) -> None:
    page = tab(viewport=PHONE, is_mobile=True, has_touch=True)
    visit(page, made, shop, "run-charts")
    card = page.get_by_role("figure", name="lr", exact=True).bounding_box()
    assert card
    assert card["y"] + card["height"] < PHONE["height"], "a whole chart fits below the tools"
    visit(page, made, shop, "charts")
    page.get_by_role("button", name="Horizontal axis").click()
    choice = page.get_by_role("button", name="Time of day").bounding_box()
    assert choice
    assert 0 <= choice["y"] <= PHONE["height"] - choice["height"], "menus are not cut off"
    page.keyboard.press("Escape")
    page.mouse.wheel(0, 600)
    expect(page.get_by_role("heading", level=1)).not_to_be_in_viewport()  # the head makes room
    expect(page.get_by_role("button", name="Log scale")).to_be_in_viewport()
    visit(page, made, shop, "compare")
    heads = page.get_by_role("region", name="Comparison").get_by_role("columnheader").filter(has_text="Finished")
    expect(heads.nth(2).locator(".status")).to_be_in_viewport(ratio=0.9)


def test_keys_alone_reach_a_run(page: Page, made: World, shop: Assistant) -> None:
    visit(page, made, shop, "experiments")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("digit-class")
    expect(page.get_by_role("option").first).to_contain_text("digit-classifier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid", name="Runs")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("complementary")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_screenshots(
    request: pytest.FixtureRequest,
    signed_in: Callable[..., Page],
    server: Server,
    made: World,
    shop: Assistant,
    picture: Callable[[Page, str], None],
    colours: str,
) -> None:
    """With `--screenshots` (make screenshots) these become docs/ui; without, that they can be made."""
    token = server.token("ana@example.org", admin=True)  # from elsewhere: whoever is here sees paths of this machine
    page = signed_in(token, color_scheme=colours, viewport={"width": 1280, "height": 760})
    names = [name for name in PAGES if name not in NOT_SHOWN] if request.config.getoption("--screenshots") else ["runs"]
    for name in names:
        visit(page, made, shop, name)
        page.wait_for_timeout(250)
        picture(page, f"{name}-{colours}")
