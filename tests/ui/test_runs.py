"""The table of runs: found, ordered, chosen, looked at, changed many at a time; and many of them."""

import re

import pytest
from pages import complaints
from playwright.sync_api import Page, expect
from world import World

from server import Server


def grid(page: Page):
    return page.get_by_role("grid", name="Runs")


def first_cell(page: Page):
    """The name in the first row."""
    return grid(page).get_by_role("row").nth(1).get_by_role("link")


def headers(page: Page) -> list[str]:
    return [text.split("\n")[-1] for text in grid(page).get_by_role("columnheader").all_inner_texts() if text.strip()]


def test_filter_with_completion_and_the_servers_words(page: Page, made: World, console: list[str]) -> None:
    page.goto(f"/ml/experiments/{made.study}")
    expect(page.get_by_text("26 runs")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("val/acc")
    page.keyboard.press("Tab")
    page.keyboard.type("> 0.97 a")
    expect(page.get_by_role("combobox", name="Filter")).to_have_value("metrics.`val/accuracy` > 0.97 a")
    page.keyboard.press("Backspace")
    page.keyboard.type("AND fam")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("option", name="'convnext'")).to_be_visible()
    page.keyboard.type("'conv")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("6 runs", exact=True)).to_be_visible()
    assert "params.family" in page.evaluate("new URL(location).searchParams.get('q')")
    page.reload()
    expect(page.get_by_text("6 runs", exact=True)).to_be_visible()
    assert console == []

    field = page.get_by_role("combobox", name="Filter")
    field.fill("metrics.x >>> 3")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(re.compile("column|position|expected|>", re.IGNORECASE))
    console.clear()
    field.fill("out-of-mem")
    field.press("Enter")
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    expect(first_cell(page)).to_have_text("resnet-out-of-memory")


def test_order_is_the_servers_and_in_the_address(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}")
    expect(first_cell(page)).to_have_text("convnext-long")
    grid(page).get_by_role("button", name="Run", exact=True).click()
    expect(first_cell(page)).to_have_text("vit-small-22")
    grid(page).get_by_role("button", name="Run", exact=True).click()
    expect(first_cell(page)).to_have_text("convnext-01")
    assert "sort=name%3Aasc" in page.url
    page.goto(f"/ml/experiments/{made.study}?sort=metrics.latency_ms:desc")
    row = grid(page).get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"1[01]\.\d"))


def test_columns_chosen_pinned_and_only_what_differs(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}")
    expect(grid(page)).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").fill("optim")
    page.get_by_label("optimizer").uncheck()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile("cols="))
    assert "params.optimizer" not in page.evaluate("new URL(location).searchParams.get('cols')")
    grid(page).get_by_role("columnheader", name="train/loss").hover()
    page.get_by_role("button", name="Column train/loss").click()
    page.get_by_role("button", name="Pinned").click()
    assert headers(page)[:2] == ["Run", "train/loss"]
    page.goto(
        f"/ml/experiments/{made.study}?q=attributes.status%20%3D%20'FINISHED'&cols=name,params.seed,params.family"
    )
    expect(grid(page).get_by_role("columnheader", name="seed")).to_be_visible()
    page.get_by_role("button", name="Differences").click()
    expect(grid(page).get_by_role("columnheader", name="seed")).to_have_count(0)
    expect(grid(page).get_by_role("columnheader", name="family")).to_be_visible()


def test_groups_are_counted_opened_and_selected(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}?cols=name,status,metrics.test/accuracy")
    page.get_by_role("button", name="Group").click()
    page.get_by_label("Find what to group by").fill("fam")
    page.locator(".menu-panel").get_by_role("button", name="family").click()
    page.wait_for_url(re.compile("group=params.family"))
    rows = grid(page).get_by_role("row")
    expect(rows).to_have_count(5)
    expect(page.get_by_text("4 groups", exact=True)).to_be_visible()
    heads = [rows.nth(at).locator(".group-head").inner_text().split() for at in range(1, 5)]
    assert [[name, int(runs)] for name, runs in heads] == [["convnext", 7], ["resnet", 7], ["mlp", 6], ["vit-small", 6]]
    grid(page).get_by_role("button", name="metric test/accuracy", exact=True).click()  # by the mean, the largest first
    expect(rows.nth(1)).to_contain_text("convnext")
    expect(rows.nth(4)).to_contain_text("mlp")
    expect(rows.nth(4)).to_contain_text(re.compile(r"⌀ 0\.92"))
    grid(page).get_by_role("button", name=re.compile("^mlp")).click()
    expect(rows).to_have_count(11)
    rows.nth(4).get_by_role("checkbox").check()
    expect(page.get_by_text("6 runs selected")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("complementary").get_by_role("heading", level=2)).to_contain_text("mlp")


