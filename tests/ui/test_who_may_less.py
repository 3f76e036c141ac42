"""What readers are kept from, page by page; who may more by a grant; and a right that is lost while somebody looks."""

import re
from collections.abc import Callable

import mutations
from assistant import Assistant
from pages import visit
from playwright.sync_api import Page, expect
from world import World

from lakeward.runtime.http import Role
from server import Callers, Server

# Whatever is called so changes something.
CHANGES = re.compile(
    r"^((New|Edit|Delete|Remove|Rename|Move|Write|Take|Send|Lock|Add) .*|(Tag|Alias|Assess|Upload|Restore|Grant|Rename"
    r"|Move|Delete|Change the owner|Production|Staging|Archived))$"
)
LOOK = """() => [...document.querySelectorAll("button")].filter((each) => each.checkVisibility()).map((each) => [
    each.getAttribute("aria-label") ?? each.innerText.trim(),
    each.getAttribute("aria-disabled") === "true",
    each.title,
])"""

# page, or an address: (what is opened there, what has to be among what is refused)
REFUSED = {
    "/ml/experiments?q=churn-2026": ("Actions for churn-2026", {"New experiment", "Rename", "Move to trash"}),
    "runs": ("Actions for this experiment", {"Tag", "Rename", "Move to trash"}),
    "run": ("Actions for this run", {"Tag", "Rename", "Move to another experiment", "Delete"}),
    "model": ("Actions for this model", {"Tag", "Delete"}),
    "trace": ("Actions for this trace", {"Assess", "Edit correctness", "Delete correctness", "Tag", "Delete"}),
    "trace-timeline": ("", {"Assess"}),
    "registered": (
        "Actions for this model",
        {"Tag", "Alias", "Edit the model's description", "Rename", "Delete", "Delete this version"},
    ),
    "prompts": ("", {"New prompt"}),
    "prompt": ("Actions for this prompt", {"Tag", "Alias", "New version", "Delete", "Delete this version"}),
    "catalog": ("", {"New catalog"}),
    "catalog-schema": (
        "Actions for this schema",
        {"Tag", "New volume", "Edit the description of acme.sales", "Delete"},
    ),
    "catalog-table": ("Actions for this table", {"Tag", "Edit the description of acme.sales.orders", "Delete"}),
    "catalog-volume": ("Actions for this volume", {"Tag", "Upload", "Delete 2026-w03.csv", "Delete"}),
    "catalog-function": ("Actions for this function", {"Tag", "Delete"}),
    "catalog-permissions": ("", {"Grant", "Change the owner"}),
    "settings-users": ("", {"New user"}),
    "settings-groups": ("", {"New group"}),
    "settings-secrets": ("", {"New scope"}),
}  # fmt: skip


def refused(page: Page) -> set[str]:
    """What is greyed out here with a reason; nothing that changes something may be left."""
    found = [(name, blocked, why) for name, blocked, why in page.evaluate(LOOK) if CHANGES.match(name)]
    assert [name for name, blocked, why in found if not blocked or not why] == [], page.url
    return {name for name, _, _ in found}


def test_a_reader_changes_nothing_anywhere(
    signed_in: Callable[..., Page], callers: Callers, made: World, shop: Assistant, console: list[str]
) -> None:
    page = signed_in(callers.reader.headers["authorization"].removeprefix("Bearer "))
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(mutations.told(request)))
    for name, (opened, expected) in REFUSED.items():
        if name.startswith("/"):
            page.goto(name)
        else:
            visit(page, made, shop, name)
        if opened:
            page.get_by_role("button", name=opened, exact=True).click()
        expect(page.locator("button[title='One moment']")).to_have_count(0)
        assert expected - refused(page) == set(), name
    for name, bar in (("runs", "Selected runs"), ("traces", "Selected traces")):
        visit(page, made, shop, name)
        page.get_by_role("grid").get_by_role("checkbox", name="Select", exact=True).first.click()
        expect(page.get_by_role("toolbar", name=bar)).to_be_visible()
        assert {"Tag", "Delete"} <= refused(page)
        page.get_by_role("toolbar", name=bar).get_by_role("button", name="Delete").click(force=True)
    visit(page, made, shop, "registered")
    page.get_by_role("button", name="Stage").click()
    assert {"Production", "Archived"} <= refused(page)
    console.clear()  # what a reader may not even see, some pages ask for
    assert mutations.unmade(asked) == list(mutations.MUTATIONS)


def test_a_grant_is_enough_and_its_loss_is_said(
    signed_in: Callable[..., Page], server: Server, console: list[str]
) -> None:
    client = server.local
    run = client.run(client.experiment("ui/lent"), run_name="lent")
    experiment = client.get("runs/get", run_id=run)["run"]["info"]["experiment_id"]
    client.post("registered-models/create", name="ui-lent", description="Was *not* mine")
    entry = client.get("/api/2.0/lakeward/registry/entry", name="ui-lent")["id"]
    page = signed_in(server.token("ines@example.org", role=Role.READ))
    given = [{"user_name": "ines@example.org", "permission_level": "CAN_EDIT"}]
    for kind, number in (("experiments", experiment), ("registered-models", entry)):
        client.call("PATCH", f"/api/2.0/permissions/{kind}/{number}", json={"access_control_list": given})
    page.goto("/ml/models/ui-lent")
    page.get_by_role("button", name="Edit the model's description").click()
    page.get_by_label("the model's description").fill("Is *nearly* mine")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".markdown em")).to_have_text("nearly")
    page.get_by_role("button", name="Actions for this model").click()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_have_attribute("aria-disabled", "true")
    page.goto(f"/ml/experiments/{experiment}/runs/{run}")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("mine")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag mine")).to_be_visible()
    page.get_by_role("button", name="Actions for this run").click()
    page.get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("taken")
    client.call("PUT", f"/api/2.0/permissions/experiments/{experiment}", json={"access_control_list": []})
    page.wait_for_timeout(1_100)  # that is how long the server remembers
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.get_by_role("alert")).to_contain_text("ines@example.org")
    assert client.get("runs/get", run_id=run)["run"]["info"]["run_name"] == "lent"
    console.clear()
