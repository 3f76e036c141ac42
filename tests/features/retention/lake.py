"""Old traces, and their tables as others read them."""

from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
from deltalake import DeltaTable
from spans import ids, sent, span

from server import Caller, Server

OURS = "/api/2.0/lakeward"
DAY = 86_400_000
LONG_AGO = -400 * DAY  # before the begin that spans have


def old(client: Caller, experiment: str, days: int = 3, each: int = 4, **attributes: Any) -> list[str]:
    """Traces of two spans, some a day; their ids, the oldest first."""
    made = []
    for day in range(days):
        spans = []
        for number in range(each):
            trace, root = ids()
            at = LONG_AGO + day * DAY + number * 1000
            words = {"gen_ai.usage.input_tokens": 7, "note": f"marvellous {trace}"} | attributes
            spans.append(span(trace, root, name="root", at=at, ms=20))
            spans.append(span(trace, None, root, name="child", at=at + 5, attributes=words))
            made.append(trace)
        sent(client, experiment, *spans, service_name="shop")
    return made


def rows(path: Path, what: str = "*", more: str = "") -> list[Any]:
    """Of a Delta table, as DuckDB reads it."""
    files = DeltaTable(str(path)).file_uris()
    if not files:
        return []
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {what} FROM read_parquet($1) {more}", [files]).fetchall()


def scanned(path: Path, question: str) -> list[Any]:
    """What DuckDB's own extension for Delta answers; the table is `t` in the question."""
    [extension] = Path(duckdb_extension_delta.__file__).parent.glob("extensions/*/delta.duckdb_extension")
    with duckdb.connect() as connection:
        connection.load_extension(str(extension))
        return connection.execute(f"WITH t AS (FROM delta_scan('{path}')) {question}").fetchall()


def segments_of(server: Server, experiment: str) -> int:
    [row] = server.sql(
        "SELECT count(*) FROM trace_segment s JOIN trace t ON t.seq = s.trace_seq WHERE t.experiment_id = $1",
        int(experiment),
    )
    return row[0]


def moved(client: Caller, experiment: str) -> int:
    return client.get(f"{OURS}/trace-retention", experiment_id=experiment)["moved_traces"]
