"""`lakeward gc`: permanent deletion of what lies in the trash."""

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any, Self

import click
import msgspec

from lakeward.cli.options import lifetime, settings_from, settings_options
from lakeward.runtime.settings import Settings


@click.command("gc")
@click.option(
    "--older-than",
    metavar="TIME",
    callback=lifetime,
    help="Only what was deleted longer ago than this, such as 12h or 7d. [default: the setting trash_retention]",
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("data", "database_url", "objects_url", "objects", "trash_retention")
def command(*, older_than: timedelta | None, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Delete for good the experiments, runs and models that lie in the trash, with their artifacts.

    May run beside a running server, and be interrupted: what was begun is finished by the next gc or by the worker.
    """
    from lakeward.runtime.reach import database

    settings = settings_from(options)
    age = timedelta(days=settings.trash_retention) if older_than is None else older_than
    with database(settings) as url:
        gone = asyncio.run(_collect(settings, url, age // timedelta(milliseconds=1), dry_run=dry_run))
    counts = msgspec.to_builtins(gone)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, **counts}))
        return
    said = ", ".join(f"{count:,} {noun if count != 1 else noun.removesuffix('s')}" for noun, count in counts.items())
    click.echo(f"Would delete {said}." if dry_run else f"Deleted {said}.")


async def _collect(settings: Settings, url: str, older_than: int, *, dry_run: bool) -> Any:
    from lakeward import audit, catalog, retention, tracking
    from lakeward.runtime.stores import stores

    async with stores(settings, url, size=4) as (db, objects):
        waiting = await tracking.count_trash(db, older_than)
        if dry_run:
            return waiting
        said = {"older_than_ms": older_than} | msgspec.to_builtins(waiting)
        async with db.transaction() as tx:  # before the first deletion: one that is interrupted is on record
            await audit.record_command(tx, "lakeward", "startPurge", params=said)
        with _Progress(waiting) as progress:
            gone = await tracking.purge(db, objects, older_than, progress=progress.tell)
        await retention.sweep(db, objects)
        await catalog.sweep(db, objects)
        async with db.transaction() as tx:
            await audit.record_command(tx, "lakeward", "finishPurge", params=msgspec.to_builtins(gone))
        return gone


class _Progress:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self, waiting: Any) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._total = sum(msgspec.to_builtins(waiting).values())
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
        self._task = self._bar.add_task("Deleting", total=self._total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, step: str, done: Any) -> None:
        so_far = sum(msgspec.to_builtins(done).values())
        # an earlier purge's left-overs were not counted
        self._bar.update(self._task, completed=so_far, total=max(self._total, so_far), description=f"Deleting ({step})")
