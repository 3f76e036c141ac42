"""Experiments: which of the source there are, and where each is here.

The id stays where it is free. An experiment whose name is here already is merged into that one, which keeps its name
and state; `Default` always is.
"""

from functools import partial

from lakeward import experiments, identity
from lakeward.experiments import ArrivingExperiment, Experiment
from lakeward.importing import reading, store, wire
from lakeward.importing.moving import Move, digest_of
from lakeward.importing.records import Place, Wanted
from lakeward.importing.source import Source
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import Conflict, NotFound
from lakeward.runtime.db import Tx


async def chosen(source: Source, wanted: Wanted) -> list[wire.Experiment]:
    """The experiments that are wanted."""
    names = set(wanted.experiments)
    found = [each async for each in reading.experiments(source) if not names or each.name in names]
    if missing := sorted(names - {each.name for each in found}):
        raise NotFound(f"{source.url} has no experiment named {', '.join(map(repr, missing))}.")
    return found


async def bring(move: Move) -> list[wire.Experiment]:
    """Make a place for every experiment that is wanted; those that have one."""
    wanted = await chosen(move.source, move.wanted)
    async with move.db.transaction() as tx:
        new = [each.experiment_id for each in wanted if each.experiment_id not in move.places]
        await experiments.adoption.count_beyond(tx, new)
    return [each for each in wanted if await move.attempt(f"experiment {each.name!r}", partial(_bring, move, each))]


async def _bring(move: Move, there: wire.Experiment) -> None:
    unchanged = await _is_as_it_came(move, there)

    async def work(tx: Tx) -> tuple[Place, bool]:
        known = move.places.get(there.experiment_id)
        here = known and await experiments.adoption.find(tx, move.workspace, known.experiment_id)
        if known and here:
            if not unchanged:
                if not known.merged:
                    await _follow(move, tx, here, there)
                await experiments.adoption.set_tags(tx, here.id, dict(wire.pairs(there.tags)))
            return known, False
        made = await _place(move, tx, there)
        await store.keep_place(tx, move.number, there.experiment_id, made)
        await store.keep_digest(tx, move.number, "experiment", there.experiment_id, b"")  # it may have been here once
        return made, True

    place, is_new = await move.db.run(work, transaction=True)
    move.places[there.experiment_id] = place
    if not is_new:
        return
    move.brought("experiments")
    if place.merged:
        move.note(f"Experiment {there.name!r} is here already: its runs are added to it.")
    elif str(place.experiment_id) != there.experiment_id:
        move.note(
            f"Experiment {there.name!r} has the id {place.experiment_id} here, as {there.experiment_id} is taken."
        )


async def _place(move: Move, tx: Tx, there: wire.Experiment) -> Place:
    given = ArrivingExperiment(
        there.experiment_id,
        there.name,
        wire.whole(there.creation_time),
        wire.whole(there.last_update_time),
        dict(wire.pairs(there.tags)),
    )
    made = await experiments.adoption.add(tx, move.workspace, given, identity.OWNER_ID)
    if made is not None:
        return Place(made, merged=False)
    here = await experiments.adoption.find_named(tx, move.workspace, there.name)
    if here is None:
        raise Conflict("an experiment of this name is being deleted for good here. Try again when it is gone.")
    if here.deleted and not there.deleted:
        raise Conflict("an experiment of this name is in the trash here. Restore it, or delete it for good.")
    if here.artifact_location is not None:
        raise Conflict(
            f"an experiment of this name keeps its artifacts at {here.artifact_location!r} here, where they cannot be"
            " brought. Rename one of the two."
        )
    await experiments.adoption.set_tags(tx, here.id, given.tags)
    return Place(here.id, merged=True)


async def _follow(move: Move, tx: Tx, here: Experiment, there: wire.Experiment) -> None:
    """A new name. Times and whether it is in the trash follow at the end of the import."""
    updated_at = wire.whole(there.last_update_time)
    if here.name != there.name and not await experiments.adoption.rename(tx, here.id, there.name, updated_at):
        move.note(f"Experiment {here.name!r} is called {there.name!r} there now; here that name is another's.")


async def close(move: Move, brought: list[wire.Experiment]) -> None:
    """Times of the last update; and into the trash what is in the trash there, now that all it holds is here."""
    for there in brought:
        if not await _is_as_it_came(move, there):
            async with move.db.transaction() as tx:
                await _close(move, tx, there)


async def _close(move: Move, tx: Tx, there: wire.Experiment) -> None:
    place = move.places[there.experiment_id]
    here = await experiments.adoption.find(tx, move.workspace, place.experiment_id)
    if here is None:
        return
    if not place.merged:
        deleted_at = here.deleted_at or now_ms() if there.deleted else None
        await experiments.adoption.set_deleted(tx, here, deleted_at, wire.whole(there.last_update_time))
    await store.keep_digest(tx, move.number, "experiment", there.experiment_id, digest_of(place, there))


async def _is_as_it_came(move: Move, there: wire.Experiment) -> bool:
    """Nothing changed there since it came over whole: what changed here meanwhile stays."""
    known = await move.digests("experiment", [there.experiment_id])
    return known.get(there.experiment_id) == digest_of(move.places.get(there.experiment_id), there)
