"""Measures lists and metrics of traces over a week with a million of them, and writes down what they took.

    python -m benchmarks.trace_search --traces 1000000 --write docs/trace-search.md
    python -m benchmarks.trace_search --dsn postgresql://… --traces 1000000      on a database of your own
    python -m benchmarks.trace_search --dsn postgresql://… --measure             what was loaded before, again

Traces have ten spans of some 950 bytes and come by the code that takes OTLP in, spread over a week; then the worker's
code makes blocks of signatures and rollups. Times are of the questions themselves, statements and the code around them,
without HTTP; each is asked many times. Memory is that of the asking process before and after.
"""

import argparse
import asyncio
import contextlib
import itertools
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.scenarios.traces import NEEDLE, TRACES, Corpus
from lakeward import tracing
from lakeward.runtime.db import Database
from lakeward.runtime.migrate import migrate
from lakeward.runtime.postgres import EmbeddedPostgres
from lakeward.tracing import arrivals, ingest, metrics, payloads, search, traces
from lakeward.tracing.book import Book
from lakeward.tracing.search.measures import Aggregation
from lakeward.tracing.store import assessments as assessment_store
from lakeward.tracing.store import traces as store

WEEK_MS = 7 * 86_400_000
BEGIN_MS = 1_795_000_000_000 // 3_600_000 * 3_600_000
HOUR = 3_600
GOAL_MS = 100
WORKSPACE = 1
NAME = "a week of traces"
CORPORA = 40  # of each loading process
NEEDLES = 3  # requests that hold the needle


# ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def load(dsn: str, experiment: str, first: int, last: int, total: int) -> None:
    """Requests `first` to `last` of `total`, in a process of its own."""
    asyncio.run(_load(dsn, experiment, first, last, total))


