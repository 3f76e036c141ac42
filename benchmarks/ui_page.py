"""The page in docs/ about the web interfaces: what was opened, how long it took, under which conditions."""

import datetime as dt
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks import processes

DROPPED = 1_000  # milliseconds: a page that stands still so long while it is scrolled dropped a second

_HEAD = """# The web interface, measured

Written by `python -m benchmarks.ui --write docs/benchmarks-ui.md` on {now} UTC: large
pages opened in headless Chromium with an empty profile, from the navigation to the moment when the page shows what was
asked for and answers within a frame's time; the median of {repetitions}, and the fastest and the slowest. Then tables
are scrolled for four seconds. Runs and curves are written into the databases of both servers by their own SQL, the
trace by OTLP; Lakeward's runs with curves are ended by requests, upon which it prepares what charts show.
"""
_FOOT = """`worst` is the longest time the page stood still while it was scrolled, in any repetition; `still` how long
in all in frames that took more than 100 ms. It must not stand still for a second. CPU is that of the page's main
thread and of the server with its database, of one opening. `others` is how many cores other programs used meanwhile.
A page that a server did not show within two minutes says so.
"""


def with_others(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `act` finds, with how many cores other programs used meanwhile."""
    clock, machine, own = time.perf_counter(), processes.machine_cpu(), processes.own_cpu() + processes.cpu().all
    found = act()
    elapsed = time.perf_counter() - clock
    used = processes.machine_cpu() - machine - (processes.own_cpu() + processes.cpu().all - own)
    return found | {"others": max(0.0, used / elapsed)}


def page(results: dict[str, Any], titles: dict[str, str], repetitions: int, browser: str) -> str:
    """Markdown. `results` are by server and question, with how much data each had."""
    now = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}"
    parts = [_HEAD.format(now=now, repetitions=repetitions), "## Conditions\n", _conditions(browser), "## Results\n"]
    return "\n".join([*parts, _table(results, titles), _FOOT])


def _conditions(browser: str) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"- {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}, Python"
        f" {platform.python_version()}\n- Chromium {browser}, 1600 by 900, on the same machine as the servers\n"
    )


def _table(results: dict[str, Any], titles: dict[str, str]) -> str:
    lines = [
        "| page | server | seconds | must | scrolling: worst, still | CPU: page, server | others |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for key in dict.fromkeys(key for found in results.values() for key in found):
        for server, found in results.items():
            if key in found:
                lines.append(_line(found[key], titles[server]))
    return "\n".join(lines) + "\n"


def _line(found: dict[str, Any], server: str) -> str:
    must = "" if "missed" not in found else f"≤ {found['must']}: {'**missed**' if found['missed'] else 'met'}"
    scrolling = f"{found['worst']:.0f} ms, {found['still'] / 1000:.1f} s" if "worst" in found else ""
    if found.get("gave_up"):
        seconds, cost = "not within 120", ""
    else:
        times = found["seconds"]
        seconds = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
        cost = ", ".join(f"{statistics.median(found[key]):.2f}" for key in ("script", "server")) + " s"
    cells = (found["title"], server, seconds, must, scrolling, cost, f"{found['others']:.2f}")
    return f"| {' | '.join(cells)} |"
