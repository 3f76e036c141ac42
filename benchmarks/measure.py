"""Closed loops, repetitions and medians; and the records of what came out.

A worker is one connection that starts its next operation when the last is answered. A repetition lasts a time, or a
number of operations, and ends when the last answer is in; the servers take turns before each. The figure of a line is
the median of its repetitions.
"""

import asyncio
import datetime as dt
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks import processes
from benchmarks.calls import Calls
from benchmarks.forms import Server

NOISE = 0.2  # of a core: above this, what else runs on the machine spoils a figure
Operation = Callable[[], Awaitable[Any]]


class Wrong(Exception):
    """The server does not hold what it acknowledged, or answered something else than the truth."""


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    repetitions: int = 3
    seconds: float = 2.5
    warm_seconds: float = 0.7
    rewarm_seconds: float = 0.3  # after the turns of the others
    corpus_runs: int = 2_000
    large_file_bytes: int = 1 << 30
    small_files: int = 2_000
    idle_seconds: float = 6.0

    @classmethod
    def quick(cls) -> "Plan":
        return cls(1, 0.8, 0.2, 0.1, 2_000, 1 << 27, 400, 3.0)


@dataclass
class Outcome:
    """One figure of one server. Times in milliseconds unless the line's unit says otherwise."""

    line: str
    server: str
    value: float
    values: list[float]
    p50_ms: float | None = None
    p95_ms: float | None = None
    cpu_ms: float | None = None  # server CPU per operation
    database_ms: float | None = None  # of it in PostgreSQL
    load_share: float | None = None  # part of one core that the load generator used
    others_share: float | None = None  # parts of one core that went to what is neither server nor load
    operations: int = 0
    at: str = field(default_factory=lambda: f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}")

    @property
    def spread(self) -> float:
        """Distance of the extremes in parts of the median."""
        return (max(self.values) - min(self.values)) / self.value if self.value else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Bench:
    """What a scenario works with: the server under load, the plan, and what it found."""

    server: Server
    plan: Plan
    outcomes: list[Outcome] = field(default_factory=list)
    shared: dict[str, Any] = field(default_factory=dict)  # corpora that several scenarios of one server use
    profile: Callable[[str], AbstractContextManager[None]] = lambda _line: nullcontext()
    turn: Callable[[], Awaitable[None]] | None = None  # lets the other servers go first; returns when it is our turn

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def calls(self) -> Calls:
        return Calls(self.server.port)

    def found(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        share = f", load {outcome.load_share:.0%} of a core" if outcome.load_share else ""
        if (outcome.others_share or 0) > NOISE:
            share += f", OTHERS {outcome.others_share:.0%}"
        cpu = f", {outcome.cpu_ms:.3g} ms CPU" if outcome.cpu_ms is not None else ""
        cpu += f" ({outcome.database_ms:.3g} in PostgreSQL)" if outcome.database_ms else ""
        print(f"  {outcome.line:<28} {outcome.value:>12,.2f}  ±{outcome.spread:.0%}{cpu}{share}", flush=True)


@dataclass
class Load:
    """What one repetition did."""

    latencies: list[float]
    elapsed: float
    server_cpu: processes.Cpu
    own_cpu: float
    machine_cpu: float

    @property
    def operations(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.operations / self.elapsed

    @property
    def others(self) -> float:
        """CPU seconds that neither the server nor the load used."""
        return max(0.0, self.machine_cpu - self.server_cpu.all - self.own_cpu)

    def percentile_ms(self, part: float) -> float:
        ordered = sorted(self.latencies)
        return 1000 * ordered[max(0, math.ceil(part * len(ordered)) - 1)]


async def drive(workers: Sequence[Operation], seconds: float, *, at_least: int = 1, at_most: int | None = None) -> Load:
    """Run all workers side by side until the time is over or `at_most` operations were started in all."""
    latencies: list[float] = []
    started = 0
    clock = time.perf_counter
    server_cpu, own_cpu, machine_cpu = processes.cpu(), processes.own_cpu(), processes.machine_cpu()
    begin = clock()
    deadline = begin + seconds

    async def worker(operation: Operation) -> None:
        nonlocal started
        while at_most is None or started < at_most:
            if (now := clock()) >= deadline and started >= at_least:
                return
            started += 1
            await operation()
            latencies.append(clock() - now)

    await asyncio.gather(*(worker(operation) for operation in workers))
    elapsed = clock() - begin
    machine_cpu, own_cpu = processes.machine_cpu() - machine_cpu, processes.own_cpu() - own_cpu
    return Load(latencies, elapsed, processes.cpu() - server_cpu, own_cpu, machine_cpu)


async def repeat(
    bench: Bench,
    line: str,
    workers: Sequence[Operation],
    *,
    at_least: int = 1,
    repetitions: int | None = None,
    warm: bool = True,
) -> list[Load]:
    """Warm up, then one load per repetition, in turn with the other servers.

    `at_least` counts for each repetition, whatever the time.

    An operation that takes several repetitions' time is not asked `at_least` times over: one answer tells enough.
    """
    plan = bench.plan
    times = repetitions or plan.repetitions
    if warm:
        warmed = await drive(workers, plan.warm_seconds)
        if warmed.percentile_ms(0.5) > 3000 * plan.seconds:
            times = at_least = 1
    loads = []
    for _ in range(times):
        if bench.turn is not None:
            await bench.turn()
            if warm:
                await drive(workers, plan.rewarm_seconds)
        with bench.profile(line):
            loads.append(await drive(workers, plan.seconds, at_least=at_least))
    return loads


def throughput(bench: Bench, line: str, loads: Sequence[Load], *, per_operation: float = 1.0) -> None:
    """Record operations (times `per_operation`, for a batch of many) per second."""
    _record(bench, line, loads, [load.rate * per_operation for load in loads], per_operation)


def latency(bench: Bench, line: str, loads: Sequence[Load]) -> None:
    """Record the median time of an operation, in milliseconds."""
    _record(bench, line, loads, [load.percentile_ms(0.5) for load in loads], 1.0)


def _record(bench: Bench, line: str, loads: Sequence[Load], values: list[float], per_operation: float) -> None:
    operations = sum(load.operations for load in loads)
    bench.found(
        Outcome(
            line,
            bench.server.form.key,
            statistics.median(values),
            values,
            p50_ms=statistics.median(load.percentile_ms(0.5) for load in loads),
            p95_ms=statistics.median(load.percentile_ms(0.95) for load in loads),
            cpu_ms=1000 * sum(load.server_cpu.all for load in loads) / (operations * per_operation),
            database_ms=1000 * sum(load.server_cpu.database for load in loads) / (operations * per_operation),
            load_share=sum(load.own_cpu for load in loads) / sum(load.elapsed for load in loads),
            others_share=sum(load.others for load in loads) / sum(load.elapsed for load in loads),
            operations=operations,
        )
    )


def single(bench: Bench, line: str, values: Iterable[float], *, cpu: processes.Cpu | None = None) -> None:
    """Record figures that no closed loop made (a start, a memory)."""
    kept = list(values)
    outcome = Outcome(line, bench.server.form.key, statistics.median(kept), kept, operations=len(kept))
    if cpu is not None:
        outcome.cpu_ms, outcome.database_ms = 1000 * cpu.all, 1000 * cpu.database
    bench.found(outcome)
