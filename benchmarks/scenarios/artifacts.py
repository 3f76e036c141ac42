"""Artifacts through the `mlflow-artifacts` proxy: one large file up and down, and many small ones."""

import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle

from benchmarks import processes
from benchmarks.goals import AtMost, Line, Times
from benchmarks.measure import Bench, Outcome, Wrong, drive, repeat, throughput
from benchmarks.scenarios.metrics import new_experiment, new_runs
from benchmarks.wire import CHUNK, Connection, connections, download, upload

LINES = (
    Line("small_files_out", "small artifacts out (4 kB), 8 connections", "files/s", True, Times(5), Times(10)),
    Line("small_files_in", "small artifacts in (4 kB), 8 connections", "files/s", True),
    Line("large_file_up", "artifact up, one large file", "MB/s", True, Times(2)),
    Line("large_file_down", "artifact down, one large file", "MB/s", True, Times(2)),
    Line("large_file_memory", "memory the tree gains while the large file goes up and down", "MB", must=AtMost(64)),
    Line("large_file_peak", "peak memory of the tree meanwhile", "MB"),
)
FOLDERS = 20


async def run(bench: Bench) -> None:
    async with connections(bench.port, 8, bench.calls.greeting()) as opened:
        experiment = await new_experiment(bench, opened[0], "artifacts")
        (run_id,) = await new_runs(bench, opened[0], experiment, 1)
        await small_files(bench, opened, f"{experiment}/{run_id}/artifacts")
    large_file(bench, f"{experiment}/{run_id}/artifacts")


async def small_files(bench: Bench, opened: list[Connection], root: str) -> None:
    dice = random.Random(4)
    sizes = [dice.randrange(3_000, 5_200) for _ in range(bench.plan.small_files)]
    files = {f"{root}/f{i % FOLDERS:02d}/sample-{i:05d}.bin": dice.randbytes(size) for i, size in enumerate(sizes)}
    calls = bench.calls
    puts = iter([calls.artifact("PUT", path, len(data)) + data for path, data in files.items()])

    def putter(connection: Connection) -> Callable[[], Awaitable[bytes]]:
        return lambda: connection.call(next(puts))

    written = await drive([putter(connection) for connection in opened], 3600, at_most=len(files))
    throughput(bench, "small_files_in", [written])

    gets = cycle([(calls.artifact("GET", path), data) for path, data in files.items()])

    def getter(connection: Connection) -> Callable[[], Awaitable[None]]:
        async def get() -> None:
            request, data = next(gets)
            if await connection.call(request) != data:
                raise Wrong(f"other bytes than were uploaded: {request.split()[1]!r}")

        return get

    workers = [getter(connection) for connection in opened]
    await drive(workers, 3600, at_most=len(files))  # every file once: all are there, and warm
    throughput(bench, "small_files_out", await repeat(bench, "small_files_out", workers, at_least=8, warm=False))


def large_file(bench: Bench, root: str) -> None:
    """Bytes that do not compress; the timed answers are counted, one more is compared byte by byte."""
    size, calls = bench.plan.large_file_bytes, bench.calls
    block = memoryview(os.urandom(64 * CHUNK))
    ups: list[_Moved] = []
    downs: list[_Moved] = []
    idle, growth = processes.pss_bytes(), 0
    for number in range(bench.plan.repetitions + 1):  # the first warms up
        path = f"{root}/large-{number}.bin"
        os.sync()
        peak = processes.Peak()
        ups.append(
            _timed(size, lambda path=path: upload(bench.port, calls.artifact("PUT", path, size), _blocks(block, size)))
        )
        request = calls.artifact("GET", path)
        downs.append(_timed(size, lambda request=request: _downloaded(bench, request, size)))
        growth = max(growth, peak.growth_bytes())
        if number == 0:
            download(bench.port, request, _comparer(block))
    _moved(bench, "large_file_up", ups[1:])
    _moved(bench, "large_file_down", downs[1:])
    key = bench.server.form.key
    bench.found(Outcome("large_file_memory", key, growth / 1e6, [growth / 1e6], operations=len(ups)))
    bench.found(Outcome("large_file_peak", key, (idle + growth) / 1e6, [(idle + growth) / 1e6], operations=len(ups)))


class _Moved:
    """The time and the CPU that one transfer took."""

    def __init__(self, size: int, seconds: float, cpu: processes.Cpu, own_cpu: float) -> None:
        self.rate = size / 1e6 / seconds
        self.seconds, self.cpu, self.own_cpu = seconds, cpu, own_cpu


def _timed(size: int, transfer: Callable[[], None]) -> _Moved:
    cpu, own = processes.cpu(), processes.own_cpu()
    begin = time.perf_counter()
    transfer()
    seconds = time.perf_counter() - begin
    return _Moved(size, seconds, processes.cpu() - cpu, processes.own_cpu() - own)


def _moved(bench: Bench, line: str, moves: list[_Moved]) -> None:
    rates = [move.rate for move in moves]
    bench.found(
        Outcome(
            line,
            bench.server.form.key,
            statistics.median(rates),
            rates,
            cpu_ms=1000 * statistics.median(move.cpu.all for move in moves),
            database_ms=1000 * statistics.median(move.cpu.database for move in moves),
            load_share=sum(move.own_cpu for move in moves) / sum(move.seconds for move in moves),
            operations=len(moves),
        )
    )


def _blocks(block: memoryview, size: int) -> Iterator[memoryview]:
    for start in range(0, size, CHUNK):
        at = start % len(block)
        yield block[at : at + CHUNK]


def _downloaded(bench: Bench, request: bytes, size: int) -> None:
    if (received := download(bench.port, request)) != size:
        raise Wrong(f"{received} bytes came back of {size}")


def _comparer(block: memoryview) -> Callable[[bytes], None]:
    """Looks at a body piece by piece: it must be `block`, over and over."""
    at = 0

    def look(piece: bytes) -> None:
        nonlocal at
        rest = memoryview(piece)
        while rest:
            offset = at % len(block)
            part = rest[: len(block) - offset]
            if part != block[offset : offset + len(part)]:
                raise Wrong(f"the large file came back changed near byte {at}")
            at += len(part)
            rest = rest[len(part) :]

    return look
