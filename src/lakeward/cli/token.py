"""`lakeward token`: who may sign in from elsewhere."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import click

from lakeward.cli.options import lifetime, settings_from, settings_options

_where = settings_options("data", "database_url")
Answer = TypeVar("Answer")


def with_database(options: dict[str, Any], work: Callable[[Any], Awaitable[Answer]], *, create: bool = False) -> Answer:
    """In one transaction on the running server's database, or on one started for the moment."""
    from lakeward.runtime.db import Database
    from lakeward.runtime.reach import database

    async def run(url: str) -> Answer:
        db = await Database.open(url, size=1)
        try:
            async with db.transaction() as tx:
                return await work(tx)
        finally:
            await db.close()

    with database(settings_from(options), create=create) as url:
        return asyncio.run(run(url))


@click.group("token")
def command() -> None:
    """Create, list and revoke access tokens.

    Clients send a token as MLFLOW_TRACKING_TOKEN or DATABRICKS_TOKEN. These commands use the database of the running
    server, or start the embedded one for a moment when none runs.
    """


@command.command("create")
@click.argument("principal", default="owner", required=False)
@click.option("--admin", is_flag=True, help="The principal administers the whole server (owner always does).")
@click.option("--workspace", metavar="NAME", default="default", show_default=True, help="Give it a role here.")
@click.option(
    "--role",
    type=click.Choice(["use", "read", "edit", "manage"]),
    help="[default: edit for a new principal, else unchanged]",
)
@click.option("--expires", metavar="TIME", callback=lifetime, help="Lifetime such as 12h, 90d or 52w. [default: none]")
@click.option("--name", "--comment", "comment", metavar="TEXT", default="", help="What the token is for.")
@click.option(
    "--scope", "scopes", metavar="SCOPE", multiple=True, help="Open only these APIs, such as mlflow. [default: all]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_where
def create(
    *,
    principal: str,
    admin: bool,
    workspace: str,
    role: str | None,
    expires: timedelta | None,
    comment: str,
    scopes: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Make a token for PRINCIPAL (default: owner), who is made if need be, and print it once.

    The token alone goes to standard output: TOKEN=$(lakeward token create ci)
    """
    from lakeward import audit, identity
    from lakeward.runtime.http import Role

    async def work(tx: Any) -> tuple[str, str]:
        everywhere = admin or principal == "owner"
        holder = await identity.get_or_create_principal(
            tx,
            principal,
            is_admin=admin,
            workspace=None if everywhere else workspace,
            role=None if everywhere or role is None else Role[role.upper()],
            note=partial(audit.record_command, tx, "accounts"),
        )
        if admin and not holder.is_admin:
            raise click.ClickException(f"{principal} exists and is no administrator. Choose another name.")
        if not await identity.is_active(tx, holder):
            raise click.ClickException(f"{principal} is deactivated, so the token would not work. Activate it first.")
        made = await identity.create_token(tx, holder, comment=comment, lifetime=expires, scopes=scopes)
        params = {"principal": principal, "token_id": made[0]} | ({"scopes": list(scopes)} if scopes else {})
        await audit.record_command(tx, "accounts", "generateDbToken", params=params)
        return made

    token_id, secret = with_database(options, work, create=True)  # before the first start it makes the database
    if as_json:
        click.echo(json.dumps({"id": token_id, "principal": principal, "token": secret}))
        return
    click.echo(secret)
    if sys.stdout.isatty():
        click.echo(click.style("Keep it now: it is not shown again.", dim=True), err=True)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_where
def list_(*, as_json: bool, **options: Any) -> None:
    """List tokens, never their secrets."""
    from lakeward import identity

    tokens = with_database(options, identity.list_tokens)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(tokens).decode())
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    if not tokens:
        click.echo("No tokens. Make one with `lakeward token create`.", err=True)
        return
    table = Table(
        Column("ID", no_wrap=True),
        "PRINCIPAL",
        "COMMENT",
        "CREATED",
        "EXPIRES",
        "LAST USED",
        box=None,
        header_style="bold",
    )
    now = datetime.now(UTC)
    for token in tokens:
        expires = f"{token.expires_at:%Y-%m-%d %H:%M}" if token.expires_at else "never"
        expired = token.expires_at is not None and token.expires_at <= now
        table.add_row(
            token.id, escape(token.principal), escape(token.comment), f"{token.created_at:%Y-%m-%d %H:%M}",
            f"[red]{expires}[/]" if expired else expires,
            f"{token.used_at:%Y-%m-%d %H:%M}" if token.used_at else "never",
        )  # fmt: skip
    Console(highlight=False, markup=True).print(table)


@command.command("revoke")
@click.argument("token_id", metavar="ID...", nargs=-1, required=True)
@_where
def revoke(*, token_id: tuple[str, ...], **options: Any) -> None:
    """Revoke tokens by their IDs; they stop working everywhere within a second."""
    from lakeward import audit, identity

    async def work(tx: Any) -> None:
        for each in token_id:
            await identity.revoke_token(tx, each)
            await audit.record_command(tx, "accounts", "revokeDbToken", params={"token_id": each})

    with_database(options, work)
    click.echo(f"Revoked {', '.join(token_id)}.", err=True)
