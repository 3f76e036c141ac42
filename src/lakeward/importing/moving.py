"""What every part of an import works with: both sides, what came over before, and who is told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from lakeward.importing import store
from lakeward.importing.records import Place, Progress, Report, Wanted
from lakeward.importing.source import Source, SourceError
from lakeward.kit.errors import Conflict, InvalidParameter, NotFound
from lakeward.runtime.db import Database
from lakeward.runtime.objects import ObjectStore

T = TypeVar("T")


@dataclass
class Move:
    """An import that is under way."""

    source: Source
    db: Database
    objects: ObjectStore
    workspace: int
    number: int  # of the source in the import's memory
    wanted: Wanted
    progress: Progress
    report: Report
    places: dict[str, Place] = field(default_factory=dict)
    traced: set[str] = field(default_factory=set)  # experiments there with traces of version 3
    _problems: set[str] = field(default_factory=set)

    def brought(self, kind: str, number: int = 1) -> None:
        self.report.brought[kind] = self.report.brought.get(kind, 0) + number
        self.progress.count(kind, number)

    def note(self, text: str) -> None:
        """Something that whoever imports should know."""
        if text not in self.report.notes:
            self.report.notes.append(text)
            self.progress.say(text)

    def problem(self, text: str) -> None:
        """What could not be done; once, though the comparison may find it again."""
        if text not in self._problems:
            self._problems.add(text)
            self.report.problems.append(text)
            self.progress.say(text)

    async def attempt(self, what: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Do this for one thing. What is wrong with one thing is told, and the others go on; False if it was."""
        try:
            await work()
        except (SourceError, InvalidParameter, Conflict, NotFound) as error:
            self.problem(f"{what}: {error.message}")
            return False
        return True

    async def digests(self, kind: str, ids: list[str]) -> dict[str, bytes]:
        """What the source said of these objects when they came over; nothing if all is to be looked at again."""
        if self.wanted.again:
            return {}
        async with self.db.connection() as tx:
            return dict(await store.digests(tx, self.number, kind, ids))


def digest_of(*given: Any) -> bytes:
    """Of what the source says of one thing, however it orders maps and lists of objects.

    Protobuf gives the entries of a map in an order that each process has its own of, so that every worker of MLflow's
    server spells the same trace otherwise; tags, params and metrics are rows that no ORDER BY was asked for.
    """
    plain = msgspec.json.decode(msgspec.json.encode(given))
    return hashlib.sha256(msgspec.json.encode(_settled(plain))).digest()


def _settled(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: _settled(given[key]) for key in sorted(given)}
    if isinstance(given, list):
        settled = [_settled(each) for each in given]
        if all(isinstance(each, dict) for each in given):
            settled.sort(key=msgspec.json.encode)
        return settled
    return given


async def in_parallel(items: AsyncIterator[T], work: Callable[[T], Awaitable[None]], at_once: int) -> None:
    """Do this with each, some at a time; no more are fetched than are being worked on."""
    room = asyncio.Semaphore(at_once)

    async def one(item: T) -> None:
        try:
            await work(item)
        finally:
            room.release()

    try:
        async with asyncio.TaskGroup() as group:
            await room.acquire()
            async for item in items:
                group.create_task(one(item))
                await room.acquire()
            room.release()
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
