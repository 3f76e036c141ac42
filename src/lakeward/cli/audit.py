"""`lakeward audit`: is the log what was written, and the log as files and as a table."""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from lakeward.cli.options import settings_from, settings_options
from lakeward.runtime.settings import Settings

Answer = TypeVar("Answer")
_where = settings_options("data", "database_url", "master_key")
_PAGE = 5_000


def _with_database(settings: Settings, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
    from lakeward.runtime.db import Database
    from lakeward.runtime.reach import database

    async def run(url: str) -> Answer:
        db = await Database.open(url, size=1)
        try:
            return await work(db)
        finally:
            await db.close()

    with database(settings) as url:
        return asyncio.run(run(url))


@click.group("audit")
def command() -> None:
    """The audit log: check that nothing in it was changed, write it to files, bring its table up to date."""


def _head(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if value is not None and not re.fullmatch(r"\d{1,18}:[0-9a-f]{64}", value):
        raise click.BadParameter("give NUMBER:HASH as an earlier verify printed it.")
    return value or ""


@command.command("verify")
@click.option(
    "--expect", metavar="HEAD", callback=_head, help="A head that was noted earlier: nothing after it was cut."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_where
def verify(*, expect: str, as_json: bool, **options: Any) -> None:
    """Read the whole log and say what was changed, removed, put in or moved. Exits with 1 if anything was.

    Prints the head of the chain. Note it elsewhere: with --expect it proves later that all it had then is still there.
    """
    import msgspec

    from lakeward import audit
    from lakeward.runtime.crypto import MasterKeys

    settings = settings_from(options)

    async def work(db: Any) -> audit.Report:
        async with db.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            return await audit.verify(connection, MasterKeys.read(settings.master_key_source), expect)

    report = _with_database(settings, work)
    if as_json:
        click.echo(json.dumps({"ok": report.well, **msgspec.to_builtins(report)}, indent=2))
        sys.exit(0 if report.well else 1)
    for finding in report.findings:
        click.echo(f"{click.style('✗', fg='red', bold=True)} event {finding.seq} {finding.message}")
    click.echo(f"{report.events:,} events from {report.first:,}, {report.seals:,} seals.")
    if report.seals_of_other_keys:
        click.echo(
            f"{report.seals_of_other_keys:,} seals are under master keys that are not here; later ones cover them."
        )
    if report.not_sealed_yet:
        click.echo(f"{report.not_sealed_yet:,} events are not sealed yet.")
    click.echo(f"head {report.head}")
    click.echo(click.style("Nothing was changed", fg="green") if report.well else click.style("Not well", fg="red"))
    sys.exit(0 if report.well else 1)


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("give a day or a time, such as 2026-03-01 or 2026-03-01T12:00.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


@command.command("export")
@click.option(
    "--format", "kind", type=click.Choice(["jsonl", "csv", "parquet"]), help="[default: by --output, else jsonl]"
)
@click.option("--from", "start", metavar="TIME", callback=_moment, help="Events from then on, in UTC.")
@click.option("--to", "end", metavar="TIME", callback=_moment, help="Events before then, in UTC.")
@click.option(
    "--output", "-o", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="[default: stdout]"
)
@_where
def export(*, kind: str | None, start: int | None, end: int | None, output: Path | None, **options: Any) -> None:
    """Write the log with the columns of the table system.access.audit, oldest first."""
    from lakeward import audit

    settings = settings_from(options)
    search = audit.Search(start_time=start, end_time=end)
    if output is None and sys.stdout.isatty() and kind == "parquet":
        raise click.UsageError("Parquet is not for a terminal: give --output FILE.")

    async def work(db: Any) -> int:
        await audit.seal(db, settings.master_key_source, wait=True)
        written = seq = 0
        with click.open_file(str(output or "-"), "wb") as file:
            writer = audit.writer(audit.kind_of(output, kind), file)
            while True:
                async with db.connection() as connection:
                    page = await audit.find_after(connection, search, seq, _PAGE)
                if not page:
                    writer.close()
                    return written
                writer.write(page)
                written, seq = written + len(page), page[-1].seq

    count = _with_database(settings, work)
    click.echo(f"{count:,} events.", err=True)


@command.command("table")
@settings_options("data", "database_url", "master_key", "objects_url", "objects", "audit_retention")
def table(**options: Any) -> None:
    """Write what happened until now to the table system.access.audit, and print where its files are.

    The worker does so by itself, within a minute.
    """
    from lakeward.runtime.reach import database

    settings = settings_from(options)
    with database(settings) as url:
        click.echo(asyncio.run(_up_to_date(settings, url)))


async def _up_to_date(settings: Settings, url: str) -> str:
    from lakeward import audit, catalog
    from lakeward.runtime.stores import stores

    async with stores(settings, url, size=2) as (db, _):
        assert db.lake is not None
        await audit.seal(db, settings.master_key_source, wait=True)
        async with db.connection() as connection:
            prefix = await catalog.prefix_of_audit(connection)
        await audit.bring_up_to_date(db, db.lake, prefix, settings.audit_retention, wait=True)
        return db.lake.address(prefix)[0]
