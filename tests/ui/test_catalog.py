"""The catalog explorer: what is there, what is made by hand, who may do what, and what those see who may less."""

import re
from collections.abc import Callable

import stock
from assistant import Assistant
from pages import complaints
from playwright.sync_api import Page, expect

from lakeward.runtime.http import Role
from server import Server

UC = "/api/2.1/unity-catalog"


def test_a_catalog_from_nothing_to_a_file_and_back(
    page: Page, server: Server, shop: Assistant, console: list[str]
) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Catalog", exact=True).click()
    for what, name in (("catalog", "ui-made"), ("schema", "things"), ("volume", "files")):
        page.get_by_role("button", name=f"New {what}").click()
        page.get_by_role("dialog").get_by_label("Name").fill(name)
        page.get_by_role("button", name="Create").click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    page.get_by_role("button", name="Edit the description of ui-made.things.files").click()
    page.get_by_label("the description of ui-made.things.files").fill("What *was* said")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".markdown em")).to_have_text("was")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag kept")).to_be_visible()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("kept")  # the same again has another value
    page.get_by_label("Tag value").fill("long")
    page.keyboard.press("Enter")
    expect(page.get_by_text("long", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove tag kept").click()
    expect(page.get_by_role("button", name="Remove tag kept")).to_have_count(0)
    made = server.local.get(f"{UC}/volumes/ui-made.things.files")
    assert made["comment"] == "What *was* said"
    expect(page.get_by_text("No files yet")).to_be_visible()
    page.get_by_role("button", name="Upload").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Files", exact=True).set_input_files(
        {"name": "a b.csv", "mimeType": "text/csv", "buffer": b"x,y\n1,2\n"}
    )
    dialog.get_by_label("Folder").fill("2026")
    assert complaints(page) == []
    dialog.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="2026").click()
    page.get_by_role("button", name="a b.csv").click()
    expect(page.get_by_role("region", name="Table").get_by_role("columnheader")).to_have_text(["x", "y"])
    assert "file=2026%2Fa+b.csv" in page.url
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert saved.value.path().read_bytes() == b"x,y\n1,2\n"
    page.get_by_role("button", name="Delete 2026/a b.csv").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("No files yet")).to_be_visible()


def test_all_that_can_be_described_and_deleted(page: Page, server: Server, shop: Assistant) -> None:
    client = server.local
    stock.make(client, "catalogs", name="ui-going")
    stock.make(client, "schemas", catalog_name="ui-going", name="things")
    where = {"catalog_name": "ui-going", "schema_name": "things"}
    stock.make(client, "volumes", **where, name="files")
    far = {"table_type": "EXTERNAL", "data_source_format": "PARQUET", "storage_location": "s3://far/seen"}
    stock.make(client, "tables", **where, name="seen", columns=[], **far)
    stock.function(client, **where, name="half")
    for what, name, above in (
        ("volume", "ui-going.things.files", "things"),
        ("table", "ui-going.things.seen", "things"),
        ("function", "ui-going.things.half", "things"),
        ("schema", "ui-going.things", "ui-going"),
        ("catalog", "ui-going", "Catalog"),
    ):
        if above == "things":
            page.goto(f"/ml/catalog/ui-going/things/{what}s/{name.rsplit('.', 1)[-1]}")
        page.get_by_role("button", name=f"Edit the description of {name}", exact=True).click()
        page.get_by_label(f"the description of {name}", exact=True).fill(f"A *{what}* that goes")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".markdown em")).to_have_text(what)
        page.get_by_role("button", name=f"Actions for this {what}").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        sure = page.get_by_role("dialog").get_by_role("button", name="Delete for good")
        expect(sure).to_have_attribute("aria-disabled", "true")
        page.get_by_label(re.compile("to confirm")).fill(name)
        sure.click()
        expect(page.get_by_role("heading", level=1, name=above)).to_be_visible()
    expect(page.get_by_role("region", name="Catalogs").get_by_text("ui-going")).to_have_count(0)
    assert server.local.refused("GET", f"{UC}/catalogs/ui-going").status == 404


