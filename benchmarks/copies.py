"""More models and versions in MLflow's own tables: a large registry takes seconds instead of a quarter of an hour.

The first ones are made through its API; the others are their rows again with another name or number. What is measured
then reads the same rows that as many requests would have written.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

import asyncpg

from benchmarks.forms import Server

Row = dict[str, Any]
MODELS = ("registered_models", "registered_model_tags")
VERSIONS = ("model_versions",)


async def models(server: Server, names: dict[str, Sequence[str]]) -> None:
    """Each model that is there, with its tags, once more for every name listed under its own."""
    for table in MODELS:
        await _multiply(server, table, lambda row: ({**row, "name": name} for name in names.get(row["name"], ())))


async def versions(server: Server, model: str, numbers: Iterable[int]) -> None:
    """The one version of a model once more for each number."""
    wanted = list(numbers)
    for table in VERSIONS:
        await _multiply(
            server, table, lambda row: ({**row, "version": each} for each in wanted if row["name"] == model)
        )


async def _multiply(server: Server, table: str, more: Any) -> None:
    if server.database_url is None:
        _in_sqlite(server, table, more)
    else:
        await _in_postgresql(server.database_url, table, more)


def _in_sqlite(server: Server, table: str, more: Any) -> None:
    with closing(sqlite3.connect(server.directory / "mlflow.db", timeout=60)) as connection, connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
        rows = [tuple(made.values()) for row in found for made in more(row)]
        places = ", ".join("?" * len(found[0]))
        connection.executemany(f"INSERT INTO {table} ({', '.join(found[0])}) VALUES ({places})", rows)


async def _in_postgresql(url: str, table: str, more: Any) -> None:
    connection = await asyncpg.connect(url.replace("+psycopg2", ""))
    try:
        found = [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")]
        rows = [tuple(made.values()) for row in found for made in more(row)]
        await connection.copy_records_to_table(table, records=rows, columns=list(found[0]))
        await connection.execute(f"ANALYZE {table}")  # as its autovacuum does in the minutes that requests take
    finally:
        await connection.close()
