"""Signals as something to wait for: each arrives as a byte in a pipe, next to everything else a loop waits on."""

import contextlib
import os
import select
import signal
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, Self

STOP = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_WATCHED = (*STOP, signal.SIGCHLD)


class Signals:
    """Counts the requests to stop, and wakes `wait` for those and for children that ended."""

    def __init__(self) -> None:
        self.stops = 0
        self._read, self._write = os.pipe()
        self._before: dict[signal.Signals, Any] = {}
        self._wakeup_before = -1

    def __enter__(self) -> Self:
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._wakeup_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in _WATCHED:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means: stay
                self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._close()

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if number in STOP:
            self.stops += 1

    def stopping(self) -> bool:
        return self.stops > 0

    def forced(self) -> bool:
        """Asked twice."""
        return self.stops > 1

    def wait(self, seconds: float | None, others: Sequence[Any] = ()) -> list[Any]:
        """Sleep until a signal, one of `others` is readable, or the time is over. Returns the readable others."""
        readable, _, _ = select.select([self._read, *others], [], [], seconds)
        if self._read in readable:
            readable.remove(self._read)
            with contextlib.suppress(BlockingIOError):
                os.read(self._read, 4096)
        return readable

    def reset_in_child(self) -> None:
        """After fork: the defaults, and no byte into the parent's pipe."""
        signal.set_wakeup_fd(-1)
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)
        self._close()

    def _close(self) -> None:
        os.close(self._read)
        os.close(self._write)
