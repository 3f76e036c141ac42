"""A run's whole life, as the client sends it: create, params, metrics, tags, get, end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import msgspec

from benchmarks.calls import PLACE, RunShape, run_id_of, run_life
from benchmarks.goals import Line, Times
from benchmarks.measure import Bench, Wrong, repeat, throughput
from benchmarks.scenarios.metrics import new_experiment
from benchmarks.wire import Connection, connections, plain

LINES = (
    Line(
        "run_life", "run life (create, 20 params, 10 metrics, 5 tags, end: 6 requests), 8 connections", "runs/s", True,
        Times(15), Times(40),
        note="Six requests and five commits a run: half of the processor time is HTTP in Python, half PostgreSQL, on"
        " the two cores that also make the load.",
    ),
)  # fmt: skip
SHAPES = 400  # prepared before the clock runs, then used again and again


async def run(bench: Bench) -> None:
    async with connections(bench.port, 8, bench.calls.greeting()) as opened:
        experiment = await new_experiment(bench, opened[0], "run_life")
        shapes = [RunShape(number) for number in range(SHAPES)]
        lives = [run_life(bench.calls, experiment, shape) for shape in shapes]
        turn, done = count(), {}
        workers = [_liver(connection, lives, turn, done) for connection in opened]
        throughput(bench, "run_life", await repeat(bench, "run_life", workers, at_least=8))
        await _verify(bench, opened[0], experiment, {run_id: shapes[number] for run_id, number in done.items()})


def _liver(
    connection: Connection, lives: list[list[bytes]], turn: "count[int]", done: dict[str, int]
) -> Callable[[], Awaitable[None]]:
    async def live() -> None:
        number = next(turn) % len(lives)
        create, *rest = lives[number]
        run_id = run_id_of(plain(await connection.call(create)))
        for request in rest:
            await connection.call(request.replace(PLACE, run_id))
        done[run_id.decode()] = number

    return live


async def pages(bench: Bench, connection: Connection, experiment: str) -> AsyncIterator[list[dict[str, Any]]]:
    """All runs of an experiment, a page of 1,000 at a time."""
    token = ""
    while True:
        answer = plain(await connection.call(bench.calls.search_runs(experiment, size=1_000, token=token)))
        page = msgspec.json.decode(answer)
        yield page.get("runs", [])
        if not (token := page.get("next_page_token", "")):
            return


def same(run: dict[str, Any], shape: RunShape) -> bool:
    """A run holds what the shape logged, and is finished."""
    data = run["data"]
    params = {entry["key"]: entry["value"] for entry in data.get("params", [])}
    metrics = {entry["key"]: entry["value"] for entry in data.get("metrics", [])}
    tags = {entry["key"]: entry["value"] for entry in data.get("tags", [])}
    told = params == shape.params and metrics == shape.metrics and shape.tags.items() <= tags.items()
    return told and run["info"]["status"] == "FINISHED"


async def _verify(bench: Bench, connection: Connection, experiment: str, expected: dict[str, RunShape]) -> None:
    found: set[str] = set()
    async for page in pages(bench, connection, experiment):
        for run in page:
            run_id = run["info"]["run_id"]
            if run_id not in expected or run_id in found or not same(run, expected[run_id]):
                raise Wrong(f"run {run_id} is unknown, there twice, or not as it was logged")
            found.add(run_id)
    if len(found) != len(expected):
        raise Wrong(f"of {len(expected)} acknowledged runs {len(expected) - len(found)} are missing")
