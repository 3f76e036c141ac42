"""What a tree of processes costs: CPU time, memory and its peak, read from /proc.

The harness adopts orphans, so a server's tree is everything below the harness itself, however often a process
detaches. The load is generated in the harness and is never part of the tree.
"""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36
KIB = 1024


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent goes away (a PostgreSQL that detaches)."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command name: [0] is the state, [1] the parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(*, without: frozenset[int] = frozenset()) -> list[int]:
    """Every live descendant of the harness, but for `without` (a profiler, say) and what is below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) is not None and fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    queue = [os.getpid()]
    while queue:
        below = [pid for pid in children.get(queue.pop(), ()) if pid not in without]
        found += below
        queue += below
    return found


def cpu_seconds() -> float:
    """User and system time of the tree so far, children that ended and were waited for included."""
    total = 0
    for pid in tree():
        if (fields := _stat(pid)) is not None:
            total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def own_cpu_seconds() -> float:
    """User and system time of the harness: what generating the load cost."""
    return time.process_time()


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


def wait_until_gone(seconds: float) -> bool:
    """Wait for the whole tree to end; false when something still runs."""
    deadline = time.monotonic() + seconds
    while tree():
        reap()
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    reap()
    return True


def kill_tree() -> None:
    """End whatever is left below the harness."""
    for pid in tree():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until_gone(10)
