"""LoggedModels that come from another server: kept with their ids, times and states. It may be done twice."""

from collections.abc import Sequence

from lakeward.experiments import ExperimentId
from lakeward.kit.errors import Conflict
from lakeward.logged_models import metrics
from lakeward.logged_models.records import ArrivingModel, MetricPoint, Target
from lakeward.logged_models.store import models as store
from lakeward.runtime.db import Database, Tx


async def keep(
    tx: Tx, db: Database, workspace: int, experiment_id: ExperimentId, given: ArrivingModel, creator_id: int
) -> Target:
    """The model, made or brought up to date, with its params and tags."""
    target = await store.keep(tx, workspace, experiment_id, given, creator_id)
    if target is None:
        raise Conflict(
            f"The model {given.model_id} is on this server already, in another workspace or experiment, or is being"
            " deleted for good. Ids of models are unique: delete the other one first."
        )
    ids = await db.name_ids([key for key, _ in (*given.params, *given.tags)])
    await store.set_params(tx, target, ids[: len(given.params)], [value for _, value in given.params])
    await store.set_tags(tx, target, ids[len(given.params) :], [value for _, value in given.tags])
    return target


async def add_points(
    tx: Tx, db: Database, target: Target, model_id: str, run_id: str, points: Sequence[MetricPoint]
) -> None:
    """What a run measured on the model. Points that are there already are left."""
    await db.name_ids([point.key for point in points])
    await metrics.add(tx, run_id, {model_id: (target.seq, target.experiment_id)}, points)
