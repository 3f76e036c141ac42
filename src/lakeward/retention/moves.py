"""The worker's part: what is due leaves the database, what counts no more leaves the lake.

A batch is planned in a transaction of its own: which segments of which traces, and in which partition. Then it is
written to the table of spans and to that of traces, each in one commit that carries the batch's number; a table that
has the number is not written again. Then one transaction takes the segments out of the database, says where they are,
and ends the plan. So whoever is killed, at whatever point, leaves nothing lost and nothing twice: the next one ends the
plan first. What was deleted, or given to another experiment, between plan and end is deleted in the lake after all.

A plan holds numbers only. Its traces are read, turned into rows and written some at a time, so memory does not grow
with them. One process at a time writes to an experiment's tables.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

from lakeward import experiments, tracing
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import Internal, Unavailable
from lakeward.retention import store, tables
from lakeward.retention.store import Tables
from lakeward.retention.terms import ARCHIVE_NOW, RETENTION, Term, age_of, retention_of, until
from lakeward.runtime.db import Database
from lakeward.runtime.lake import Into, Lake
from lakeward.runtime.objects import ObjectStore

log = logging.getLogger("lakeward.retention")

_BATCH_TRACES: Final = 5_000
_BATCH_BYTES: Final = 16 << 20  # of segments as they are stored
_PIECE_TRACES: Final = 200
_PIECE_BYTES: Final = 1 << 20
_DEAD_ROWS: Final = 10_000
_CROWD: Final = 8  # small files of a day that are worth to be put together
_FILE_BYTES: Final = 128 << 20  # of what is put together
_SPANS_GROUP_BYTES: Final = 16 << 20  # of rows as they are
_TRACES_GROUP_BYTES: Final = 2 << 20  # what is read for one trace
_REPLACED_HOURS: Final = 24  # who reads an older version of a table may go on for so long, unless a trace is deleted
_FULL_LOOK_MS: Final = 24 * 3_600_000  # so often all that is old is looked at, late spans and what came back among it


def _never() -> bool:
    return False


async def apply(db: Database, objects: ObjectStore, default_days: int, stopping: Callable[[], bool] = _never) -> int:
    """Move what is due, and sweep. Safe to run anywhere, at any time. Returns how many traces were moved.

    `stopping` is asked between batches.
    """
    async with db.connection() as connection:
        said = await store.of_all(connection, RETENTION, ARCHIVE_NOW, all_of_them=bool(default_days))
    now = now_ms()
    moved = 0
    for experiment_id, workspace, retention, asked in said:
        for term in _terms(experiment_id, workspace, retention, asked, default_days, now):
            try:
                moved += await move(db, objects, term, stopping)
            except Unavailable:
                raise
            except Exception:  # one experiment's tables are no reason to leave the others
                log.exception("traces cannot be moved", extra={"experiment": experiment_id})
    await sweep(db, objects)
    return moved


def _terms(
    experiment_id: int, workspace: int, retention: str | None, asked: str | None, default_days: int, now: int
) -> Iterator[Term]:
    if (kept := retention_of(retention, default_days)) is not None:
        yield Term(experiment_id, workspace, until(now, kept))
    if asked is not None:
        yield Term(experiment_id, workspace, now - age_of(asked), asked, ended=True)


async def move_now(db: Database, objects: ObjectStore, workspace: int, experiment_id: str, older_than: str) -> int:
    """Whatever its retention is: traces that have ended, and began longer ago than `12h` or `0m` say."""
    age = 0 if older_than == "0m" else experiments.duration_ms(older_than)
    async with db.connection() as connection:
        found = await experiments.get_active(connection, workspace, experiment_id)
    return await move(db, objects, Term(found.id, workspace, now_ms() - age, ended=True))


async def move(db: Database, objects: ObjectStore, term: Term, stopping: Callable[[], bool] = _never) -> int:
    """Move what is due of one experiment. 0 if another process is at it."""
    experiment_id = term.experiment_id
    async with db.connection() as connection, _alone(connection, experiment_id) as alone:
        if not alone:
            return 0
        known = await store.tables(connection, experiment_id)
        everything = known is None or term.ended or now_ms() - known.looked_at > _FULL_LOOK_MS
        since = 0 if everything or known is None else known.through_ms
        moved = 0
        if await tracing.moving.old(connection, experiment_id, since, term.until_ms, most=1, ended=term.ended):
            if known is None:
                async with db.transaction() as tx:
                    known = await tables.made(tx, term.workspace_id, experiment_id)
            work = _Work(db, objects, experiment_id, known)
            await work.settle()
            await tracing.roll_up_all(db, experiment_id)  # from here: what is rolled up later is read from the lake
            moved = await work.move(since, term.until_ms, ended=term.ended, stopping=stopping)
            if stopping():
                return moved
            await tracing.moving.drop_blocks(db, experiment_id, term.until_ms)
        if known is not None and (moved or everything):
            await _Work(db, objects, experiment_id, known).tidy(sweep=everything)
        async with db.transaction() as tx:
            through = 0 if term.ended else term.until_ms
            await store.came_through(tx, experiment_id, through, now_ms() if everything else None)
            if term.asked is not None:
                await store.done(tx, experiment_id, ARCHIVE_NOW, term.asked)
        return moved


async def sweep(db: Database, objects: ObjectStore) -> None:
    """End what was cut off, take back what is another experiment's now, and delete what counts no more."""
    async with db.connection() as connection:
        await store.bury_orphans(connection)
        waiting = await store.with_dead_rows(connection)
    for experiment_id in waiting:
        async with db.connection() as connection, _alone(connection, experiment_id) as alone:
            known = await store.tables(connection, experiment_id) if alone else None
            if known is None:
                continue
            try:
                await _Work(db, objects, experiment_id, known).settle()
            except Unavailable:
                raise
            except Exception:
                log.exception("tables cannot be swept", extra={"experiment": experiment_id})


