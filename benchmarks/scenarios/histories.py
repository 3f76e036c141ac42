"""Metric histories out: one of 20,000 points in one answer, and one of 200,000 over all its pages."""

import msgspec

from benchmarks.calls import point
from benchmarks.goals import Line, Times
from benchmarks.measure import Bench, latency, repeat
from benchmarks.scenarios.metrics import History, new_experiment, new_runs, verify_steps
from benchmarks.wire import Connection, connections, plain

LINES = (
    Line(
        "history_20k", "history of one metric, 20,000 points", "ms", False, Times(20), Times(60),
        note="Two fifths are PostgreSQL unpacking and sorting the points, the rest is writing them as JSON.",
    ),
    Line("history_200k", "history of one metric, 200,000 points, all pages", "ms"),
)  # fmt: skip
KEY = "loss"
BATCH = 1_000


async def run(bench: Bench) -> None:
    async with connections(bench.port, 1, bench.calls.greeting()) as (connection,):
        experiment = await new_experiment(bench, connection, "histories")
        short, long = await new_runs(bench, connection, experiment, 2)
        await _fill(bench, connection, short, 20_000)
        latency(
            bench, "history_20k", await repeat(bench, "history_20k", [_reader(bench, connection, short)], at_least=3)
        )
        await _fill(bench, connection, long, 200_000)
        reader = _reader(bench, connection, long)
        latency(bench, "history_200k", await repeat(bench, "history_200k", [reader], repetitions=1, warm=False))


async def _fill(bench: Bench, connection: Connection, run_id: str, points: int) -> None:
    for start in range(0, points, BATCH):
        metrics = [point(KEY, (step * 7919 % points) / points, step) for step in range(start, start + BATCH)]
        await connection.call(bench.calls.log_batch(run_id, metrics=metrics))
    await verify_steps(bench, connection, run_id, KEY, list(range(points)))


def _reader(bench: Bench, connection: Connection, run_id: str):
    first = bench.calls.history(run_id, KEY)

    async def read() -> None:
        answer = await connection.call(first)
        while token := _next_token(answer):
            answer = await connection.call(bench.calls.history(run_id, KEY, token))

    return read


def _next_token(answer: bytes) -> str:
    """The next page's token, read off the end or the start of the answer without decoding its points."""
    if b"next_page_token" not in answer[:200] + answer[-400:] and answer[:2] != b"\x1f\x8b":
        return ""
    return msgspec.json.decode(plain(answer), type=History).next_page_token
