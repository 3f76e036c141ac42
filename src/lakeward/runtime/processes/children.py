"""Forked children that are kept alive: the first death is answered at once, further ones after growing pauses."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable

from lakeward.runtime.processes.kernel import die_with_parent, name_process
from lakeward.runtime.processes.signals import Signals

_STEADY_SECONDS = 30.0  # having lived this long, the next death counts as a first one
_LONGEST_PAUSE = 10.0


class Backoff:
    """When to start something again that ended."""

    def __init__(self) -> None:
        self.deaths = 0
        self.due = 0.0
        self._started = 0.0

    def started(self) -> None:
        self._started = time.monotonic()

    def ended(self) -> None:
        now = time.monotonic()
        self.deaths = 1 if now - self._started > _STEADY_SECONDS else self.deaths + 1
        self.due = now + (0.0 if self.deaths == 1 else min(_LONGEST_PAUSE, 0.25 * 2 ** (self.deaths - 2)))


class Child:
    """One process: a name, what it runs, and its pid while it lives."""

    def __init__(self, name: str, title: str, body: Callable[[], None]) -> None:
        self.name = name
        self.title = title
        self.body = body
        self.pid: int | None = None
        self.backoff = Backoff()

    def start(self, signals: Signals, close_in_child: Callable[[], None]) -> None:
        """Fork. Nothing with threads or an event loop may live in this process."""
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between fork and reset would run the parent's handler in the child.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                signals.reset_in_child()
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                die_with_parent(signal.SIGKILL, parent)
                self._become(close_in_child)
                status = 0
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else 1
            except KeyboardInterrupt:
                status = 0
            except BaseException:  # noqa: BLE001 - the last line of defence before the process ends
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)  # the parent's exit handlers are not this child's
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.pid = pid
        self.backoff.started()

    def _become(self, close_in_child: Callable[[], None]) -> None:
        os.setsid()  # Ctrl-C at a terminal is for the supervisor alone
        name_process(self.title)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        close_in_child()
        self.body()

    def send(self, number: signal.Signals) -> None:
        if self.pid is not None:
            os.kill(self.pid, number)  # not reaped yet, so the pid is ours

    def reap(self) -> int | None:
        """The wait status if it ended since the last call."""
        if self.pid is None:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.pid = None
        self.backoff.ended()
        return status


class Attempt:
    """Something tried in a child of its own, because it may leave threads behind: `error` is what it raised."""

    def __init__(self, body: Callable[[], None], signals: Signals) -> None:
        self._read, write = os.pipe()
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self._pid = os.fork()
        if self._pid == 0:
            try:
                signals.reset_in_child()
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                die_with_parent(signal.SIGKILL, parent)
                body()
            except BaseException as error:  # noqa: BLE001 - told to the parent
                os.write(write, (str(error).strip() or type(error).__name__).encode(errors="replace")[:4000])
            finally:
                os._exit(0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(write)

    def error(self) -> str:
        """Waits for the end; empty if it went well."""
        with os.fdopen(self._read, "rb") as pipe:
            said = pipe.read().decode()
        os.waitpid(self._pid, 0)
        return said


def describe(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"


def reap_strangers(known: set[int]) -> None:
    """As a container's first process we inherit everybody's orphans."""
    while os.getpid() == 1:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if found is None or found.si_pid in known:
            return
        os.waitpid(found.si_pid, os.WNOHANG)
