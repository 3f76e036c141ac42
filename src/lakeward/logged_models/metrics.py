"""Metrics of LoggedModels: what runs measured on them, on which data sets."""

from collections.abc import Iterable, Sequence
from math import isnan

from lakeward.kit.errors import InvalidParameter
from lakeward.logged_models import store
from lakeward.logged_models.models import unknown
from lakeward.logged_models.records import MAX_DATASET_DIGEST, MAX_DATASET_NAME, MetricPoint
from lakeward.runtime.db import Tx

_ANY = ("", "")


async def record(tx: Tx, run_id: str, experiment_id: int, points: Sequence[MetricPoint]) -> None:
    """Add points that a run of this experiment logged to their models, which may be in others of its workspace.

    The keys are interned already (`Database.name_ids`), as the run's own metrics need them too.
    """
    for point in points:
        _check_dataset(point)
    models = await store.find_measurable(tx, experiment_id, sorted({point.model_id for point in points}))
    for point in points:
        if point.model_id not in models:
            raise unknown(point.model_id)
    keys = await store.key_ids(tx, list({point.key for point in points}))
    scopes = await store.scope_ids(tx, sorted({scope for point in points for scope in _scopes(point)} - {_ANY}))
    rows = [
        (*models[point.model_id], keys[point.key], scopes[_exact(point)], point.ts, point.step, point.value)
        for point in points
    ]
    await store.add_points(tx, run_id, rows)
    ranked = (
        (seq, key, scopes[scope], experiment, point.value, point.ts, point.step)
        for (seq, experiment, key, *_), point in zip(rows, points, strict=True)
        for scope in _scopes(point)
    )
    await store.move_ranks(tx, run_id, _newest(ranked))


def _exact(point: MetricPoint) -> tuple[str, str]:
    return point.dataset_name, point.dataset_digest


def _scopes(point: MetricPoint) -> set[tuple[str, str]]:
    """What a ranking can be restricted to and still see this point; and the data set it was measured on."""
    return {_ANY, (point.dataset_name, ""), _exact(point)}


RankRow = tuple[int, int, int, int, float, int, int]  # model seq, key, scope, experiment, value, ts, step


def _newest(rows: Iterable[RankRow]) -> list[RankRow]:
    """The newest row of each (model, key, scope), in lock order."""
    found: dict[tuple[int, int, int], RankRow] = {}
    for row in rows:
        known = found.get(row[:3])
        if known is None or _age(row) >= _age(known):
            found[row[:3]] = row
    return [found[key] for key in sorted(found)]


def _age(row: RankRow) -> tuple[int, int, bool, float]:
    *_, value, ts, step = row
    return ts, step, isnan(value), 0.0 if isnan(value) else value


def _check_dataset(point: MetricPoint) -> None:
    for field, value, most in (
        ("dataset_name", point.dataset_name, MAX_DATASET_NAME),
        ("dataset_digest", point.dataset_digest, MAX_DATASET_DIGEST),
    ):
        if len(value) > most:
            raise InvalidParameter(
                f"The {field} of metric {point.key!r} has {len(value)} characters; the maximum is {most}."
            )
