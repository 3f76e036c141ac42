"""Registered models and prompts: versions, aliases by hand, comparisons, new versions, deletion."""

import re

from assistant import Assistant, prompt_version
from pages import complaints
from playwright.sync_api import Page, expect
from world import World

from server import Server

PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}


def model(server: Server, name: str, versions: int = 2) -> str:
    client = server.local
    client.post("registered-models/create", name=name)
    experiment = client.experiment()
    for number in range(versions):
        run = client.run(experiment, run_name=f"training {number}")
        client.post("runs/log-parameter", run_id=run, key="depth", value=str(4 + number))
        client.post("runs/log-metric", run_id=run, key="auc", value=0.8 + number / 100, timestamp=1, step=0)
        source = f"mlflow-artifacts:/{experiment}/{run}/artifacts/model"
        client.post("model-versions/create", name=name, run_id=run, source=source)
    return name


def prompt(server: Server, name: str) -> str:
    server.local.post("registered-models/create", name=name, tags=[PROMPT])
    prompt_version(server.local, name, "Say hello to {{ name }}.", "first")
    return name


def test_models_are_found_by_name_and_tag(page: Page, shop: Assistant) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Models", exact=True).click()
    table = page.get_by_role("region", name="Models")
    expect(table.get_by_role("row").filter(has_text=shop.model)).to_contain_text("champion")
    field = page.get_by_role("combobox", name="Filter")
    field.fill("tags.team = 'energy'")
    field.press("Enter")
    expect(table.get_by_role("row")).to_have_count(2)
    field.fill("rout")
    field.press("Enter")
    table.get_by_role("link", name="intent-router").click()
    expect(page.get_by_text("No versions yet")).to_be_visible()


def test_an_alias_moves_and_moves_back(page: Page, server: Server) -> None:
    name = model(server, "ui-aliases")
    page.goto(f"/ml/models/{name}")
    body = page.get_by_role("region", name="Version 2")
    body.get_by_role("button", name="Alias").click()
    body.get_by_label("Alias").fill("champion")
    body.get_by_role("button", name="Set").click()
    expect(body.get_by_role("button", name="Remove alias champion")).to_be_visible()
    expect(body).to_contain_text(f"models:/{name}@champion")
    page.get_by_role("navigation", name="Versions").get_by_role("button", name="Version 1").click()
    body = page.get_by_role("region", name="Version 1")
    body.get_by_role("button", name="Alias").click()
    body.get_by_label("Alias").fill("champion")
    body.get_by_role("button", name="Move here").click()
    expect(body.get_by_role("button", name="Remove alias champion")).to_be_visible()
    get = lambda: server.local.get("registered-models/alias", name=name, alias="champion")["model_version"]["version"]  # noqa: E731
    assert get() == "1"
    page.get_by_role("status").get_by_role("button", name="Undo").last.click()
    expect(body.get_by_role("button", name="Remove alias champion")).to_have_count(0)
    assert get() == "2"
    page.get_by_role("navigation", name="Versions").get_by_role("button", name="Version 2").click()
    page.get_by_role("region", name="Version 2").get_by_role("button", name="Remove alias champion").click()
    expect(page.get_by_role("status").filter(has_text="@champion removed")).to_be_visible()
    assert server.local.refused("GET", "registered-models/alias", {"name": name, "alias": "champion"}).status == 400


def test_words_tags_and_stages_of_a_version(page: Page, server: Server) -> None:
    name = model(server, "ui-words")
    page.goto(f"/ml/models/{name}")
    page.get_by_role("button", name="Edit the model's description").click()
    page.get_by_label("the model's description").fill("Finds **digits**.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".markdown strong")).to_have_text("digits")
    body = page.get_by_role("region", name="Version 2")
    body.get_by_role("button", name="Edit the description of version 2").click()
    body.get_by_label("the description of version 2").fill("Deeper trees")
    body.get_by_role("button", name="Save").click()
    body.get_by_role("button", name="Tag", exact=True).click()
    body.get_by_label("Tag name").fill("checked")
    page.keyboard.press("Enter")
    body.get_by_role("button", name="Remove tag checked").click()
    expect(body.get_by_role("button", name="Remove tag checked")).to_have_count(0)
    page.get_by_role("button", name="Tag", exact=True).first.click()  # of the model itself
    page.get_by_label("Tag name").fill("team")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove tag team").click()
    expect(page.get_by_role("button", name="Remove tag team")).to_have_count(0)
    body.get_by_role("button", name="Stage").click()
    body.get_by_role("button", name="Production").click()
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(body.get_by_role("button", name="Stage: Production")).to_be_visible()
    version = server.local.get("model-versions/get", name=name, version="2")["model_version"]
    assert (version["description"], version["current_stage"]) == ("Deeper trees", "Production")
    body.get_by_role("link", name="training 1").click()
    expect(page.get_by_role("heading", level=1, name="training 1")).to_be_visible()


def test_two_versions_beside_each_other(page: Page, server: Server, shop: Assistant) -> None:
    page.goto(f"/ml/models/{model(server, 'ui-versus')}")
    page.get_by_role("button", name="Compare with").click()
    page.get_by_role("button", name="Version 1").last.click()
    table = page.get_by_role("region", name="Comparison")
    expect(table.get_by_role("row").filter(has_text="depth")).to_contain_text("4")
    expect(table.get_by_role("row").filter(has_text="auc")).to_contain_text("+0.01")
    assert "against=1" in page.url
    page.get_by_role("button", name="End the comparison").click()
    expect(page.get_by_role("region", name="Params")).to_contain_text("depth")
    page.goto(f"/ml/models/{shop.model}")
    expect(
        page.get_by_role("region", name="About this version").get_by_role("link", name="digits-convnext")
    ).to_be_visible()


def test_a_model_goes_when_its_name_is_written(page: Page, server: Server) -> None:
    page.goto(f"/ml/models/{model(server, 'ui-going', versions=1)}")
    name = "ui-gone"
    page.get_by_role("button", name="Actions for this model").click()
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_role("dialog").get_by_role("textbox").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    assert server.local.get("registered-models/get", name=name)
    page.get_by_role("button", name="Actions for this model").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Delete for good")
    expect(sure).to_have_attribute("aria-disabled", "true")
    page.get_by_label(re.compile("to confirm")).fill(name)
    sure.click()
    expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()
    assert server.local.refused("GET", "registered-models/get", {"name": name}).status == 404


def test_a_version_goes_and_its_number_stays_away(page: Page, server: Server) -> None:
    name = model(server, "ui-version-gone")
    page.goto(f"/ml/models/{name}")
    page.get_by_role("button", name="Delete this version").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("region", name="Version 1")).to_be_visible()
    expect(page.get_by_role("navigation", name="Versions").get_by_role("listitem")).to_have_count(1)


