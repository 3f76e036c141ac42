"""Runs that move to another experiment of their workspace, with the LoggedModels they made.

Whatever carries the number of a run's experiment follows in one transaction. Nobody writes to a run meanwhile, and who
waited for it logs on where it is now. Its artifacts stay where they are, under the same URIs, which is why a run
remembers its home; its traces stay in the experiment they were sent to.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from lakeward import experiments, logged_models
from lakeward.kit.errors import InvalidParameter, Unavailable
from lakeward.runtime.db import Tx
from lakeward.tracking.states import trashed, unknown
from lakeward.tracking.store import documents as documents_store
from lakeward.tracking.store import moves as store

MAX_MOVED: Final = 1_000  # in one transaction


class Moved(NamedTuple):
    runs: int
    models: int


async def move(tx: Tx, workspace: int, run_ids: Sequence[str], experiment_id: str) -> Moved:
    """All of these runs or none. Needs a transaction."""
    wanted = list(dict.fromkeys(run_ids))
    if not 1 <= len(wanted) <= MAX_MOVED:
        raise InvalidParameter(f"1 to {MAX_MOVED} runs can be moved at once, not {len(wanted)}.")
    target = experiments.parse_id(experiment_id)
    before = await _all_there(tx, workspace, wanted)
    sources = {row["experiment_id"] for row in before}
    await store.hold_experiments(tx, sorted({*sources, target}))
    for each in sorted({*sources, target}):
        await experiments.get_active(tx, workspace, str(each))
    await store.lock(tx, sorted(row["seq"] for row in before))
    rows = await _all_there(tx, workspace, wanted)
    if {row["experiment_id"] for row in rows} - sources:
        raise Unavailable("One of these runs was moved by somebody else at this moment. Look again.")
    for row in rows:
        if row["deleted_at"] is not None:
            raise trashed(row["run_id"])
    leaving = [row for row in rows if row["experiment_id"] != target]
    if not leaving:
        return Moved(0, 0)
    seqs = [row["seq"] for row in leaving]
    models = await logged_models.moves.follow(tx, [(row["run_id"], row["experiment_id"]) for row in leaving], target)
    await store.move(tx, seqs, target)
    await documents_store.drop(tx, seqs)  # they tell of data sets, which may be told otherwise there
    return Moved(len(leaving), models)


async def away(tx: Tx, experiment_id: int) -> set[str]:
    """Ids of the runs and models that moved away from an experiment, which keeps their artifacts."""
    return {*await store.away(tx, experiment_id), *await logged_models.moves.away(tx, experiment_id)}


async def kept_elsewhere(tx: Tx, workspace: int, experiment_id: int) -> list[str]:
    """Where the artifacts are of the runs and models that moved to an experiment: prefixes of their objects."""
    runs = await store.from_elsewhere(tx, experiment_id)
    models = await logged_models.moves.from_elsewhere(tx, experiment_id)
    return [
        *(experiments.run_objects(workspace, home, run_id) for home, run_id in runs),
        *(experiments.model_objects(workspace, home, model_id) for home, model_id in models),
    ]


async def _all_there(tx: Tx, workspace: int, run_ids: Sequence[str]) -> list[Any]:
    rows = await store.find(tx, workspace, run_ids)
    missing = set(run_ids) - {row["run_id"] for row in rows}
    if missing:
        raise unknown(min(missing))
    return rows
