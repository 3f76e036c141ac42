"""What a tree of processes costs: CPU time, memory and its peak, read from /proc.

The harness adopts orphans, so a server's tree is everything below the harness itself, however often a process
detaches. The load is generated in the harness and is never part of the tree.
"""

import contextlib
import ctypes
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36
KIB = 1024


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent goes away (a PostgreSQL that detaches)."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _read(pid: int) -> tuple[str, list[str]] | None:
    """The command name and the fields of /proc/PID/stat after it: [0] is the state, [1] the parent."""
    try:
        head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return head.partition("(")[2], tail.split()


def tree(root: int | None = None, *, without: frozenset[int] = frozenset()) -> list[int]:
    """Every live descendant of the harness, or of `root`, but for `without` (a profiler, say) and what is below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(int(entry.name))) is not None and stat[1][0] != "Z":
            children.setdefault(int(stat[1][1]), []).append(int(entry.name))
    found: list[int] = []
    queue = [root or os.getpid()]
    while queue:
        below = [pid for pid in children.get(queue.pop(), ()) if pid not in without]
        found += below
        queue += below
    return found


@dataclass(frozen=True)
class Cpu:
    """Seconds of user and system time of the tree, children that ended and were waited for included."""

    all: float
    database: float  # of it in PostgreSQL

    def __sub__(self, before: "Cpu") -> "Cpu":
        return Cpu(self.all - before.all, self.database - before.database)


def cpu() -> Cpu:
    total = database = 0
    for pid in tree():
        if (stat := _read(pid)) is not None:
            name, fields = stat
            ticks = sum(int(field) for field in fields[11:15])
            total += ticks
            database += ticks if name == "postgres" else 0
    return Cpu(total / TICKS, database / TICKS)


def cpu_without(*names: str) -> float:
    """Seconds of the tree but for processes whose names begin so."""
    total = 0
    for pid in tree():
        if (stat := _read(pid)) is not None and not stat[0].startswith(names):
            total += sum(int(field) for field in stat[1][11:15])
    return total / TICKS


def cpu_of(pid: int) -> float:
    """Seconds of one process."""
    stat = _read(pid)
    return sum(int(field) for field in stat[1][11:13]) / TICKS if stat is not None else 0.0


def title_of(pid: int) -> str:
    """The command line of a process, as ps shows it."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:100]
    except (FileNotFoundError, ProcessLookupError):
        return "-"


def own_cpu() -> float:
    """User and system time of the harness: what generating the load cost."""
    return time.process_time()


def machine_cpu() -> float:
    """Seconds that all cores together were busy since the machine started, time the host took away included."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS  # all but idle and waiting for disks


def pss_bytes() -> int:
    """Memory of the tree, shared pages counted once in all."""
    return sum(_kib(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in tree()) * KIB


class Peak:
    """The highest memory of the tree since this object was made.

    The kernel's own high-water mark of each process is reset and read back, so nothing is missed between samples. The
    sum of the processes' growths is an upper bound: they need not have peaked at the same time.
    """

    def __init__(self) -> None:
        self.start_bytes = pss_bytes()
        self._resident: dict[int, int] = {}
        for pid in tree():
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")
                self._resident[pid] = _kib(f"/proc/{pid}/status", "VmRSS:")

    def growth_bytes(self) -> int:
        growth = 0
        for pid in tree():
            growth += max(0, _kib(f"/proc/{pid}/status", "VmHWM:") - self._resident.get(pid, 0))
        return growth * KIB


def _kib(path: str, field: str) -> int:
    try:
        for line in Path(path).read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def reap() -> None:
    """Collect adopted processes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def wait_until_gone(seconds: float, *, without: frozenset[int] = frozenset()) -> bool:
    """Wait for the tree to end; false when something still runs."""
    deadline = time.monotonic() + seconds
    while tree(without=without):
        reap()
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    reap()
    return True


def send(pid: int, number: int) -> None:
    """A signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_tree(*, without: frozenset[int] = frozenset()) -> None:
    """End whatever is left below the harness."""
    for pid in tree(without=without):
        send(pid, signal.SIGKILL)
    wait_until_gone(10, without=without)
