"""Every page, how to get there, and what axe says of it."""

from pathlib import Path

from assistant import Assistant
from playwright.sync_api import Page, expect
from world import World

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
    "grouped": ("/ml/experiments/{e}?group=params.family&sort=metrics.test/accuracy:desc", "grid[Runs]"),
    "contour": (
        (
            "/ml/experiments/{e}/compare?runs={all}&tab=contour&sx=params.learning_rate&sy=params.dropout"
            "&sz=metrics.test/accuracy"
        ),
        "img[test/accuracy over learning_rate and dropout]",
    ),
    "bars": (
        "/ml/experiments/{e}/compare?runs={all}&tab=bars&sy=metrics.test/accuracy",
        "region[Bars of test/accuracy]",
    ),
    "compare-code": ("/ml/experiments/{e}/compare?runs={some}&tab=code", "region[Code]"),
    "compare-files": (
        "/ml/experiments/{e}/compare?runs={some}&tab=artifacts&file=config.json&pair=0,1",
        "region[Files of the runs]",
    ),
    "models": ("/ml/experiments/{e}/models", "region[Models]"),
    "model": ("/ml/experiments/{e}/models/{m}", "region[Metrics]"),
    "first-run": ("/ml/experiments/{empty}", "region[Log a first run]"),
    "traces": ("/ml/experiments/{shop}/traces", "grid[Traces]"),
    "trace-peek": ("/ml/experiments/{shop}/traces?peek={t}", "complementary[Trace answer]"),
    "trace": ("/ml/experiments/{shop}/traces/{t}", "tree[Spans]"),
    "trace-timeline": ("/ml/experiments/{shop}/traces/{failed}?layout=timeline&span={span}", "region[Events]"),
    "trace-graph": ("/ml/experiments/{shop}/traces/{failed}?layout=graph&span={span}", "region[Graph of the steps]"),
    "all-traces": ("/ml/traces", "grid[Traces]"),
    "sessions": ("/ml/experiments/{shop}/sessions", "region[Sessions]"),
    "session": ("/ml/experiments/{shop}/sessions/{session}", "region[Conversation]"),
    "overview": ("/ml/experiments/{shop}/overview", "region[By name]"),
    "first-trace": ("/ml/experiments/{empty}/traces", "region[Send a first trace]"),
    "registry": ("/ml/models", "region[Models]"),
    "registered": ("/ml/models/{name}", "region[Version 6]"),
    "versions-compared": ("/ml/models/{name}?version=6&against=4", "region[Comparison]"),
    "lineage": ("/ml/models/{name}?version=6&tab=lineage", "region[Lineage]"),
    "activity": ("/ml/models/{name}?tab=activity", "region[Activity]"),
    "prompts": ("/ml/prompts", "region[Prompts]"),
    "prompt": ("/ml/prompts/{prompt}", "region[Template]"),
    "prompt-chat": ("/ml/prompts/{prompt}-chat", "region[Template]"),
    "prompt-diff": ("/ml/prompts/{prompt}?version=3&against=2", "figure[Version 2 → 3]"),
    "catalog": ("/ml/catalog", "region[Catalogs]"),
    "catalog-schema": ("/ml/catalog/acme/sales", "region[Contents]"),
    "catalog-table": ("/ml/catalog/acme/sales/tables/orders", "region[Columns]"),
    "catalog-rows": ("/ml/catalog/acme/sales/tables/orders?tab=sample", "region[Sample rows]"),
    "catalog-volume": ("/ml/catalog/acme/sales/volumes/reports?file=2026-w03.csv", "region[Table]"),
    "catalog-function": ("/ml/catalog/acme/sales/functions/net_price", "region[Parameters]"),
    "catalog-permissions": ("/ml/catalog/acme/sales/tables/orders?tab=permissions", "region[Who has which privilege]"),
    "settings": ("/ml/settings", "region[Workspaces]"),
    "settings-tokens": ("/ml/settings?tab=tokens", "region[Access tokens]"),
    "settings-users": ("/ml/settings?tab=users", "region[Users]"),
    "settings-groups": ("/ml/settings?tab=groups", "region[Groups]"),
    "settings-secrets": ("/ml/settings?tab=secrets", "region[Secrets]"),
    "settings-webhooks": ("/ml/settings?tab=webhooks", "region[All webhooks]"),
    "settings-deliveries": ("/ml/settings?tab=webhooks&hook={hook}", "region[Deliveries]"),
    "settings-system": ("/ml/settings?tab=system", "region[The busiest calls]"),
    "settings-audit": ("/ml/settings?tab=audit", "region[Audit log]"),
}  # fmt: skip


def visit(page: Page, made: World, shop: Assistant, name: str) -> None:
    address, sign = PAGES[name]
    ids = {
        "e": made.study, "r": made.best, "m": made.models[1], "empty": made.empty, "some": ",".join(made.runs[:4]),
        "all": ",".join(made.runs), "shop": shop.experiment, "t": shop.rich, "failed": shop.failed,
        "span": shop.failing, "session": shop.session, "name": shop.model, "prompt": shop.prompt,
        "hook": shop.hook,
    }  # fmt: skip
    page.goto(address.format(**ids))
    role, _, label = sign.rstrip("]").partition("[")
    expect(page.get_by_role(role, name=label)).to_be_visible()
    expect(page.locator(".skeleton, .chart-wait")).to_have_count(0)


def complaints(page: Page, *, only: str = "", within: str = "") -> list[str]:
    """Of axe; `within`: about what this selector finds alone, as what lies under an open menu is no target."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text("utf-8"))
    chosen = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": RULES}
    options = {"runOnly": chosen, "resultTypes": ["violations"], "preload": False}
    run = "([within, options]) => axe.run(within || document, options)"
    found = page.evaluate(run, [within, options])["violations"]
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
