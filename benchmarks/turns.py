"""One process per server, so that all stand side by side and each line is measured on all of them within minutes.

Where machines are shared their speed moves from minute to minute; servers that are measured an hour apart are not
compared at all. A `Turn` holds one server with its whole tree. It works when it is told to, one at a time, and is
stopped (SIGSTOP) while another one works: what does not run costs the others nothing.
"""

import functools
import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import processes
from benchmarks.forms import FORMS, Form, Server
from benchmarks.measure import Bench, Outcome, Plan, Wrong
from benchmarks.profile import profiled
from benchmarks.scenarios import startup

RESUMED_SECONDS = 1.0  # what fell due while a server was stopped happens before its line begins


@dataclass(frozen=True)
class Place:
    """Where one server lives; what its process is made with."""

    form: str
    directory: Path
    port: int
    plan: Plan
    profiles: Path | None


def form_of(place: Place) -> Form:
    return next(form for form in FORMS if form.key == place.form)


class Failed(Exception):
    """A server or its load broke down; the words are its traceback and the end of its log."""


class Turn:
    """One server, seen from the harness."""

    def __init__(self, place: Place) -> None:
        self.form = form_of(place)
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(place, theirs))
        self._process.start()
        theirs.close()

    def start(self) -> None:
        """Start on a fresh directory, in place of the server that ran, and time it."""
        self._ask("start")

    def run(self, scenario: str) -> list[Outcome]:
        """All lines of one scenario, by its module's name."""
        outcomes: list[Outcome] = self._ask(scenario)
        return outcomes

    def end(self) -> None:
        """Stop the server and remove what it wrote."""
        self._pipe.close()
        self._process.join()

    def _ask(self, what: str) -> Any:
        try:
            self._pipe.send(what)
            answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise Failed(f"{self.form.title}: its process ended.") from error
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(place: Place, pipe: Connection) -> None:
    """The process of one server: does what comes out of the pipe, until it is closed."""
    processes.adopt_orphans()
    held = _Held(place)
    try:
        while True:
            what = pipe.recv()
            try:
                pipe.send(held.start() if what == "start" else held.run(what))
            except Wrong as lie:
                pipe.send(lie)
            except Exception as error:
                pipe.send(Failed(f"{held.form.title} failed in {what}: {error!r}\n{held.log_tail()}"))
    except (EOFError, KeyboardInterrupt):
        pass
    finally:
        held.end()


class _Held:
    """One server in the process that holds it: running only inside its turns."""

    def __init__(self, place: Place) -> None:
        self.form: Form = form_of(place)
        self._place = place
        self._starts: list[float] = []
        self._bench: Bench | None = None

    def start(self) -> None:
        self.end()
        print(f"\n{self.form.title}: start", flush=True)
        self._bench = bench = Bench(Server(self.form, self._place.directory, self._place.port), self._place.plan)
        bench.server.start()
        self._starts.append(bench.server.first_answer_seconds)
        bench.shared["starts"] = self._starts
        if self._place.profiles is not None:
            bench.profile = functools.partial(profiled, into=self._place.profiles, pid=bench.server.pid)
        uvloop.run(startup.settled(0))
        _signal_tree(signal.SIGSTOP)

    def run(self, scenario: str) -> list[Outcome]:
        assert self._bench is not None
        known = len(self._bench.outcomes)
        print(f"\n{self.form.title}", flush=True)
        with _awake():
            uvloop.run(startup.settled(RESUMED_SECONDS))
            uvloop.run(import_module(scenario).run(self._bench))
        return self._bench.outcomes[known:]

    def end(self) -> None:
        if self._bench is not None:
            _signal_tree(signal.SIGCONT)
            self._bench.server.stop()
            self._bench.server.erase()
            self._bench = None

    def log_tail(self) -> str:
        return self._bench.server.log_tail() if self._bench is not None else ""


@contextmanager
def _awake() -> Iterator[None]:
    _signal_tree(signal.SIGCONT)
    try:
        yield
    finally:
        _signal_tree(signal.SIGSTOP)


def _signal_tree(number: int) -> None:
    """Stop or go on. The first of the tree stops a moment before the rest: its children answer what it just asked."""
    first, *rest = processes.tree() or [0]
    if not first:
        return
    processes.send(first, number)
    if number == signal.SIGSTOP:
        time.sleep(0.1)
    for pid in rest:
        processes.send(pid, number)
