"""Statements that sum up traces and assessments."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters
from lakeward.tracing.search.conditions import where
from lakeward.tracing.search.measures import COUNT, DIMENSIONS, Aggregation, Filters, Measure
from lakeward.tracing.store.traces import payloads_of

__all__ = ["aggregate", "payloads_of", "traces_between"]

Bounds = tuple[int | None, int | None]
_FUNCTION = {"SUM": "sum(({})::float8)", "AVG": "avg(({})::float8)", "MIN": "min({})", "MAX": "max({})"}
_ASSESSED = {"name": "a.name", "type": "a.kind"}


def _scope(parameters: Parameters, experiments: list[int], filters: Filters, bounds: Bounds) -> list[str]:
    found = [f"t.experiment_id = ANY({parameters.add(experiments)}::bigint[])", *where(filters.traces, parameters)]
    if bounds[0] is not None:
        found.append(f"t.start_ms >= {parameters.add(bounds[0])}::bigint")
    if bounds[1] is not None:
        found.append(f"t.start_ms <= {parameters.add(bounds[1])}::bigint")
    return found


def _aggregate(measure: Measure, wanted: Aggregation, parameters: Parameters) -> str:
    number = "*" if measure.expression is None else measure.expression
    if measure.distinct:
        return f"nullif(count(DISTINCT {number}), 0)"
    if wanted.kind == COUNT:
        return f"nullif(count({number}), 0)"
    if wanted.kind == "PERCENTILE":
        share = parameters.add((wanted.percentile or 0.0) / 100)
        return f"percentile_cont({share}::float8) WITHIN GROUP (ORDER BY ({number})::float8)"
    return _FUNCTION[wanted.kind].format(number)


async def aggregate(
    tx: Tx,
    experiments: list[int],
    view: str,
    measure: Measure,
    aggregations: Sequence[Aggregation],
    dimensions: Sequence[str],
    filters: Filters,
    bounds: Bounds,
    interval: int | None,
) -> list[Any]:
    """(time bucket in ms, dimensions …, aggregations …) of each group, in the order of the first ones."""
    parameters = Parameters()
    groups = [DIMENSIONS[view][name] for name in dimensions]
    if interval is not None:
        length = parameters.add(interval * 1000)
        groups.insert(0, f"t.start_ms / {length}::bigint * {length}::bigint")
    conditions = _scope(parameters, experiments, filters, bounds)
    source = "trace t"
    if view == "ASSESSMENTS":
        source = "trace t JOIN trace_assessment a ON a.trace_seq = t.seq"
        conditions += [f"{_ASSESSED[field]} = {parameters.add(value)}::text" for field, value in filters.others]
        conditions.append("a.valid")
    columns = ", ".join([*groups, *(_aggregate(measure, each, parameters) for each in aggregations)])
    grouping = ""
    if groups:
        places = ", ".join(str(place) for place in range(1, len(groups) + 1))
        grouping = f" GROUP BY {places} ORDER BY {places}"
    statement = await tx.prepare(f"SELECT {columns} FROM {source} WHERE {' AND '.join(conditions)}{grouping}")
    rows: list[Any] = await statement.fetch(*parameters.values)
    return rows


async def traces_between(tx: Tx, experiments: list[int], filters: Filters, bounds: Bounds, most: int) -> list[int]:
    """Traces with these bounds on their start; one may begin before its spans that are asked for, by a day."""
    parameters = Parameters()
    early = None if bounds[0] is None else bounds[0] - 86_400_000
    conditions = _scope(parameters, experiments, filters, (early, bounds[1]))
    statement = await tx.prepare(
        f"SELECT t.seq FROM trace t WHERE {' AND '.join(conditions)} LIMIT {parameters.add(most)}"
    )
    return [row[0] for row in await statement.fetch(*parameters.values)]
