"""Metrics of LoggedModels: what runs measured on them, on which data sets."""

from collections.abc import Mapping, Sequence

from lakeward.kit.errors import InvalidParameter
from lakeward.logged_models.models import unknown
from lakeward.logged_models.records import MAX_DATASET_DIGEST, MAX_DATASET_NAME, MetricPoint
from lakeward.logged_models.store import models as store
from lakeward.runtime.db import Tx

_ANY = ("", "")


async def record(tx: Tx, run_id: str, experiment_id: int, points: Sequence[MetricPoint]) -> None:
    """Add points that a run of this experiment logged to their models, which may be in others of its workspace.

    The keys are interned already (`Database.name_ids`), as the run's own metrics need them too.
    """
    for dataset in {(point.dataset_name, point.dataset_digest) for point in points}:
        _check(dataset)
    model_ids = {point.model_id for point in points}
    models = await store.find_measurable(tx, experiment_id, sorted(model_ids))
    for model_id in model_ids - models.keys():
        raise unknown(model_id)
    await add(tx, run_id, models, points)


async def add(tx: Tx, run_id: str, models: Mapping[str, tuple[int, int]], points: Sequence[MetricPoint]) -> None:
    """Add points to these models, (number, experiment) by id."""
    datasets = {(point.dataset_name, point.dataset_digest) for point in points}
    keys = await store.key_ids(tx, list({point.key for point in points}))
    seen_as = {dataset: _scopes(dataset) for dataset in datasets}
    ids = await store.scope_ids(tx, sorted(datasets.union(*seen_as.values()) - {_ANY}))
    rows = [
        (*models[point.model_id], keys[point.key], ids[point.dataset_name, point.dataset_digest], point.ts, point.step,
         point.value)
        for point in points
    ]  # fmt: skip
    ranked_in = [(ids[dataset], ids[scope]) for dataset, scopes in seen_as.items() for scope in scopes]
    await store.record(tx, run_id, rows, ranked_in)


def _scopes(dataset: tuple[str, str]) -> set[tuple[str, str]]:
    """What a ranking may be restricted to and still see a point on this data set."""
    name, _ = dataset
    return {_ANY, (name, ""), dataset} if name else {_ANY}


def _check(dataset: tuple[str, str]) -> None:
    for field, value, most in zip(
        ("dataset_name", "dataset_digest"), dataset, (MAX_DATASET_NAME, MAX_DATASET_DIGEST), strict=True
    ):
        if len(value) > most:
            raise InvalidParameter(f"The {field} of a metric has at most {most} characters, not {len(value)}.")
