"""The web interfaces in a browser: how long a person waits for large pages, here and on MLflow's own.

    python -m benchmarks.ui [--quick] [--servers lakeward mlflow-fast]

Seeds each server over HTTP, opens its pages in headless Chromium with an empty profile, and measures from the
navigation to the moment when the page shows what was asked for and answers within a frame's time. Then it scrolls the
table for some seconds and notes how long the page stood still. The reference gets a part of the data (`--reference`):
it takes hours to write what is read here in a second.
"""

import argparse
import asyncio
import json
import os
import random
import re
import secrets
import shutil
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as TooLong

from benchmarks import environments, processes
from benchmarks.calls import Calls, pairs, point
from benchmarks.forms import FORMS, Form, Server
from benchmarks.wire import Connection, connections

WIDE = {"width": 1600, "height": 900}
PATIENCE = 120  # seconds, then the page does not cope
LINKS = 8
SPANS_AT_ONCE = 5_000
BATCH = 1_000  # metrics in a request
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Notes when the condition first holds and the page then answers at once: a frame and a turn of its loop within 50 ms.
WATCH = """
(condition) => new Promise((resolve) => {
  const holds = new Function("return " + condition);
  const look = () => {
    if (!holds()) return requestAnimationFrame(look);
    const seen = performance.now();
    requestAnimationFrame(() => setTimeout(() => {
      if (performance.now() - seen < 50) resolve(seen);
      else look();
    }));
  };
  look();
})
"""
# Scrolls what scrolls and says how long the page stood still at worst, and for how many seconds in all.
SCROLL = """
(seconds) => new Promise((resolve) => {
  const tall = [...document.querySelectorAll("*")]
    .filter((each) => each.scrollHeight > each.clientHeight + 400 && each.clientHeight > 200)
    .sort((a, b) => b.scrollHeight - a.scrollHeight)[0] ?? document.scrollingElement;
  const begin = performance.now();
  let last = begin, worst = 0, still = 0;
  const frame = (now) => {
    worst = Math.max(worst, now - last);
    if (now - last > 100) still += now - last;
    last = now;
    tall.scrollTop += 180;
    if (now - begin < seconds * 1000) requestAnimationFrame(frame);
    else resolve({ worst, still, moved: tall.scrollTop });
  };
  requestAnimationFrame(frame);
})
"""


@dataclass(frozen=True)
class Size:
    """How much there is to look at."""

    runs: int
    columns: int  # half of them params, half metrics
    chart_runs: int
    steps: int
    charts: int
    spans: int

    def part(self, share: float) -> "Size":
        fewer = {name: max(10, int(getattr(self, name) * share)) for name in ("runs", "steps", "spans")}
        return Size(columns=self.columns, chart_runs=self.chart_runs, charts=self.charts, **fewer)


FULL = Size(100_000, 200, 100, 10_000, 20, 35_000)
QUICK = Size(300, 40, 5, 200, 4, 2_000)


@dataclass(frozen=True)
class Place:
    """What was seeded."""

    many: str
    charted: str
    traced: str
    trace: str


@dataclass(frozen=True)
class Question:
    """A page: its address on either server, and a condition in the page's own words for when it is there."""

    key: str
    title: str
    must: float  # seconds
    address: dict[str, str]  # "lakeward" and "mlflow"
    there: dict[str, str]
    scroll: bool = False


def questions(place: Place, size: Size) -> list[Question]:
    charts = min(4, size.charts)
    return [
        Question(
            "runs", f"{size.runs:,} runs, {size.columns} columns: the table", 1.5,
            {"lakeward": f"/ml/experiments/{place.many}", "mlflow": f"/#/experiments/{place.many}/runs"},
            {
                "lakeward": "document.querySelectorAll('.grid-body .grid-row').length > 5",
                "mlflow": "document.querySelectorAll('.ag-center-cols-container .ag-row').length > 5",
            },
            scroll=True,
        ),
        Question(
            "charts", f"{size.chart_runs} runs, {size.steps:,} steps, {size.charts} charts", 3,
            {
                "lakeward": f"/ml/experiments/{place.charted}?mode=charts",
                "mlflow": f"/#/experiments/{place.charted}/runs?compareRunsMode=CHART",
            },
            {
                "lakeward": f"document.querySelectorAll('.chart-card canvas').length >= {charts}",
                "mlflow": "document.querySelectorAll('.js-plotly-plot .main-svg, canvas').length >= 1",
            },
        ),
        Question(
            "trace", f"a trace of {size.spans:,} spans", 2,
            {
                "lakeward": f"/ml/experiments/{place.traced}/traces/{place.trace}",
                "mlflow": f"/#/experiments/{place.traced}/traces?selectedEvaluationId={place.trace}",
            },
            {
                "lakeward": "document.querySelectorAll('[role=treeitem]').length > 5",
                "mlflow": "document.body.innerText.includes('shelf 0')",
            },
        ),
    ]  # fmt: skip


