"""One browser and one seeded server for all tests of the web interface; each test has a tab of its own.

A test fails when its page wrote an error to the console. One that provokes refusals says so with `console.clear()`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import assistant
import mutations
import numpy as np
import pytest
import stock
import world
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from server import Callers, Server

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NEAR = 5  # colours that differ by less in each channel look the same
WIDE = {"width": 1280, "height": 720}
expect.set_options(timeout=10_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="write the pictures of docs/ui anew")


# ── what the suite made pages send ──

_changes: set[str] = set()  # METHOD path body
_WHOLE = "tests/ui"


def note(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        _changes.add(mutations.told(request))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process of pytest-xdist saw comes to the one that began it."""
    _changes.update(getattr(node, "workeroutput", {}).get("changes", ()))


def _whole(config: pytest.Config) -> bool:
    """Whether all tests of the pages were to run."""
    told = config.option
    return [each.rstrip("/") for each in config.args] == [_WHOLE] and not (told.keyword or told.lf or told.collectonly)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """When the whole suite was run: no change that pages can ask for went untried."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["changes"] = sorted(_changes)
    elif exitstatus == 0 and _whole(config):
        config.stash[_UNTRIED] = mutations.unmade(_changes)
        if config.stash[_UNTRIED]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


_UNTRIED = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if untried := config.stash.get(_UNTRIED, []):
        terminalreporter.write_line(f"No test made a page send: {', '.join(untried)} (see mutations.py)", red=True)


@pytest.fixture(scope="session")
def browser(server: Server) -> Iterator[Browser]:
    """Comes after the server: it has an event loop of its own in this thread, and PostgreSQL starts with one."""
    found = os.environ.get("LAKEWARD_TEST_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)
    assert found, "no Chromium here: scripts/ui-suite installs one"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(serving: Callable[..., AbstractContextManager[Server]]) -> Iterator[Server]:
    with serving(outbound_hosts=["127.0.0.1"]) as started:
        yield started


@pytest.fixture(scope="session")
def made(server: Server) -> world.World:
    return world.build(server.local)


@pytest.fixture(scope="session")
def shop(server: Server, made: world.World) -> assistant.Assistant:
    """Traces, models and prompts beside the runs."""
    done = assistant.build(server.local)
    assistant.registered(server.local, done.model, made.study, made.runs, made.models)
    assistant.prompts(server.local, done.prompt)
    stock.build(server)
    done.hook = stock.hooks(server)
    return done


@pytest.fixture(scope="session")
def callers(server: Server) -> Callers:
    return Callers(server)


@pytest.fixture
def tab(browser: Browser, server: Server, console: list[str]) -> Iterator[Callable[..., Page]]:
    """`tab()` opens a tab with an empty profile; its options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_tab(**options: object) -> Page:
        context = browser.new_context(
            **{"base_url": server.url, "viewport": WIDE, "locale": "en-GB", "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        context.on("request", note)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: console.append(str(error)))
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert console == []


@pytest.fixture
def signed_in(tab: Callable[..., Page], made: world.World) -> Callable[..., Page]:
    """`signed_in(token)` opens the tab of somebody on another machine, who signed in with this token."""

    def open_tab(token: str, **options: object) -> Page:
        page = tab(extra_http_headers={"x-forwarded-for": "203.0.113.7"}, **options)
        page.add_init_script(f"sessionStorage.setItem('lakeward.token', '{token}')")
        return page

    return open_tab


@pytest.fixture
def console() -> list[str]:
    """The errors that pages wrote."""
    return []


@pytest.fixture
def page(tab: Callable[..., Page], made: world.World) -> Page:
    """The owner's tab on a seeded server."""
    return tab()


def in_few_colours(image: Image.Image) -> Image.Image:
    """A third of the size. The 256 most frequent colours that differ stay, others become the nearest."""
    chosen = np.empty((0, 3), np.int32)
    for _, colour in sorted(image.getcolors(1 << 24), reverse=True):
        if not len(chosen) or np.abs(chosen - colour).max(axis=1).min() > NEAR:
            chosen = np.vstack([chosen, np.array(colour, np.int32)])
            if len(chosen) == 256:
                break
    pixels = np.asarray(image).reshape(-1, 3)
    unique, places = np.unique(pixels.astype(np.uint32) @ (65536, 256, 1), return_inverse=True)
    colours = np.stack([unique >> 16, unique >> 8 & 255, unique & 255], axis=1).astype(np.int32)
    nearest = np.array([((chosen - each) ** 2).sum(axis=1).argmin() for each in colours], np.uint8)
    few = Image.fromarray(nearest[places].reshape(image.height, image.width), "P")
    few.putpalette(chosen.astype(np.uint8).tobytes())
    return few


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Writes a picture of a page for docs/ui when those are made anew."""
    folder = Path(__file__).parents[2] / "docs" / "ui"

    def take(page: Page, name: str) -> None:
        if request.config.getoption("--screenshots"):
            folder.mkdir(exist_ok=True)
            target = folder / f"{name}.png"
            page.screenshot(path=target)
            in_few_colours(Image.open(target).convert("RGB")).save(target, optimize=True)

    return take
