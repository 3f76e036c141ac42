"""`lakeward traces`: traces in and out of files."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

import click

from lakeward.cli.options import settings_from, settings_options
from lakeward.runtime.settings import Settings


@click.group("traces")
def command() -> None:
    """Export traces, move their spans to the lake, and bring them back.

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
@settings_options("data", "database_url", "objects_url", "objects")
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
    settings = settings_from(options)
    with database(settings) as url:
        if output is None or str(output) == "-":
            asyncio.run(_write(settings, url, selection, form, sys.stdout.buffer))
            return
        with output.open("wb") as file:
            asyncio.run(_write(settings, url, selection, form, file))


async def _write(settings: Settings, url: str, selection: Any, form: Any, file: BinaryIO) -> None:
    from lakeward import tracing
    from lakeward.runtime.stores import stores

    async with stores(settings, url, size=1) as (db, _):
        workspace = await tracing.export.workspace_of(db, selection.experiment_ids)
        async for piece in tracing.export.stream(db, workspace, selection, form):
            file.write(piece)
        file.flush()


@command.command("move")
@click.option("--experiment", metavar="ID", required=True)
@click.option("--older-than", metavar="TIME", default="0m", help="Such as 30d or 12h. [default: all that have ended]")
@settings_options("data", "database_url", "objects_url", "objects")
def move(*, experiment: str, older_than: str, **options: Any) -> None:
    """Move spans to the experiment's Delta tables now, whatever its retention is."""

    async def work(db: Any, objects: Any) -> int:
        from lakeward import audit, retention, tracing

        workspace = await tracing.export.workspace_of(db, [experiment])
        moved: int = await retention.move_now(db, objects, workspace, experiment, older_than)
        params = {"experiment_id": experiment, "older_than": older_than, "traces": moved}
        async with db.transaction() as tx:
            await audit.record_command(tx, "mlflowTrace", "moveTraces", params=params, workspace=workspace)
        return moved

    moved = _with_lake(settings_from(options), work)
    click.echo(f"Moved the spans of {moved:,} traces.")


@command.command("bring-back")
@click.option("--experiment", metavar="ID", required=True)
@click.option("--trace", "traces", metavar="ID", multiple=True, help="Only this trace; may be repeated.")
@click.option("--from", "first", metavar="DAY", help="Traces that began on this day or later, such as 2026-11-22.")
@click.option("--to", "last", metavar="DAY", help="Traces that began on this day at the latest.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="They stay for so long.")
@settings_options("data", "database_url", "objects_url", "objects")
def bring_back(
    *, experiment: str, traces: tuple[str, ...], first: str | None, last: str | None, days: int, **options: Any
) -> None:
    """Bring spans back into the database, where searches look into them."""

    async def work(db: Any, _objects: Any) -> int:
        from lakeward import audit, retention, tracing

        workspace = await tracing.export.workspace_of(db, [experiment])
        came: int = await retention.bring_back(
            db, workspace, experiment, trace_ids=traces, days=days,
            since_ms=None if first is None else retention.day_ms(first),
            before_ms=None if last is None else retention.day_ms(last) + 86_400_000,
        )  # fmt: skip
        params = {"experiment_id": experiment, "traces": came, "days": days}
        async with db.transaction() as tx:
            await audit.record_command(tx, "mlflowTrace", "bringBackTraces", params=params, workspace=workspace)
        return came

    came = _with_lake(settings_from(options), work)
    click.echo(f"Brought back the spans of {came:,} traces.")


def _with_lake(settings: Settings, work: Callable[[Any, Any], Awaitable[int]]) -> int:
    from lakeward.runtime.reach import database

    with database(settings) as url:
        return asyncio.run(_at(settings, url, work))


async def _at(settings: Settings, url: str, work: Callable[[Any, Any], Awaitable[int]]) -> int:
    from lakeward.runtime.stores import stores

    async with stores(settings, url, size=4) as (db, objects):
        return await work(db, objects)