def test_what_is_found_and_looked_at(page: Page, shop: Assistant) -> None:
    page.goto("/explore/data/acme/sales")
    contents = page.get_by_role("region", name="Contents")
    expect(contents.get_by_role("row")).to_have_count(8)
    page.get_by_role("button", name="Tables").click()
    page.get_by_label("Find in this schema").fill("RE")
    expect(contents.get_by_role("row")).to_have_count(2)
    page.reload()
    expect(contents.get_by_role("link", name="returns")).to_be_visible()
    tree = page.get_by_role("navigation", name="Catalog", exact=True)
    tree.get_by_label("Find by name").fill("ord")
    tree.get_by_role("link", name="orders acme.sales").click()
    page.get_by_role("button", name="Tags of country").click()
    expect(page.get_by_role("button", name="Remove tag checked")).to_be_visible()
    page.get_by_role("tab", name="Sample rows").click()
    rows = page.get_by_role("region", name="Sample rows").get_by_role("row")
    expect(rows).to_have_count(51)
    expect(rows.nth(1)).to_contain_text("10000")
    expect(page.get_by_text("The first 50 rows · version 0 · 1 file")).to_be_visible()
    assert "tab=sample" in page.url
    tree.get_by_role("button", name="Clear").click()
    tree.get_by_role("link", name="net_price").click()
    expect(page.get_by_role("region", name="Parameters").get_by_role("row").nth(2)).to_contain_text("'de'")
    expect(page.locator("pre")).to_contain_text("return amount")
    tree.get_by_role("link", name="visits").click()
    page.get_by_role("tab", name="Sample rows").click()
    expect(page.get_by_text("Nothing was written yet")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anything").fill("net_pr")
    page.get_by_role("option", name="acme.sales.net_price").click()
    expect(page.get_by_role("heading", level=1, name="net_price")).to_be_visible()


def test_what_a_function_is_called_and_what_the_server_keeps(page: Page, server: Server, shop: Assistant) -> None:
    page.goto("/ml/catalog/acme/sales/functions/net_price")
    page.get_by_role("button", name="Edit the description of acme.sales.net_price").click()
    page.get_by_label("the description of acme.sales.net_price").fill("Without *tax*")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".markdown em")).to_have_text("tax")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("reviewed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag reviewed")).to_be_visible()
    assert server.local.get(f"{UC}/functions/{stock.FUNCTION}")["comment"] == "Without *tax*"
    for place, one in (("system", "catalog"), ("system/access", "schema"), ("system/access/tables/audit", "table")):
        page.goto(f"/ml/catalog/{place}")
        page.get_by_role("button", name=f"Actions for this {one}").click()
        expect(page.get_by_role("button", name="Delete", exact=True)).to_have_attribute("title", re.compile("server"))
        expect(page.get_by_role("button", name="Tag", exact=True)).to_have_attribute("aria-disabled", "true")
    page.goto("/ml/catalog/system?tab=permissions")
    expect(page.get_by_role("button", name="Grant", exact=True)).not_to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("button", name="Change the owner")).to_have_attribute("aria-disabled", "true")


