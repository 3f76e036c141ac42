"""Permanent deletion of an experiment's traces, step by step, for `tracking.purge`, which owns the order of steps."""

from lakeward.runtime.db import Tx
from lakeward.tracing.store import blocks, rollups
from lakeward.tracing.store import traces as store


async def erase_of_experiment(tx: Tx, experiment_id: int, limit: int) -> int:
    """Remove up to `limit` traces of an experiment that is marked, with their spans and what was said of them."""
    erased = await store.erase_of_experiment(tx, experiment_id, limit)
    if not erased:
        await blocks.erase_of_experiment(tx, experiment_id)
        await rollups.erase_of_experiment(tx, experiment_id)
    return erased
