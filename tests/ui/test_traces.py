"""Traces: found, looked at, judged, deleted; sessions; the overview."""

import re
from collections.abc import Callable

from assistant import Assistant, Recorder, judge, send
from pages import complaints
from playwright.sync_api import Page, expect

from server import Callers, Server

ELSEWHERE = {"x-forwarded-for": "203.0.113.7"}
API = "/api/3.0/mlflow/traces"


def filtered(page: Page, text: str) -> None:
    field = page.get_by_role("combobox", name="Filter")
    field.fill(text)
    field.press("Enter")


def found(page: Page, count: int, word: str = "trace") -> None:
    expect(page.get_by_role("status").filter(has_text=re.compile(rf"^{count} {word}s?"))).to_be_visible()


def tiny(server: Server, names: list[str]) -> tuple[str, list[str]]:
    """An experiment of its own with a trace of each name, the last the newest."""
    experiment = server.local.experiment()
    ids = []
    for at, name in enumerate(names):
        record = Recorder(1_795_000_000_000 + at * 1_000)
        record.span(name, "TASK", 0, 5, inputs={"number": at})
        send(server.local, experiment, record.spans)
        ids.append(f"tr-{record.trace}")
    return experiment, ids


def test_found_by_words_clauses_and_time(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}")
    page.get_by_role("tab", name="Traces").click()
    found(page, 50)
    filtered(page, "Tove Jansson")
    found(page, 9)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Tove Jansson")
    filtered(page, "status = 'ERROR'")
    found(page, 4)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Error")
    filtered(page, "span.type = 'RETRIEVER' AND feedback.helpful = 'false'")
    found(page, 4)
    filtered(page, "")
    found(page, 50)
    page.get_by_role("button", name="Time: All time").click()
    page.get_by_role("button", name="Last hour").click()
    found(page, 2)
    assert "range=1h" in page.url
    page.reload()
    found(page, 2)


def test_the_filter_completes_and_is_told_what_is_wrong(page: Page, shop: Assistant, console: list[str]) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces")
    found(page, 50)
    field = page.get_by_role("combobox", name="Filter")
    field.fill("")
    field.press_sequentially("feedb")
    page.get_by_role("option", name="feedback.helpful").click()
    field.press_sequentially("= ")
    expect(page.get_by_role("option", name="yes")).to_be_visible()
    filtered(page, "nonsense = 'x'")
    expect(page.get_by_role("alert")).to_contain_text("nonsense")
    assert all("400" in each for each in console)
    console.clear()


def test_an_experiment_of_traces_alone_leads_to_them(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}")
    page.get_by_role("link", name="To the traces").click()
    expect(page.get_by_role("grid", name="Traces")).to_be_visible()


def test_sorted_by_the_server(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces")
    page.get_by_role("columnheader", name="Duration").get_by_role("button").first.click()
    page.wait_for_url(re.compile("sort=duration"))
    expect(page.get_by_role("row").nth(1)).to_contain_text("describe_all_books")


def test_j_and_k_beside_the_table(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces?q=user")
    filtered(page, "name = 'answer'")
    found(page, 49)
    page.get_by_role("grid").press("j")
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("18.90 €")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("peek=" + shop.traces[-2]))
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile("peek=" + shop.rich))
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_new_traces_come_by_themselves_and_go_for_good(page: Page, server: Server) -> None:
    experiment = server.local.experiment("ui/fresh-traces")
    page.goto(f"/ml/experiments/{experiment}/traces?cols=name,tags")
    expect(page.get_by_text("Waiting for your first trace")).to_be_visible()
    ids = []
    for at in range(3):
        record = Recorder(1_795_000_000_000 + at)
        record.span(f"job {at}", "TASK", 0, 3)
        send(server.local, experiment, record.spans)
        ids.append(f"tr-{record.trace}")
    expect(page.get_by_role("link", name="job 2")).to_be_visible()
    boxes = page.get_by_role("grid").get_by_role("checkbox", name="Select", exact=True)
    boxes.nth(0).click()
    boxes.nth(1).click()
    page.get_by_role("toolbar").get_by_role("button", name="Tag").click()
    page.get_by_role("dialog").get_by_label("Name").fill("batch")
    page.get_by_role("dialog").get_by_label("Value").fill("7")
    page.get_by_role("dialog").get_by_role("button", name="Tag").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("batch")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("link", name="job 2")).to_have_count(0)
    expect(page.get_by_role("link", name="job 0")).to_be_visible()
    assert [server.local.request("GET", f"{API}/{each}").status_code for each in ids] == [200, 404, 404]


def test_columns_of_what_was_judged(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").fill("relev")
    page.get_by_role("checkbox", name="relevance").check()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile("cols="))
    page.goto(f"/ml/experiments/{shop.experiment}/traces?cols=name,feedback.relevance")
    expect(page.get_by_role("columnheader", name="relevance")).to_be_visible()
    expect(page.get_by_role("row").nth(3)).to_contain_text(re.compile(r"0\.\d"))


