"""What only the kernel knows: the parent's death, a process's name, which program runs in which directory."""

import ctypes
import functools
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PROC = Path("/proc")


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Called in a fresh child: send it `number` when `parent` ends, even by kill -9. Nothing outside Linux."""
    if sys.platform != "linux":
        return
    _libc().prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(0)


def name_process(name: str) -> None:
    """What `ps` and `top` show, at most 15 bytes."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def pids_in(directory: Path, program: str | None = None) -> list[int]:
    """Processes, of this program or any, that work in this directory: nothing else proves a recycled pid to be ours."""
    wanted = os.path.realpath(directory)
    found = []
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if not entry.name.isdigit():
            continue
        try:
            same = str((entry / "cwd").readlink()) == wanted
            runs = program in (None, (entry / "exe").readlink().name.removesuffix(" (deleted)"))
        except OSError:  # gone, a kernel thread, or somebody else's: none of them is our child
            continue
        if same and runs:
            found.append(int(entry.name))
    return sorted(found)


def wait_until_gone(directory: Path, program: str | None, seconds: float) -> list[int]:
    """Those of `pids_in` that are still there after at most this long."""
    deadline = time.monotonic() + seconds
    while (left := pids_in(directory, program)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
