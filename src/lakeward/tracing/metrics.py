"""The trace-metrics API: counts, latencies, tokens, cost and assessments, by time and dimension; and correlation.

Traces and assessments are summed up by the database; spans are read, within bounds, as they are no rows.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx
from lakeward.tracing import meaning, payloads, search
from lakeward.tracing.arrivals import STATUS
from lakeward.tracing.search import measures
from lakeward.tracing.search.measures import BUCKET, COUNT, Aggregation, Filters
from lakeward.tracing.store import metrics as store

MAX_POINTS: Final = 1_000
_MAX_READ: Final = 20_000  # traces whose spans are read for one answer
_READ_AT_ONCE: Final = 500


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
    """All points of the answer, ordered by their dimensions. Raises InvalidParameter."""
    _check(asked)
    filters = measures.filters_of(asked.filters, asked.view)
    active = await search.active(tx, workspace, experiment_ids)
    if not active:
        return []
    if asked.view == "SPANS":
        return _of_spans(asked, await _read(tx, active, asked, filters))
    rows = await store.aggregate(
        tx, active, asked.view, _measure(asked), asked.aggregations, asked.dimensions, filters,
        (asked.start_ms, asked.end_ms), asked.interval,
    )  # fmt: skip
    return [point for row in rows if (point := _point(asked, tuple(row))) is not None]


def _measure(asked: Asked) -> measures.Measure:
    return (measures.TRACES if asked.view == "TRACES" else measures.ASSESSMENTS)[asked.metric]


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


# ── spans ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _read(tx: Tx, active: list[int], asked: Asked, filters: Filters) -> list[dict[str, Any]]:
    seqs = await store.traces_between(tx, active, filters, (asked.start_ms, asked.end_ms), _MAX_READ + 1)
    if len(seqs) > _MAX_READ:
        raise InvalidParameter(f"More than {_MAX_READ:,} traces in this time; ask for a shorter one.")
    found = []
    for at in range(0, len(seqs), _READ_AT_ONCE):
        stored = await store.payloads_of(tx, seqs[at : at + _READ_AT_ONCE])
        for segments in stored.values():
            found += [told for span in payloads.joined(segments) if _holds(told := _told(span), asked, filters)]
    return found


def _told(span: Any) -> dict[str, Any]:
    facts = meaning.facts_of(span.attributes)
    end = span.end_time_unix_nano
    return {
        "name": span.name,
        "type": meaning.type_of(facts),
        "status": STATUS[span.status.code] if span.status.code < len(STATUS) else STATUS[0],
        "model": meaning.text_of(facts, "model"),
        "provider": meaning.text_of(facts, "provider"),
        "start_ms": span.start_time_unix_nano // 1_000_000,
        "latency": (end - span.start_time_unix_nano) / 1_000_000 if end else None,
        **(meaning.cost_of(facts) or {}),
    }


def _holds(told: dict[str, Any], asked: Asked, filters: Filters) -> bool:
    if asked.start_ms is not None and told["start_ms"] < asked.start_ms:
        return False
    if asked.end_ms is not None and told["start_ms"] > asked.end_ms:
        return False
    return all(told[field] == value for field, value in filters.others)


def _of_spans(asked: Asked, spans: Sequence[dict[str, Any]]) -> list[Point]:
    columns = [measures.DIMENSIONS["SPANS"][name] for name in asked.dimensions]
    groups: dict[tuple[Any, ...], list[float]] = {}
    length = (asked.interval or 0) * 1000
    for told in spans:
        bucket = (told["start_ms"] // length * length,) if length else ()
        key = (*bucket, *(told[column] for column in columns))
        number = 1 if asked.metric == "span_count" else told.get(asked.metric)
        if number is not None:
            groups.setdefault(key, []).append(number)
    found = []
    for key in sorted(groups, key=repr):
        numbers = sorted(groups[key])
        point = _point(asked, (*key, *(_aggregated(numbers, each) for each in asked.aggregations)))
        if point is not None:
            found.append(point)
    return found


def _aggregated(numbers: Sequence[float], wanted: Aggregation) -> float:
    """Of sorted numbers, at least one. Percentiles are interpolated, as PostgreSQL's percentile_cont."""
    match wanted.kind:
        case "COUNT":
            return len(numbers)
        case "SUM":
            return math.fsum(numbers)
        case "AVG":
            return math.fsum(numbers) / len(numbers)
        case "MIN":
            return numbers[0]
        case "MAX":
            return numbers[-1]
    place = (wanted.percentile or 0.0) / 100 * (len(numbers) - 1)
    below = math.floor(place)
    above = min(below + 1, len(numbers) - 1)
    return numbers[below] + (numbers[above] - numbers[below]) * (place - below)


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
