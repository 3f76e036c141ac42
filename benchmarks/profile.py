"""Where a server's time goes: py-spy over its whole process tree while a line is measured.

`python -m benchmarks --profile --servers lakeward --lines run_life` writes collapsed stacks to
`benchmarks/results/profile-LINE.txt` (any flame graph viewer reads them) and prints the functions that burn the most.
A profile costs the server some speed: figures of such a run are not kept.
"""

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import processes

RATE = 250
SHOWN = 25


@contextmanager
def profiled(line: str, *, into: Path, pid: int) -> Iterator[None]:
    """Sample every Python process from `pid` down, on the CPU or not, as long as the block runs."""
    program = shutil.which("py-spy") or sys.exit("--profile needs py-spy on PATH")
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"profile-{line}.txt"
    command = [program, "record", "--subprocesses", "--pid", str(pid), "--rate", str(RATE), "--format", "raw"]
    before = {process: processes.cpu_of(process) for process in processes.tree()}
    with subprocess.Popen(
        [*command, "--output", str(target)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as spy:
        time.sleep(2)
        yield
        spy.send_signal(2)
        spy.wait(60)
    print(f"\n  {line}: samples on the CPU, in {target}")
    if target.exists():
        _show(target)
    _show_processes(before)


def _show(stacks: Path) -> None:
    alone: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for entry in stacks.read_text().splitlines():
        stack, _, count = entry.rpartition(" ")
        frames = stack.split(";")
        alone[frames[-1]] += int(count)
        within.update(dict.fromkeys(frames, int(count)))
    whole = sum(alone.values()) or 1
    for title, counted in (("itself", alone), ("with callees", within)):
        print(f"  {title}:")
        for frame, count in counted.most_common(SHOWN):
            print(f"    {count / whole:6.1%}  {frame}")


def _show_processes(before: dict[int, float]) -> None:
    """The CPU seconds of each process meanwhile."""
    print("  processes:")
    used = {pid: processes.cpu_of(pid) - before.get(pid, 0.0) for pid in processes.tree()}
    for pid, seconds in sorted(used.items(), key=lambda item: -item[1])[:12]:
        print(f"    {seconds:6.2f} s  {processes.title_of(pid)}")
