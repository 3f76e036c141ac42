"""All a server keeps, as it was at one moment: what differs from it now, and the way back to it.

A test that spoils a world pays some twenty milliseconds for the way back, where making the world again costs a second.
"""

import filecmp
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import asyncpg

from server import Server

# What a running server holds in its memory too, what it writes down later, and the chain of the audit log.
GOES_ON = (
    "audit_event", "audit_inbox", "audit_seal", "access_token_use", "key_name", "secret_key", "schema_migration",
)  # fmt: skip
_TABLES = """
    SELECT relname AS name, (
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ) AS columns
    FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL ($1::text[])
    ORDER BY relname
"""


class Snapshot:
    """Of the tables and of the stored files. Close it, or use it in a `with`."""

    def __init__(self, server: Server, copies: Path) -> None:
        self._loop = server.backend.loop
        self._store = Path(server.settings.data) / "objects"
        self._copies = copies
        shutil.copytree(self._store, copies, dirs_exist_ok=True)
        self._loop.run(self._open(server.backend.dsn_of(server.database, "postgres")))

    async def _open(self, dsn: str) -> None:
        self._connection = await asyncpg.connect(dsn)
        tables = await self._connection.fetch(_TABLES, GOES_ON)
        await self._connection.execute("CREATE SCHEMA snapshot")
        await self._connection.execute(
            ";".join(f"CREATE UNLOGGED TABLE snapshot.{each['name']} AS TABLE public.{each['name']}" for each in tables)
        )
        self._digests = " UNION ALL ".join(
            f"SELECT '{each['name']}', md5(string_agg(t::text, ';' ORDER BY t::text)) FROM public.{each['name']} t"
            for each in tables
        )
        self._columns = {each["name"]: each["columns"] for each in tables}
        self._rows = dict(await self._connection.fetch(self._digests))

    def close(self) -> None:
        self._loop.run(self._connection.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def state(self) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
        """What is there now, as one comparable thing: a digest of every table, size and time of every file.

        What is kept for readers is missing: whoever reads a run or a trace may bring it up to date.
        """
        files = {}
        for path in _files(self._store):
            stat = path.stat()
            files[str(path.relative_to(self._store))] = (stat.st_size, stat.st_mtime_ns)
        rows = dict(self._loop.run(self._connection.fetch(self._digests)))
        for table in ("run_document", "metric_curve", "trace_outline"):
            del rows[table]
        return rows, files

    def restore(self) -> None:
        """Bring back what was there: rows without firing triggers, files by their bytes."""
        self._loop.run(self._restore())
        for path in _files(self._store):
            if not (self._copies / path.relative_to(self._store)).exists():
                path.unlink()
        for copy in _files(self._copies):
            path = self._store / copy.relative_to(self._copies)
            if not path.exists() or not filecmp.cmp(copy, path, shallow=False):
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(copy, path)

    async def _restore(self) -> None:
        now = dict(await self._connection.fetch(self._digests))
        async with self._connection.transaction():
            await self._connection.execute("SET LOCAL session_replication_role = replica")
            for name, columns in self._columns.items():
                if now[name] != self._rows[name]:
                    await self._connection.execute(f"DELETE FROM public.{name}")
                    await self._connection.execute(
                        f"INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE"
                        f" SELECT {columns} FROM snapshot.{name}"
                    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
