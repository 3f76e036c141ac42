"""Trash in bulk, and permanent deletion of runs, LoggedModels and experiments with their artifacts.

Permanent deletion survives an interruption at any point, as each step can be done twice: objects are marked `purging`,
which hides them everywhere at once and cannot be taken back; then their artifacts go, then their rows, in bounded
transactions. Whatever is marked is finished by whoever purges next, the worker at the latest.

What a purge leaves: metrics that a purged run measured on a model that stays belong to the model. Artifacts outside the
server's own store (an experiment with a location of its own) belong to whoever chose that place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from lakeward import experiments, logged_models, tracing
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.objects import ObjectStore
from lakeward.tracking import moves
from lakeward.tracking.states import unknown
from lakeward.tracking.store import runs as runs_store
from lakeward.tracking.store import trash as store

MAX_BULK: Final = 10_000

_BATCH: Final = 200  # runs or models whose rows go in one transaction
_ARTIFACTS_AT_ONCE: Final = 8

Doomed = logged_models.trash.Doomed
Progress = Callable[[str, "Purged"], None]


class Purged(msgspec.Struct):
    """How many objects are gone for good. The runs and models of a purged experiment are counted as well."""

    experiments: int = 0
    runs: int = 0
    models: int = 0


# ── the trash, in bulk ───────────────────────────────────────────────────────────────────────────────────────────


async def delete_runs(tx: Tx, workspace: int, experiment_id: str, before: int, max_runs: int | None) -> int:
    """Into the trash: the oldest of the runs started at or before a time (epoch milliseconds). Returns how many."""
    found = await experiments.get_active(tx, workspace, experiment_id)
    seqs = await runs_store.active_in_period(
        tx, found.id, trashed=False, before=before, since=None, most=_bulk(max_runs)
    )
    await runs_store.set_deleted(tx, seqs, now_ms())
    return len(seqs)


async def restore_runs(tx: Tx, workspace: int, experiment_id: str, since: int, max_runs: int | None) -> int:
    """Out of the trash: runs deleted at or after a time (epoch milliseconds). Returns how many."""
    found = await experiments.get_active(tx, workspace, experiment_id)
    seqs = await runs_store.active_in_period(tx, found.id, trashed=True, before=None, since=since, most=_bulk(max_runs))
    await runs_store.set_deleted(tx, seqs, None)
    return len(seqs)


def _bulk(max_runs: int | None) -> int:
    if max_runs is not None and not 1 <= max_runs <= MAX_BULK:
        raise InvalidParameter(
            f"Invalid value {max_runs} for parameter 'max_runs': it must be between 1 and {MAX_BULK}."
        )
    return MAX_BULK if max_runs is None else max_runs


# ── permanent deletion ───────────────────────────────────────────────────────────────────────────────────────────


async def count_trash(db: Database, older_than_ms: int) -> Purged:
    """What `purge` would delete now."""
    until = now_ms() - older_than_ms
    async with db.connection() as connection:
        experiment_count, run_count = await store.count_trashed(connection, until)
        return Purged(experiment_count, run_count, await logged_models.trash.count_trashed(connection, until))


async def purge(
    db: Database,
    objects: ObjectStore,
    older_than_ms: int,
    *,
    workspace: int | None = None,
    experiment_ids: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> Purged:
    """Delete for good what has been in the trash for longer than that, and finish what an earlier purge left.

    `workspace` and `experiment_ids` narrow what is chosen. An experiment takes along all it holds. `progress` is told
    of each step ('marked', 'artifacts', 'rows') with the totals so far.
    """
    work = _Purge(db, objects, progress)
    until = now_ms() - older_than_ms
    async with db.transaction() as tx:
        await store.mark_experiments(tx, until, workspace, experiment_ids)
    await work.finish()
    while True:
        async with db.transaction() as tx:
            models = await logged_models.trash.mark_trashed(
                tx, until, workspace=workspace, experiment_ids=experiment_ids, limit=_BATCH
            )
        if not models:
            break
        await work.erase_models(models)
    while True:
        async with db.transaction() as tx:
            rows = await store.mark_runs(tx, until, workspace, experiment_ids, _BATCH)
        if not rows:
            break
        await work.erase_runs([Doomed(*row) for row in rows])
    return work.done


async def purge_named(
    db: Database,
    objects: ObjectStore,
    workspace: int,
    *,
    experiment_ids: Sequence[str],
    run_ids: Sequence[str],
    model_ids: Sequence[str],
) -> Purged:
    """Delete these objects for good, all or none; each must be in the trash, by itself or with its experiment."""
    numbers = [experiments.parse_id(each) for each in experiment_ids]
    async with db.transaction() as tx:
        chosen = await store.lock_named_experiments(tx, workspace, numbers)
        missing = set(numbers) - {row["id"] for row in chosen}
        if missing:
            raise NotFound(f"No experiment with the id {min(missing)} exists.")
        rows = await store.lock_named_runs(tx, workspace, run_ids)
        absent = set(run_ids) - {row["run_id"] for row in rows}
        if absent:
            raise unknown(min(absent))
        for kind, row in [*(("experiment", each) for each in chosen), *(("run", each) for each in rows)]:
            if not row["trashed"]:
                name = row["id"] if kind == "experiment" else row["run_id"]
                raise InvalidParameter(f"The {kind} {name} is not in the trash. Delete it first.")
        models = await logged_models.trash.mark_named(tx, workspace, model_ids)
        await store.mark_named(tx, numbers, [row["seq"] for row in rows], now_ms())
    work = _Purge(db, objects, None)
    await work.erase_models(models)
    await work.erase_runs([Doomed(*row[:4]) for row in rows])
    for row in chosen:
        await work.erase_experiment(row["id"], row["workspace_id"])
    return work.done


async def finish_purges(db: Database, objects: ObjectStore) -> None:
    """Finish every permanent deletion that was interrupted."""
    await _Purge(db, objects, None).finish()


class _Purge:
    """One deletion under way, and what it has done so far."""

    def __init__(self, db: Database, objects: ObjectStore, progress: Progress | None) -> None:
        self._db = db
        self._objects = objects
        self._progress = progress
        self.done = Purged()

    async def finish(self) -> None:
        """Erase all that is marked, by whomever."""
        while True:
            async with self._db.connection() as connection:
                models = await logged_models.trash.find_marked(connection, _BATCH)
            if not models:
                break
            await self.erase_models(models)
        while True:
            async with self._db.connection() as connection:
                rows = await store.find_marked_runs(connection, _BATCH)
            if not rows:
                break
            await self.erase_runs([Doomed(*row) for row in rows])
        async with self._db.connection() as connection:
            marked = await store.find_marked_experiments(connection)
        for row in marked:
            await self.erase_experiment(row["id"], row["workspace_id"])

    async def erase_models(self, models: Sequence[Doomed]) -> None:
        self._say("marked")
        await self._erase_artifacts(
            experiments.model_objects(each.workspace_id, each.experiment_id, each.id) for each in models
        )
        for batch in _batches(models):
            async with self._db.transaction() as tx:
                self.done.models += await logged_models.trash.erase(tx, batch)
            self._say("rows")

    async def erase_runs(self, doomed: Sequence[Doomed]) -> None:
        self._say("marked")
        await self._erase_artifacts(
            experiments.run_objects(each.workspace_id, each.experiment_id, each.id) for each in doomed
        )
        for batch in _batches(doomed):
            async with self._db.transaction() as tx:
                self.done.runs += await store.erase_runs(tx, [each.seq for each in batch])
            self._say("rows")

    async def erase_experiment(self, experiment_id: int, workspace: int) -> None:
        """A marked experiment hides all it holds, so nothing in it needs a mark of its own."""
        self._say("marked")
        async with self._db.connection() as connection:
            away = await moves.away(connection, experiment_id)
            elsewhere = await moves.kept_elsewhere(connection, workspace, experiment_id)
        await self._erase_artifacts(elsewhere)
        if away:
            await self._erase_but(experiments.experiment_objects(workspace, experiment_id), away)
        else:
            await self._erase_artifacts([experiments.experiment_objects(workspace, experiment_id)])
        while True:
            async with self._db.transaction() as tx:
                seqs = await store.runs_of_experiment(tx, experiment_id, _BATCH)
                self.done.runs += await store.erase_runs(tx, seqs)
            self._say("rows")
            if not seqs:
                break
        while True:
            async with self._db.transaction() as tx:
                erased = await logged_models.trash.erase_of_experiment(tx, experiment_id, _BATCH)
            self.done.models += erased
            self._say("rows")
            if not erased:
                break
        while True:
            async with self._db.transaction() as tx:
                erased = await tracing.trash.erase_of_experiment(tx, experiment_id, _BATCH)
            self._say("rows")
            if not erased:
                break
        async with self._db.transaction() as tx:
            self.done.experiments += await store.erase_experiment(tx, experiment_id)
        self._say("rows")

    async def _erase_artifacts(self, prefixes: Iterable[str]) -> None:
        await self._objects.check()  # a store that is away looks empty, and rows would go while artifacts stay
        slots = asyncio.Semaphore(_ARTIFACTS_AT_ONCE)

        async def erase(prefix: str) -> None:
            async with slots:
                await self._objects.delete_prefix(prefix)

        await _all(erase(prefix) for prefix in prefixes)
        self._say("artifacts")

    async def _erase_but(self, prefix: str, kept: AbstractSet[str]) -> None:
        """The artifacts of an experiment but those of runs and models that moved away, which are read here still."""
        async for info in self._objects.walk(prefix):
            first, _, rest = info.key[len(prefix) + 1 :].partition("/")
            if (rest.partition("/")[0] if first == "models" else first) not in kept:
                await self._objects.delete(info.key)
        self._say("artifacts")

    def _say(self, step: str) -> None:
        if self._progress is not None:
            self._progress(step, self.done)


async def _all(work: Iterable[Awaitable[None]]) -> None:
    """All of it, even if some fails; then the first failure."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if result is not None:
            raise result


def _batches(doomed: Sequence[Doomed]) -> Iterable[Sequence[Doomed]]:
    return (doomed[start : start + _BATCH] for start in range(0, len(doomed), _BATCH))