# ── seeding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def shared(opened: list[Connection], work: Iterator[Callable[[Connection], Awaitable[None]]]) -> None:
    """The work, done over all connections."""

    async def worker(connection: Connection) -> None:
        for each in work:
            await each(connection)

    await asyncio.gather(*(worker(connection) for connection in opened))


async def new_run(calls: Calls, connection: Connection, experiment: str, name: str) -> str:
    found = re.search(rb'"run_id":\s*"([0-9a-f]{32})"', await connection.call(calls.create_run(experiment, name)))
    assert found
    return found[1].decode()


async def new_experiment(calls: Calls, connection: Connection, name: str) -> str:
    answer = json.loads(await connection.call(calls.create_experiment(name)))
    return str(answer["experiment_id"])


def table_runs(calls: Calls, experiment: str, size: Size) -> Iterator[Callable[[Connection], Awaitable[None]]]:
    dice = random.Random(1)
    half = size.columns // 2
    for number in range(size.runs):
        params = pairs({f"param_{at:03d}": f"{dice.random():.4f}" for at in range(half)})
        metrics = [point(f"metric_{at:03d}", dice.random(), 0) for at in range(size.columns - half)]

        async def send(
            connection: Connection, number: int = number, params: Any = params, metrics: Any = metrics
        ) -> None:
            run = await new_run(calls, connection, experiment, f"run-{number:06d}")
            for at in range(0, max(len(params), 1), 100):
                await connection.call(calls.log_batch(run, metrics=[] if at else metrics, params=params[at : at + 100]))

        yield send


def charted_runs(calls: Calls, experiment: str, size: Size) -> Iterator[Callable[[Connection], Awaitable[None]]]:
    for number in range(size.chart_runs):

        async def send(connection: Connection, number: int = number) -> None:
            dice = random.Random(number)
            run = await new_run(calls, connection, experiment, f"curve-{number:03d}")
            for key in range(size.charts):
                value = 2.0
                for first in range(0, size.steps, BATCH):
                    metrics = []
                    for step in range(first, min(first + BATCH, size.steps)):
                        value *= 1 - 0.0004 * dice.random()
                        metrics.append(point(f"group_{key // 5}/metric_{key:02d}", value + dice.random() / 20, step))
                    await connection.call(calls.log_batch(run, metrics=metrics))

        yield send


def trace_requests(size: Size) -> tuple[str, list[bytes]]:
    """A workflow of shelves of 50 books, and a span for each: the request bodies."""
    trace, root = secrets.token_bytes(16), secrets.token_bytes(8)
    begin = time.time_ns() - size.spans * 10_000_000
    text = " ".join(f"word{at}" for at in range(40))
    bodies, shelf, at = [], root, 0
    while at < size.spans:
        request = ExportTraceServiceRequest()
        spans = request.resource_spans.add().scope_spans.add().spans
        for number in range(at, min(at + SPANS_AT_ONCE, size.spans)):
            span = spans.add()
            span.trace_id, span.span_id = trace, secrets.token_bytes(8) if number else root
            kind = "WORKFLOW"
            if number and number % 50 == 1:
                span.name, span.parent_span_id, shelf, kind = f"shelf {number // 50}", root, span.span_id, "CHAIN"
            elif number:
                span.name, span.parent_span_id, kind = f"describe {number}", shelf, "LLM"
            else:
                span.name = "describe_all_books"
            span.start_time_unix_nano = begin + number * 10_000_000
            length = size.spans if not number else 49 if kind == "CHAIN" else 1
            span.end_time_unix_nano = span.start_time_unix_nano + length * 10_000_000 - 1_000_000
            for key, value in (
                ("spanType", kind),
                ("spanInputs", {"book": number}),
                ("spanOutputs", f"{number} {text}"),
            ):
                attribute = span.attributes.add()
                attribute.key, attribute.value.string_value = f"mlflow.{key}", json.dumps(value)
        bodies.append(request.SerializeToString())
        at += SPANS_AT_ONCE
    return f"tr-{trace.hex()}", bodies