@asynccontextmanager
async def _alone(connection: Any, experiment_id: int) -> Any:
    """Whether no other process writes to these tables until the end."""
    got = await store.lock(connection, experiment_id)
    try:
        yield got
    finally:
        if got:
            await store.unlock(connection, experiment_id)


class _Work:
    """On the tables of one experiment, by the one who has the lock."""

    def __init__(self, db: Database, objects: ObjectStore, experiment_id: int, known: Tables) -> None:
        if db.lake is None:
            raise Internal("This process does not know the lake.")
        self._db = db
        self._lake: Lake = db.lake
        self._objects = objects
        self._experiment_id = experiment_id
        self._tables = known

    async def settle(self) -> None:
        async with self._db.connection() as connection:
            row = await store.planned(connection, self._experiment_id)
        if row is not None:
            await self._finish(self._batch(row))
            await self._vacuum()  # what was cut off may have left half of a file
        while True:
            async with self._db.connection() as connection:
                strays = await tracing.moving.astray(connection, self._experiment_id, 1_000)
            if not strays:
                break
            await tracing.moving.bring_back(self._db, strays)
        await self._bury()

    async def _bury(self) -> None:
        """Delete rows that count no more, and every file that still has them."""
        while True:
            async with self._db.connection() as connection:
                dead = await store.dead_rows(connection, self._experiment_id, _DEAD_ROWS)
            if not dead:
                return
            days: dict[date, dict[int, Sequence[int]]] = {}
            for batch, day, seqs in dead:
                days.setdefault(day, {})[batch] = seqs
            for day, batches in days.items():
                for prefix in (self._tables.spans_prefix, self._tables.traces_prefix):
                    await asyncio.to_thread(self._lake.delete, prefix, day, batches)
            await self._vacuum()
            async with self._db.transaction() as tx:
                for batch, _, seqs in dead:
                    await store.buried(tx, self._experiment_id, batch, seqs)

    async def _vacuum(self, hours: int = 0) -> None:
        for prefix in (self._tables.spans_prefix, self._tables.traces_prefix):
            await asyncio.to_thread(self._lake.vacuum, prefix, hours)

    async def tidy(self, *, sweep: bool) -> None:
        """Few files a day: many small ones are put together. `sweep` removes those that were so replaced long ago."""
        for prefix, group in (
            (self._tables.spans_prefix, _SPANS_GROUP_BYTES), (self._tables.traces_prefix, _TRACES_GROUP_BYTES),
        ):  # fmt: skip
            await asyncio.to_thread(self._lake.compact, prefix, least=_CROWD, target=_FILE_BYTES, group_bytes=group)
        if sweep:
            await self._vacuum(_REPLACED_HOURS)

    # ── batches ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def move(self, since_ms: int, until_ms: int, *, ended: bool, stopping: Callable[[], bool]) -> int:
        moved = 0
        while not stopping() and (planned := await self._plan(since_ms, until_ms, ended=ended)):
            batch, since_ms = planned
            moved += await self._finish(batch)
        return moved

    async def _plan(self, since_ms: int, until_ms: int, *, ended: bool) -> tuple[tracing.moving.Batch, int] | None:
        """The next batch, and when its last trace began. What has left in part comes back first, to leave whole."""
        while True:
            async with self._db.connection() as connection:
                found = await tracing.moving.old(
                    connection, self._experiment_id, since_ms, until_ms, most=_BATCH_TRACES, ended=ended
                )
            if not (again := [each.seq for each in found if each.moved]):
                break
            await tracing.moving.bring_back(self._db, again)
            await self._bury()
        chosen = list(_within(found, _BATCH_BYTES, lambda each: each.bytes))
        if not chosen:
            return None
        async with self._db.transaction() as tx:
            seqs, days = [each.seq for each in chosen], [tracing.moving.day_of(each.start_ms) for each in chosen]
            segments = [number for each in chosen for number in each.segments]
            number = await store.plan(tx, self._experiment_id, seqs, days, segments)
        return tracing.moving.Batch(number, self._experiment_id, seqs, days, segments), chosen[-1].start_ms

    def _batch(self, row: Any) -> tracing.moving.Batch:
        return tracing.moving.Batch(row[0], self._experiment_id, *row[1:4])

    async def _finish(self, batch: tracing.moving.Batch) -> int:
        """Write a batch, as far as that has not been done, and take it out of the database."""
        async with self._db.connection() as connection:
            book = await tracing.prices.book(connection)
            sizes = await tracing.moving.sizes(connection, batch)
        await self._write(batch, sizes, book)
        days = sorted(set(batch.days))
        written = await asyncio.to_thread(self._lake.numbers, self._tables.traces_prefix, days, batch.number)
        async with self._db.transaction() as tx:
            if await store.end_plan(tx, batch.number):
                return await tracing.moving.leave(tx, batch, written)
            gone = await store.tables(tx, self._experiment_id) is None
        if gone:  # the experiment was deleted for good meanwhile: what was written since is nobody's
            for prefix in (self._tables.spans_prefix, self._tables.traces_prefix):
                await self._objects.delete_prefix(prefix)
        return 0

    async def _write(self, batch: tracing.moving.Batch, sizes: Sequence[tuple[int, int]], book: Any) -> None:
        """Some traces at a time, each read once for both tables; a day after the other, as files are of one day."""
        loop = asyncio.get_running_loop()
        spans, traces = tracing.moving.span_columns(), tracing.moving.trace_columns()
        days: dict[date, list[tuple[int, int]]] = {}
        day_of = dict(zip(batch.seqs, batch.days, strict=True))
        for seq, size in sizes:
            days.setdefault(day_of[seq], []).append((seq, size))

        async def read(piece: Sequence[int]) -> list[tracing.moving.Leaving]:
            async with self._db.connection() as connection:
                return await tracing.moving.read(connection, batch, piece)

        def made() -> Iterator[tuple[date, Sequence[Any]]]:
            for day in sorted(days):
                for piece in _pieces(days[day]):
                    leaving = asyncio.run_coroutine_threadsafe(read(piece), loop).result()
                    yield (
                        day,
                        (
                            tracing.moving.span_rows(leaving, batch.number, spans, book),
                            tracing.moving.trace_rows(leaving, batch.number, traces),
                        ),
                    )

        tables = (
            Into(self._tables.spans_prefix, spans, _SPANS_GROUP_BYTES),
            Into(self._tables.traces_prefix, traces, _TRACES_GROUP_BYTES),
        )
        await asyncio.to_thread(self._lake.append, tables, made(), batch=batch.number)


def _within(found: Sequence[Any], most: int, size: Callable[[Any], int]) -> Iterator[Any]:
    """The first of these that come to no more than that, but one at least."""
    total = 0
    for at, each in enumerate(found):
        total += size(each)
        if at and total > most:
            return
        yield each


def _pieces(sizes: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Traces that are turned into rows together."""
    piece: list[int] = []
    total = 0
    for seq, size in sizes:
        if piece and (len(piece) >= _PIECE_TRACES or total + size > _PIECE_BYTES):
            yield piece
            piece, total = [], 0
        piece.append(seq)
        total += size
    if piece:
        yield piece
