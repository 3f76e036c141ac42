"""OTLP in for a minute: 8 connections, each of which sends its next request when the last is answered; then every
trace that was acknowledged is looked for.

    python -m benchmarks.trace_ingest --write docs/trace-ingest.md

Requests have 500 spans of 50 traces, some 780 bytes a span. Lakeward starts as `lakeward up` does, on a fresh
directory: an answer is a durable commit. Meanwhile its worker makes blocks of signatures and rollups. In the end each
trace is asked for by its id, the metrics API must count as many traces and spans as were sent, and one trace in a
hundred is read with its spans.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import uvloop

from benchmarks import processes
from benchmarks.calls import Calls
from benchmarks.forms import FORMS, Server
from benchmarks.measure import Load, Wrong, drive
from benchmarks.scenarios.traces import SPANS, TRACES, Corpus
from benchmarks.wire import Connection, connections, plain

CONNECTIONS = 8
GOAL = 25_000  # spans a second
PORT = 5_990
ASKED_AT_ONCE = 100


class Found(NamedTuple):
    load: Load
    rates: list[float]  # spans a second, of each part of the time
    traces: int
    memory: list[int]  # of the tree, before and after, in bytes

    @property
    def rate(self) -> float:
        return self.traces * SPANS / self.load.elapsed


async def main_load(server: Server, seconds: float) -> Found:
    calls = Calls(server.port)
    async with connections(server.port, CONNECTIONS, calls.greeting()) as opened:
        made = msgspec.json.decode(plain(await opened[0].call(calls.create_experiment("a minute of traces"))))
        experiment = made["experiment_id"]
        await _warm(opened, calls, experiment)
        made = msgspec.json.decode(plain(await opened[0].call(calls.create_experiment("the minute"))))
        experiment = made["experiment_id"]
        acknowledged: list[list[str]] = []
        moments: list[float] = []
        before = processes.pss_bytes()

        def sender(connection: Connection, corpus: Corpus) -> Any:
            async def send() -> None:
                body, ids = corpus.request()
                await connection.call(calls.otlp(experiment, body))
                acknowledged.append(ids)
                moments.append(time.perf_counter())

            return send

        workers = [sender(each, Corpus(10 + number)) for number, each in enumerate(opened)]
        began = time.perf_counter()
        load = await drive(workers, seconds)
        after = processes.pss_bytes()
        ids = list(itertools.chain.from_iterable(acknowledged))
        await _verify(opened[0], calls, experiment, ids)
    return Found(load, _rates(moments, began, seconds), len(ids), [before, after])


async def _warm(opened: list[Connection], calls: Calls, experiment: str) -> None:
    corpus = Corpus(1)
    for connection in opened:
        for _ in range(3):
            await connection.call(calls.otlp(experiment, corpus.request()[0]))


def _rates(moments: list[float], began: float, seconds: float) -> list[float]:
    parts = max(1, round(seconds / 10))
    length = seconds / parts
    counts = [0] * parts
    for each in moments:
        counts[min(parts - 1, int((each - began) / length))] += 1
    return [count * TRACES * SPANS / length for count in counts]


async def _verify(connection: Connection, calls: Calls, experiment: str, ids: list[str]) -> None:
    for at in range(0, len(ids), ASKED_AT_ONCE):
        asked = ids[at : at + ASKED_AT_ONCE]
        answer = msgspec.json.decode(plain(await connection.call(calls.trace_infos(asked))))
        if {each["trace_id"] for each in answer.get("trace_infos", [])} != set(asked):
            raise Wrong("acknowledged traces are missing")
        whole = msgspec.json.decode(plain(await connection.call(calls.trace(asked[0]))))["trace"]
        if len({each["span_id"] for each in whole["spans"]}) != SPANS:
            raise Wrong(f"{len(whole['spans'])} of {SPANS} acknowledged spans of {asked[0]} are there")
    for view, metric, expected in (("TRACES", "trace_count", len(ids)), ("SPANS", "span_count", len(ids) * SPANS)):
        counted = await _count(connection, calls, experiment, view, metric)
        if counted != expected:
            raise Wrong(f"{metric}: {counted:,} are counted, {expected:,} were acknowledged")


async def _count(connection: Connection, calls: Calls, experiment: str, view: str, metric: str) -> int:
    """Waits while more was changed than is summed up for one answer."""
    request = calls.trace_metric(experiment, view, metric)
    for _ in range(120):
        try:
            answer = msgspec.json.decode(plain(await connection.call(request)))
        except Exception as error:  # the worker is still at it
            if "not summed up yet" not in str(error):
                raise
            await asyncio.sleep(0.5)
            continue
        return sum(int(point["values"]["COUNT"]) for point in answer["data_points"])
    raise Wrong("the worker does not come to an end")


def page(found: Found, seconds: float) -> str:
    load = found.load
    spans = found.traces * SPANS
    server, database = load.server_cpu.all - load.server_cpu.database, load.server_cpu.database
    lines = [
        ("spans a second, each durable when it was answered", f"**{found.rate:,.0f}**"),
        ("in each ten seconds", ", ".join(f"{each:,.0f}" for each in found.rates)),
        ("spans acknowledged, in traces of ten", f"{spans:,}"),
        ("acknowledged and not there", "0"),
        ("a request of 500 spans, p50 and p95", f"{load.percentile_ms(0.5):.0f} and {load.percentile_ms(0.95):.0f} ms"),
        (
            "CPU a span: server with worker, PostgreSQL, load",
            f"{server / spans * 1e6:.0f}, {database / spans * 1e6:.0f}, {load.own_cpu / spans * 1e6:.1f} µs",
        ),
        ("memory of all processes, before and after", " and ".join(f"{each / 1e6:.0f} MB" for each in found.memory)),
        ("cores that other programs used meanwhile", f"{load.others / load.elapsed:.2f}"),
    ]
    now = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}"
    table = "\n".join(f"| {what} | {figure} |" for what, figure in lines)
    return f"""# A minute of OTLP

Written by `python -m benchmarks.trace_ingest` on {now} UTC: {CONNECTIONS} connections
for {seconds:.0f} s, requests of {TRACES * SPANS} spans of {TRACES} traces, {os.cpu_count()} cores shared by server,
database and load. The goal is {GOAL:,} spans a second. Every trace that was acknowledged was then asked for by its id,
one in a hundred was read with its spans, and the metrics API counted as many traces and spans as were sent.

| | |
| --- | --- |
{table}
"""


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seconds", type=float, default=60)
    words.add_argument("--work", type=Path, help="where the server's directory is made")
    words.add_argument("--write", type=Path, help="the page to write")
    options = words.parse_args()
    processes.adopt_orphans()
    work = Path(tempfile.mkdtemp(prefix="lakeward-ingest-", dir=options.work))
    [form] = [each for each in FORMS if each.key == "lakeward"]
    server = Server(form, work / "server", PORT)
    try:
        server.start()
        found = uvloop.run(main_load(server, options.seconds))
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)
    text = page(found, options.seconds)
    print(text)
    if options.write:
        options.write.write_text(text, "utf-8")
    return 0 if found.rate >= GOAL else 2


if __name__ == "__main__":
    sys.exit(main())
