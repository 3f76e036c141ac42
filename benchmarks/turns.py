"""One process per server, so that all stand side by side and take turns before every repetition of a line.

Where machines are shared their speed moves from minute to minute, by half and more; servers that are measured minutes
apart are not compared at all. A `Turn` holds one server with its whole tree. It works when it is told to, one at a
time, and is stopped (SIGSTOP) while another one works: what does not run costs the others nothing.
"""

import functools
import multiprocessing
import signal
import time
from collections.abc import Iterator
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
from benchmarks.wire import reopen

_GO_ON = "go on"
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


def round_robin(turns: list["Turn"], scenario: str) -> Iterator[tuple["Turn", list[Outcome]]]:
    """All lines of a scenario on all servers, each repetition on one after the other."""
    answers = [(turn, turn.run(scenario)) for turn in turns]
    while answers:
        yield from ((turn, outcomes) for turn, outcomes in answers if outcomes is not None)
        answers = [(turn, turn.go_on()) for turn, outcomes in answers if outcomes is None]


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

    def run(self, scenario: str) -> list[Outcome] | None:
        """Begin the lines of a scenario, by its module's name. None: the others' turn has come, `go_on` later."""
        return self._lines(scenario)

    def go_on(self) -> list[Outcome] | None:
        return self._lines(_GO_ON)

    def _lines(self, what: str) -> list[Outcome] | None:
        outcomes: list[Outcome] | None = self._ask(what)
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
    held = _Held(place, pipe)
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

    def __init__(self, place: Place, pipe: Connection) -> None:
        self.form: Form = form_of(place)
        self._place = place
        self._pipe = pipe
        self._starts: list[float] = []
        self._bench: Bench | None = None

    def start(self) -> None:
        self.end()
        print(f"\n{self.form.title}: start", flush=True)
        self._bench = bench = Bench(Server(self.form, self._place.directory, self._place.port), self._place.plan)
        bench.server.start()
        bench.turn = self._turn
        self._starts.append(bench.server.first_answer_seconds)
        bench.shared["starts"] = self._starts
        if self._place.profiles is not None:
            bench.profile = functools.partial(profiled, into=self._place.profiles, pid=bench.server.pid)
        uvloop.run(startup.settled(0))
        _signal_tree(signal.SIGSTOP)

    def run(self, scenario: str) -> list[Outcome]:
        assert self._bench is not None
        known = len(self._bench.outcomes)
        print(f"\n{self.form.title}: {scenario.rpartition('.')[2]}", flush=True)
        _signal_tree(signal.SIGCONT)
        try:
            uvloop.run(startup.settled(RESUMED_SECONDS))
            uvloop.run(import_module(scenario).run(self._bench))
        finally:
            _signal_tree(signal.SIGSTOP)
        return self._bench.outcomes[known:]

    async def _turn(self) -> None:
        """Stand still until the others have had theirs."""
        _signal_tree(signal.SIGSTOP)
        self._pipe.send(None)
        self._pipe.recv()
        _signal_tree(signal.SIGCONT)
        await startup.settled(RESUMED_SECONDS)
        await reopen()

    def end(self) -> None:
        if self._bench is not None:
            _signal_tree(signal.SIGCONT)
            self._bench.server.stop()
            self._bench.server.erase()
            self._bench = None

    def log_tail(self) -> str:
        return self._bench.server.log_tail() if self._bench is not None else ""


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
