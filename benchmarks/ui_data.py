"""What the pages of `benchmarks.ui` show: a table of very many runs, long curves of some runs, one large trace.

Runs and curves are written by the databases themselves, which takes minutes where requests would take hours; the runs
with curves are then ended by requests, and the trace comes by OTLP. Both servers get the same numbers of everything.
"""

import asyncio
import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import asyncpg
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks import load_runs
from benchmarks.calls import Calls
from benchmarks.forms import Server
from benchmarks.wire import Connection, connections
from lakeward.runtime.postgres import running_dsn

SPANS_AT_ONCE = 5_000
STEPS_AT_ONCE = 1_000  # as clients send them: a segment holds a thousand points of one metric
PREPARED = 100_000  # points of a run, from which its curves are surely prepared when it ends
RUNNING = 8  # the newest runs of the table go on
BEGIN_MS = 1_750_000_000_000
TABLE, CURVES = load_runs.BIG, load_runs.BIG + 1  # experiments


@dataclass(frozen=True)
class Size:
    """How much there is to look at."""

    runs: int
    columns: int  # half of them params, half metrics
    chart_runs: int
    steps: int
    charts: int
    spans: int

    def part(self, share: float) -> "Size":
        fewer = {name: max(10, int(getattr(self, name) * share)) for name in ("runs", "steps", "spans")}
        return Size(columns=self.columns, chart_runs=self.chart_runs, charts=self.charts, **fewer)

    @property
    def curves(self) -> list[str]:
        return [f"group_{key // 5}/metric_{key:02d}" for key in range(self.charts)]


FULL = Size(100_000, 200, 100, 10_000, 20, 35_000)
QUICK = Size(300, 40, 5, 200, 4, 2_000)


@dataclass(frozen=True)
class Place:
    """What was written."""

    many: str
    charted: str
    traced: str
    trace: str


async def seeded(server: Server, size: Size) -> Place:
    """Fill a server that has just started."""
    if server.form.is_reference:
        fill_reference(server, size)
    else:
        await fill(server, size)
    calls = Calls(server.port)
    if not server.form.is_reference:
        await _ended(server, calls, size)
    async with connections(server.port, 1, calls.greeting()) as [connection]:
        traced = await _experiment(calls, connection, "large trace")
        trace, bodies = trace_requests(size)
        for body in bodies:
            await connection.call(calls.otlp(traced, body))
    return Place(str(TABLE), str(CURVES), traced, trace)


async def _experiment(calls: Calls, connection: Connection, name: str) -> str:
    answer = json.loads(await connection.call(calls.create_experiment(name)))
    return str(answer["experiment_id"])


# ── Lakeward's tables ────────────────────────────────────────────────────────────────────────────────────────────────


async def fill(server: Server, size: Size) -> None:
    dsn = running_dsn(server.directory / "data")
    assert dsn
    connection = await asyncpg.connect(dsn, command_timeout=3600)
    try:
        await load_runs.load(connection, size.runs, load_runs.wide(size.runs, size.columns, RUNNING))
        await _curves(connection, size)
        await connection.execute("VACUUM (ANALYZE) run, latest_metric, metric_segment")
    finally:
        await connection.close()