async def _load(dsn: str, experiment: str, first: int, last: int, total: int) -> None:
    db = await Database.open(dsn, size=1)
    dice = random.Random(first)
    corpora = [Corpus(first + number) for number in range(CORPORA)]
    special = Corpus(99, needles=True)
    needled = {total * (2 * number + 1) // (2 * NEEDLES) for number in range(NEEDLES)}
    book = Book()
    for number in range(first, last):
        at_ns = (BEGIN_MS * 1_000_000) + WEEK_MS * 1_000_000 * number // total
        corpus = special if number in needled else corpora[number % CORPORA]
        body, _ = corpus.request(at_ns, int(dice.lognormvariate(20, 1)))
        arrived = arrivals.of(body, book)

        async def take(tx: Any, arrived: Any = arrived) -> None:
            await tx.execute("SET LOCAL synchronous_commit = off")
            await ingest.take(tx, WORKSPACE, experiment, arrived, book)

        await db.run(take, transaction=True)
    await db.close()


async def _tend(dsn: str, processes: list[Any]) -> None:
    """What the worker does, until nothing is left to do."""
    db = await Database.open(dsn, size=2)
    while any(each.is_alive() for each in processes):
        await tracing.seal_blocks(db)
        await tracing.roll_up(db)
        await asyncio.sleep(1)
    await tracing.seal_blocks(db)
    await tracing.roll_up(db)
    async with db.connection() as connection:
        await connection.execute("VACUUM ANALYZE")
    await db.close()


async def experiment_of(dsn: str) -> str:
    db = await Database.open(dsn, size=1)
    async with db.transaction() as tx:
        found = await tx.fetchval("SELECT id FROM experiment WHERE name = $1", NAME)
        if found is None:
            found = await tx.fetchval(
                "INSERT INTO experiment (workspace_id, name, created_at, updated_at) VALUES ($1, $2, 0, 0)"
                " RETURNING id",
                WORKSPACE, NAME,
            )  # fmt: skip
    await db.close()
    return str(found)


def fill(dsn: str, experiment: str, count: int) -> float:
    """Seconds it took."""
    began = time.monotonic()
    total = max(1, count // TRACES)
    hands = min(os.cpu_count() or 1, total)
    edges = [total * number // hands for number in range(hands + 1)]
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=load, args=(dsn, experiment, first, last, total))
        for first, last in itertools.pairwise(edges)
    ]
    for each in processes:
        each.start()
    asyncio.run(_tend(dsn, processes))
    for each in processes:
        each.join()
        if each.exitcode:
            raise SystemExit("loading failed")
    return time.monotonic() - began


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Question(NamedTuple):
    what: str
    ask: Callable[[Any, str], Awaitable[int]]  # how many traces or points were found
    promised: bool = False


def listed(where: str | None, pages: int = 1) -> Callable[[Any, str], Awaitable[int]]:
    """A page of 100 with everything a list shows."""

    async def ask(tx: Any, experiment: str) -> int:
        token, found = None, 0
        for _ in range(pages):
            seqs, token = await search.page(tx, WORKSPACE, [experiment], where, (), 100, token)
            shown = await store.find_many(tx, seqs)
            if judged := [each.seq for each in shown if each.judged]:
                await assessment_store.of_traces(tx, judged)
            found += len(shown)
            if token is None:
                break
        return found

    return ask


def measured(
    view: str, metric: str, *aggregations: Aggregation, by: tuple[str, ...] = (), interval: int | None = None
) -> Callable[[Any, str], Awaitable[int]]:
    async def ask(tx: Any, experiment: str) -> int:
        asked = metrics.Asked(
            view, metric, list(aggregations), list(by), [], interval, BEGIN_MS, BEGIN_MS + WEEK_MS + 1
        )
        return len(await metrics.query(tx, WORKSPACE, [experiment], asked))

    return ask


async def one_trace(tx: Any, experiment: str) -> int:
    row = await tx.fetchrow(
        "SELECT trace_id FROM trace WHERE experiment_id = $1 AND start_ms >= $2 ORDER BY start_ms LIMIT 1",
        int(experiment), BEGIN_MS + random.randrange(WEEK_MS - 60_000),
    )  # fmt: skip
    found = await traces.get(tx, WORKSPACE, row[0])
    return sum(1 for _ in payloads.spans_in(await store.payloads(tx, found.seq)))


COUNT, SUM, AVG = Aggregation("COUNT"), Aggregation("SUM"), Aggregation("AVG")
PERCENTILES = tuple(Aggregation("PERCENTILE", each) for each in (50.0, 90.0, 99.0))
WITHIN = f"timestamp_ms >= {BEGIN_MS} AND timestamp_ms <= {BEGIN_MS + WEEK_MS}"
QUESTIONS = [
    Question("list: a text that three traces hold", listed(f"trace.text LIKE '%{NEEDLE}%' AND {WITHIN}"), True),
    Question("list: a text that none holds", listed(f"trace.text LIKE '%hippocampus%' AND {WITHIN}"), True),
    Question("list: part of a common word", listed(f"trace.text LIKE '%tai%' AND {WITHIN}"), True),
    Question("list: a span's name that three traces have", listed(f"span.name = 'seek the {NEEDLE}' AND {WITHIN}")),
    Question("list: a type and a state of one span", listed("span.type = 'LLM' AND span.status = 'ERROR'")),
    Question("list: the newest", listed(None)),
    Question("list: ten pages", listed(WITHIN, pages=10)),
    Question("one trace with its spans", one_trace),
    Question("metrics: traces by hour", measured("TRACES", "trace_count", COUNT, interval=HOUR), True),
    Question("metrics: latency percentiles by hour", measured("TRACES", "latency", *PERCENTILES, interval=HOUR), True),
    Question("metrics: tokens by name", measured("TRACES", "total_tokens", SUM, AVG, by=("trace_name",)), True),
    Question("metrics: cost by status", measured("TRACES", "total_cost", SUM, by=("trace_status",)), True),
    Question("metrics: spans by name", measured("SPANS", "span_count", COUNT, by=("span_name",)), True),
    Question("metrics: latency of spans by name and day",
             measured("SPANS", "latency", AVG, by=("span_name",), interval=24 * HOUR), True),
    Question("metrics: latency percentiles of spans by name",
             measured("SPANS", "latency", *PERCENTILES, by=("span_name",)), True),
    Question("metrics: cost of spans by model", measured("SPANS", "total_cost", SUM, by=("span_model_name",)), True),
]  # fmt: skip


def memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def measure(dsn: str, experiment: str, times: int) -> list[str]:
    db = await Database.open(dsn, size=1)
    rows = []
    async with db.connection() as tx:
        for question in QUESTIONS:
            found = await question.ask(tx, experiment)
            before, taken = memory_mb(), []
            for _ in range(times):
                began = time.perf_counter()
                await question.ask(tx, experiment)
                taken.append((time.perf_counter() - began) * 1000)
            p95 = sorted(taken)[min(len(taken) - 1, int(len(taken) * 0.95))]
            what = f"**{question.what}**" if question.promised else question.what
            rows.append(
                f"| {what} | {found:,} | {statistics.median(taken):.1f} | {p95:.1f} | {memory_mb() - before:+.0f} |"
            )
            print(rows[-1], flush=True)
    await db.close()
    return rows


async def sizes(dsn: str) -> tuple[int, int, dict[str, float]]:
    """Traces, spans, and megabytes of each table."""
    db = await Database.open(dsn, size=1)
    async with db.connection() as tx:
        count, spans = await tx.fetchrow("SELECT (SELECT count(*) FROM trace), (SELECT sum(spans) FROM trace_segment)")
        rows = await tx.fetch(
            "SELECT relname, pg_total_relation_size(oid) / 1e6 FROM pg_class"
            " WHERE relkind = 'r' AND relname LIKE 'trace%' ORDER BY 2 DESC"
        )
    await db.close()
    return count, int(spans or 0), {row[0]: float(row[1]) for row in rows}


def page(rows: list[str], counts: tuple[int, int, dict[str, float]], seconds: float | None) -> str:
    count, spans, tables = counts
    listed_sizes = ", ".join(f"`{name}` {size:,.0f} MB" for name, size in tables.items() if size >= 1)
    took = f" Loading took {seconds:,.0f} s." if seconds is not None else ""
    head = f"""# Lists and metrics of a week of traces

Written by `python -m benchmarks.trace_search` over {count:,} traces with {spans:,} spans of one experiment and one
week, {os.cpu_count()} cores, everything in memory or in the file cache; the load of the machine was
{os.getloadavg()[1]:.1f} meanwhile, this measurement included.{took} On disk: {listed_sizes}.

Bold lines are those with a goal: a p95 of {GOAL_MS} ms for lists, well under a second for metrics. The last column is
the growth of the asking process while the question was asked again and again.

| question | found | p50 ms | p95 ms | memory MB |
| --- | ---: | ---: | ---: | ---: |
"""
    return head + "\n".join(rows) + "\n"


@contextlib.contextmanager
def database(given: str | None) -> Iterator[str]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="lakeward-traces-") as directory:
        postgres = EmbeddedPostgres(Path(directory), connections=40)
        postgres.start()
        try:
            yield postgres.dsn
        finally:
            postgres.stop()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--dsn", help="of an empty database; by default one is made and removed")
    words.add_argument("--traces", type=int, default=1_000_000)
    words.add_argument("--times", type=int, default=50)
    words.add_argument("--measure", action="store_true", help="load nothing")
    words.add_argument("--write", type=Path, help="the page to write")
    options = words.parse_args()
    with database(options.dsn) as dsn:
        asyncio.run(migrate(dsn))
        experiment = asyncio.run(experiment_of(dsn))
        seconds = None if options.measure else fill(dsn, experiment, options.traces)
        counts = asyncio.run(sizes(dsn))
        print(f"{counts[0]:,} traces, {counts[1]:,} spans" + (f", {seconds:.0f} s" if seconds else ""), flush=True)
        rows = asyncio.run(measure(dsn, experiment, options.times))
        if options.write:
            options.write.write_text(page(rows, counts, seconds), "utf-8")


if __name__ == "__main__":
    main()
