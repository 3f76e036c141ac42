"""From the command to the first useful answer, on a fresh directory; and what the tree holds when nothing happens."""

import asyncio
import time

from benchmarks import processes
from benchmarks.goals import AtMost, Line
from benchmarks.measure import Bench, single

LINES = (
    Line(
        "start", "start to first answer, fresh directory", "s", must=AtMost(2.0), aim=AtMost(1.0),
        note="PostgreSQL makes its cluster on the two cores on which Python imports; later starts take half.",
    ),
    Line("idle_memory", "idle memory of the process tree (PSS)", "MB", must=AtMost(400), aim=AtMost(250)),
)  # fmt: skip


QUIET_SHARE = 0.25  # of one core: the reference's job consumers poll, and never fall quite silent
LONGEST_SECONDS = 40


async def run(bench: Bench) -> None:
    """The starts themselves were timed by whoever started the server; see `__main__`."""
    single(bench, "start", bench.shared["starts"], cpu=bench.server.first_answer_cpu)
    await settled(bench.plan.idle_seconds)
    single(bench, "idle_memory", [processes.pss_bytes() / 1e6])


async def settled(seconds: float) -> None:
    """Wait at least `seconds`, and until the tree has hardly used the CPU for one: the other workers are up, too."""
    begin = time.monotonic()
    while True:
        cpu = processes.cpu()
        await asyncio.sleep(1)
        busy, waited = (processes.cpu() - cpu).all, time.monotonic() - begin
        if (busy < QUIET_SHARE and waited >= seconds) or waited > LONGEST_SECONDS:
            return
