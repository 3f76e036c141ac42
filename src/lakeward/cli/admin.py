"""`lakeward admin`: the first administrator, and the way back in."""

import secrets
import sys
from functools import partial
from typing import Any

import click

from lakeward.cli.options import settings_options
from lakeward.cli.token import with_database


@click.command("admin")
@click.argument("name", default="admin", required=False)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@settings_options("data", "database_url")
def command(*, name: str, password_stdin: bool, **options: Any) -> None:
    """Make NAME (default: admin) an administrator with a password, whoever has been one so far.

    The user is made if need be, activated, and may try to sign in at once. Without --password-stdin a password is asked
    for on a terminal; elsewhere one is made up, and goes alone to standard output.
    """
    from lakeward import audit, identity

    made_up = ""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = made_up = secrets.token_urlsafe(18)

    async def work(tx: Any) -> None:
        await identity.make_administrator(tx, name, password, partial(audit.record_command, tx, "accounts"))

    with_database(options, work, create=True)  # before the first start it makes the database
    if made_up:
        click.echo(made_up)
    click.echo(f"{name} is an administrator and can sign in with this password.", err=True)