def test_the_smallest_largest_and_best_of_a_metric(page: Page, server: Server) -> None:
    experiment = server.local.experiment()
    run = server.local.run(experiment, run_name="up and down")
    points = [
        {"key": key, "value": value, "timestamp": at, "step": at}
        for at, value in enumerate((0.5, 0.125, 0.75, 0.25))
        for key in ("val/loss", "f1")
    ]
    server.local.post("runs/log-batch", run_id=run, metrics=points)
    page.goto(f"/ml/experiments/{experiment}?cols=name,metrics.val/loss,metrics.f1")
    row = grid(page).get_by_role("row").nth(1)
    expect(row).to_contain_text("0.25")
    for item, key, value in (("Smallest value", "val/loss", "0.125"), ("Best value (largest)", "f1", "0.75")):
        grid(page).get_by_role("columnheader", name=key).hover()
        page.get_by_role("button", name=f"Column {key}").click()
        page.get_by_role("button", name=item).click()
        expect(row).to_contain_text(value)
    assert "cols=name%2Cmin.val%2Floss%2Cbest.f1" in page.url
    server.local.post("runs/log-metric", run_id=run, key="val/loss", value=0.0625, timestamp=9, step=9)
    expect(row).to_contain_text("0.0625", timeout=15_000)  # the page asks again by itself


def test_peek_with_keys(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}?sort=name:asc")
    expect(first_cell(page)).to_have_text("convnext-01")
    page.keyboard.press("j")
    peek = page.get_by_role("complementary")
    expect(peek.get_by_role("heading", level=2)).to_have_text("convnext-01")
    page.keyboard.press("j")
    expect(peek.get_by_role("heading", level=2)).to_have_text("convnext-05")
    page.keyboard.press("k")
    expect(peek.get_by_role("region", name="Params")).to_contain_text("convnext")
    page.keyboard.press("Escape")
    expect(peek).to_have_count(0)
    grid(page).get_by_role("row").nth(3).get_by_role("gridcell").nth(2).click()
    expect(peek.get_by_role("heading", level=2)).to_have_text("convnext-09")
    peek.get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", level=1, name="convnext-09")).to_be_visible()


def test_the_row_beside_the_panel_is_in_sight(page: Page, server: Server, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}?sort=name:asc&peek={made.runs[23]}")
    current = grid(page).locator(".current")
    expect(current).to_contain_text("mlp-23")

    between_head_and_end = """() => {
      const [row, table, head] = [".grid-body .current", ".grid", ".grid-head"].map(
        (each) => document.querySelector(each)?.getBoundingClientRect());
      return row && row.top >= head.bottom - 1 && row.bottom <= table.bottom;
    }"""
    page.wait_for_function(between_head_and_end)
    for key in 12 * "k" + 12 * "j":
        before = current.get_attribute("id")
        page.keyboard.press(key)
        expect(current).not_to_have_attribute("id", before or "")
        page.wait_for_function(between_head_and_end)
    elsewhere = server.local.run(server.local.experiment(), run_name="listed elsewhere")
    page.goto(f"/ml/experiments/{made.study}?peek={elsewhere}")  # as one that is not loaded yet
    expect(page.get_by_role("complementary").get_by_role("heading", level=2)).to_have_text("listed elsewhere")


@pytest.fixture
def small(server: Server, made: World) -> str:
    experiment = server.local.experiment()
    for number in range(6):
        run = server.local.run(experiment, run_name=f"run-{number}", start_time=1_700_000_000_000 + number)
        server.local.post("runs/log-parameter", run_id=run, key="number", value=str(number))
        server.local.post("runs/update", run_id=run, status="FINISHED", end_time=1_700_000_001_000)
    return experiment


def test_many_at_a_time_and_back_again(page: Page, server: Server, small: str) -> None:
    def stages() -> dict[str, str]:
        found = server.local.post("runs/search", experiment_ids=[small], run_view_type="ALL")["runs"]
        return {run["info"]["run_name"]: run["info"]["lifecycle_stage"] for run in found}

    page.goto(f"/ml/experiments/{small}")
    expect(page.get_by_text("6 runs")).to_be_visible()
    boxes = grid(page).get_by_role("checkbox", name="Select", exact=True)
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected runs")
    expect(bar).to_contain_text("3 runs selected")
    bar.get_by_role("button", name="Tag").click()
    page.get_by_role("dialog").get_by_label("Name").fill("reviewed")
    page.get_by_role("dialog").get_by_label("Value").fill("yes")
    page.get_by_role("dialog").get_by_role("button", name="Tag").click()
    expect(page.get_by_text("3 runs tagged reviewed")).to_be_visible()
    tagged = server.local.post("runs/search", experiment_ids=[small], filter="tags.reviewed = 'yes'")["runs"]
    assert {run["info"]["run_name"] for run in tagged} == {"run-5", "run-4", "run-3"}
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("3 runs", exact=True)).to_be_visible()
    assert list(stages().values()).count("deleted") == 3
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("6 runs", exact=True)).to_be_visible()
    assert set(stages().values()) == {"active"}
    boxes.nth(0).click()
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("5 runs", exact=True)).to_be_visible()
    page.get_by_role("button", name="Trash").click()
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    boxes.nth(0).click()
    bar.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("No deleted runs")).to_be_visible()
    assert set(stages().values()) == {"active"}


