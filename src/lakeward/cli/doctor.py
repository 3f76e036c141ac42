"""`lakeward doctor`: what this installation needs, one check each, and what to do about each that fails."""

import asyncio
import json
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import click
from msgspec import Struct

from lakeward.cli.options import settings_from, settings_options
from lakeward.cli.version import versions
from lakeward.kit.errors import LakewardError
from lakeward.runtime.settings import Settings, redacted, without_password

_FAIL_BYTES = 512 << 20
_WARN_BYTES = 4 << 30
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}
_MARKS = {"ok": "✓", "warning": "!", "failed": "✗"}


class Finding(Struct, frozen=True):
    """The outcome of one check: what was seen, and what to do if it is not well."""

    check: str
    status: Literal["ok", "warning", "failed"]
    seen: str
    todo: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("data", "host", "port", "role", "database_url", "objects_url", "objects", "master_key")
def command(*, as_json: bool, **options: Any) -> None:
    """Check this installation and say what to do about each check that fails.

    Takes the settings that `lakeward up` would take. Nothing is changed: a database that does not exist yet is not
    made, and what is written to the object store is removed again. Exits with 1 if a check failed.
    """
    settings = settings_from(options)
    findings = []
    for finding in _examine(settings):
        findings.append(finding)
        if not as_json:
            _show(finding)
    failed = [finding for finding in findings if finding.status == "failed"]
    if as_json:
        report = {"ok": not failed, "settings": redacted(settings), "checks": findings}
        import msgspec

        click.echo(json.dumps(msgspec.to_builtins(report), indent=2))
    else:
        warnings = sum(finding.status == "warning" for finding in findings)
        well = "All well" + (f", {warnings} to look at" if warnings else "")
        click.echo(click.style(f"{len(failed)} failed", fg="red") if failed else click.style(well, fg="green"))
    sys.exit(1 if failed else 0)


def _show(finding: Finding) -> None:
    colour = _COLOURS[finding.status]
    click.echo(f"{click.style(_MARKS[finding.status], fg=colour, bold=True)} {finding.check:13} {finding.seen}")
    if finding.todo:
        click.echo(click.style(f"  → {finding.todo}", fg=colour))


def _examine(settings: Settings) -> Iterator[Finding]:
    checks = (
        _check_versions, _check_data, _check_disk, _check_database, _check_keys, _check_objects, _check_port,
    )  # fmt: skip
    for check in checks:
        try:
            yield check(settings)
        except (LakewardError, OSError) as error:
            name = check.__name__.removeprefix("_check_")
            yield Finding(name, "failed", str(error) or type(error).__name__, _todo(name, settings))


_TODO = {
    "data": "Choose another --data, or give this user the right to write there.",
    "database": "Read the end of <data>/postgres.log.",
    "keys": "Bring the key file back from its backup.",
    "objects": "Check objects_url, its keys, and that the store is reachable from here.",
    "port": "Choose another --host or --port.",
}


def _todo(check: str, settings: Settings) -> str:
    if check == "database" and settings.database_url is not None:
        return "Check database_url, and that its PostgreSQL runs and is reachable from here."
    return _TODO.get(check, "See the message.")


def _check_versions(_settings: Settings) -> Finding:
    found = versions()
    missing = [name for name, version in found.items() if version == "missing"]
    seen = ", ".join(f"{name} {version}" for name, version in found.items())
    if missing:
        return Finding("versions", "failed", seen, f"Install Lakeward again; it misses {', '.join(missing)}.")
    return Finding("versions", "ok", seen)


