"""The frame around the pages: addresses, signing in, workspaces, the palette, colours, keys."""

import re
import time
from collections.abc import Callable

import pytest
from assistant import Assistant, Recorder, send
from playwright.sync_api import Page, expect
from world import World

from server import Callers, Server

ELSEWHERE = {"x-forwarded-for": "203.0.113.7"}  # a caller that is not on this machine


def heading(page: Page, name: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_home_shows_what_happened_last(page: Page, server: Server) -> None:
    server.local.run(server.local.experiment("ui/home"), run_name="just now")
    page.goto("/")
    heading(page, "Home")
    runs = page.get_by_role("region", name="Runs")
    expect(runs.get_by_role("row").nth(1)).to_contain_text("home")
    runs.get_by_role("link", name="just now").click()
    heading(page, "just now")


@pytest.mark.parametrize(
    ("printed", "lands"),
    [
        ("/#/experiments/{e}/runs/{r}", "/ml/experiments/{e}/runs/{r}"),
        ("/#/experiments/{e}/runs/{r}?workspace=default", "/ml/experiments/{e}/runs/{r}?workspace=default"),
        ("/#/experiments/{e}/runs/{r}/artifacts", "/ml/experiments/{e}/runs/{r}?tab=artifacts"),
        ("/#/experiments/{e}", "/ml/experiments/{e}"),
        ("/#/experiments/{e}/models/{m}", "/ml/experiments/{e}/models/{m}"),
        ("/ml/experiments/{e}/runs/{r}?o=1", "/ml/experiments/{e}/runs/{r}?o=1"),
        ("/ml/experiments/{e}/models/{m}?o=1", "/ml/experiments/{e}/models/{m}?o=1"),
        ("/ml/experiments/{e}/runs", "/ml/experiments/{e}"),
        ("/ml/experiments/{e}/", "/ml/experiments/{e}"),
    ],
)
def test_addresses_that_clients_print(page: Page, made: World, printed: str, lands: str) -> None:
    ids = {"e": made.study, "r": made.best, "m": made.models[1]}
    page.goto(printed.format(**ids))
    expected = lands.format(**ids)
    page.wait_for_url(re.compile(rf"{re.escape(expected)}/?$"))
    heading(
        page, {"r": "convnext-01", "m": "digits-convnext"}.get(re.findall(r"\{(\w)\}", lands)[-1], "digit-classifier")
    )


@pytest.mark.parametrize(
    ("printed", "lands", "title"),
    [
        ("/#/experiments/{x}/traces?selectedEvaluationId={t}", "/ml/experiments/{x}/traces/{t}", "answer"),
        ("/ml/experiments/{x}/traces?selectedEvaluationId={t}&o=1", "/ml/experiments/{x}/traces/{t}?o=1", "answer"),
        ("/#/experiments/{x}/chat-sessions/chat-002", "/ml/experiments/{x}/sessions/chat-002", "chat-002"),
        ("/#/experiments/{x}/overview", "/ml/experiments/{x}/overview", "assistant"),
        ("/ml/experiments/{e}/evaluation-runs?selectedRunUuid={r}", "/ml/experiments/{e}/runs/{r}", "convnext-01"),
        ("/#/models/{m}/versions/2", "/ml/models/{m}?version=2", "digits"),
        ("/?o=1#mlflow/models/{m}/versions/2", "/ml/models/{m}?version=2&o=1", "digits"),
        ("/explore/data/models/main/default/{m}/version/2?o=1", "/ml/models/main.default.{m}?version=2&o=1", "digits"),
        ("/#/prompts/{p}", "/ml/prompts/{p}", "support-answer"),
        ("/ml/experiments/{e}/prompts/{p}?o=1&promptVersion=2", "/ml/prompts/{p}?o=1&version=2", "support-answer"),
    ],
)
def test_addresses_of_traces_models_and_prompts(
    page: Page, made: World, shop: Assistant, printed: str, lands: str, title: str
) -> None:
    ids = {"x": shop.experiment, "t": shop.rich, "e": made.study, "r": made.best, "m": shop.model, "p": shop.prompt}
    page.goto(printed.format(**ids))
    page.wait_for_url(re.compile(rf"{re.escape(lands.format(**ids))}$"))
    heading(page, title)


def test_what_is_not_there_leads_on(page: Page, made: World, shop: Assistant, console: list[str]) -> None:
    page.goto(f"/ml/experiments/{made.study}/runs/{32 * '0'}")
    expect(page.get_by_role("alert")).to_contain_text("may have been deleted")
    page.get_by_role("alert").get_by_role("link", name="To the experiment").click()
    heading(page, "digit-classifier")
    page.goto(f"/ml/models/{shop.model}?version=99")
    expect(page.get_by_role("status").filter(has_text="no version 99")).to_be_visible()
    page.get_by_role("button", name="Version 5").click()
    expect(page.get_by_role("region", name="Version 5")).to_be_visible()
    expect(page.get_by_text("no version 99")).to_have_count(0)
    assert all("404" in each for each in console)
    console.clear()


def test_an_address_that_is_none(page: Page, console: list[str]) -> None:
    page.goto("/ml/nothing/here")
    expect(page.get_by_role("alert")).to_contain_text("no such page")
    page.goto("/ml/experiments/424242")
    expect(page.get_by_role("alert")).to_contain_text("424242")
    page.close()
    assert all("404" in each for each in console)
    console.clear()


def test_signing_in_with_a_token(
    tab: Callable[..., Page], server: Server, callers: Callers, console: list[str]
) -> None:
    token = callers.reader.headers["authorization"].removeprefix("Bearer ")
    page = tab(extra_http_headers=ELSEWHERE)
    page.goto("/")
    heading(page, "Sign in to Lakeward")
    field = page.get_by_label("Access token")
    field.fill("lkw_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong, expired or revoked")
    field.fill(token)
    page.get_by_role("button", name="Sign in").click()
    heading(page, "Home")
    kept = page.evaluate("[JSON.stringify(localStorage), document.cookie, location.href].join()")
    assert token not in kept
    page.reload()
    heading(page, "Home")
    page.get_by_role("button", name="Signed in as reader").click()
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in to Lakeward")
    assert all("401" in each for each in console)
    console.clear()


def test_a_reader_may_look_and_is_told_why_not_more(
    tab: Callable[..., Page], callers: Callers, made: World, console: list[str]
) -> None:
    token = callers.reader.headers["authorization"].removeprefix("Bearer ")
    page = tab(extra_http_headers=ELSEWHERE)
    page.goto("/")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    heading(page, "Home")
    console.clear()
    page.goto("/ml/experiments")
    create = page.get_by_role("button", name="New experiment")
    expect(create).to_have_attribute("aria-disabled", "true")
    expect(create).to_have_attribute("title", re.compile("role in this workspace is READ"))
    create.click(force=True)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(f"/ml/experiments/{made.study}/runs/{made.best}")
    page.get_by_role("button", name="Actions for this run").click()
    expect(page.get_by_role("button", name="Delete")).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("button", name="Tag")).to_have_attribute("aria-disabled", "true")


