"""What every page owes: nothing axe objects to, in both colours; readable on a phone; a picture for the docs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from assistant import Assistant
from playwright.sync_api import Page, expect
from world import World

PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# name: (address, what is there when the page is)
PAGES = {
    "home": ("/", "region[Runs]"),
    "experiments": ("/ml/experiments", "table[Experiments]"),
    "runs": ("/ml/experiments/{e}", "grid[Runs]"),
    "peek": ("/ml/experiments/{e}?peek={r}", "complementary[Run convnext-01]"),
    "charts": ("/ml/experiments/{e}?mode=charts&smooth=0.3", "region[train]"),
    "run": ("/ml/experiments/{e}/runs/{r}", "region[Params]"),
    "run-charts": ("/ml/experiments/{e}/runs/{r}?tab=metrics&smooth=0.6", "region[train]"),
    "artifacts": ("/ml/experiments/{e}/runs/{r}?tab=artifacts&file=mistakes.json", "region[mistakes.json]"),
    "compare": ("/ml/experiments/{e}/compare?runs={some}", "region[Comparison]"),
    "parallel": ("/ml/experiments/{e}/compare?runs={all}&tab=parallel", "img[Parallel coordinates of the runs]"),
    "scatter": (
        "/ml/experiments/{e}/compare?runs={all}&tab=scatter&sx=metrics.latency_ms&sy=metrics.test/accuracy",
        "img[test/accuracy against latency_ms]",
    ),
    "models": ("/ml/experiments/{e}/models", "region[Models]"),
    "model": ("/ml/experiments/{e}/models/{m}", "region[Metrics]"),
    "first-run": ("/ml/experiments/{empty}", "region[Log a first run]"),
    "traces": ("/ml/experiments/{shop}/traces", "grid[Traces]"),
    "trace-peek": ("/ml/experiments/{shop}/traces?peek={t}", "complementary[Trace answer]"),
    "trace": ("/ml/experiments/{shop}/traces/{t}", "tree[Spans]"),
    "trace-timeline": ("/ml/experiments/{shop}/traces/{failed}?layout=timeline&span={span}", "region[Events]"),
    "sessions": ("/ml/experiments/{shop}/sessions", "region[Sessions]"),
    "session": ("/ml/experiments/{shop}/sessions/{session}", "region[Conversation]"),
    "overview": ("/ml/experiments/{shop}/overview", "region[By name]"),
    "first-trace": ("/ml/experiments/{empty}/traces", "region[Send a first trace]"),
    "registry": ("/ml/models", "region[Models]"),
    "registered": ("/ml/models/{name}", "region[Version 6]"),
    "versions-compared": ("/ml/models/{name}?version=6&against=4", "region[Comparison]"),
    "prompts": ("/ml/prompts", "region[Prompts]"),
    "prompt": ("/ml/prompts/{prompt}", "region[Template]"),
    "prompt-chat": ("/ml/prompts/{prompt}-chat", "region[Template]"),
    "prompt-diff": ("/ml/prompts/{prompt}?version=3&against=2", "figure[Version 2 → 3]"),
    "settings": ("/ml/settings", "region[Workspaces]"),
}  # fmt: skip


def visit(page: Page, made: World, shop: Assistant, name: str) -> None:
    address, sign = PAGES[name]
    ids = {
        "e": made.study, "r": made.best, "m": made.models[1], "empty": made.empty, "some": ",".join(made.runs[:4]),
        "all": ",".join(made.runs), "shop": shop.experiment, "t": shop.rich, "failed": shop.failed,
        "span": shop.failing, "session": shop.session, "name": shop.model, "prompt": shop.prompt,
    }  # fmt: skip
    page.goto(address.format(**ids))
    role, _, label = sign.rstrip("]").partition("[")
    expect(page.get_by_role(role, name=label)).to_be_visible()
    expect(page.locator(".skeleton, .chart-wait")).to_have_count(0)


def complaints(page: Page, *, only: str = "") -> list[str]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text("utf-8"))
    chosen = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": RULES}
    options = {"runOnly": chosen, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found
        for node in each["nodes"][:3]
    ]


def darken(page: Page) -> None:
    """Ask for dark colours, and wait until every part has them: a busy machine draws late."""
    page.emulate_media(color_scheme="dark")
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    page.wait_for_function("() => !document.getAnimations().some(each => each instanceof CSSTransition)")


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


def test_a_phone_shows_every_page(tab: Callable[..., Page], made: World, shop: Assistant) -> None:
    """Nothing is wider than the screen, and the menu opens."""
    page = tab(viewport=PHONE, is_mobile=True, has_touch=True)
    for name in PAGES:
        visit(page, made, shop, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()


def test_keys_alone_reach_a_run(page: Page, made: World, shop: Assistant) -> None:
    visit(page, made, shop, "experiments")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("digit")
    expect(page.get_by_role("option").first).to_contain_text("digit-classifier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid", name="Runs")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("complementary")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_screenshots(
    request: pytest.FixtureRequest,
    tab: Callable[..., Page],
    made: World,
    shop: Assistant,
    picture: Callable[[Page, str], None],
    colours: str,
) -> None:
    """With `--screenshots` (make screenshots) these become docs/ui; without, that they can be made."""
    page = tab(color_scheme=colours, viewport={"width": 1280, "height": 760})
    names = list(PAGES) if request.config.getoption("--screenshots") else ["runs"]
    for name in names:
        visit(page, made, shop, name)
        page.wait_for_timeout(250)
        picture(page, f"{name}-{colours}")
