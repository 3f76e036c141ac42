"""A run: what it is made of, its charts, its files, and what can be done to it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from world import FILES, World, put

from server import Server


def open_file(page: Page, made: World, name: str):
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}?tab=artifacts&file={name}")
    return page.get_by_role("region", name=name)


def test_overview_and_its_links(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}")
    expect(page.get_by_role("heading", level=1, name="convnext-01")).to_be_visible()
    expect(page.get_by_role("region", name="Params")).to_contain_text("weight_decay")
    expect(page.get_by_role("region", name="Metrics")).to_contain_text("val/accuracy")
    expect(page.get_by_role("region", name="Metrics")).not_to_contain_text("system/")
    expect(page.get_by_role("region", name="Datasets")).to_contain_text("60,000 rows")
    note = page.get_by_role("region", name="Description")
    expect(note.get_by_role("listitem").first).to_contain_text("rotation")
    expect(note).to_contain_text("<script>alert('no')</script>")  # as text
    nested = page.get_by_role("region", name="Nested runs")
    expect(nested.get_by_role("link", name="convnext-long")).to_be_visible()
    nested.get_by_role("link", name="As a table").click()
    expect(page.get_by_role("grid").get_by_role("link", name="convnext-long")).to_be_visible()
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}")
    expect(nested.get_by_role("link", name="convnext-long")).to_be_visible()  # all has come, and nothing moves any more
    page.get_by_role("region", name="Models").get_by_role("link", name="digits-convnext").click()
    expect(page.get_by_role("heading", level=1, name="digits-convnext")).to_be_visible()
    page.get_by_role("link", name=made.best[:8]).first.click()
    expect(page.get_by_role("heading", level=1, name="convnext-01")).to_be_visible()


def test_charts_look_and_address(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}")
    page.get_by_role("tab", name="Charts").click()
    chart = page.get_by_role("figure", name="lr", exact=True)
    expect(chart.locator("canvas")).to_be_visible()
    chart.locator(".u-over").hover()
    expect(chart.locator(".chart-tip")).to_contain_text(re.compile("step 2[89]|step 3"))
    page.get_by_role("button", name="Horizontal axis").click()
    page.get_by_role("button", name="Time since start").click()
    page.get_by_role("button", name="Log scale").click()
    page.wait_for_url(re.compile("x=relative.*log=1"))
    page.reload()
    expect(page.get_by_role("button", name="Log scale")).to_have_attribute("aria-pressed", "true")
    expect(chart.locator("canvas")).to_be_visible()
    page.get_by_role("tab", name="System").click()
    expect(page.get_by_role("figure")).to_have_count(3)


def test_a_long_value_opens_in_place(page: Page, server: Server, made: World) -> None:
    run = server.local.run(server.local.experiment(), run_name="wordy")
    value = " ".join(f"layer-{number}" for number in range(60))
    server.local.post("runs/log-parameter", run_id=run, key="layers", value=value)
    page.goto(f"/ml/experiments/{made.study}/runs/{run}")
    cell = page.get_by_role("region", name="Params").get_by_role("button", name="layer-0")
    cut = cell.bounding_box()
    cell.click()
    whole = cell.bounding_box()
    assert cut
    assert whole
    assert whole["height"] > 3 * cut["height"]


def test_one_value_is_a_figure_and_many_are_a_chart(page: Page, server: Server, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}?tab=metrics")
    metrics = page.get_by_role("region", name="Metrics", exact=True)
    told = metrics.get_by_role("definition")
    expect(told).to_have_text(["0.973", "0.963", "7.07699"])  # two of them twice at one step, for two data sets
    expect(metrics.get_by_role("figure")).to_have_count(1)
    page.get_by_label("Find a metric").fill("latency")
    expect(told).to_have_text(["7.07699"])
    run = server.local.run(made.study, run_name="without steps")
    for number in range(4):
        at = 1_700_000_000_000 + number * 1_000
        server.local.post("runs/log-metric", run_id=run, key="loss", value=1 / (number + 1), timestamp=at)
    page.goto(f"/ml/experiments/{made.study}/runs/{run}?tab=metrics")
    expect(page.get_by_role("img", name="loss by relative of without steps")).to_be_visible()
    server.local.post("runs/delete", run_id=run)


def test_zooming_asks_the_server_for_the_part(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}?tab=metrics")
    chart = page.get_by_role("figure", name="lr", exact=True)
    over = chart.locator(".u-over")
    expect(over).to_be_visible()
    box = over.bounding_box()
    assert box
    with page.expect_request(
        lambda each: each.url.endswith("/runs/curves") and "start_step" in each.post_data_json
    ) as asked:
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=4)
        page.mouse.up()
    assert asked.value.post_data_json["start_step"] in (13, 14, 15)
    assert asked.value.post_data_json["end_step"] in (29, 30)
    chart.get_by_role("button", name="Reset zoom").click()
    expect(chart.get_by_role("button", name="Reset zoom")).to_have_count(0)


def test_files_open_as_what_they_are(page: Page, made: World) -> None:
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}?tab=artifacts")
    page.get_by_role("button", name="figures").click()
    page.get_by_role("button", name="confusion.png").click()
    picture = page.get_by_role("img", name="figures/confusion.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.naturalWidth") == 240
    table = open_file(page, made, "mistakes.json").get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(25)
    expect(open_file(page, made, "config.json")).to_contain_text('"betas"')
    expect(open_file(page, made, "predictions.csv").get_by_role("cell", name='a, quoted "note"').first).to_be_visible()
    expect(open_file(page, made, "train.log")).to_contain_text("epoch 59 done")
    expect(open_file(page, made, "weights.bin")).to_contain_text("No preview")
    sound = open_file(page, made, "tone.wav").locator("audio")
    expect(sound).to_be_visible()
    page.wait_for_function("() => Math.abs(document.querySelector('audio').duration - 0.5) < 0.01")
    expect(open_file(page, made, "report.pdf").locator("iframe")).to_have_attribute("src", re.compile("^blob:"))


FILM = """() => new Promise((resolve) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const paint = canvas.getContext("2d");
    const film = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" });
    let frame = 0;
    const clock = setInterval(() => {
        paint.fillStyle = `hsl(${frame++ * 20} 80% 50%)`;
        paint.fillRect(0, 0, 64, 48);
    }, 40);
    film.ondataavailable = async ({ data }) => resolve([...new Uint8Array(await data.arrayBuffer())]);
    film.start();
    setTimeout(() => { film.stop(); clearInterval(clock); }, 400);
})"""


def test_a_film_plays(page: Page, server: Server, lone: tuple[str, str]) -> None:
    """One that the browser itself has just made; also from a model's own files."""
    experiment, run = lone
    page.goto(f"/ml/experiments/{experiment}/runs/{run}?tab=artifacts")
    put(server.local, experiment, run, "films/training.webm", bytes(page.evaluate(FILM)))
    page.goto(f"/ml/experiments/{experiment}/runs/{run}?tab=artifacts&file=films/training.webm")
    film = page.get_by_role("region", name="films/training.webm").locator("video")
    expect(film).to_have_attribute("controls", "")
    page.wait_for_function("() => document.querySelector('video').videoWidth === 64")
    film.evaluate("each => each.play()")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.1")
    put(server.local, experiment, run, "films/broken.mp4", b"not a film")
    page.goto(f"/ml/experiments/{experiment}/runs/{run}?tab=artifacts&file=films/broken.mp4")
    expect(page.get_by_role("alert")).to_contain_text("cannot be played")


