"""Measures the searches of runs on a database that `benchmarks.load_runs` filled, and writes down how each is planned.

    python -m benchmarks.search_plans --dsn postgresql://…/100k postgresql://…/1m --write docs/search-plans.md

Times are of the search itself, on one connection: statements, round trips and the code between them, without HTTP and
without the documents of the runs found. Each search is asked many times with other values, so that no answer is kept.
The plans are those on the last database given.
"""

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from benchmarks.load_runs import BIG, OTHERS, WORDS
from lakeward.tracking.search import search

GOAL_MS = 100
EVERYWHERE = [str(BIG + number) for number in range(OTHERS + 1)]
NOUNS = WORDS["noun"].split()
OPTIMIZERS = WORDS["optimizer"].split()


class Question(NamedTuple):
    what: str
    where: list[str]
    filter: Callable[[random.Random], str]
    order_by: list[str]
    pages: int = 1
    size: int = 100
    asked_by_users: bool = False


def nothing(_: random.Random) -> str:
    return ""


QUESTIONS = [
    Question(
        "a metric and a param, ordered by another metric",
        [str(BIG)],
        lambda rng: (
            f"metrics.accuracy > {rng.uniform(0.8, 0.95):.3f} and params.optimizer = '{rng.choice(OPTIMIZERS)}'"
        ),
        ["metrics.f1 DESC"],
        asked_by_users=True,
    ),
    Question(
        "a tag, in all experiments",
        EVERYWHERE,
        lambda rng: f"tags.team = 'team-{rng.randrange(40)}'",
        [],
        asked_by_users=True,
    ),
    Question(
        "text in the name, in all experiments",
        EVERYWHERE,
        lambda rng: f"attributes.run_name LIKE '%{rng.choice(NOUNS)}-{rng.randrange(1000)}%'",
        [],
        asked_by_users=True,
    ),
    Question("paging by start time, 50 pages", [str(BIG)], nothing, [], pages=50, asked_by_users=True),
    Question(
        "as the first, pages of 1,000",
        [str(BIG)],
        lambda rng: (
            f"metrics.accuracy > {rng.uniform(0.8, 0.95):.3f} and params.optimizer = '{rng.choice(OPTIMIZERS)}'"
        ),
        ["metrics.f1 DESC"],
        size=1000,
    ),
    Question(
        "a rare tag, in all experiments", EVERYWHERE, lambda _: "tags.release = 'candidate'", ["metrics.auc DESC"]
    ),
    Question(
        "a common word of the name", [str(BIG)], lambda rng: f"attributes.run_name LIKE '%{rng.choice(NOUNS)}%'", []
    ),
    Question("paging by a metric, 20 pages", [str(BIG)], nothing, ["metrics.val_loss ASC"], pages=20),
    Question("paging by a param with few values, 20 pages", [str(BIG)], nothing, ["params.model DESC"], pages=20),
    Question("by a metric, in all experiments", EVERYWHERE, nothing, ["metrics.f1 DESC"]),
    Question("by a metric that no run has", [str(BIG)], nothing, ["metrics.bleu DESC"]),
    Question(
        "two common clauses without a common run",
        [str(BIG)],
        lambda rng: f"metrics.accuracy > {rng.uniform(0.9, 0.95):.3f} and metrics.loss > 0.5",
        ["metrics.f1 DESC"],
    ),
    Question(
        "a param that contains a text",
        [str(BIG)],
        lambda rng: f"params.config_hash LIKE '%{rng.randrange(16**5):05x}%'",
        ["metrics.f1 DESC"],
    ),
    Question("failed runs by a metric", [str(BIG)], lambda _: "status = 'FAILED'", ["metrics.f1 DESC"]),
    Question("by end time", [str(BIG)], nothing, ["end_time DESC"]),
]


class Recorder:
    """A connection that remembers the statements it ran."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.statements: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, sql: str, *values: Any) -> Any:
        self.statements.append((sql, values))
        return await self._connection.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        self.statements.append((sql, values))
        return await self._connection.fetchrow(sql, *values)

    async def execute(self, sql: str) -> Any:
        return await self._connection.execute(sql)

    async def prepare(self, sql: str) -> Any:
        recorder, prepared = self, await self._connection.prepare(sql)

        class Prepared:
            async def fetch(self, *values: Any) -> Any:
                recorder.statements.append((sql, values))
                return await prepared.fetch(*values)

        return Prepared()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            yield


async def ask(tx: Any, question: Question, text: str, token: str | None) -> tuple[float, int, str | None]:
    begin = time.perf_counter()
    seqs, token = await search(
        tx,
        1,
        experiment_ids=question.where,
        filter=text,
        order_by=question.order_by,
        view="ACTIVE_ONLY",
        max_results=question.size,
        page_token=token,
    )
    return (time.perf_counter() - begin) * 1000, len(seqs), token


def cpu_ms(*pids: int) -> float:
    """Processor time of these processes so far; what other work on the machine does to it is small."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) for pid in pids) / 1e6


