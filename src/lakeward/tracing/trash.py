"""Permanent deletion of an experiment's traces, step by step, for `tracking.purge`, which owns the order of steps."""

from lakeward.runtime.db import Tx
from lakeward.tracing import moving
from lakeward.tracing.store import blocks, rollups
from lakeward.tracing.store import traces as store


async def erase_of_experiment(tx: Tx, experiment_id: int, limit: int) -> int:
    """Remove up to `limit` traces of an experiment that is marked, with their spans and what was said of them.

    What is left in its tables and is another experiment's now comes back first. 0: all is done.
    """
    erased = await store.erase_of_experiment(tx, experiment_id, limit)
    if not erased:
        erased = await moving.save_strays(tx, experiment_id)
    if not erased:
        await blocks.erase_of_experiment(tx, experiment_id)
        await rollups.erase_of_experiment(tx, experiment_id)
    return erased
