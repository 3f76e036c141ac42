"""What the demo made, as somebody sees it who follows the addresses it prints and looks around from there."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Locator, Page, expect

from server import Server

NOT_OURS = ("LAKEWARD_", "MLFLOW_", "DATABRICKS_", "OPENAI_")
LINK = re.compile(r"^  (\w[\w ]*?) +(http://\S+)$", re.MULTILINE)

# what is there when the page is, by the words before its address
THERE: dict[str, Callable[[Page], Locator]] = {
    "study": lambda page: page.get_by_role("region", name="Params"),
    "best model": lambda page: page.get_by_role("region", name="Metrics"),
    "confusion": lambda page: page.get_by_role("img", name="figures/confusion.png"),
    "mistakes": lambda page: page.get_by_role("region", name="mistakes.json"),
    "agent": lambda page: page.get_by_role("grid", name="Traces"),
    "a trace": lambda page: page.get_by_role("tree", name="Spans"),
}


@pytest.fixture(scope="module")
def printed(
    browser: object, serving: Callable[..., AbstractContextManager[Server]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[str, str]]]:
    """The addresses, on a server that the demo has just filled."""
    with serving() as started:
        done = subprocess.run(
            [sys.executable, "-m", "lakeward", "demo", "--url", started.url],
            cwd=tmp_path_factory.mktemp("demo"), capture_output=True, text=True, timeout=280, check=False,
            env={name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        yield LINK.findall(done.stdout)


@pytest.mark.timeout(400)
def test_every_address_that_the_demo_prints(tab: Callable[..., Page], printed: list[tuple[str, str]]) -> None:
    page = tab()
    assert {label for label, _ in printed} == set(THERE)
    assert len(printed) == 10
    for label, address in printed:
        page.goto(address)
        expect(THERE[label](page).first).to_be_visible()
        expect(page.locator(".skeleton, .chart-wait")).to_have_count(0)


def test_from_home_to_the_champion(tab: Callable[..., Page], printed: list[tuple[str, str]]) -> None:
    page = tab(base_url=printed[0][1].partition("/#/")[0])
    page.goto("/")
    main = page.get_by_role("navigation", name="Main")
    main.get_by_role("link", name="Experiments", exact=True).click()
    page.get_by_role("link", name="digits", exact=True).first.click()
    expect(page.get_by_role("grid", name="Runs")).to_contain_text("Finished")
    page.get_by_role("button", name="Charts", exact=True).click()
    curve = page.get_by_role("figure", name="train_loss", exact=True)
    curve.scroll_into_view_if_needed()
    expect(curve.locator("canvas").first).to_be_visible()
    main.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("link", name="main.demo.digits", exact=True).click()
    expect(page.get_by_role("region", name="Version 2")).to_contain_text("champion")
    expect(page.get_by_text("The best models of the digits study.")).to_be_visible()


def test_from_the_agents_traces_to_its_prompt(tab: Callable[..., Page], printed: list[tuple[str, str]]) -> None:
    page = tab()
    page.goto(dict(printed)["agent"])
    traces = page.get_by_role("grid", name="Traces")
    expect(traces).to_contain_text("docs_agent")
    expect(traces).to_contain_text("user_feedback")
    page.get_by_role("tab", name="Sessions").click()
    for user in ("ann", "ben"):
        session = page.get_by_role("region", name="Sessions").get_by_role("link", name=re.compile(f"^demo-.+-{user}$"))
        expect(session).to_be_visible()
    page.get_by_role("tab", name="Overview").click()
    expect(page.get_by_role("region", name="By name")).to_contain_text("docs_agent")
    main = page.get_by_role("navigation", name="Main")
    main.get_by_role("link", name="Prompts", exact=True).click()
    page.get_by_role("link", name="main.demo.docs_answer", exact=True).click()
    expect(page.get_by_role("region", name="Template")).to_contain_text("question")
    expect(page.get_by_text("production").first).to_be_visible()
