"""`lakeward traces`: traces in and out of files."""

import asyncio
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from lakeward.cli.options import settings_from, settings_options


@click.group("traces")
def command() -> None:
    """Export traces.

    Uses the database of the running server, or starts the embedded one for a moment when none runs.
    """


@command.command("export")
@click.option("--experiment", "experiments", metavar="ID", multiple=True, required=True, help="May be repeated.")
@click.option("--filter", "where", metavar="TEXT", help="Which traces, as in mlflow.search_traces. [default: all]")
@click.option("--trace", "traces", metavar="ID", multiple=True, help="Only this trace; may be repeated.")
@click.option("--max", "most", metavar="N", type=click.IntRange(min=1), help="So many at most, the newest first.")
@click.option(
    "--format", "form", type=click.Choice(["otlp", "jsonl", "parquet"]), default="jsonl", show_default=True,
    help="OTLP JSON, a TracesData a line; a trace a line, for mlflow.entities.Trace.from_json; or a row a trace.",
)  # fmt: skip
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="[default: -]")
@settings_options("data", "database_url")
def export(
    *,
    experiments: tuple[str, ...],
    where: str | None,
    traces: tuple[str, ...],
    most: int | None,
    form: Any,
    output: Path | None,
    **options: Any,
) -> None:
    """Write traces with their spans and assessments to a file, or to standard output."""
    from lakeward import tracing
    from lakeward.runtime.reach import database

    selection = tracing.export.Selection(list(experiments), where, list(traces), most)
    with database(settings_from(options)) as url:
        if output is None or str(output) == "-":
            asyncio.run(_write(url, selection, form, sys.stdout.buffer))
            return
        with output.open("wb") as file:
            asyncio.run(_write(url, selection, form, file))


async def _write(url: str, selection: Any, form: Any, file: BinaryIO) -> None:
    from lakeward import tracing
    from lakeward.runtime.db import Database

    db = await Database.open(url, size=1)
    try:
        workspace = await tracing.export.workspace_of(db, selection.experiment_ids)
        async for piece in tracing.export.stream(db, workspace, selection, form):
            file.write(piece)
        file.flush()
    finally:
        await db.close()