def test_what_a_file_holds_cannot_act(page: Page, made: World) -> None:
    report = open_file(page, made, "report.md")
    expect(report.get_by_role("heading", name="Validation")).to_be_visible()
    expect(report.get_by_role("table")).to_contain_text("0.962")
    assert page.evaluate("window.broken") is None
    assert report.locator("script, img").count() == 0
    inside = open_file(page, made, "report.html").frame_locator("iframe")
    expect(inside.get_by_text("drawn by a script: 42")).to_be_visible()
    expect(inside.get_by_text("Report, alone")).to_be_visible()  # it could not reach the page around it
    assert page.title() == "convnext-01 · Lakeward"


def test_download(page: Page, made: World, tmp_path: Path) -> None:
    region = open_file(page, made, "mistakes.json")
    with page.expect_download() as started:
        region.get_by_role("button", name="Download").click()
    target = tmp_path / "got"
    started.value.save_as(target)
    assert started.value.suggested_filename == "mistakes.json"
    assert target.read_bytes() == FILES["mistakes.json"]


@pytest.fixture
def lone(server: Server) -> tuple[str, str]:
    experiment = server.local.experiment()
    return experiment, server.local.run(experiment, run_name="lonely")


def test_rename_tag_throw_away_take_back(page: Page, server: Server, lone: tuple[str, str]) -> None:
    experiment, run = lone

    def info():
        return server.local.get("runs/get", run_id=run)["run"]["info"]

    page.goto(f"/ml/experiments/{experiment}/runs/{run}")
    page.get_by_role("button", name="Actions for this run").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("not alone")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1, name="not alone")).to_be_visible()
    assert info()["run_name"] == "not alone"
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag kept")).to_be_visible()
    assert {"key": "kept", "value": ""} in server.local.data(run)["tags"]
    page.get_by_role("button", name="Remove tag kept").click()
    expect(page.get_by_role("status").filter(has_text="Tag kept removed")).to_be_visible()
    assert "kept" not in str(server.local.data(run)["tags"])
    page.get_by_role("button", name="Actions for this run").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("In the trash")).to_be_visible()
    assert info()["lifecycle_stage"] == "deleted"
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("In the trash")).to_have_count(0)
    assert info()["lifecycle_stage"] == "active"


def test_a_run_that_goes_on_is_followed(page: Page, server: Server, lone: tuple[str, str]) -> None:
    experiment, run = lone
    page.goto(f"/ml/experiments/{experiment}/runs/{run}")
    expect(page.get_by_text("Running")).to_be_visible()
    server.local.post("runs/log-metric", run_id=run, key="seen", value=2.5, timestamp=1, step=0)
    expect(page.get_by_role("region", name="Metrics")).to_contain_text("2.5")
    server.local.post("runs/update", run_id=run, status="KILLED", end_time=1_900_000_000_000)
    expect(page.get_by_text("Killed")).to_be_visible()