async def _curves(connection: Any, size: Size) -> None:
    """Curves that fall, with noise; a run every ten seconds, a step every second."""
    await connection.executemany(
        "INSERT INTO key_name (text) VALUES ($1) ON CONFLICT DO NOTHING", [(key,) for key in size.curves]
    )
    keys = [
        row["id"] for row in await connection.fetch("SELECT id FROM key_name WHERE text = ANY($1::text[])", size.curves)
    ]
    made = await connection.fetch(
        """
        INSERT INTO run (run_id, experiment_id, name, status, user_id, start_time, end_time)
        SELECT md5('curve' || n), $2, 'curve-' || n, 'RUNNING', 'ada', $3::bigint + n * 10000,
               $3::bigint + n * 10000 + $4 * 1000
        FROM generate_series(1, $1::int) AS n RETURNING seq
        """,
        size.chart_runs, CURVES, BEGIN_MS, size.steps,
    )  # fmt: skip
    seqs = [row["seq"] for row in made]
    await connection.execute(
        f"""
        INSERT INTO metric_segment (run_seq, bucket, max_ts, keys, ts, steps, vals)
        SELECT run, key / 64, made.max_ts, made.keys, made.ts, made.steps, made.vals
        FROM unnest($1::bigint[]) WITH ORDINALITY AS run(run, nth), unnest($2::int[]) AS key,
             generate_series(0, $3::int - 1, {STEPS_AT_ONCE}) AS part,
             LATERAL (SELECT max(t) AS max_ts, array_fill(key, ARRAY[count(t)::int]) AS keys, array_agg(t) AS ts,
                             array_agg(step::bigint) AS steps, array_agg(value) AS vals
                      FROM generate_series(part, least(part + {STEPS_AT_ONCE}, $3) - 1) AS step,
                           LATERAL (SELECT $4::bigint + nth * 10000 + step * 1000 AS t,
                                           2 * exp(-step / (500.0 + nth * 37 % 2000)) + random() / 20 AS value) AS at
                     ) AS made
        """,
        seqs, keys, size.steps, BEGIN_MS,
    )  # fmt: skip
    await connection.execute(
        """
        INSERT INTO latest_metric (run_seq, key_id, experiment_id, value, step, ts)
        SELECT run_seq, keys[1], $1, vals[cardinality(vals)], steps[cardinality(steps)], max_ts
        FROM metric_segment WHERE run_seq = ANY($2::bigint[]) AND steps[cardinality(steps)] = $3::int - 1
        """,
        CURVES, seqs, size.steps,
    )  # fmt: skip


async def _ended(server: Server, calls: Calls, size: Size) -> None:
    """End the runs with curves as clients do, and wait for what the server then does by itself."""
    async with connections(server.port, 1, calls.greeting()) as [connection]:
        for number in range(1, size.chart_runs + 1):
            _, end = calls.end_run(hashlib.md5(f"curve{number}".encode(), usedforsecurity=False).hexdigest())
            await connection.call(end)
    if size.steps * size.charts < PREPARED:
        return
    dsn = running_dsn(server.directory / "data")
    assert dsn
    database = await asyncpg.connect(dsn)
    try:
        deadline = time.monotonic() + 600
        while await database.fetchval("SELECT count(DISTINCT run_seq) FROM metric_curve") < size.chart_runs:
            if time.monotonic() > deadline:
                raise RuntimeError("the curves of ended runs are not prepared")
            await asyncio.sleep(0.5)
        await database.execute("VACUUM (ANALYZE) metric_segment")
    finally:
        await database.close()


# ── the reference's tables ───────────────────────────────────────────────────────────────────────────────────────────


def fill_reference(server: Server, size: Size) -> None:
    """The same into the sqlite file of a reference that is doing nothing."""
    with closing(sqlite3.connect(server.directory / "mlflow.db", timeout=60)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA temp_store = MEMORY")
        again = [row[0] for row in db.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name IN ('metrics', 'latest_metrics', 'params', 'tags')"
        )]  # fmt: skip
        for sql in again:
            db.execute(f"DROP INDEX {sql.split()[2]}")
        for statement in _reference_statements(size):
            db.execute(statement)
        for sql in again:
            db.execute(sql)
        db.commit()


