"""`lakeward explain`: why somebody may do something, or why not."""

import asyncio
from typing import Any

import click

from lakeward.cli.options import settings_from, settings_options

_where = settings_options("data", "database_url")


@click.command("explain")
@click.argument("principal")
@click.argument("privilege")
@click.argument("target", metavar="OBJECT")
@click.option("--workspace", metavar="NAME", default="default", show_default=True, help="Where the object is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_where
def command(*, principal: str, privilege: str, target: str, workspace: str, as_json: bool, **options: Any) -> None:
    """Tell why PRINCIPAL has PRIVILEGE on OBJECT, or what is missing. The exit code is 1 for a no.

    OBJECT is a type and a name: experiments/12, registered-models/3, function/main.default.iris, schema/main.default.
    PRIVILEGE is a right or a level: READ, EDIT, CAN_MANAGE, EXECUTE, CREATE_MODEL.
    """
    from lakeward import catalog
    from lakeward.access import Asked, Explanation, Gate, explain_in
    from lakeward.app import all_routes
    from lakeward.runtime.db import Database
    from lakeward.runtime.reach import database

    all_routes()  # every feature has said by now which kinds of objects it has

    async def run(url: str) -> Explanation:
        db = await Database.open(url, size=2)
        try:
            async with db.transaction() as tx:
                return await explain_in(tx, Gate(db, catalog.bound), workspace, Asked(principal, privilege, target))
        finally:
            await db.close()

    with database(settings_from(options)) as url:
        told = asyncio.run(run(url))
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(told).decode())
    else:
        verdict = click.style("yes", fg="green") if told.allowed else click.style("no", fg="red")
        click.echo(f"{verdict}: {told.principal}, {told.right} on {told.object}")
        for reason in told.because:
            click.echo(f"  - {reason}")
    raise click.exceptions.Exit(0 if told.allowed else 1)