def _check_data(settings: Settings) -> Finding:
    path = settings.data
    if not path.exists():
        parent = next(each for each in path.parents if each.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            return Finding("data", "failed", f"{path} is not there, and {parent} is not writable", _TODO["data"])
        return Finding("data", "ok", f"{path} is not there yet; the first start makes it")
    if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return Finding("data", "failed", f"{path} is not a directory this user may write", _TODO["data"])
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o066:
        return Finding("data", "warning", f"{path} is open to others (mode {mode:o})", f"chmod go-rw {path}")
    return Finding("data", "ok", f"{path} (mode {mode:o})")


def _check_disk(settings: Settings) -> Finding:
    place = next(each for each in (settings.data, *settings.data.parents) if each.exists())
    usage = shutil.disk_usage(place)
    seen = f"{usage.free / (1 << 30):.1f} GiB of {usage.total / (1 << 30):.1f} GiB free at {place}"
    if usage.free < _FAIL_BYTES:
        return Finding("disk", "failed", seen, "Make room: PostgreSQL stops when it cannot write. Try `lakeward gc`.")
    if usage.free < _WARN_BYTES:
        return Finding("disk", "warning", seen, "Make room soon, or move --data to a larger disk.")
    return Finding("disk", "ok", seen)


def _check_database(settings: Settings) -> Finding:
    if settings.database_url is None and not (settings.data / "postgres").exists():
        from lakeward.runtime.postgres import EmbeddedPostgres

        EmbeddedPostgres(settings.data)  # raises if the binaries are missing
        return Finding("database", "ok", "embedded PostgreSQL, not made yet; the first start makes it")
    from lakeward.runtime.reach import database

    with database(settings, migrate=False) as url:
        return asyncio.run(_ask_database(url, settings))


async def _ask_database(url: str, settings: Settings) -> Finding:
    import asyncpg

    from lakeward import identity
    from lakeward.runtime.migrate import history, pending

    where = "embedded" if settings.database_url is None else without_password(url)
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        seen = f"{where} cannot be reached: {error or type(error).__name__}"
        return Finding("database", "failed", seen, _todo("database", settings))
    try:
        version = str(await connection.fetchval("SHOW server_version"))
        if int(await connection.fetchval("SHOW server_version_num")) < 150_000:
            return Finding("database", "failed", f"{where}: PostgreSQL {version}", "Upgrade PostgreSQL to 15 or newer.")
        missing = await pending(connection)
        known = {name for name, _ in history()}
        never = len(missing) == len(known)
        applied = set() if never else {row[0] for row in await connection.fetch("SELECT name FROM schema_migration")}
        seen = f"{where}: PostgreSQL {version}, schema {max(applied, default='none')}"
        if applied - known:
            todo = "Install that version or a newer one."
            return Finding("database", "failed", f"{seen}, made by a newer Lakeward", todo)
        if missing:
            todo = "The next `lakeward up` upgrades it."
            return Finding("database", "warning", f"{seen}, {len(missing)} behind", todo)
        if not settings.loopback and not await identity.has_credentials(connection):
            todo = "Make one with `lakeward token create`, or listen on 127.0.0.1."
            return Finding("database", "failed", f"{seen}; nobody has a token, and host is {settings.host}", todo)
        return Finding("database", "ok", seen)
    finally:
        await connection.close()


def _check_keys(settings: Settings) -> Finding:
    """The master keys, by their fingerprints. Whether the database needs others is checked at every start."""
    from lakeward.runtime.crypto import MasterKeys

    source = settings.master_key_source
    keys = MasterKeys.read(source)
    if not keys:
        if source.startswith("env:"):
            return Finding("keys", "failed", f"{source} holds no key", "Give it one: openssl rand -base64 32")
        return Finding("keys", "ok", f"{source} is not there yet; the first start makes it")
    seen = f"{source}: {', '.join(keys.fingerprints)}"
    if not source.startswith("env:") and (mode := stat.S_IMODE(Path(source).stat().st_mode)) & 0o077:
        return Finding("keys", "warning", f"{seen}, open to others (mode {mode:o})", f"chmod 600 {source}")
    return Finding("keys", "ok", seen)


def _check_objects(settings: Settings) -> Finding:
    where = without_password(settings.objects_location)
    if settings.objects_url is None and not settings.data.exists():
        return Finding("objects", "ok", f"{where} is not there yet; the first start makes it")
    return asyncio.run(_round_trip(settings, where))


async def _round_trip(settings: Settings, where: str) -> Finding:
    from lakeward.runtime.objects import ObjectStore

    store = ObjectStore.open(settings.objects_location, settings.objects)
    key, content = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(64)
    try:
        await store.put(key, content)
        back = await store.read(key, 1024)
        await store.delete(key)
        left = await store.find(key)
    finally:
        store.close()
    if back != content or left is not None:
        return Finding("objects", "failed", f"{where} gives back something else than was written", _TODO["objects"])
    return Finding("objects", "ok", f"{where} writes, reads and deletes")


def _check_port(settings: Settings) -> Finding:
    from lakeward.runtime.listen import PortTaken, listen, server_at

    where = f"{settings.host}:{settings.port}"
    if settings.role == "worker" or settings.port == 0:
        return Finding("port", "ok", "not needed")
    try:
        listen(settings.host, settings.port).close()
    except PortTaken as error:
        server = server_at(settings.host, settings.port)
        if server is not None:
            return Finding("port", "ok", f"{where}: {server} answers")
        return Finding("port", "failed", error.message, _TODO["port"])
    return Finding("port", "ok", f"{where} is free")