def test_workspaces_are_worlds_of_their_own(page: Page, server: Server, console: list[str]) -> None:
    server.local.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "team-blue", "description": "Blue"})
    blue = server.caller(x_mlflow_workspace="team-blue")
    blue.experiment("blue-study")
    page.goto("/ml/experiments")
    expect(page.get_by_role("link", name="digit-classifier").first).to_be_visible()
    page.get_by_role("button", name="default", exact=True).click()
    page.get_by_role("button", name=re.compile("team-blue")).click()
    page.wait_for_url("/?workspace=team-blue")
    expect(page.get_by_text("Waiting for your first run")).to_be_visible()
    expect(page.get_by_text("MLFLOW_WORKSPACE=team-blue")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Experiments", exact=True).click()
    expect(page.get_by_role("link", name="blue-study").first).to_be_visible()
    expect(page.get_by_role("link", name="digit-classifier")).to_have_count(0)
    assert "workspace=team-blue" in page.url
    page.goto("/?workspace=team-red")
    expect(page.get_by_role("alert")).to_contain_text("team-red")


def test_the_palette_finds_and_opens(page: Page, made: World) -> None:
    page.goto("/")
    heading(page, "Home")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find")
    field.fill("energy")
    expect(page.get_by_role("option", name="energy-demand").first).to_be_visible()
    field.fill("convnext-01")
    expect(page.get_by_role("option").first).to_contain_text("convnext-01")
    page.keyboard.press("Enter")
    heading(page, "convnext-01")
    page.keyboard.press("Control+k")
    field.fill(made.experiments["churn-2026"])
    expect(page.get_by_role("option").first).to_contain_text("churn-2026")
    field.fill(made.models[2])
    expect(page.get_by_role("option").first).to_contain_text("digits-vit-small")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)


def test_the_palette_finds_models_prompts_sessions_and_traces(page: Page, shop: Assistant) -> None:
    page.goto("/")
    heading(page, "Home")
    for words, name, title in (
        ("intent-r", "intent-router registered model", "intent-router"),
        ("support-an", "support-answer prompt", "support-answer"),
        ("chat-900", "chat-900 session", "chat-900"),
        ("books by Tove", "Do you have books by Tove Jansson", "answer"),
        (shop.failed, "answer trace", "answer"),
        (shop.failed[:12], "answer trace", "answer"),
    ):
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Find").fill(words)
        page.get_by_role("option", name=name).first.click()
        heading(page, title)


