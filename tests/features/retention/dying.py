"""The worker's part, by one process after the other that dies by kill -9, each a step later, until one comes through.

Told on the command line: the database, the object store. For each line of its input a process is forked, and what came
of it is a line of the output: `died` or `done`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import deltalake  # noqa: F401 - loaded once, before the forks
import pyarrow.dataset  # noqa: F401

from lakeward import retention
from lakeward.retention import moves
from lakeward.runtime.db import Database
from lakeward.runtime.lake import Lake
from lakeward.runtime.objects import ObjectStore

moves._BATCH_TRACES = 7
moves._PIECE_TRACES = 2
moves._CROWD = 2


class DeadlyLake(Lake):
    """Dies at a step: before, within or after a write, before or after rows and files are deleted or put together."""

    steps = 0

    def step(self) -> None:
        self.steps -= 1
        if self.steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def append(self, tables: Any, rows: Iterator[Any], *, batch: int) -> bool:
        self.step()
        made = super().append(tables, self.within(rows), batch=batch)
        self.step()
        return made

    def within(self, rows: Iterator[Any]) -> Iterator[Any]:
        for at, each in enumerate(rows):
            yield each
            if at == 1:
                self.step()

    def delete(self, *where: Any) -> None:
        self.step()
        super().delete(*where)
        self.step()

    def compact(self, prefix: str, **how: int) -> int:
        self.step()
        done = super().compact(prefix, **how)
        self.step()
        return done

    def _commit(self, *what: Any) -> None:  # files are written
        self.step()
        super()._commit(*what)
        self.step()

    def vacuum(self, prefix: str, hours: int = 0) -> None:
        self.step()
        super().vacuum(prefix, hours)
        self.step()


async def work(dsn: str, location: str, steps: int) -> None:
    objects = ObjectStore.open(location)
    lake = DeadlyLake(objects, location, {})
    lake.steps = steps
    db = await Database.open(dsn, size=4, lake=lake)
    await retention.apply(db, objects, 0)
    await db.close()


def main(dsn: str, location: str) -> None:
    for steps, _ in enumerate(sys.stdin, 1):
        child = os.fork()
        if not child:
            asyncio.run(work(dsn, location, steps))
            os._exit(0)
        died = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        sys.stdout.write("died\n" if died else "done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