def test_a_trace_with_its_spans(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces/{shop.rich}")
    tree = page.get_by_role("tree", name="Spans")
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    details = page.get_by_role("region", name="Trace", exact=True)
    expect(details.get_by_role("region", name="Request")).to_contain_text("I want my money back")
    expect(details.get_by_role("region", name="Response")).to_contain_text("I have refunded 18.90 €")
    tree.get_by_role("treeitem", name=re.compile("chat")).first.click()
    span = page.get_by_role("region", name="Span", exact=True)
    expect(span.get_by_role("region", name="Inputs")).to_contain_text("support assistant of a bookshop")
    expect(span.get_by_role("region", name="Outputs")).to_contain_text("refund")
    expect(span.get_by_role("region", name="Outputs")).to_contain_text("6120")
    span.get_by_role("button", name="JSON").click()
    expect(span.get_by_role("region", name="Outputs")).to_contain_text("tool_calls")
    span.get_by_role("button", name="Chat", exact=True).click()
    tree.press("ArrowDown")
    expect(span.get_by_role("heading", level=2)).to_have_text("refund")
    tree.press("Home")
    expect(span.get_by_role("heading", level=2)).to_have_text("answer")
    tree.press("ArrowLeft")
    expect(tree.get_by_role("treeitem")).to_have_count(1)
    tree.press("ArrowRight")
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    page.get_by_role("button", name="Timeline").click()
    expect(tree.locator(".span-bar")).to_have_count(6)
    assert "layout=timeline" in page.url
    assert "span=" in page.url
    page.reload()
    expect(span.get_by_role("heading", level=2)).to_have_text("answer")


def test_what_failed_is_seen_at_once(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces/{shop.failed}")
    expect(page.get_by_role("button", name="Whole trace")).to_contain_text("2 errors")
    page.get_by_role("link", name="To the last one").click()
    expect(page.get_by_role("alert")).to_contain_text("order system did not answer")
    expect(page.get_by_role("region", name="Events")).to_contain_text("shop.py")
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("failed")


def test_thousands_of_spans_are_drawn_as_they_come_into_sight(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces/{shop.large}")
    tree = page.get_by_role("tree", name="Spans")
    expect(page.get_by_role("button", name="Whole trace")).to_contain_text("3,000 spans")
    assert 10 < tree.get_by_role("treeitem").count() < 80
    tree.press("End")
    expect(tree.get_by_role("treeitem", selected=True)).to_contain_text("describe 2998")
    page.get_by_label("Find in this trace").fill("Book 1234")
    expect(page.get_by_role("status").filter(has_text="1 span found")).to_be_visible()
    expect(tree.get_by_role("treeitem")).to_have_count(3)
    page.keyboard.press("Enter")
    expect(tree.get_by_role("treeitem", selected=True)).to_contain_text("describe 1234")
    expect(page.get_by_role("region", name="Outputs")).to_contain_text("Book 1234")
    page.get_by_label("Find in this trace").fill("shelf 3")
    expect(page.get_by_role("status").filter(has_text="11 spans found")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Shut everything").click()
    expect(tree.get_by_role("treeitem")).to_have_count(1)


def test_judging_a_trace_and_a_span(page: Page, server: Server) -> None:
    experiment, [trace] = tiny(server, ["judged"])
    page.goto(f"/ml/experiments/{experiment}/traces/{trace}")
    panel = page.get_by_role("region", name="Assessments")
    panel.get_by_role("button", name="Assess").click()
    panel.get_by_label("What is judged").fill("helpful")
    expect(panel.get_by_role("button", name="Save")).to_have_attribute("aria-disabled", "true")
    panel.get_by_role("button", name="No", exact=True).click()
    panel.get_by_label("Why").fill("It forgot the date.")
    panel.get_by_role("button", name="Save").click()
    line = panel.get_by_role("article", name="helpful")
    expect(line).to_contain_text("It forgot the date.")
    line.get_by_role("button", name="Edit helpful").click()
    panel.get_by_role("button", name="Yes", exact=True).click()
    panel.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("yes")
    panel.get_by_role("button", name="Assess").click()
    panel.get_by_label("What is judged").fill("answer")
    panel.get_by_role("button", name="Expectation").click()
    panel.get_by_role("button", name="Text", exact=True).click()
    panel.get_by_label("Expected").fill('{"date": "2026-11-21"}')
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("article", name="answer")).to_contain_text("2026-11-21")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag name").fill("seen")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove tag seen").click()
    expect(page.get_by_role("button", name="Remove tag seen")).to_have_count(0)
    page.get_by_role("treeitem").click()
    panel.get_by_role("button", name="Assess").click()
    panel.get_by_label("What is judged").fill("speed")
    panel.get_by_role("button", name="Score").click()
    panel.get_by_role("textbox", name="Score").fill("0.75")
    page.keyboard.press("Control+Enter")
    expect(panel.get_by_role("article", name="speed")).to_contain_text("0.75")
    said = server.local.get(f"{API}/{trace}")["trace"]["trace_info"]["assessments"]
    by_name = {each["assessment_name"]: each for each in said}
    assert by_name["helpful"]["feedback"]["value"] is True
    assert by_name["helpful"]["source"] == {"source_type": "HUMAN", "source_id": "owner"}
    assert by_name["answer"]["expectation"]["serialized_value"]["value"] == '{"date":"2026-11-21"}'
    assert (by_name["speed"]["feedback"]["value"], len(by_name["speed"]["span_id"])) == (0.75, 16)
    panel.get_by_role("article", name="speed").get_by_role("button", name="Delete speed").click()
    expect(panel.get_by_role("article")).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(panel.get_by_role("article", name="speed")).to_be_visible()


def test_a_readers_judgement_is_not_asked_for(
    tab: Callable[..., Page], callers: Callers, server: Server, console: list[str]
) -> None:
    experiment, [trace] = tiny(server, ["read only"])
    judge(server.local, trace, "good", value=True)
    page = tab(extra_http_headers=ELSEWHERE)
    page.goto(f"/ml/experiments/{experiment}/traces/{trace}")
    page.get_by_label("Access token").fill(callers.reader.headers["authorization"].removeprefix("Bearer "))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("article", name="good")).to_be_visible()
    console.clear()
    for name in ("Assess", "Edit good", "Delete good"):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(button).to_have_attribute("title", re.compile("role in this workspace is READ"))
    page.get_by_role("button", name="Actions for this trace").click()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_have_attribute("aria-disabled", "true")


def test_conversations(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}")
    page.get_by_role("tab", name="Sessions").click()
    found(page, 17, "session")
    expect(page.get_by_role("row").nth(1)).to_contain_text("chat-900")
    filtered(page, "chat-002")
    found(page, 1, "session")
    page.get_by_role("link", name="chat-002").click()
    talk = page.get_by_role("region", name="Conversation")
    expect(talk.get_by_role("article")).to_have_count(3)
    expect(talk).to_contain_text("Can I still change the address?")
    page.get_by_role("link", name="As a table").click()
    found(page, 3)


def test_the_overview_leads_to_the_traces_behind_a_point(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}")
    page.get_by_role("tab", name="Overview").click()
    names = page.get_by_role("region", name="By name")
    expect(names.get_by_role("row").nth(1)).to_contain_text("answer")
    expect(page.get_by_text("Latency p95")).to_be_visible()
    chart = page.get_by_role("figure", name="Traces").locator(".u-over")
    box = chart.bounding_box()
    assert box
    chart.click(position={"x": box["width"] * 0.6, "y": box["height"] * 0.5})
    page.wait_for_url(re.compile(r"/traces\?(.*&)?from=\d+.*to=\d+"))
    page.go_back()
    names.get_by_role("link", name="describe_all_books").click()
    found(page, 1)
    page.get_by_role("tab", name="Overview").click()
    page.get_by_role("button", name="Time").click()
    page.get_by_role("button", name="Last hour").click()
    expect(page.get_by_role("region", name="By name")).to_be_visible()


def test_the_graph_of_a_trace(page: Page, shop: Assistant) -> None:
    page.goto(f"/ml/experiments/{shop.experiment}/traces/{shop.failed}")
    page.get_by_role("button", name="Graph", exact=True).click()
    graph = page.get_by_role("region", name="Graph of the steps")
    steps = graph.get_by_role("button")
    expect(steps.first).to_be_visible()
    assert steps.count() > 1
    failed = graph.locator(".call-step.failed").last
    failed.click()
    expect(failed).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("region", name="Span", exact=True)).to_be_visible()
    assert "layout=graph" in page.url
    page.goto(f"/ml/experiments/{shop.experiment}/traces/{shop.large}?layout=graph")
    expect(graph.locator(".call-step").filter(has_text=re.compile("\u00d7")).first).to_be_visible()
    assert complaints(page) == []


def test_the_traces_of_all_experiments(page: Page, server: Server, shop: Assistant) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Traces", exact=True).click()
    table = page.get_by_role("grid", name="Traces")
    expect(table.get_by_role("columnheader", name="Experiment")).to_be_visible()
    filtered(page, "status = 'ERROR'")
    row = table.get_by_role("row").nth(1)
    expect(row.get_by_role("link", name="assistant")).to_be_visible()
    row.get_by_role("link", name="assistant").click()
    expect(page.get_by_role("heading", level=1, name="assistant")).to_be_visible()
