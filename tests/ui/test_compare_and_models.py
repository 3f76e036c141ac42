"""Runs beside each other, and the models of an experiment."""

import re

from playwright.sync_api import Page, expect
from world import World, put

from server import Server


def test_from_the_table_to_the_comparison(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}?sort=name:asc")
    boxes = page.get_by_role("grid").get_by_role("checkbox", name="Select", exact=True)
    boxes.nth(0).click()
    expect(page.get_by_role("button", name="Compare")).to_have_attribute("aria-disabled", "true")
    boxes.nth(1).click()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1, name="Compare 2 runs")).to_be_visible()
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader", name="convnext-01")).to_be_visible()
    expect(table.get_by_role("rowheader", name="val/loss")).to_be_visible()
    expect(table.get_by_role("rowheader", name="epochs")).to_have_count(0)
    page.get_by_label("Only what differs").uncheck()
    expect(table.get_by_role("rowheader", name="epochs")).to_be_visible()
    assert "all=1" in page.url


def test_comparison_in_pictures(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/compare?runs={','.join(made.runs[:8])}")
    page.get_by_role("tab", name="Charts").click()
    expect(page.get_by_role("figure").locator("canvas").first).to_be_visible()
    page.get_by_role("tab", name="Parallel coordinates").click()
    picture = page.get_by_role("img", name="Parallel coordinates of the runs")
    expect(picture.locator("path.line")).to_have_count(8)
    page.get_by_role("button", name="axes").click()
    page.get_by_role("button", name="dropout").click()
    page.wait_for_url(re.compile("axes="))
    page.keyboard.press("Escape")
    picture.locator("path.line").first.dispatch_event("pointerover")  # a line lies seldom in its own middle
    expect(page.get_by_text("resnet-00")).to_be_visible()
    page.get_by_role("tab", name="Scatter").click()
    expect(page.locator("circle.spot")).to_have_count(8)
    page.get_by_role("button", name="Horizontal axis").click()
    page.get_by_role("button", name="learning_rate").click()
    page.wait_for_url(re.compile("sx=params.learning_rate"))
    page.locator("circle.spot").first.click()
    expect(page.get_by_role("heading", level=1, name="resnet-00")).to_be_visible()


def test_models_found_and_ranked(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}")
    page.get_by_role("tab", name="Models").click()
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(7)
    page.get_by_role("button", name="accuracy").click()
    page.wait_for_url(re.compile("sort=metrics.accuracy"))
    expect(rows.nth(1)).to_contain_text("digits-convnext")
    page.get_by_role("button", name="accuracy").click()
    expect(rows.nth(1)).to_contain_text("digits-resnet")
    field = page.get_by_role("combobox", name="Filter")
    field.fill("name LIKE '%vit%'")
    field.press("Enter")
    expect(rows).to_have_count(2)
    field.fill("mlp")
    field.press("Enter")
    expect(rows.nth(1)).to_contain_text("digits-mlp")


def test_a_model_its_metrics_by_data_set_and_its_files(page: Page, server: Server, made: World) -> None:
    model = made.models[3]
    page.goto(f"/ml/experiments/{made.study}/models/{model}")
    metrics = page.get_by_role("region", name="Metrics")
    expect(metrics.get_by_role("row").filter(has_text="digits-test")).to_have_count(2)
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("approved")
    page.get_by_label("Tag value").fill("yes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag approved")).to_be_visible()
    tags = server.local.get(f"logged-models/{model}")["model"]["info"]["tags"]
    assert {"key": "approved", "value": "yes"} in tags
    page.get_by_role("button", name="Remove tag approved").click()
    expect(page.get_by_role("status").filter(has_text="Tag approved removed")).to_be_visible()
    assert "approved" not in str(server.local.get(f"logged-models/{model}")["model"]["info"]["tags"])
    page.get_by_role("tab", name="Artifacts").click()
    expect(page.get_by_role("region", name="MLmodel")).to_contain_text("sklearn")


