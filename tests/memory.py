"""What processes take of memory, as the kernel counts it."""

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from lakeward_up import children_of


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(below for child in children_of(pid) for below in tree(child))]


def kilobytes(path: str, field: str) -> int:
    with contextlib.suppress(OSError):
        if found := re.search(rf"^{field}:\s+(\d+) kB", Path(path).read_text(), re.MULTILINE):
            return int(found[1])
    return 0


def pss_mb(pid: int) -> float:
    """Of the tree below a process, pages that are shared counted once in all."""
    return sum(kilobytes(f"/proc/{each}/smaps_rollup", "Pss") for each in tree(pid)) / 1024


class Peaks:
    """The highest that each process takes from now on, by the kernel's own mark: nothing between samples is missed."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._before: dict[int, int] = {}
        for pid in pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
            self._before[pid] = kilobytes(f"/proc/{pid}/status", "VmRSS")

    def grown_mb(self) -> list[float]:
        """By how much, process by process; those that were restarted are missed."""
        after = {pid: kilobytes(f"/proc/{pid}/status", "VmHWM") for pid in self._before}
        assert all(after.values()), "a process is gone"
        return [(after[pid] - before) / 1024 for pid, before in self._before.items()]
