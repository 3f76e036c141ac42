"""Every test there is, suite by suite, each in the environment it needs, with one summary at the end.

    python scripts/test_suites.py                    all suites
    python scripts/test_suites.py --suite 222        one or more of them, by name
    python scripts/test_suites.py tests/docs -k x    anything else goes to one pytest in the main environment

The last line is `N passed, N failed`; the exit code is 1 if anything failed, in a test or around it.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "tests"
PYTEST = [sys.executable, "-m", "pytest", "-q"]
TWICE = ["-n2", "--dist=loadfile"]

# Server and documentation, then the unmodified clients, then what kills processes. The long ones run in two processes,
# each with a server of its own.
SUITES: dict[str, list[str]] = {
    "server": [*PYTEST, *TWICE, "tests", "--ignore=tests/clients", "--ignore=tests/chaos", "--ignore=tests/ui"],
    "317": [
        *PYTEST,
        *TWICE,
        "--confcutdir=tests/clients",
        "tests/clients",
        "--ignore=tests/clients/flavours",
        "--ignore=tests/clients/libraries",
    ],
    "222": ["scripts/client-suite", "222", "-q", *TWICE],
    "flavours": ["scripts/client-suite", "flavours", "-q", "-n2"],
    "libraries": ["scripts/client-suite", "libraries", "-q", *TWICE],
    "ui": ["scripts/ui-suite", "-q", *TWICE],
    "chaos": [*PYTEST, *TWICE, "tests/chaos"],
}
# All suites together; what is not done by then is stopped and counts as failed.
MINUTES = float(os.environ.get("LAKEWARD_TEST_MINUTES", "37"))


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def run(name: str, command: list[str], until: float) -> Counts:
    """One suite. Whatever goes wrong around the tests counts as one failure."""
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    print(f"\n━━ {name}: {' '.join(command)}", flush=True)
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, f"--junitxml={report}"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        # a shell that started this in the background has made it deaf to interrupts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - there are no threads here
    )
    try:
        status = process.wait(max(1.0, until - began))
    except subprocess.TimeoutExpired:
        print(f"✗ {name}: stopped, the {MINUTES:g} minutes for all suites are over", flush=True)
        status = stop(process)
    except KeyboardInterrupt:
        stop(process)
        raise
    counts = read(report)
    if status != 0 and counts.failed == 0:
        counts.failed = 1
    print(f"━━ {name}: {counts} in {time.monotonic() - began:.0f} s", flush=True)
    return counts


def environment() -> dict[str, str]:
    """Where no bytecode may be written beside the sources, it is kept elsewhere.

    The suites start hundreds of interpreters. Without bytecode the import of mlflow takes 8.7 instead of 2.9 seconds of
    a core, that of databricks-sdk 5.3 instead of 2.3.
    """
    told = {name: value for name, value in os.environ.items() if name != "LAKEWARD_TEST_MINUTES"}
    if told.pop("PYTHONDONTWRITEBYTECODE", ""):
        told.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / "build" / "pycache"))
    return told


def stop(process: subprocess.Popen) -> int:
    """Interrupt the suite, so that it stops the servers it started; then end what is left of its group."""
    for number, patience in ((signal.SIGINT, 30), (signal.SIGKILL, 10)):
        os.killpg(process.pid, number)
        try:
            return process.wait(patience) or 1
        except subprocess.TimeoutExpired:
            continue
    return 1


def read(report: Path) -> Counts:
    counts = Counts()
    if report.exists():
        for suite in ET.parse(report).getroot().iter("testsuite"):
            tests, failed, errors, skipped = (int(suite.get(k, 0)) for k in ("tests", "failures", "errors", "skipped"))
            counts += Counts(tests - failed - errors - skipped, failed + errors, skipped)
    return counts


def main() -> int:
    words = sys.argv[1:]
    if words and words[0] != "--suite":
        return subprocess.run([*PYTEST, *words], cwd=ROOT, check=False).returncode
    chosen = words[1:] or list(SUITES)
    if unknown := set(chosen) - set(SUITES):
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(SUITES)}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * MINUTES
    results = {name: run(name, SUITES[name], until) for name in chosen}
    total = sum(results.values(), Counts())
    print()
    for name, counts in results.items():
        print(f"{name:<10}{counts}")
    if total.skipped:
        print(f"skipped   {total.skipped}")
    summary = f"{total.passed} passed, {total.failed} failed"
    (REPORTS / "summary").write_text(f"{total.passed} {total.failed}\n")
    print(summary, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
