"""The lines of the table, and who measures them.

A scenario is a module with `LINES`, what it will report, and `run(bench)`, which drives the server, verifies what it
wrote and records one outcome per line. They run in the order below, each on every server; what writes much comes late,
because the disk must finish it.

Later lines have their place here: `serving`.
"""

from types import ModuleType

from benchmarks.goals import Line
from benchmarks.scenarios import artifacts, histories, metrics, registry, restart, runs, search, startup, traces

SCENARIOS: tuple[ModuleType, ...] = (startup, metrics, runs, search, histories, registry, traces, artifacts, restart)
LINES: tuple[Line, ...] = tuple(line for scenario in SCENARIOS for line in scenario.LINES)