def test_runs_move_to_another_experiment_and_back(page: Page, server: Server, small: str) -> None:
    there = server.local.experiment(f"ui/moved to {small}")

    def names(experiment: str) -> set[str]:
        found = server.local.post("runs/search", experiment_ids=[experiment])["runs"]
        return {run["info"]["run_name"] for run in found}

    page.goto(f"/ml/experiments/{small}")
    boxes = grid(page).get_by_role("checkbox", name="Select", exact=True)
    boxes.nth(0).click()
    boxes.nth(1).click()
    page.get_by_role("toolbar", name="Selected runs").get_by_role("button", name="Move").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To experiment").fill(f"moved to {small}")
    expect(dialog.get_by_role("button", name="Move")).to_have_attribute("aria-disabled", "true")
    dialog.get_by_role("radio", name=f"moved to {small}").check()
    assert complaints(page) == []
    dialog.get_by_role("button", name="Move").click()
    expect(page.get_by_text("4 runs", exact=True)).to_be_visible()
    assert names(there) == {"run-5", "run-4"}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("6 runs", exact=True)).to_be_visible()
    assert names(there) == set()


def test_what_happens_meanwhile_is_shown(page: Page, server: Server, small: str) -> None:
    going = server.local.run(small, run_name="going on")
    page.goto(f"/ml/experiments/{small}")
    row = grid(page).get_by_role("row").filter(has_text="going on")
    expect(row).to_contain_text("Running")
    server.local.post("runs/log-metric", run_id=going, key="late", value=0.125, timestamp=1, step=1)
    server.local.run(small, run_name="came later")
    expect(first_cell(page)).to_have_text("came later")
    expect(row).to_contain_text("0.125")
    server.local.post("runs/update", run_id=going, status="FINISHED", end_time=1_900_000_000_000)
    expect(row).to_contain_text("Finished")


def test_thousands_of_runs_and_hundreds_of_columns(page: Page, server: Server, made: World) -> None:
    """Only what is in sight is in the page, and the rest comes while one scrolls."""
    experiment = server.local.experiment("ui/many")
    wide = [{"key": f"metric_{n:03d}", "value": n / 7, "timestamp": 1, "step": 0} for n in range(300)]
    for number in range(2):
        run = server.local.run(experiment, run_name=f"wide-{number}", start_time=1_750_000_000_000)
        server.local.post("runs/log-batch", run_id=run, metrics=wide)
    server.sql(
        "INSERT INTO run (run_id, experiment_id, name, user_id, status, start_time, end_time)"
        " SELECT md5(n::text), $1, 'many-' || n, '', 'FINISHED', 1700000000000 + n, 1700000001000 + n"
        " FROM generate_series(1, 2600) n",
        int(experiment),
    )
    every = ",".join(["name", *(f"metrics.metric_{n:03d}" for n in range(300))])
    page.goto(f"/ml/experiments/{experiment}?cols={every}")
    expect(grid(page).get_by_role("columnheader", name="metric_000")).to_be_visible()
    assert grid(page).get_by_role("columnheader").count() < 40
    assert grid(page).get_by_role("row").count() < 60
    grid(page).evaluate("each => { each.scrollLeft = 1e6 }")
    expect(grid(page).get_by_role("columnheader", name="metric_299")).to_be_visible()
    expect(first_cell(page)).to_be_visible()  # pinned
    whole = page.get_by_text("2,602 runs", exact=True)
    for _ in range(60):  # a page of runs follows each time that the end comes into sight
        grid(page).evaluate("each => { each.scrollTop = each.scrollHeight }")
        page.wait_for_timeout(300)
        if whole.is_visible():
            break
    expect(whole).to_be_visible()
    grid(page).evaluate("each => { each.scrollTop = each.scrollHeight }")
    expect(grid(page).get_by_text("many-1", exact=True)).to_be_visible()
    assert grid(page).get_by_role("row").count() < 60


def test_charts_of_many_runs(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}?mode=charts")
    charts = page.get_by_role("figure")
    expect(charts.filter(has_text="lr").locator("canvas")).to_be_visible()
    train = page.get_by_role("region", name="train")
    expect(train.get_by_role("figure")).to_have_count(2)
    train.scroll_into_view_if_needed()
    expect(train.locator("canvas").first).to_be_visible()
    page.get_by_label("Find a metric").fill("latency")
    expect(charts).to_have_count(1)
    expect(charts.get_by_role("listitem").first).to_have_css("display", "grid")  # a name, a bar and a value in a line
    expect(charts.locator(".bar").first).to_be_visible()
    page.get_by_label("Smoothing").fill("0.8")
    page.wait_for_url(re.compile("smooth=0.8"))
    page.get_by_role("list", name="Runs in the charts").get_by_role("checkbox").nth(2).uncheck()
    page.get_by_role("button", name="Table", exact=True).click()
    expect(grid(page)).to_be_visible()
