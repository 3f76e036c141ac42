"""Runs out: a full page, and the question people ask of an experiment, over 2,000 runs as rich as real ones."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from benchmarks.calls import PLACE, RunShape, pairs, run_id_of
from benchmarks.goals import Line, Times
from benchmarks.measure import Bench, Wrong, drive, latency, repeat
from benchmarks.scenarios.metrics import new_experiment
from benchmarks.scenarios.runs import pages, same
from benchmarks.wire import Connection, connections, plain

LINES = (
    Line(
        "search_page", "search_runs, page of 1,000 of 2,000 runs", "ms", False, Times(30), Times(100),
        note="Two fifths are PostgreSQL reading a thousand documents, the rest is Python joining and sending them.",
    ),
    Line("search_filter", "search_runs by metric and param, ordered by a metric, 2,000 runs", "ms", False, Times(10)),
    Line("search_by_param", "search_runs ordered by a param, first 100 of 2,000 runs", "ms"),
)  # fmt: skip
WHERE = "metrics.accuracy > 0.8 and params.model = 'gbm'"


async def run(bench: Bench) -> None:
    shapes = [RunShape(number) for number in range(bench.plan.corpus_runs)]
    async with connections(bench.port, 8, bench.calls.greeting()) as opened:
        experiment = await new_experiment(bench, opened[0], "corpus")
        await _fill(bench, opened, experiment, shapes)
        await _verify_corpus(bench, opened[0], experiment, shapes)
    bench.shared["corpus"] = (experiment, len(shapes))
    calls = bench.calls
    matching = [s for s in shapes if s.metrics["accuracy"] > 0.8 and s.params["model"] == "gbm"]
    await _ask(bench, "search_page", calls.search_runs(experiment, size=1_000), 1_000)
    await _ask(
        bench,
        "search_filter",
        calls.search_runs(experiment, where=WHERE, order_by=["metrics.loss ASC"], size=1_000),
        len(matching),
        [shape.name for shape in sorted(matching, key=lambda shape: shape.metrics["loss"])],
    )
    ordered = sorted(shapes, key=lambda shape: float(shape.params["learning_rate"]))[:100]
    await _ask(
        bench,
        "search_by_param",
        calls.search_runs(experiment, order_by=["params.learning_rate ASC"], size=100),
        100,
        [shape.name for shape in ordered] if len({s.params["learning_rate"] for s in ordered}) == 100 else None,
    )


async def _fill(bench: Bench, opened: list[Connection], experiment: str, shapes: list[RunShape]) -> None:
    """Outside the clock, so in fewer requests than a client would need."""
    calls, unknown = bench.calls, PLACE.decode()
    waiting = iter(shapes)

    def filler(connection: Connection) -> Callable[[], Awaitable[None]]:
        async def fill() -> None:
            shape = next(waiting)
            tags = tuple(shape.tags.items())
            run_id = run_id_of(plain(await connection.call(calls.create_run(experiment, shape.name, tags))))
            logged = calls.log_batch(unknown, metrics=shape.metric_points(), params=pairs(shape.params))
            for request in (logged, calls.end_run(unknown)[1]):
                await connection.call(request.replace(PLACE, run_id))

        return fill

    await drive([filler(connection) for connection in opened], 3600, at_most=len(shapes))


async def _verify_corpus(bench: Bench, connection: Connection, experiment: str, shapes: list[RunShape]) -> None:
    by_name = {shape.name: shape for shape in shapes}
    async for page in pages(bench, connection, experiment):
        for run in page:
            if not same(run, by_name.pop(run["info"]["run_name"])):
                raise Wrong(f"{run['info']['run_name']} is not as it was logged")
    if by_name:
        raise Wrong(f"{len(by_name)} acknowledged runs are missing")


async def _ask(bench: Bench, line: str, request: bytes, size: int, names: list[str] | None = None) -> None:
    """Ask the same question over one connection; its answer is checked once, outside the clock."""
    async with connections(bench.port, 1, bench.calls.greeting()) as (connection,):
        runs: list[dict[str, Any]] = msgspec.json.decode(plain(await connection.call(request))).get("runs", [])
        if len(runs) != size or (names is not None and [run["info"]["run_name"] for run in runs] != names):
            raise Wrong(f"{line}: {len(runs)} runs, {size} expected, or not in their order")
        latency(bench, line, await repeat(bench, line, [lambda: connection.call(request)], at_least=3))
