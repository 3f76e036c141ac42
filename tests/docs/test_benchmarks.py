"""A benchmark that asks the server's own functions, without HTTP, goes on working when these change."""

import subprocess
import sys

import pytest

from .pages import ROOT


@pytest.mark.timeout(150)
def test_a_week_of_traces() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trace_search", "--traces", "2000", "--times", "1"],
        cwd=ROOT, capture_output=True, text=True, timeout=140, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2,000 traces, 20,000 spans" in done.stdout
    assert "| **list: a text that three traces hold** | 3 |" in done.stdout
    assert "| one trace with its spans | 10 |" in done.stdout
