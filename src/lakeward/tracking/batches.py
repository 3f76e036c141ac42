"""A batch of metrics, params and tags on one run: all of it or nothing."""

from collections.abc import Sequence

from lakeward.runtime.db import Database, Tx
from lakeward.tracking import metrics, words
from lakeward.tracking.limits import check_key
from lakeward.tracking.records import Point
from lakeward.tracking.words import Pairs


async def log(
    db: Database,
    workspace: int,
    run_id: str,
    *,
    points: Sequence[Point] = (),
    params: Pairs = (),
    tags: Pairs = (),
) -> None:
    """Nearly all batches hold only metrics, or only params and tags: then one statement is the whole transaction."""
    for key in {point.key for point in points}:
        check_key("metric", key)

    async def write(tx: Tx) -> None:
        if params or tags or not points:
            await words.log(tx, db, workspace, run_id, params=params, tags=tags)
        if points:
            await metrics.log(tx, db, workspace, run_id, points)

    several = bool(points) and (bool(params or tags) or any(point.model_id for point in points))
    await db.run(write, transaction=several)