def test_which_code_made_the_runs(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/compare?runs={made.runs[0]},{made.runs[1]}&tab=code")
    code = page.get_by_role("region", name="Code")
    expect(code.get_by_role("link", name="github.com/acme/vision").first).to_be_visible()
    changed = code.get_by_role("link", name="What changed")
    expect(changed).to_have_attribute("href", re.compile(r"^https://github.com/acme/vision/compare/\w+\.\.\.\w+$"))


def test_a_model_is_deleted_after_a_question(page: Page, server: Server) -> None:
    experiment = server.local.experiment()
    model = server.local.post("logged-models", experiment_id=experiment, name="gone")["model"]["info"]["model_id"]
    page.goto(f"/ml/experiments/{experiment}/models/{model}")
    for answer in ("Cancel", "Delete"):
        page.get_by_role("button", name="Actions for this model").click()
        page.get_by_role("button", name="Delete").click()
        assert server.local.get(f"logged-models/{model}")
        page.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("No models yet")).to_be_visible()
    assert server.local.refused("GET", f"logged-models/{model}").status == 404


def test_the_signature_of_a_model(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/models/{made.models[1]}?tab=artifacts")
    rows = page.get_by_role("table", name="Signature").get_by_role("row")
    expect(rows.filter(has_text="tensor of float32")).to_contain_text("(-1, 28, 28)")
    expect(rows.filter(has_text="certainty")).to_contain_text("double")
    expect(rows.filter(has_text="temperature")).to_contain_text("it is 1 by itself")
    expect(page.get_by_role("region", name="Model description")).to_contain_text("sklearn")


def test_contour_and_bars(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/compare?runs={','.join(made.runs)}")
    page.get_by_role("tab", name="Contour").click()
    page.get_by_role("button", name=re.compile("^Horizontal axis")).click()
    page.locator(".menu-panel").get_by_role("button", name="learning_rate param").click()
    page.get_by_role("button", name=re.compile("^Vertical axis")).click()
    page.locator(".menu-panel").get_by_role("button", name="dropout param").click()
    page.get_by_role("button", name=re.compile("^Colour")).last.click()
    page.locator(".menu-panel").get_by_role("button", name="test/accuracy metric").click()
    plot = page.get_by_role("img", name="test/accuracy over learning_rate and dropout")
    expect(plot.locator("circle")).to_have_count(len(made.runs))
    assert plot.locator("path.level-line").first.get_attribute("d")
    assert "sz=metrics.test%2Faccuracy" in page.url
    page.get_by_role("tab", name="Bars").click()
    page.get_by_role("button", name=re.compile("^Metric")).click()
    page.locator(".menu-panel").get_by_role("button", name="test/accuracy metric").click()
    bars = page.get_by_role("region", name="Bars of test/accuracy").get_by_role("listitem")
    expect(bars).to_have_count(len(made.runs))
    values = [float(text.split()[-1]) for text in bars.all_inner_texts()]
    assert values == sorted(values, reverse=True)
    page.get_by_role("button", name="Smallest first").click()
    expect(bars.first).to_contain_text("mlp")


def test_files_of_runs_are_compared(page: Page, server: Server, made: World) -> None:
    one, two = made.runs[2], made.runs[3]
    for run, text in ((one, b"alpha\nbeta\n"), (two, b"alpha\ngamma\n")):
        put(server.local, made.study, run, "deep/notes.txt", text)
        put(server.local, made.study, run, "same.json", b'{"a": [1]}' if run == one else b'{ "a": [1] }')
    put(server.local, made.study, one, "only.txt", b"here alone")
    page.goto(f"/ml/experiments/{made.study}/compare?runs={one},{two}&tab=artifacts")
    files = page.get_by_role("region", name="Files of the runs")
    expect(files.get_by_role("row")).to_have_count(4)
    files.get_by_role("button", name="deep/notes.txt").click()
    diff = page.get_by_role("region", name="Differences")
    expect(diff).to_contain_text("beta")
    expect(diff).to_contain_text("gamma")
    files.get_by_role("button", name="only.txt").click()
    expect(page.get_by_text("Only vit-small-02 has it.")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("here alone")
    files.get_by_role("button", name="same.json").click()
    expect(page.get_by_text("Both are the same")).to_be_visible()  # JSON is compared by what it says
