"""Applies `lakeward/migrations/*.sql` in name order, once each, under a lock that every server of a database takes.

Invariants: a file is one transaction, and in an empty database all of them are; applied names are recorded with a hash
of their text; a database that holds a name this version does not know is newer than this server, which does not start.
"""

import hashlib
from collections.abc import Sequence
from importlib import resources

import asyncpg

from lakeward.kit.errors import LakewardError

_LOCK = 7_401_120_903  # any fixed number: the advisory lock of Lakeward's migrations
_MINIMUM_POSTGRES = 150_000


class SchemaMismatch(LakewardError):
    """The database and this server do not fit together."""


def history() -> list[tuple[str, str]]:
    """(name, SQL) of every migration this version has, oldest first."""
    folder = resources.files("lakeward.migrations")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [(entry.name.removesuffix(".sql"), entry.read_text("utf-8")) for entry in files]


def _digest(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()


async def migrate(dsn: str) -> list[str]:
    """Bring the database to this version's schema. Returns the names applied now."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "lakeward-migrate"})
    try:
        if int(await connection.fetchval("SHOW server_version_num")) < _MINIMUM_POSTGRES:
            raise SchemaMismatch("Lakeward needs PostgreSQL 15 or newer.")
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        return await _apply_missing(connection)
    finally:
        await connection.close()  # releases the lock


async def _apply_missing(connection: asyncpg.Connection) -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration"
        " (name text PRIMARY KEY, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    known = history()
    applied = dict(await connection.fetch("SELECT name, digest FROM schema_migration"))
    unknown = sorted(set(applied) - {name for name, _ in known})
    if unknown:
        raise SchemaMismatch(
            f"The database was migrated by a newer Lakeward (it has {', '.join(unknown)}). Start that version or a"
            " newer one; this one would not understand the data."
        )
    for name, sql in known:
        if name in applied and applied[name] != _digest(sql):
            raise SchemaMismatch(f"Migration {name} differs from the one this database was made with.")
    missing = [(name, sql) for name, sql in known if name not in applied]
    if not applied:  # nothing is there to be blocked by, or to keep
        await _apply(connection, missing)
    else:
        for each in missing:
            await _apply(connection, [each])
    return [name for name, _ in missing]


async def _apply(connection: asyncpg.Connection, migrations: Sequence[tuple[str, str]]) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '30s'")
        await connection.execute("\n".join(sql for _, sql in migrations))
        await connection.execute(
            "INSERT INTO schema_migration (name, digest) SELECT * FROM unnest($1::text[], $2::text[])",
            [name for name, _ in migrations], [_digest(sql) for _, sql in migrations],
        )  # fmt: skip


async def pending(connection: asyncpg.Connection) -> list[str]:
    """Names not applied yet (for `lakeward doctor`)."""
    if await connection.fetchval("SELECT to_regclass('schema_migration')") is None:
        return [name for name, _ in history()]
    applied = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migration")}
    return [name for name, _ in history() if name not in applied]
