"""LoggedModels that follow the run that made them to another experiment; where their artifacts are then.

A client that reads a model by the path in its run looks for it in the run's experiment.
"""

from collections.abc import Sequence

from lakeward.logged_models.store import moves as store
from lakeward.runtime.db import Tx


async def follow(tx: Tx, runs: Sequence[tuple[str, int]], experiment_id: int) -> int:
    """Those in the same experiment as their run, given as (run, its experiment so far). Returns how many."""
    seqs = await store.lock_made(tx, [run for run, _ in runs], [source for _, source in runs])
    if seqs:
        await store.move(tx, seqs, experiment_id)
    return len(seqs)


async def away(tx: Tx, experiment_id: int) -> list[str]:
    """Ids of the models whose artifacts an experiment keeps, though they are in another now."""
    return await store.away(tx, experiment_id)


async def from_elsewhere(tx: Tx, experiment_id: int) -> list[tuple[int, str]]:
    """(experiment, id) of the models of an experiment whose artifacts another keeps."""
    return await store.from_elsewhere(tx, experiment_id)
