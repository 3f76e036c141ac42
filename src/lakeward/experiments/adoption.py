"""Experiments that come from another server: kept with their id, times and state, or merged with one of their name."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from lakeward import access
from lakeward.experiments import store
from lakeward.experiments.records import MAX_NAME, ArrivingExperiment, Experiment, ExperimentId
from lakeward.experiments.securable import EXPERIMENT
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx

_MAX_COUNTED = 10**12  # greater ids were drawn at random; counting goes on below them


async def find(tx: Tx, workspace: int, experiment_id: ExperimentId) -> Experiment | None:
    return await store.find_by_id(tx, workspace, experiment_id)


async def find_named(tx: Tx, workspace: int, name: str) -> Experiment | None:
    """The experiment of this name, also one in the trash."""
    return await store.find_by_name(tx, workspace, name)


async def count_beyond(tx: Tx, ids: Iterable[str]) -> None:
    """Keep these ids free for those that come with them: what is made anew gets a greater one."""
    counted = [number for each in ids if (number := _number(each)) is not None and number < _MAX_COUNTED]
    if counted:
        await store.count_from(tx, max(counted))


def _number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None


async def add(tx: Tx, workspace: int, given: ArrivingExperiment, owner: int) -> ExperimentId | None:
    """A new active experiment, of the same id if it is free. None if the name is taken."""
    if not given.name or len(given.name) > MAX_NAME:
        raise InvalidParameter(
            f"The experiment {given.id} has a name of {len(given.name)} characters, 1 to {MAX_NAME}."
        )
    made: ExperimentId | None = None
    if (number := _number(given.id)) is not None:
        made = await store.add_as(tx, workspace, number, given.name, given.created_at, given.updated_at)
        if made is not None and made < _MAX_COUNTED:
            await store.count_from(tx, made)
    if made is None:
        made = await store.add(tx, workspace, given.name, None, given.created_at)
    if made is not None:
        await store.set_updated(tx, made, given.updated_at)
        await set_tags(tx, made, given.tags)
        await access.own(tx, EXPERIMENT, workspace, str(made), owner)
    return made


async def rename(tx: Tx, experiment_id: ExperimentId, name: str, updated_at: int) -> bool:
    """False if the name is taken."""
    return await store.rename(tx, experiment_id, name, updated_at)


async def set_tags(tx: Tx, experiment_id: ExperimentId, tags: Mapping[str, str]) -> None:
    if tags:
        await store.set_tags(tx, experiment_id, list(tags.items()))


async def set_deleted(tx: Tx, found: Experiment, deleted_at: int | None, updated_at: int) -> None:
    """Into the trash or out of it. The time of its last update is the other server's."""
    await store.set_deleted(tx, found.id, deleted_at, updated_at)


@asynccontextmanager
async def opened(tx: Tx, found: Experiment) -> AsyncIterator[None]:
    """Within this transaction the experiment takes what is added to it, though it may lie in the trash."""
    if found.deleted_at is None:
        yield
        return
    await store.set_deleted(tx, found.id, None, found.updated_at)
    yield
    await store.set_deleted(tx, found.id, found.deleted_at, found.updated_at)