def test_the_palette_finds_what_lies_far_back(page: Page, server: Server) -> None:
    """In whatever experiment: by a part of its name, or by an id as lists show it."""
    client = server.local
    place = client.experiment("ui/far/back")
    run = client.run(place, run_name="quartz-ibis-3")
    model = client.post("logged-models", experiment_id=place, name="ibis-net")["model"]["info"]["model_id"]
    for _ in range(25):
        client.experiment()
    page.goto("/")
    heading(page, "Home")
    expect(page.get_by_role("region", name="Runs").get_by_role("link", name="quartz-ibis-3")).to_be_visible()
    for words, name, title in (
        ("tz-ibi", "quartz-ibis-3 run", "quartz-ibis-3"),
        (run[:8], "quartz-ibis-3 run", "quartz-ibis-3"),
        ("ibis-n", "ibis-net model", "ibis-net"),
        (model[:10], "ibis-net model", "ibis-net"),
    ):
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Find anything").fill(words)
        option = page.get_by_role("option", name=name)
        expect(option).to_contain_text("back")  # the experiment it is in
        option.click()
        heading(page, title)


def test_the_palette_reads_traces_of_all_experiments(page: Page, server: Server) -> None:
    """Not only of those that changed last."""
    server.local.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "team-heron"})
    client = server.caller(x_mlflow_workspace="team-heron")
    old = client.experiment("oldest")
    record = Recorder(int(time.time() * 1000))
    record.span("who", "CHAIN", 0, 5, inputs={"question": "Which heron nests in reeds?"}, outputs="The bittern.")
    send(client, old, record.spans)
    page.goto("/?workspace=team-heron")  # has no run yet
    expect(page.get_by_role("region", name="Traces").get_by_role("row").last).to_contain_text("Which heron nests")
    for number in range(101):
        client.experiment(f"newer-{number}")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anything").fill("nests in reeds")
    expect(page.get_by_role("option", name="All traces with")).to_be_visible()
    page.get_by_role("option", name="Which heron nests").click()
    heading(page, "who")


def test_keys_go_to_pages_and_through_lists(page: Page, made: World, shop: Assistant) -> None:
    page.goto("/")
    heading(page, "Home")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Find anything")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("m")
    heading(page, "Models")
    rows = page.get_by_role("region", name="Models").get_by_role("row")
    expect(rows.nth(2)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(2).get_by_role("link").first).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Models")
    page.go_back()
    page.keyboard.press("/")
    page.keyboard.type("intent")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find").fill("digits-vit")
    page.get_by_role("option", name="digits-vit-small").first.click()
    heading(page, "digits-vit-small")
    page.get_by_role("button", name="Actions for this model").click()
    page.get_by_role("button", name="Access").click()
    dialog = page.get_by_role("dialog", name="Access to digits-vit-small")
    expect(dialog).to_contain_text("has its rights")
    expect(dialog.get_by_role("region", name="Why")).to_be_visible()


def test_colours_stay_as_chosen(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(13, 17, 21)")
    page.reload()
    heading(page, "Home")
    expect(page.locator("body")).to_have_css("background-color", "rgb(13, 17, 21)")


def test_the_server_going_away_is_said(page: Page, made: World, console: list[str]) -> None:
    page.goto(f"/ml/experiments/{made.study}")
    heading(page, "digit-classifier")
    page.context.set_offline(True)
    field = page.get_by_role("combobox", name="Filter")
    field.fill("a question that nobody has asked yet")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible(timeout=20_000)
    page.close()
    console.clear()


def test_what_is_being_written_outlives_the_server(page: Page, server: Server, console: list[str]) -> None:
    client = server.local
    run = client.run(client.experiment("ui/outlived"), run_name="goes-on")
    page.goto(f"/ml/experiments/{client.get('runs/get', run_id=run)['run']['info']['experiment_id']}/runs/{run}")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("kept")
    page.context.set_offline(True)
    gone = page.get_by_role("alert").filter(has_text="does not answer")
    expect(gone).to_be_visible(timeout=20_000)  # the page of a run that goes on asks again and again
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Check that it runs")).to_be_visible()
    expect(page.get_by_label("Tag name")).to_have_value("kept")
    page.context.set_offline(False)
    expect(gone).to_have_count(0)
    page.get_by_label("Tag name").press("Enter")
    expect(page.get_by_role("button", name="Remove tag kept")).to_be_visible()
    console.clear()