def _reference_statements(size: Size) -> Iterator[str]:
    uniform = "(abs(random() % 9007199254740991) / 9007199254740991.0)"
    half = size.columns // 2
    yield "CREATE TEMP TABLE number (n INTEGER PRIMARY KEY)"
    most = max(size.runs, size.steps, size.columns)
    yield (
        "INSERT INTO temp.number WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c"
        f" WHERE n < {most}) SELECT n FROM c"
    )
    for number, name in ((TABLE, "many runs"), (CURVES, "long curves")):
        yield (
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
            f" last_update_time, workspace) VALUES ({number}, '{name}', 'mlflow-artifacts:/{number}', 'active',"
            f" {BEGIN_MS}, {BEGIN_MS}, 'default')"
        )
    for number, first, last in ((TABLE, 1, size.runs), (CURVES, 1, size.chart_runs)):
        yield (
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
            " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
            f" SELECT {_reference_id(number)}, 'run-' || n, 'LOCAL', 'train.py', '', 'ada',"
            f" CASE WHEN {number} = {TABLE} AND n > {size.runs - RUNNING} THEN 'RUNNING' ELSE 'FINISHED' END,"
            f" {BEGIN_MS} + n * 10000, {BEGIN_MS} + n * 10000 + 60000, '', 'active',"
            f" 'mlflow-artifacts:/{number}/' || n, {number} FROM temp.number WHERE n BETWEEN {first} AND {last}"
        )
        yield (
            f"INSERT INTO tags (key, value, run_uuid) SELECT key, 'run-' || n, {_reference_id(number)}"
            " FROM temp.number, (SELECT 'mlflow.runName' AS key UNION SELECT 'team')"
            f" WHERE n BETWEEN {first} AND {last}"
        )
    runs = f"temp.number AS r CROSS JOIN temp.number AS k WHERE r.n BETWEEN 1 AND {size.runs}"
    yield (
        f"INSERT INTO params (key, value, run_uuid) SELECT printf('param_%03d', k.n), printf('%.4f', {uniform}),"
        f" {_reference_id(TABLE, 'r.n')} FROM {runs} AND k.n < {half}"
    )
    columns = "(key, value, timestamp, step, is_nan, run_uuid)"
    for table in ("latest_metrics", "metrics"):
        yield (
            f"INSERT INTO {table} {columns} SELECT printf('metric_%03d', k.n), {uniform}, {BEGIN_MS} + r.n * 10000,"
            f" 100, 0, {_reference_id(TABLE, 'r.n')} FROM {runs} AND k.n < {size.columns - half}"
        )
    value = "2 * exp(-s.n / (500.0 + r.n * 37 % 2000)) + " + uniform + " / 20"
    for table, steps in (("metrics", f"s.n < {size.steps}"), ("latest_metrics", f"s.n = {size.steps - 1}")):
        yield (
            f"INSERT INTO {table} {columns} SELECT printf('group_%d/metric_%02d', k.n / 5, k.n), {value},"
            f" {BEGIN_MS} + r.n * 10000 + s.n * 1000, s.n, 0, {_reference_id(CURVES, 'r.n')}"
            " FROM temp.number AS k CROSS JOIN temp.number AS s CROSS JOIN temp.number AS r"
            f" WHERE k.n < {size.charts} AND {steps} AND r.n BETWEEN 1 AND {size.chart_runs}"
        )


def _reference_id(experiment: int, number: str = "n") -> str:
    return f"printf('%08x%024x', {experiment}, {number})"


# ── the trace ────────────────────────────────────────────────────────────────────────────────────────────────────────


def trace_requests(size: Size) -> tuple[str, list[bytes]]:
    """A workflow of shelves of 50 books, and a span for each: the trace's id and the request bodies."""
    trace, root = secrets.token_bytes(16), secrets.token_bytes(8)
    begin = time.time_ns() - size.spans * 10_000_000
    text = " ".join(f"word{at}" for at in range(40))
    bodies, shelf, at = [], root, 0
    while at < size.spans:
        request = ExportTraceServiceRequest()
        spans = request.resource_spans.add().scope_spans.add().spans
        for number in range(at, min(at + SPANS_AT_ONCE, size.spans)):
            span = spans.add()
            span.trace_id, span.span_id = trace, secrets.token_bytes(8) if number else root
            kind = "WORKFLOW"
            if number and number % 50 == 1:
                span.name, span.parent_span_id, shelf, kind = f"shelf {number // 50}", root, span.span_id, "CHAIN"
            elif number:
                span.name, span.parent_span_id, kind = f"describe {number}", shelf, "LLM"
            else:
                span.name = "describe_all_books"
            span.start_time_unix_nano = begin + number * 10_000_000
            length = size.spans if not number else 49 if kind == "CHAIN" else 1
            span.end_time_unix_nano = span.start_time_unix_nano + length * 10_000_000 - 1_000_000
            for key, value in (
                ("spanType", kind),
                ("spanInputs", {"book": number}),
                ("spanOutputs", f"{number} {text}"),
            ):
                attribute = span.attributes.add()
                attribute.key, attribute.value.string_value = f"mlflow.{key}", json.dumps(value)
        bodies.append(request.SerializeToString())
        at += SPANS_AT_ONCE
    return f"tr-{trace.hex()}", bodies
