"""`lakeward secrets`: the keys that secrets are encrypted under."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from lakeward.cli.options import settings_from, settings_options
from lakeward.runtime.settings import Settings

Answer = TypeVar("Answer")


@click.group("secrets")
def command() -> None:
    """Look after the keys that secrets are encrypted under. Values are put and read through the API only."""


def _in_transactions(settings: Settings, *steps: Callable[[Any], Awaitable[Any]]) -> list[Any]:
    """Each step in a transaction of its own, on the running server's database or one started for the moment."""
    from lakeward.runtime.db import Database
    from lakeward.runtime.reach import database

    async def run(url: str) -> list[Any]:
        db = await Database.open(url, size=1)
        answers = []
        try:
            for step in steps:
                async with db.transaction() as tx:
                    answers.append(await step(tx))
        finally:
            await db.close()
        return answers

    with database(settings) as url:
        return asyncio.run(run(url))


@command.command("rotate")
@click.option("--forget-old", is_flag=True, help="Remove old master keys from the file; older backups need them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("data", "database_url", "master_key")
def rotate(*, forget_old: bool, as_json: bool, **options: Any) -> None:
    """Wrap all data keys anew under another master key. Secrets are not written again, so this takes a moment only.

    A new master key is made and put before the others in the file, or the first one of the source is taken if it is not
    in use yet. May run beside a running server. Where several machines share a database, put the new key on all of them
    first (docs/secrets.md).
    """
    from lakeward import audit
    from lakeward.runtime.crypto import Vault

    settings = settings_from(options)
    vault = Vault(settings.master_key_source)

    async def work(tx: Any) -> tuple[str, int]:
        master_key, count = await vault.rotate(tx)
        params = {"master_key": master_key, "data_keys": count, "forget_old": forget_old}
        await audit.record_command(tx, "secrets", "rotateMasterKey", params=params)
        return master_key, count

    steps: list[Callable[[Any], Awaitable[Any]]] = [work]
    if forget_old:
        steps.append(vault.forget_old)
    (current, count), *rest = _in_transactions(settings, *steps)
    forgotten = rest[0] if rest else []
    if as_json:
        click.echo(json.dumps({"master_key": current, "data_keys": count, "forgotten": forgotten}))
        return
    click.echo(f"{count} data key{'' if count == 1 else 's'} wrapped under the master key {current}.")
    if forgotten:
        click.echo(f"Forgot {', '.join(forgotten)}.")
