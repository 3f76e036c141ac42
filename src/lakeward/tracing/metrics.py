"""The trace-metrics API: counts, latencies, tokens, cost and assessments, by time and dimension; and correlation.

Traces and spans are summed up from rollups (`rollups.py`), assessments by the database.
"""

import math
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Entity
from lakeward.runtime.db import Tx
from lakeward.tracing import columns, rollups, search
from lakeward.tracing.columns import Array, Group, Key, Totals, Wanted
from lakeward.tracing.search import measures
from lakeward.tracing.search.measures import BUCKET, COUNT, Aggregation, Filters
from lakeward.tracing.signature import numpy
from lakeward.tracing.store import metrics as store

MAX_POINTS: Final = 1_000


class Asked(msgspec.Struct, frozen=True):
    """A question. Times in epoch milliseconds, the end included; `interval` in seconds."""

    view: str
    metric: str
    aggregations: list[Aggregation]
    dimensions: list[str]
    filters: list[str]
    interval: int | None
    start_ms: int | None
    end_ms: int | None


class Point(msgspec.Struct, frozen=True):
    dimensions: dict[str, str]
    values: dict[str, float]


async def query(tx: Tx, workspace: int, experiment_ids: Sequence[str], asked: Asked) -> list[Point]:
    """All points of the answer, ordered by their dimensions. `tx` is in no transaction. Raises InvalidParameter."""
    _check(asked)
    filters = measures.filters_of(asked.filters, asked.view)
    active = await search.active(tx, workspace, experiment_ids)
    if not active:
        return []
    if asked.view == "ASSESSMENTS":
        rows = await store.aggregate(
            tx, active, measures.ASSESSMENTS[asked.metric], asked.aggregations, asked.dimensions, filters,
            (asked.start_ms, asked.end_ms), asked.interval,
        )  # fmt: skip
        return [point for row in rows if (point := _point(asked, tuple(row))) is not None]
    async with tx.transaction(isolation="repeatable_read", readonly=True):
        groups = await _summed(tx, active, asked, filters)
    points = (_point(asked, (*key, *_values(asked, groups[key]))) for key in sorted(groups))
    return [point for point in points if point is not None]


async def _summed(tx: Tx, active: list[int], asked: Asked, filters: Filters) -> dict[Key, Group]:
    """What the rows of each group come to."""
    kind = "trace" if asked.view == "TRACES" else "span"
    bounds = (asked.start_ms, asked.end_ms)
    measure = (measures.TRACES if kind == "trace" else measures.SPANS)[asked.metric]
    named = [measures.DIMENSIONS[asked.view][each] for each in asked.dimensions]
    length = (asked.interval or 0) * 1000
    among: Array | None = None
    tests = list(filters.others)
    clauses = list(filters.traces)
    if kind == "trace":  # its own columns tell
        tests += [(each.key, str(each.value)) for each in clauses if each.entity is Entity.ATTRIBUTE]
        clauses = [each for each in clauses if each.entity is not Entity.ATTRIBUTE]
    if clauses:
        among = numpy().array(await store.matching(tx, active, clauses, asked.end_ms), dtype="<i8")
    fields = {*named, *(field for field, _ in tests), *([measure] if measure else []), *(["start"] if length else [])}
    needed = [f"{kind}.{each}" for each in fields]
    read = rollups.parts_of_traces if kind == "trace" else rollups.parts_of_spans
    parts: AsyncIterator[rollups.Part] = read(tx, active, needed, bounds, among)
    totals = Totals(_wanted(asked))
    async for found, mask in parts:
        counted = mask
        for field, value in tests:
            counted = counted & columns.whether(found[f"{kind}.{field}"], value)
        totals.add(
            found[f"{kind}.{measure}"] if measure else None,
            (found[f"{kind}.start"], length) if length else None,
            [found[f"{kind}.{each}"] for each in named],
            counted,
        )
    return totals.groups


def _wanted(asked: Asked) -> Wanted:
    kinds = {each.kind for each in asked.aggregations}
    return Wanted(
        sums=bool(kinds & {"SUM", "AVG"}),
        extremes=bool(kinds & {"MIN", "MAX"}),
        values="PERCENTILE" in kinds,
        distinct=asked.metric == "session_count",
    )


