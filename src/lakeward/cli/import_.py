"""`lakeward import`: everything an MLflow server has, brought here."""

import asyncio
import json
import os
import sys
import time
from typing import Any, Self

import click
import msgspec

from lakeward.cli.options import settings_from, settings_options
from lakeward.runtime.settings import Settings

_TRUE = frozenset({"true", "1"})
_SHOWN = 20


@click.command("import")
@click.option("--from", "url", metavar="URL", required=True, help="The MLflow server: http://old-mlflow:5000")
@click.option("--workspace", metavar="NAME", default="default", show_default=True, help="Bring it here.")
@click.option(
    "--experiments", "names", metavar="NAME", multiple=True,
    help="Only this experiment, its models, and the versions made of these. May be given many times.",
)  # fmt: skip
@click.option(
    "--connections", metavar="N", type=click.IntRange(1, 64), default=8, show_default=True,
    help="How many requests the source gets at a time.",
)  # fmt: skip
@click.option(
    "--patience", metavar="SECONDS", type=click.FloatRange(min=0), default=60, show_default=True,
    help="How long to wait for a source that does not answer.",
)  # fmt: skip
@click.option("--source-workspace", metavar="NAME", help="The workspace there, of a server that has workspaces.")
@click.option("--again", is_flag=True, help="Look at everything once more, also at what came over before.")
@click.option("--dry-run", is_flag=True, help="Count what there is, and bring nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("data", "database_url", "objects_url", "objects")
def command(
    *,
    url: str,
    workspace: str,
    names: tuple[str, ...],
    connections: int,
    patience: float,
    source_workspace: str | None,
    again: bool,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Bring experiments, runs, models, prompts and traces from an MLflow server, and compare both sides.

    Nothing changes there, and clients may go on working meanwhile. It may be interrupted and run again at any time: it
    goes on where it was, and brings what is new. A server that wants a login gets the one in MLFLOW_TRACKING_TOKEN, or
    in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
    """
    from lakeward.importing import Source, Wanted, survey

    settings = settings_from(options)
    wanted = Wanted(names, again)
    began = time.monotonic()

    def source() -> Source:
        return Source(url, _login(), connections=connections, patience=patience, workspace=source_workspace)

    async def look(progress: _Progress) -> Any:
        """Before a database is started: whether there is a source at all."""
        async with source() as opened:
            return await (survey(opened, wanted, progress) if dry_run else opened.introduce())

    try:
        with _Progress() as progress:
            found = asyncio.run(look(progress))
            report = found if dry_run else _take_over(settings, source, found, workspace, wanted, progress, connections)
    except KeyboardInterrupt:
        if not dry_run:
            click.echo("Interrupted. What came over is kept: run the same command again to go on.", err=True)
        raise
    if as_json:
        click.echo(json.dumps(_as_json(report, workspace, dry_run=dry_run, seconds=time.monotonic() - began)))
    else:
        _show(report, dry_run=dry_run)
    if not report.identical:
        sys.exit(1)


def _take_over(
    settings: Settings,
    source: Any,
    version: str,
    workspace: str,
    wanted: Any,
    progress: "_Progress",
    connections: int,
) -> Any:
    from lakeward.importing import take_over
    from lakeward.runtime.reach import database
    from lakeward.runtime.stores import stores

    async def run(database_url: str) -> Any:
        async with stores(settings, database_url, size=connections + 2) as (db, objects), source() as opened:
            return await take_over(opened, version, db, objects, workspace, wanted, progress)

    with database(settings, create=True) as database_url:
        return asyncio.run(run(database_url))


def _login() -> Any:
    """What MLflow's own clients read."""
    from lakeward.importing import Login

    said = {name: os.environ.get(f"MLFLOW_TRACKING_{name}", "") for name in ("TOKEN", "USERNAME", "PASSWORD")}
    return Login(
        token=said["TOKEN"],
        username=said["USERNAME"],
        password=said["PASSWORD"],
        verify=os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() not in _TRUE,
        certificates=os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH", ""),
    )


# ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _as_json(report: Any, workspace: str, *, dry_run: bool, seconds: float) -> dict[str, Any]:
    return {
        "source": report.source,
        "version": report.version,
        "workspace": workspace,
        "dry_run": dry_run,
        "seconds": round(seconds, 3),
        "brought": {} if dry_run else report.brought,
        "there": report.brought if dry_run else {},
        "notes": report.notes,
        "problems": report.problems,
        "compared": msgspec.to_builtins(report.compared),
        "identical": report.identical,
    }


def _show(report: Any, *, dry_run: bool) -> None:
    from itertools import zip_longest

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from lakeward.importing import MAX_SHOWN

    def heading(*names: str) -> Table:
        columns = [Column(name, justify="left" if name == "CHECKSUM" else "right") for name in names]
        return Table(Column(no_wrap=True), *columns, box=None, header_style="bold")

    console = Console(highlight=False, soft_wrap=True)
    version = f" (MLflow {report.version})" if report.version else ""
    if dry_run:
        table = heading("THERE")
        for kind, number in report.brought.items():
            table.add_row(kind, f"{number:,}")
    else:
        table = heading("BROUGHT NOW", "THERE", "HERE", "CHECKSUM", "DIFFERENT")
        for kind, each in report.compared.items():
            same = each.there_checksum == each.here_checksum
            table.add_row(
                kind, f"{report.brought[kind]:,}" if kind in report.brought else "",
                f"{each.there:,}", f"{each.here:,}",
                each.there_checksum[:12] if same else "[red]not the same[/]",
                f"[red]{each.different:,}[/]" if each.different else "0",
            )  # fmt: skip
    console.print(f"{escape(report.source)}{version}")
    console.print(table)
    for note in report.notes:
        console.print(f"· {escape(note)}")
    told = zip_longest(*(each.differences for each in report.compared.values()))  # some of each kind
    wrong = [*report.problems, *(text for row in told for text in row if text is not None)]
    for text in wrong[:_SHOWN]:
        console.print(f"[red]✗[/] {escape(text)}")
    if len(wrong) > _SHOWN:
        number = len(report.problems) + sum(each.different for each in report.compared.values()) - _SHOWN
        console.print(f"  … and {number:,} more; --json shows up to {MAX_SHOWN} of each kind.")
    if dry_run:
        return
    console.print("[green]Both sides are alike.[/]" if report.identical else "[red]Both sides are not alike.[/]")


class _Progress:
    """A line on a terminal that says what is being done and how much was; nothing elsewhere."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True, highlight=False)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(20),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=self._console, disable=not sys.stderr.isatty(), transient=True)
        self._task = self._bar.add_task("Starting", total=None, said="")
        self._counts: dict[str, int] = {}
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, name: str) -> None:
        self._bar.update(self._task, description=name[:40])

    def count(self, kind: str, number: int = 1) -> None:
        self._counts[kind] = self._counts.get(kind, 0) + number
        now = time.monotonic()
        if now - self._drawn > 0.1:
            self._drawn = now
            said = " · ".join(f"{self._counts[kind]:,} {kind}" for kind in self._shown())
            self._bar.update(self._task, said=said)

    def _shown(self) -> list[str]:
        wanted = ("runs seen", "points", "artifacts", "bytes", "model versions", "traces", "runs compared")
        return [kind for kind in wanted if kind in self._counts]

    def say(self, text: str) -> None:
        if sys.stderr.isatty():
            self._console.print(text, markup=False)