def test_a_prompt_from_its_first_word(page: Page, server: Server, shop: Assistant) -> None:
    page.goto("/ml/prompts")
    expect(page.get_by_role("link", name=shop.prompt, exact=True)).to_be_visible()
    page.get_by_role("button", name="New prompt").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("ui-first")
    dialog.get_by_label("Template").fill("Translate {{ text }} to {{ language }}.")
    expect(dialog.get_by_text("language", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1, name="ui-first")).to_be_visible()
    expect(page.get_by_role("region", name="Template")).to_contain_text("Translate {{ text }}")
    found = server.local.get("model-versions/get", name="ui-first", version="1")["model_version"]
    assert {"key": "mlflow.prompt.text", "value": "Translate {{ text }} to {{ language }}."} in found["tags"]


def test_the_next_version_of_a_prompt_and_what_changed(page: Page, server: Server) -> None:
    name = prompt(server, "ui-next")
    page.goto(f"/ml/prompts/{name}")
    page.get_by_role("button", name="New version").click()
    save = page.get_by_role("button", name="Save version")
    expect(save).to_have_attribute("aria-disabled", "true")
    page.get_by_label("Template").fill("Say good day to {{ name }}.")
    page.reload()  # what was written is still there
    expect(page.get_by_label("Template")).to_have_value("Say good day to {{ name }}.")
    page.get_by_role("button", name="Changes").click()
    expect(page.get_by_role("figure", name="Version 1 → new").locator("mark").first).to_have_text("hello")
    page.get_by_label("What changed").fill("More formal")
    save.click()
    body = page.get_by_role("region", name="Version 2")
    expect(body).to_contain_text("More formal")
    expect(body).to_contain_text(f'load_prompt("prompts:/{name}/2")')
    page.get_by_role("button", name="Compare with").click()
    page.get_by_role("button", name="Version 1").last.click()
    expect(page.get_by_role("figure", name="Version 1 → 2")).to_contain_text("good day")
    page.get_by_role("button", name="End the comparison").click()
    page.get_by_role("button", name="New version").click()
    page.get_by_role("button", name="Chat", exact=True).click()
    page.get_by_label("Message 1", exact=True).fill("You are polite.")
    page.get_by_role("button", name="Message", exact=True).click()
    page.get_by_label("Message 3", exact=True).fill("With pleasure.")
    save.click()
    expect(page.get_by_role("region", name="Version 3")).to_contain_text("With pleasure.")
    versions = server.local.get("model-versions/get", name=name, version="3")["model_version"]
    tags = {each["key"]: each["value"] for each in versions["tags"]}
    assert tags["_mlflow_prompt_type"] == "chat"
    assert '"You are polite."' in tags["mlflow.prompt.text"]


def test_lineage_is_followed_and_activity_read(page: Page, server: Server, made: World, shop: Assistant) -> None:
    page.goto(f"/ml/models/{shop.model}?version=6")
    page.get_by_role("tab", name="Lineage").click()
    graph = page.get_by_role("region", name="Lineage")
    objects = graph.get_by_role("list", name="Objects")
    expect(objects.get_by_role("listitem").filter(has_text="Model version")).to_have_count(1)
    before = objects.get_by_role("listitem").count()
    assert before > 1
    assert complaints(page) == []
    objects.get_by_role("listitem").filter(has_text="Run").get_by_role("button").first.click()
    expect(objects.get_by_role("listitem").filter(has_text="digits-train (a91c44e0)")).to_be_visible()
    objects.get_by_role("listitem").filter(has_text="Run").get_by_role("link").first.click()
    page.get_by_role("tab", name="Lineage").click()
    expect(graph.get_by_text("digits-train (a91c44e0)")).to_be_visible()

    server.local.call("PATCH", "registered-models/update", json={"name": shop.model, "description": "Reads forms"})
    page.goto(f"/ml/models/{shop.model}?tab=activity")
    log = page.get_by_role("region", name="Activity").get_by_role("listitem")
    expect(log.first).to_contain_text("owner described it: Reads forms")
    expect(log.filter(has_text="made the version").first).to_contain_text("version 6")
    assert complaints(page) == []
    page.goto(f"/ml/prompts/{shop.prompt}?tab=activity")
    expect(log.filter(has_text="made the version").first).to_be_visible()
    page.get_by_role("tab", name="Lineage").click()
    expect(graph).to_be_visible()
