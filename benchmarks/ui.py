"""The web interfaces in a browser: how long a person waits for large pages, here and on MLflow's own.

    python -m benchmarks.ui [--quick] [--without-mlflow] [--write docs/benchmarks-ui.md]

Fills each server (`benchmarks.ui_data`), opens its pages in headless Chromium with an empty profile, and measures from
the navigation to the moment when the page shows what was asked for and answers within a frame's time. Then it scrolls
the table for some seconds and notes how long the page stood still. `--keep DIRECTORY` leaves what was filled there and
takes it the next time.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import browser, environments, processes, ui_page
from benchmarks.forms import FORMS, Form, Server
from benchmarks.ui_data import FULL, QUICK, Place, Size, seeded

WIDE = (1600, 900)
PATIENCE = 120  # seconds, then the page does not cope
SCROLLED = 4  # seconds
PROGRAMS = ("chrom", "google-chrome", "node")  # how processes of the browser and of what drives it are called

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
# Scrolls what scrolls, down and where it can across too, and says how long the page stood still at worst, and for how
# many seconds in all.
SCROLL = """
([seconds, across]) => new Promise((resolve) => {
  const tall = [...document.querySelectorAll("*")]
    .filter((each) => each.scrollHeight > each.clientHeight + 400 && each.clientHeight > 200)
    .sort((a, b) => b.scrollHeight - a.scrollHeight)[0] ?? document.scrollingElement;
  const begin = performance.now();
  let last = begin, worst = 0, still = 0, right = true;
  const frame = (now) => {
    worst = Math.max(worst, now - last);
    if (now - last > 100) still += now - last;
    last = now;
    tall.scrollTop += 180;
    if (across) {
      const before = tall.scrollLeft;
      tall.scrollLeft += right ? 120 : -120;
      if (tall.scrollLeft === before) right = !right;
    }
    if (now - begin < seconds * 1000) requestAnimationFrame(frame);
    else resolve({ worst, still });
  };
  requestAnimationFrame(frame);
})
"""


@dataclass(frozen=True)
class Question:
    """A page: its address on either server, and a condition in the page's own words for when it is there."""

    key: str
    title: str
    must: float  # seconds
    address: dict[str, str]  # "lakeward" and "mlflow"; a server without one is not asked
    there: dict[str, str]
    scroll: bool = False
    across: bool = False


def questions(place: Place, size: Size) -> list[Question]:
    charts = min(4, size.charts)
    half = size.columns // 2
    columns = [f"metrics.metric_{at:03d}" for at in range(size.columns - half)]
    columns += [f"params.param_{at:03d}" for at in range(half)]
    table = "document.querySelectorAll('.grid-body .grid-row').length > 5"
    return [
        Question(
            "runs", f"{size.runs:,} runs, {size.columns} columns: the table", 1.5,
            {"lakeward": f"/ml/experiments/{place.many}", "mlflow": f"/#/experiments/{place.many}/runs"},
            {
                "lakeward": table,
                "mlflow": "document.querySelectorAll('.ag-center-cols-container .ag-row').length > 5",
            },
            scroll=True,
        ),
        Question(
            "wide", f"the same, all {size.columns} columns shown", 1.5,
            {"lakeward": f"/ml/experiments/{place.many}?cols={','.join(['name', 'started', *columns])}"},
            {"lakeward": table},
            scroll=True, across=True,
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
                "mlflow": "document.body?.innerText.includes('shelf 0')",
            },
        ),
    ]  # fmt: skip


def looked(opened: browser.Browser, server: Server, question: Question, repetitions: int) -> dict[str, Any]:
    """Seconds until the page is there, of each repetition, what they cost, and what scrolling it was like."""
    kind = "mlflow" if server.form.is_reference else "lakeward"
    found: dict[str, Any] = {"seconds": [], "script": [], "server": []}
    for _ in range(repetitions):
        with opened.tab() as tab:
            before = processes.cpu_without(*PROGRAMS)
            tab.go(f"http://127.0.0.1:{server.port}{question.address[kind]}")
            try:
                found["seconds"].append(tab.evaluate(WATCH, question.there[kind], PATIENCE) / 1000)
            except browser.Late:
                return found | {"gave_up": True}
            found["server"].append(processes.cpu_without(*PROGRAMS) - before)
            found["script"].append(tab.cost()["TaskDuration"])
            if question.scroll:
                scrolled = tab.evaluate(SCROLL, [SCROLLED, question.across], PATIENCE)
                found["worst"] = max(found.get("worst", 0), scrolled["worst"])
                found["still"] = max(found.get("still", 0), scrolled["still"])
    return found


