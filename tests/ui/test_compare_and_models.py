"""Runs beside each other, and the models of an experiment."""

import re

from playwright.sync_api import Page, expect
from world import World

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
    page.get_by_role("tab", name="Artifacts").click()
    expect(page.get_by_role("region", name="MLmodel")).to_contain_text("sklearn")


def test_a_model_is_deleted_after_a_question(page: Page, server: Server) -> None:
    experiment = server.local.experiment()
    model = server.local.post("logged-models", experiment_id=experiment, name="gone")["model"]["info"]["model_id"]
    page.goto(f"/ml/experiments/{experiment}/models/{model}")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Actions for this model").click()
    page.get_by_role("button", name="Delete").click()
    assert server.local.get(f"logged-models/{model}")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Actions for this model").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No models yet")).to_be_visible()
    assert server.local.refused("GET", f"logged-models/{model}").status == 404