def test_grants_are_given_explained_taken_and_the_owner_changes(page: Page, server: Server, shop: Assistant) -> None:
    server.token("gina@example.org", role=Role.USE)
    stock.make(server.local, "schemas", catalog_name=stock.CATALOG, name="shared")
    page.goto("/ml/catalog/acme/shared?tab=permissions")
    table = page.get_by_role("region", name="Who has which privilege")
    expect(table.get_by_role("row").filter(has_text="users")).to_contain_text("BROWSE from catalog acme")
    page.get_by_role("button", name="Grant", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To whom").fill("gina@example.org")
    dialog.get_by_label(re.compile("^USE SCHEMA")).check()
    dialog.get_by_label("CREATE TABLE").check()
    assert complaints(page) == []
    dialog.get_by_role("button", name="Grant").click()
    gina = table.get_by_role("row").filter(has_text="gina@example.org")
    expect(gina.get_by_role("button", name="Take CREATE TABLE from gina@example.org")).to_be_visible()
    why = page.get_by_role("region", name="Why")
    why.get_by_label("Whom it is about").fill("gina@example.org")
    why.get_by_label("What it is about").select_option("CREATE_TABLE")
    why.get_by_role("button", name="Ask").click()
    expect(why.get_by_role("status")).to_contain_text("has CREATE_TABLE on schema acme.shared")
    gina.get_by_role("button", name="Take CREATE TABLE from gina@example.org").click()
    expect(gina).not_to_contain_text("CREATE TABLE")
    page.get_by_role("button", name="Undo").last.click()
    expect(gina).to_contain_text("CREATE TABLE")
    page.get_by_role("button", name="Change the owner").click()
    page.get_by_role("dialog").get_by_label("The new owner").fill("gina@example.org")
    page.get_by_role("button", name="Give it away").click()
    expect(page.get_by_role("region", name="Owner")).to_contain_text("gina@example.org")
    assert server.local.get(f"{UC}/schemas/acme.shared")["owner"] == "gina@example.org"


def test_who_may_less_is_told_why(
    signed_in: Callable[[str], Page], server: Server, shop: Assistant, console: list[str]
) -> None:
    ben = signed_in(server.token("ben@example.org", role=Role.USE))
    ben.goto("/ml/catalog/acme/sales/tables/orders?tab=permissions")
    grant = ben.get_by_role("button", name="Grant", exact=True)
    expect(grant).to_have_attribute("title", re.compile("It would take MANAGE on table acme.sales.orders"))
    grant.click(force=True)
    expect(ben.get_by_role("dialog")).to_have_count(0)
    expect(ben.get_by_role("button", name=re.compile("^Take "))).to_have_count(0)
    for blocked in ("Change the owner", "Edit the description of acme.sales.orders", "Tag"):
        expect(ben.get_by_role("button", name=blocked, exact=True)).to_have_attribute("aria-disabled", "true")
    why = ben.get_by_role("region", name="Why")
    expect(why.get_by_label("Whom it is about")).to_have_value("ben@example.org")
    why.get_by_role("button", name="Ask").click()
    expect(why.get_by_role("status")).to_contain_text("Yes")
    ben.get_by_role("tab", name="Sample rows").click()
    expect(ben.get_by_role("region", name="Sample rows").get_by_role("row")).to_have_count(51)
    ben.goto("/ml/catalog/acme/sales/volumes/reports")
    expect(ben.get_by_role("button", name="Upload")).to_have_attribute("title", re.compile("WRITE_VOLUME on volume"))
    expect(ben.get_by_role("alert")).to_contain_text("does not have READ")
    expect(ben.get_by_role("button", name="Actions for this volume")).to_be_visible()
    console.clear()


def test_access_of_models_and_prompts(page: Page, server: Server, shop: Assistant) -> None:
    server.token("hugo@example.org", role=Role.USE)
    for place, what in ((f"/ml/models/{shop.model}", "model"), (f"/ml/prompts/{shop.prompt}", "prompt")):
        page.goto(place)
        page.get_by_role("button", name=f"Actions for this {what}").click()
        page.get_by_role("button", name="Access").click()
        dialog = page.get_by_role("dialog").first
        dialog.get_by_label("User, group or service principal").fill("hugo@example.org")
        dialog.get_by_label("May", exact=True).select_option("CAN_EDIT")
        dialog.get_by_role("button", name="Give", exact=True).click()
        row = dialog.get_by_role("row").filter(has_text="hugo@example.org")
        expect(row).to_contain_text("given here")
        dialog.get_by_role("button", name="Grant", exact=True).click()
        inner = page.get_by_role("dialog").last
        inner.get_by_label("To whom").fill("hugo@example.org")
        inner.get_by_label("EXECUTE").check()
        inner.get_by_role("button", name="Grant", exact=True).click()
        expect(dialog.get_by_role("button", name="Take EXECUTE from hugo@example.org")).to_be_visible()
        assert complaints(page) == []
    dialog.get_by_role("button", name="Change the owner").click()
    page.get_by_role("dialog").last.get_by_label("The new owner").fill("hugo@example.org")
    page.get_by_role("button", name="Give it away").click()
    expect(dialog.get_by_role("region", name="Owner")).to_contain_text("hugo@example.org")


def test_a_catalog_from_elsewhere_that_is_only_read(page: Page, server: Server, shop: Assistant) -> None:
    """Also for an administrator; and the palette finds what is in it."""
    there = server.caller(x_mlflow_workspace="lender")
    server.local.call("POST", "/api/3.0/mlflow/workspaces", json={"name": "lender"})
    there.call("POST", f"{UC}/catalogs", json={"name": "museum"})
    there.call("POST", f"{UC}/schemas", json={"catalog_name": "museum", "name": "halls"})
    there.call("POST", f"{UC}/volumes", json={"catalog_name": "museum", "schema_name": "halls", "name": "paintings"})
    there.call("PATCH", f"{UC}/catalogs/museum", json={"isolation_mode": "ISOLATED"})
    bound = {"add": [{"workspace_id": 1, "binding_type": "BINDING_TYPE_READ_ONLY"}]}
    there.call("PATCH", f"{UC}/bindings/catalog/museum", json=bound)
    page.wait_for_timeout(1_100)  # that is how long the server remembers
    page.goto("/")
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find").fill("painti")
    page.get_by_role("option", name="museum.halls.paintings").click()
    why = re.compile("museum is bound to this workspace for reading only")
    expect(page.get_by_role("button", name="Upload")).to_have_attribute("title", why)
    expect(page.get_by_role("button", name="Tag", exact=True)).to_have_attribute("title", why)
    page.goto("/ml/catalog/museum")
    expect(page.get_by_role("button", name="New schema")).to_have_attribute("aria-disabled", "true")
