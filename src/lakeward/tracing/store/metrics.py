"""Statements that sum up assessments, and find the traces that filters of metrics name."""

from collections.abc import Sequence
from typing import Any

from lakeward.kit.filters import Comparison
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters
from lakeward.tracing.search.conditions import where
from lakeward.tracing.search.measures import COUNT, DIMENSIONS, Aggregation, Filters

Bounds = tuple[int | None, int | None]
_FUNCTION = {"SUM": "sum(({})::float8)", "AVG": "avg(({})::float8)", "MIN": "min({})", "MAX": "max({})"}
_ASSESSED = {"name": "a.name", "type": "a.kind"}


def _aggregate(number: str, wanted: Aggregation, parameters: Parameters) -> str:
    if wanted.kind == COUNT:
        return f"nullif(count({number}), 0)"
    if wanted.kind == "PERCENTILE":
        share = parameters.add((wanted.percentile or 0.0) / 100)
        return f"percentile_cont({share}::float8) WITHIN GROUP (ORDER BY ({number})::float8)"
    return _FUNCTION[wanted.kind].format(number)


async def aggregate(
    tx: Tx,
    experiments: list[int],
    number: str,
    aggregations: Sequence[Aggregation],
    dimensions: Sequence[str],
    filters: Filters,
    bounds: Bounds,
    interval: int | None,
) -> list[Any]:
    """(time bucket in ms, dimensions …, aggregations …) of each group of assessments, in the order of the first ones.

    `number` is an expression of `measures`. An index answers what asks for no values and filters no traces.
    """
    parameters = Parameters()
    groups = [DIMENSIONS["ASSESSMENTS"][name] for name in dimensions]
    if interval is not None:
        length = parameters.add(interval * 1000)
        groups.insert(0, f"a.start_ms / {length}::bigint * {length}::bigint")
    conditions = ["a.valid", f"a.experiment_id = ANY({parameters.add(experiments)}::bigint[])"]
    conditions += [f"{_ASSESSED[field]} = {parameters.add(value)}::text" for field, value in filters.others]
    if bounds[0] is not None:
        conditions.append(f"a.start_ms >= {parameters.add(bounds[0])}::bigint")
    if bounds[1] is not None:
        conditions.append(f"a.start_ms <= {parameters.add(bounds[1])}::bigint")
    source = "trace_assessment a"
    if filters.traces:
        source = "trace_assessment a JOIN trace t ON t.seq = a.trace_seq"
        conditions += where(filters.traces, parameters)
    columns = ", ".join([*groups, *(_aggregate(number, each, parameters) for each in aggregations)])
    grouping = ""
    if groups:
        places = ", ".join(str(place) for place in range(1, len(groups) + 1))
        grouping = f" GROUP BY {places} ORDER BY {places}"
    statement = await tx.prepare(f"SELECT {columns} FROM {source} WHERE {' AND '.join(conditions)}{grouping}")
    rows: list[Any] = await statement.fetch(*parameters.values)
    return rows


async def matching(tx: Tx, experiments: list[int], clauses: Sequence[Comparison], latest: int | None) -> list[int]:
    """Traces for which these clauses hold, and that start no later than this."""
    parameters = Parameters()
    conditions = [f"t.experiment_id = ANY({parameters.add(experiments)}::bigint[])", *where(clauses, parameters)]
    if latest is not None:
        conditions.append(f"t.start_ms <= {parameters.add(latest)}::bigint")
    statement = await tx.prepare(f"SELECT t.seq FROM trace t WHERE {' AND '.join(conditions)}")
    return [row[0] for row in await statement.fetch(*parameters.values)]
