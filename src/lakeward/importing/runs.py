"""Runs: what they logged, with all points, and their files."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from lakeward import experiments, tracking
from lakeward.importing import files, reading, store, wire
from lakeward.importing.files import Tree
from lakeward.importing.moving import Move, digest_of, in_parallel
from lakeward.importing.records import Place
from lakeward.runtime.db import Tx
from lakeward.tracking import ArrivingRun, Dataset, Point

_AT_ONCE: Final = 25_000  # points in one transaction, about


class _Next(NamedTuple):
    run: wire.Run
    histories: reading.Histories
    digest: bytes
    is_here: bool  # as the source has it now


async def bring(move: Move, there: wire.Experiment) -> None:
    """The runs of an experiment that has a place."""
    place = move.places[there.experiment_id]

    async def one(each: _Next) -> None:
        run_id = each.run.run_id

        async def work() -> None:
            if not each.is_here:
                await _bring(move, place, each)
            await files.bring(move, tree(move, place, run_id))

        await move.attempt(f"run {run_id}", work)
        move.progress.count("runs seen")

    await in_parallel(_waiting(move, there, place), one, move.source.connections)


async def _waiting(move: Move, there: wire.Experiment, place: Place) -> AsyncIterator[_Next]:
    async for page in reading.runs(move.source, there.experiment_id):
        ids = [run.run_id for run in page]
        known = await move.digests("run", ids)
        async with move.db.connection() as tx:
            here = await tracking.adoption.find_seqs(tx, move.workspace, ids)
        digests = {run.run_id: digest_of(place, run) for run in page}
        same = {run_id for run_id in here if known.get(run_id) == digests[run_id]}
        histories = await reading.short_histories(move.source, [run for run in page if run.run_id not in same])
        for run in page:
            yield _Next(run, histories, digests[run.run_id], run.run_id in same)


def tree(move: Move, place: Place, run_id: str) -> Tree:
    return Tree(
        "artifacts",
        f"run {run_id}",
        f"{experiments.run_objects(move.workspace, place.experiment_id, run_id)}/artifacts",
        lambda: reading.run_files(move.source, run_id),
        lambda path: reading.run_file(run_id, path),
    )


def arriving(run: wire.Run) -> ArrivingRun:
    info = run.info
    named = next((tag.value for tag in run.data.tags if tag.key == "mlflow.runName"), "")
    return ArrivingRun(
        run_id=run.run_id,
        name=info.run_name or named,
        status=info.status,
        user_id=info.user_id,
        start_time=wire.whole(info.start_time),
        end_time=None if info.end_time is None else wire.whole(info.end_time),
        deleted=info.lifecycle_stage == "deleted",
    )


async def _bring(move: Move, place: Place, each: _Next) -> None:
    run = each.run
    points: list[Point] = []
    for key in sorted({metric.key for metric in run.data.metrics}):
        async for page in reading.history(move.source, each.histories, run.run_id, key):
            points += [Point(key, value, ts, step) for ts, step, value in page]
            if len(points) >= _AT_ONCE:
                await _write(move, place, run, points, None)
                points = []
    await _write(move, place, run, points, each.digest)
    move.brought("runs")


async def _write(move: Move, place: Place, run: wire.Run, points: list[Point], digest: bytes | None) -> None:
    """Points, and with the last of them everything else."""

    async def work(tx: Tx) -> None:
        target = await tracking.adoption.keep(tx, move.workspace, place.experiment_id, arriving(run))
        await tracking.adoption.add_points(tx, move.db, target, points)
        if digest is None:
            return
        data, given = run.data, run.inputs
        await tracking.adoption.add_words(tx, move.db, target, wire.pairs(data.params), wire.pairs(data.tags))
        await tracking.adoption.add_inputs(
            tx,
            target,
            [dataset(each) for each in given.dataset_inputs],
            [each.model_id for each in given.model_inputs if each.model_id],
            [(each.model_id, wire.whole(each.step)) for each in run.outputs.model_outputs if each.model_id],
        )
        await store.keep_digest(tx, move.number, "run", run.run_id, digest)

    await move.db.run(work, transaction=True)
    move.brought("points", len(points))


def dataset(given: wire.DatasetInput) -> Dataset:
    it = given.dataset
    return Dataset(it.name, it.digest, it.source_type, it.source, it.schema, it.profile, wire.pairs(given.tags))
