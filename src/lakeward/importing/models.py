"""LoggedModels of sources that have them: params, tags, what runs measured on them, and their files."""

from collections.abc import AsyncIterator
from itertools import groupby
from typing import NamedTuple

from lakeward import experiments, identity, logged_models
from lakeward.importing import files, reading, store, wire
from lakeward.importing.files import Tree
from lakeward.importing.moving import Move, digest_of, in_parallel
from lakeward.importing.records import Place
from lakeward.importing.source import Source, SourceError
from lakeward.logged_models import ArrivingModel
from lakeward.runtime.db import Tx
from lakeward.tracking import Point


class _Next(NamedTuple):
    model: wire.LoggedModel
    digest: bytes
    is_here: bool


async def bring(move: Move, there: wire.Experiment) -> None:
    place = move.places[there.experiment_id]

    async def one(each: _Next) -> None:
        model_id = each.model.info.model_id

        async def work() -> None:
            if not each.is_here:
                await _bring(move, place, each.model, each.digest)
            await files.bring(move, tree(move, place, model_id))

        await move.attempt(f"logged model {model_id}", work)

    await in_parallel(_waiting(move, there, place), one, move.source.connections)


async def listed(source: Source, experiment_id: str) -> AsyncIterator[list[wire.LoggedModel]]:
    """Pages; none from a server that has no LoggedModels."""
    try:
        async for page in reading.logged_models(source, experiment_id):
            yield page
    except SourceError as error:
        if error.status not in (404, 405, 501):
            raise


async def _waiting(move: Move, there: wire.Experiment, place: Place) -> AsyncIterator[_Next]:
    async for page in listed(move.source, there.experiment_id):
        known = await move.digests("logged model", [model.info.model_id for model in page])
        for model in page:
            digest = digest_of(place, model)
            is_here = known.get(model.info.model_id) == digest and await _is_here(move, model.info.model_id)
            yield _Next(model, digest, is_here)


async def _is_here(move: Move, model_id: str) -> bool:
    async with move.db.connection() as tx:
        return await logged_models.find_location(tx, move.workspace, model_id) is not None


def tree(move: Move, place: Place, model_id: str) -> Tree:
    return Tree(
        "logged model artifacts",
        f"logged model {model_id}",
        f"{experiments.model_objects(move.workspace, place.experiment_id, model_id)}/artifacts",
        lambda: reading.logged_model_files(move.source, model_id),
        lambda path: reading.logged_model_file(model_id, path),
    )


async def _bring(move: Move, place: Place, model: wire.LoggedModel, digest: bytes) -> None:
    info = model.info
    given = ArrivingModel(
        info.model_id,
        info.name,
        info.model_type,
        info.source_run_id,
        info.status,
        wire.whole(info.creation_timestamp_ms),
        wire.whole(info.last_updated_timestamp_ms),
        wire.pairs(model.data.params),
        wire.pairs(info.tags),
    )
    measured = sorted(model.data.metrics, key=lambda metric: metric.run_id)

    async def work(tx: Tx) -> None:
        target = await logged_models.adoption.keep(
            tx, move.db, move.workspace, place.experiment_id, given, identity.OWNER_ID
        )
        for run_id, metrics in groupby(measured, key=lambda metric: metric.run_id):
            points = [_point(metric, info.model_id) for metric in metrics]
            await logged_models.adoption.add_points(tx, move.db, target, info.model_id, run_id, points)
        await store.keep_digest(tx, move.number, "logged model", info.model_id, digest)

    await move.db.run(work, transaction=True)
    move.brought("logged models")


def _point(metric: wire.Metric, model_id: str) -> Point:
    ts, step, value = metric.point
    return Point(metric.key, value, ts, step, model_id, metric.dataset_name, metric.dataset_digest)
