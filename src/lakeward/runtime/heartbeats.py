"""Signs of life of worker processes, in the database: so that whoever looks sees that work is done, and how much waits.

A worker that ends takes its sign with it; one that dies leaves one that grows old. Times are the database's.
"""

import os
import platform
import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from lakeward.runtime.db import Database, Tx

_FORGOTTEN: Final = "1 day"


class Worker(msgspec.Struct, frozen=True):
    """`waiting`: how much waits for any of the workers, by kind, as this one saw it last."""

    host: str
    pid: int
    started_at: int  # epoch milliseconds
    seen_seconds_ago: float
    waiting: dict[str, int]


class Heart:
    """Of this process."""

    def __init__(self) -> None:
        self._id = secrets.token_hex(8)

    async def beat(self, db: Database, waiting: Mapping[str, int]) -> None:
        async with db.connection() as connection:
            await connection.execute(
                f"""
                WITH forgotten AS (DELETE FROM worker WHERE seen_at < now() - interval '{_FORGOTTEN}')
                INSERT INTO worker (id, host, pid, waiting) VALUES ($1, $2, $3, $4)
                ON CONFLICT (id) DO UPDATE SET seen_at = now(), waiting = excluded.waiting
                """,
                self._id, platform.node(), os.getpid(), msgspec.json.encode(waiting).decode(),
            )  # fmt: skip

    async def stop(self, db: Database) -> None:
        async with db.connection() as connection:
            await connection.execute("DELETE FROM worker WHERE id = $1", self._id)


async def workers(tx: Tx) -> list[Worker]:
    """Those seen within a day, the liveliest first."""
    rows = await tx.fetch(
        "SELECT host, pid, (extract(epoch FROM started_at) * 1000)::bigint,"
        " extract(epoch FROM now() - seen_at)::float8, waiting FROM worker ORDER BY seen_at DESC LIMIT 100"
    )
    return [
        Worker(host, pid, started, ago, msgspec.json.decode(waiting, type=dict[str, int]))
        for host, pid, started, ago, waiting in rows
    ]