async def seeded(port: int, size: Size) -> Place:
    calls = Calls(port)
    async with connections(port, LINKS, calls.greeting()) as opened:
        many = await new_experiment(calls, opened[0], "many runs")
        await shared(opened, table_runs(calls, many, size))
        charted = await new_experiment(calls, opened[0], "long curves")
        await shared(opened, charted_runs(calls, charted, size))
        traced = await new_experiment(calls, opened[0], "large trace")
        trace, bodies = trace_requests(size)
        for body in bodies:
            await opened[0].call(calls.otlp(traced, body))
    return Place(many, charted, traced, trace)


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def fresh(browser: Browser, url: str) -> Iterator[Page]:
    """A tab with an empty profile: nothing cached."""
    context = browser.new_context(base_url=url, viewport=WIDE, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    try:
        yield page
    finally:
        context.close()


def looked(browser: Browser, server: Server, question: Question, repetitions: int) -> dict[str, Any]:
    """Seconds until the page is there, of each repetition, and what scrolling it was like."""
    kind = "mlflow" if server.form.is_reference else "lakeward"
    found: dict[str, Any] = {"seconds": []}
    for _ in range(repetitions):
        with fresh(browser, f"http://127.0.0.1:{server.port}") as page:
            try:
                page.goto(question.address[kind], wait_until="commit")
                page.wait_for_load_state("domcontentloaded")
                found["seconds"].append(page.evaluate(WATCH, question.there[kind]) / 1000)
            except TooLong:
                return found | {"gave_up": True, "text": page.inner_text("body")[:300]}
            if question.scroll:
                found |= page.evaluate(SCROLL, 4)
    return found


def told(title: str, question: Question, found: dict[str, Any]) -> str:
    if found.get("gave_up"):
        return f"{title:28} {question.title:46} not within {PATIENCE} s: {found['text']!r}"
    median = statistics.median(found["seconds"])
    verdict = (
        "" if title != "Lakeward" else f"   must <= {question.must} s: {'met' if median <= question.must else 'MISSED'}"
    )
    still = (
        f"   scrolling: worst frame {found['worst']:.0f} ms, stood still {found['still'] / 1000:.1f} s"
        if "worst" in found
        else ""
    )
    return f"{title:28} {question.title:46} {median:7.2f} s{verdict}{still}"


def chosen_browser() -> str:
    found = os.environ.get("LAKEWARD_TEST_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        sys.exit("no Chromium here: install one, or name it with LAKEWARD_TEST_BROWSER")
    return found


def measured(form: Form, size: Size, options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    server = Server(form, options.work / form.key, options.port)
    results = {}
    try:
        server.start()
        begin = time.perf_counter()
        place = uvloop.run(seeded(server.port, size))
        print(f"{form.title}: seeded in {time.perf_counter() - begin:.0f} s", flush=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chosen_browser(), args=list(FLAGS))
            for question in questions(place, size):
                found = looked(browser, server, question, options.repetitions)
                results[question.key] = {"title": question.title, "must": question.must, **found}
                print(told(form.title, question, found), flush=True)
            browser.close()
    finally:
        server.stop()
        server.erase()
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little data, once: to see that it works")
    parser.add_argument(
        "--servers", nargs="+", choices=[form.key for form in FORMS], default=["lakeward", "mlflow-fast"]
    )
    parser.add_argument("--reference", type=float, default=0.02, help="which part of the data the reference gets")
    parser.add_argument("--repetitions", type=int, default=0)
    parser.add_argument("--port", type=int, default=24_100)
    parser.add_argument("--work", type=Path, default=environments.ROOT / "benchmarks" / "results" / "ui-work")
    for name in ("runs", "columns", "chart_runs", "steps", "charts", "spans"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    options = parser.parse_args()
    options.repetitions = options.repetitions or (1 if options.quick else 5)
    size = QUICK if options.quick else FULL
    given = {name: getattr(options, name) for name in vars(size) if getattr(options, name) is not None}
    size = Size(**{**vars(size), **given})
    processes.adopt_orphans()
    results = {}
    for form in FORMS:
        if form.key in options.servers:
            part = size.part(options.reference) if form.is_reference and not options.quick else size
            results[form.key] = measured(form, part, options)
    target = environments.ROOT / "benchmarks" / "results"
    target.mkdir(parents=True, exist_ok=True)
    (target / "ui.json").write_text(json.dumps(results, indent=1))
    shutil.rmtree(options.work, ignore_errors=True)
    own = results.get("lakeward", {}).values()
    missed = [each for each in own if each.get("gave_up") or statistics.median(each["seconds"]) > each["must"]]
    return 2 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