async def measure(tx: Any, question: Question, times: int) -> tuple[list[float], list[float], int]:
    """(milliseconds, milliseconds of processor time here and in PostgreSQL, most runs found) of each page."""
    rng = random.Random(question.what)
    pids = (os.getpid(), await tx.fetchval("SELECT pg_backend_pid()"))
    taken: list[float] = []
    worked: list[float] = []
    most = 0
    for _ in range(max(1, times // question.pages)):
        text, token = question.filter(rng), None
        for _ in range(question.pages):
            before = cpu_ms(*pids)
            ms, found, token = await ask(tx, question, text, token)
            taken.append(ms)
            worked.append(cpu_ms(*pids) - before)
            most = max(most, found)
            if token is None:
                break
    return taken, worked, most


async def plan(connection: Any, question: Question) -> str:
    """The statements of one such search, each with its plan as it ran."""
    recorder = Recorder(connection)
    text = question.filter(random.Random(1))
    await ask(recorder, question, text, None)
    order = ", ".join(question.order_by) or "start_time DESC"
    blocks = [f"\nFilter `{text}`, ordered by `{order}`." if text else f"\nNo filter, ordered by `{order}`."]
    for sql, values in recorder.statements:
        async with connection.transaction():
            await connection.execute("SET LOCAL work_mem = '1GB'; SET LOCAL plan_cache_mode = force_custom_plan")
            rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {sql}", *values)
        short = [str(value) if len(str(value)) <= 60 else f"{str(value)[:50]}…" for value in values]
        lines = [row[0] if len(row[0]) <= 160 else f"{row[0][:159]}…" for row in rows]
        kept = lines if len(lines) <= 40 else [*lines[:40], f"… {len(lines) - 40} more lines"]
        blocks.append("\n".join(["", "```", " ".join(sql.split()), f"-- with {', '.join(short)}", "", *kept, "```"]))
    return "\n".join(blocks)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Measured(NamedTuple):
    """One database: its number of runs, the lines of its table, and the plan of each question."""

    runs: int
    table: list[str]
    plans: list[str]


async def measure_all(connection: Any, questions: list[Question], times: int, *, plans: bool) -> Measured:
    runs = await connection.fetchval("SELECT count(*) FROM run")
    print(f"{runs:,} runs", flush=True)
    measured = Measured(runs, [], [])
    for question in questions:
        await measure(connection, question, 5)
        taken, worked, found = await measure(connection, question, times)
        what = f"**{question.what}**" if question.asked_by_users else question.what
        figures = (
            statistics.median(taken),
            percentile(taken, 0.95),
            statistics.median(worked),
            percentile(worked, 0.95),
        )
        measured.table.append(f"| {what} | {found:,} | {' | '.join(f'{figure:.1f}' for figure in figures)} |")
        print(measured.table[-1], flush=True)
        if plans:
            measured.plans.append(
                f"\n## {question.what[0].upper()}{question.what[1:]}\n{await plan(connection, question)}"
            )
    return measured


async def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--dsn", required=True, nargs="+")
    words.add_argument("--times", type=int, default=100)
    words.add_argument("--only", default="", help="part of a question")
    words.add_argument("--write", type=Path, help="the page to write")
    options = words.parse_args()
    questions = [question for question in QUESTIONS if options.only in question.what]
    all_measured, settings = [], ("", "")
    for dsn in options.dsn:
        connection = await asyncpg.connect(dsn, command_timeout=600)
        settings = (await connection.fetchval("SHOW server_version"), await connection.fetchval("SHOW shared_buffers"))
        last = bool(options.write) and dsn == options.dsn[-1]
        all_measured.append(await measure_all(connection, questions, options.times, plans=last))
        await connection.close()
    if options.write:
        options.write.write_text(page(all_measured, *settings), "utf-8")


def page(all_measured: list[Measured], version: str, buffers: str) -> str:
    head = f"""# How searches of runs are planned

Written by `python -m benchmarks.search_plans` over databases that `python -m benchmarks.load_runs` filled: every run
has 10 params, 10 metrics and 5 tags; half of the runs are in one experiment and the rest in {OTHERS} others. PostgreSQL
{version}, shared_buffers {buffers}, {os.cpu_count()} cores, everything in memory or in the file cache; the load of the
machine was {os.getloadavg()[2]:.1f} on average over a quarter of an hour, this measurement included. Where that is more
than one, processor time, which is that of PostgreSQL and of the code around it, says more than the clock.

The goal is a p95 of {GOAL_MS} ms for the searches in bold, which are those that users do. The others show the worst.
How a page is found is described in `src/lakeward/tracking/search/walk.py`.
"""
    tables = [
        "\n".join(
            [
                f"\n## {measured.runs:,} runs\n",
                "| search | page | p50 ms | p95 ms | CPU p50 ms | CPU p95 ms |",
                "| --- | ---: | ---: | ---: | ---: | ---: |",
                *measured.table,
            ]
        )
        for measured in all_measured
    ]
    return "\n".join([head, *tables, *all_measured[-1].plans])


if __name__ == "__main__":
    asyncio.run(main())