def _values(asked: Asked, group: Group) -> list[float]:
    found: list[float] = []
    shares = [each.percentile / 100 for each in asked.aggregations if each.percentile is not None]
    percentiles = iter(group.percentiles(shares) if shares else ())
    for wanted in asked.aggregations:
        match wanted.kind:
            case "COUNT":
                found.append(group.different() if asked.metric == "session_count" else group.count)
            case "SUM":
                found.append(group.total)
            case "AVG":
                found.append(group.total / group.count)
            case "MIN":
                found.append(group.least)
            case "MAX":
                found.append(group.greatest)
            case _:
                found.append(next(percentiles))
    return found


def _check(asked: Asked) -> None:
    if asked.view not in measures.VIEWS:
        raise InvalidParameter(f"Invalid view_type {asked.view!r}: it is one of {', '.join(measures.VIEWS)}.")
    known: Iterable[str] = {
        "TRACES": measures.TRACES, "ASSESSMENTS": measures.ASSESSMENTS, "SPANS": measures.SPANS,
    }[asked.view]  # fmt: skip
    if asked.metric not in known:
        raise InvalidParameter(
            f"Invalid metric_name {asked.metric!r} of {asked.view}: it is one of {', '.join(known)}."
        )
    if not asked.aggregations:
        raise InvalidParameter("At least one aggregation must be given.")
    counts = asked.metric.endswith("_count")
    for each in asked.aggregations:
        if (each.kind == COUNT) != counts and each.kind != COUNT:
            raise InvalidParameter(f"{asked.metric} can only be counted.")
    for name in asked.dimensions:
        if name not in measures.DIMENSIONS[asked.view]:
            allowed = ", ".join(measures.DIMENSIONS[asked.view])
            raise InvalidParameter(f"Invalid dimension {name!r} of {asked.view}: the dimensions are {allowed}.")
    if asked.interval is not None and not 1 <= asked.interval <= 366 * 86_400:
        raise InvalidParameter("time_interval_seconds must be between one second and a year.")
    if asked.interval is not None and (asked.start_ms is None or asked.end_ms is None):
        raise InvalidParameter("start_time_ms and end_time_ms are needed if time_interval_seconds is given.")


def _point(asked: Asked, row: Sequence[Any]) -> Point | None:
    """compat(mlflow 3.17): what has no value in a dimension, and what has nothing to sum up, is left out."""
    names = [*([BUCKET] if asked.interval else []), *asked.dimensions]
    given = dict(zip(names, row[: len(names)], strict=True))
    if any(value is None for value in given.values()):
        return None
    if asked.interval:
        given[BUCKET] = datetime.fromtimestamp(given[BUCKET] / 1000, UTC).isoformat()
    values = {
        each.label: float(value)
        for each, value in zip(asked.aggregations, row[len(names) :], strict=True)
        if value is not None
    }
    return Point({name: str(value) for name, value in given.items()}, values) if values else None


# ── correlation ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Correlation(msgspec.Struct, frozen=True):
    npmi: float
    npmi_smoothed: float
    first: int
    second: int
    joint: int
    total: int


async def correlation(
    tx: Tx, workspace: int, experiment_ids: Sequence[str], first: str, second: str, base: str | None
) -> Correlation:
    """How much more often two filters hold together than by chance: normalized pointwise mutual information."""
    total = set(await search.matching(tx, workspace, experiment_ids, base))
    one = total & set(await search.matching(tx, workspace, experiment_ids, first))
    two = total & set(await search.matching(tx, workspace, experiment_ids, second))
    counts = (len(one), len(two), len(one & two), len(total))
    return Correlation(_npmi(*counts, 0.0), _npmi(*counts, 0.5), *counts)


def _npmi(one: int, two: int, joint: int, total: int, smoothing: float) -> float:
    """With Jeffreys' prior if `smoothing` is one half. NaN where one of them never holds, -1 if never together."""
    if not one or not two:
        return math.nan
    if not joint and not smoothing:
        return -1.0
    if one == two == joint == total:
        return 1.0
    both = joint + smoothing
    size = total + 4 * smoothing
    first, second = one + 2 * smoothing, two + 2 * smoothing
    together = both / size
    if together == 1:
        return 1.0
    information = math.log(together) - math.log(first / size) - math.log(second / size)
    return max(-1.0, min(1.0, information / -math.log(together)))
