"""Metrics in: single points from many connections and from one, and batches of a thousand."""

from collections.abc import Awaitable, Callable

import msgspec

from benchmarks.calls import BatchStream, MetricStream, run_id_of
from benchmarks.goals import Line, Times
from benchmarks.measure import Bench, Load, Wrong, latency, repeat, throughput
from benchmarks.wire import Connection, connections, plain

LINES = (
    Line(
        "log_metric_16", "log_metric, 16 connections", "req/s", True, Times(15), Times(40),
        note="Two thirds of the processor time are HTTP in Python, a third is PostgreSQL; commits are shared already.",
    ),
    Line("log_metric_1", "log_metric, one client, p50", "ms", False, Times(3), Times(6)),
    Line(
        "log_batch_10x100", "log_batch of 1,000 metrics (10 keys x 100 steps), 8 connections", "metrics/s", True,
        Times(20), Times(40),
        note="Half is decoding JSON and encoding arrays for the driver, half PostgreSQL taking them apart again.",
    ),
    Line("log_batch_1000x1", "log_batch of 1,000 metrics (1,000 keys x 1 step), 8 connections", "metrics/s", True),
)  # fmt: skip
KEY = "train/loss"
SAMPLED_KEYS = 20


class Point(msgspec.Struct):
    key: str
    value: float
    step: int | str  # protobuf's JSON may write an int64 as a string


class History(msgspec.Struct):
    metrics: list[Point] = []
    next_page_token: str = ""


class RunData(msgspec.Struct):
    metrics: list[Point] = []


class Run(msgspec.Struct):
    data: RunData


class RunAnswer(msgspec.Struct):
    run: Run


async def run(bench: Bench) -> None:
    await single_points(bench, "log_metric_16", 16, throughput)
    await single_points(bench, "log_metric_1", 1, latency)
    await batches(bench, "log_batch_10x100", keys=10)
    await batches(bench, "log_batch_1000x1", keys=1_000)


async def new_experiment(bench: Bench, connection: Connection, name: str) -> str:
    answer = await connection.call(bench.calls.create_experiment(name))
    return str(msgspec.json.decode(plain(answer))["experiment_id"])


async def new_runs(bench: Bench, connection: Connection, experiment: str, count: int) -> list[str]:
    request = bench.calls.create_run(experiment)
    return [run_id_of(plain(await connection.call(request))).decode() for _ in range(count)]


async def single_points(bench: Bench, line: str, count: int, record: Callable[[Bench, str, list[Load]], None]) -> None:
    """Each connection logs into a run of its own, as training jobs do."""
    async with connections(bench.port, count, bench.calls.greeting()) as opened:
        experiment = await new_experiment(bench, opened[0], line)
        runs = await new_runs(bench, opened[0], experiment, count)
        streams = [MetricStream(bench.calls, run_id, KEY) for run_id in runs]
        workers = [_sender(*pair) for pair in zip(opened, streams, strict=True)]
        record(bench, line, await repeat(bench, line, workers, at_least=count))
        for run_id, stream in zip(runs, streams, strict=True):
            expected = range(stream.FIRST_STEP, stream.FIRST_STEP + stream.sent)
            await verify_steps(bench, opened[0], run_id, KEY, list(expected))


async def batches(bench: Bench, line: str, keys: int) -> None:
    async with connections(bench.port, 8, bench.calls.greeting()) as opened:
        experiment = await new_experiment(bench, opened[0], line)
        runs = await new_runs(bench, opened[0], experiment, 8)
        streams = [BatchStream(bench.calls, run_id, keys) for run_id in runs]
        workers = [_sender(*pair) for pair in zip(opened, streams, strict=True)]
        throughput(bench, line, await repeat(bench, line, workers, at_least=8), per_operation=BatchStream.METRICS)
        for run_id, stream in zip(runs, streams, strict=True):
            await _verify_batches(bench, opened[0], run_id, stream)


def _sender(connection: Connection, stream: MetricStream | BatchStream) -> Callable[[], Awaitable[bytes]]:
    def send() -> Awaitable[bytes]:
        return connection.call(stream.next())

    return send


async def _verify_batches(bench: Bench, connection: Connection, run_id: str, stream: BatchStream) -> None:
    """Every point of up to twenty keys, and the last point of every key."""
    steps = [stream.step_of(batch, step) for batch in range(stream.sent) for step in range(stream.steps)]
    for key in stream.keys[:: max(1, len(stream.keys) // SAMPLED_KEYS)]:
        await verify_steps(bench, connection, run_id, key, steps)
    answer = plain(await connection.call(bench.calls.get_run(run_id)))
    latest = {point.key: int(point.step) for point in msgspec.json.decode(answer, type=RunAnswer).run.data.metrics}
    if latest != dict.fromkeys(stream.keys, steps[-1]):
        raise Wrong(f"run {run_id}: the latest values are not those of the last batch ({len(latest)} keys)")


async def verify_steps(bench: Bench, connection: Connection, run_id: str, key: str, expected: list[int]) -> None:
    """The history of `key` holds exactly the expected steps, each once."""
    found = sorted(await read_history(bench, connection, run_id, key))
    if found != expected:
        missing, surplus = set(expected) - set(found), len(found) - len(set(found) & set(expected))
        raise Wrong(
            f"{key} of run {run_id}: of {len(expected)} acknowledged points {len(missing)} are missing, "
            f"{surplus} are too many"
        )


async def read_history(bench: Bench, connection: Connection, run_id: str, key: str) -> list[int]:
    """The steps of a metric, over all pages."""
    steps: list[int] = []
    token = ""
    while True:
        answer = plain(await connection.call(bench.calls.history(run_id, key, token)))
        page = msgspec.json.decode(answer, type=History)
        steps += [int(point.step) for point in page.metrics]
        if not (token := page.next_page_token):
            return steps