def missed(question: Question, found: dict[str, Any]) -> bool:
    """Too late, or a second in which a scrolling page stood still."""
    return bool(
        found.get("gave_up")
        or statistics.median(found["seconds"]) > question.must
        or found.get("worst", 0) > ui_page.DROPPED
    )


def told(title: str, question: Question, found: dict[str, Any], own: bool) -> str:
    if found.get("gave_up"):
        return f"{title:28} {question.title:46} not within {PATIENCE} s"
    verdict = f"   must <= {question.must} s: {'MISSED' if missed(question, found) else 'met'}" if own else ""
    still = (
        f"   scrolling: worst frame {found['worst']:.0f} ms, stood still {found['still'] / 1000:.1f} s"
        if "worst" in found
        else ""
    )
    middle = {key: statistics.median(found[key]) for key in ("seconds", "script", "server")}
    return (
        f"{title:28} {question.title:46} {middle['seconds']:6.2f} s (CPU of the page {middle['script']:.2f},"
        f" of the server {middle['server']:.2f}){verdict}{still}"
    )


def filled(server: Server, size: Size, kept: Path | None) -> Place:
    """What is in the server: as it was kept, or made now."""
    note = kept / f"{server.form.key}.json" if kept else None
    if note and note.exists():
        return Place(**json.loads(note.read_text()))
    begin = time.perf_counter()
    place = uvloop.run(seeded(server, size))
    print(f"{server.form.title}: filled in {time.perf_counter() - begin:.0f} s", flush=True)
    if note:
        note.write_text(json.dumps(vars(place)))
    return place


def measured(form: Form, size: Size, options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    kept = options.keep
    known = bool(kept) and (kept / f"{form.key}.json").exists()
    server = Server(form, (kept or options.work) / form.key, options.port, kept=known)
    results = {}
    try:
        server.start()
        place = filled(server, size, kept)
        opened = browser.Browser(*WIDE)
        try:
            for question in questions(place, size):
                if form.is_reference and "mlflow" not in question.address:
                    continue
                found = ui_page.with_others(lambda: looked(opened, server, question, options.repetitions))  # noqa: B023
                found |= {"title": question.title, "must": question.must}
                if not form.is_reference:
                    found["missed"] = missed(question, found)
                results[question.key] = found
                print(told(form.title, question, found, not form.is_reference), flush=True)
        finally:
            opened.close()
    finally:
        server.stop()
        if not kept:
            server.erase()
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little data, once: to see that it works")
    parser.add_argument("--without-mlflow", action="store_true", help="Lakeward alone: some minutes")
    parser.add_argument(
        "--servers", nargs="+", choices=[form.key for form in FORMS], default=["lakeward", "mlflow-fast"]
    )
    parser.add_argument("--reference", type=float, default=1, help="which part of the data the reference gets")
    parser.add_argument("--repetitions", type=int, default=0)
    parser.add_argument("--port", type=int, default=24_100)
    parser.add_argument("--write", type=Path, help="the page of the results")
    parser.add_argument("--work", type=Path, default=environments.ROOT / "benchmarks" / "results" / "ui-work")
    parser.add_argument("--keep", type=Path, help="a directory for what is filled, which is left for the next time")
    for name in ("runs", "columns", "chart_runs", "steps", "charts", "spans"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    options = parser.parse_args()
    options.repetitions = options.repetitions or (1 if options.quick else 5)
    size = QUICK if options.quick else FULL
    given = {name: getattr(options, name) for name in vars(size) if getattr(options, name) is not None}
    size = Size(**{**vars(size), **given})
    wanted = ["lakeward"] if options.without_mlflow else options.servers
    processes.adopt_orphans()
    subprocess.run([environments.ROOT / "scripts" / "web", "build"], check=True)
    results = {}
    for form in sorted(FORMS, key=lambda form: form.is_reference):
        if form.key in wanted:
            part = size.part(options.reference) if form.is_reference and options.reference < 1 else size
            results[form.key] = measured(form, part, options)
    target = environments.ROOT / "benchmarks" / "results"
    target.mkdir(parents=True, exist_ok=True)
    (target / "ui.json").write_text(json.dumps(results, indent=1))
    shutil.rmtree(options.work, ignore_errors=True)
    if options.write:
        titles = {form.key: form.title for form in FORMS}
        options.write.write_text(ui_page.page(results, titles, options.repetitions, browser.version()))
    return 2 if any(each["missed"] for each in results.get("lakeward", {}).values()) else 0


if __name__ == "__main__":
    sys.exit(main())
