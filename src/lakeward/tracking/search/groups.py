"""Runs of a filter by what they have in one param, tag or attribute: how many, and what their latest metrics come to.

Every run that passes is read, as there is no answer without: the clauses are tested against whole sets. A hundred
thousand runs take a tenth of a second, and as much again for each two metrics.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Entity, Order, parse_filter, parse_order
from lakeward.runtime.db import Tx
from lakeward.tracking.search import resolving
from lakeward.tracking.search.predicates import Predicate, Visible
from lakeward.tracking.search.statement import Statement
from lakeward.tracking.search.streams import sets
from lakeward.tracking.search.vocabulary import VOCABULARY

DEFAULT_GROUPS: Final = 200
MAX_GROUPS: Final = 1_000
MAX_METRICS: Final = 50
_ATTRIBUTES: Final = {"run_name": "r.name", "status": "r.status", "user_id": "r.user_id"}
_ROOM: Final = "SET LOCAL work_mem = '256MB'"


class Summary(NamedTuple):
    """The latest values of one metric in the runs of a group; NaN counts as no value."""

    key: str
    runs: int
    least: float | None
    most: float | None
    mean: float | None


class Group(NamedTuple):
    """`value` None: the runs that have none."""

    value: str | None
    runs: int
    metrics: list[Summary]


async def group(
    tx: Tx,
    workspace: int,
    *,
    experiment_ids: Sequence[str],
    filter: str | None,  # noqa: A002 - the field's name on the wire
    view: str,
    by: str,
    metric_keys: Sequence[str],
    max_results: int | None,
    databricks: bool = False,
) -> tuple[list[Group], bool]:
    """The largest groups first; and whether these are all. Needs a transaction."""
    limit = DEFAULT_GROUPS if max_results is None else max_results
    if not 1 <= limit <= MAX_GROUPS:
        raise InvalidParameter(f"Invalid value {limit} for parameter 'max_results': it must be 1 to {MAX_GROUPS}.")
    if len(metric_keys) > MAX_METRICS:
        raise InvalidParameter(f"At most {MAX_METRICS} metric keys may be given, got {len(metric_keys)}.")
    [order] = parse_order([by], VOCABULARY)
    if order.entity is Entity.METRIC or (order.entity is Entity.ATTRIBUTE and order.key not in _ATTRIBUTES):
        raise InvalidParameter(
            f"Runs cannot be grouped by {by!r}: take a param, a tag, or one of {', '.join(sorted(_ATTRIBUTES))}."
        )
    clauses = parse_filter(filter, VOCABULARY)
    alive, dead, ids = await resolving.resolve(tx, workspace, experiment_ids, clauses, [order])
    searched = alive if view == "ACTIVE_ONLY" else [*alive, *dead]
    predicates = resolving.predicates(clauses, ids, databricks=databricks)
    if not searched or predicates is None:
        return [], True
    passing = _Passing(searched, Visible(view, tuple(dead)), predicates, order, ids)
    await tx.execute(_ROOM)
    groups = await _counted(tx, passing, limit + 1)
    shown = {each.value: each for each in groups[:limit]}
    if metric_keys:
        await _summarise(tx, passing, shown, metric_keys)
    return list(shown.values()), len(groups) <= limit


class _Passing(NamedTuple):
    """The runs that pass, each with the value that it is grouped by."""

    experiments: Sequence[int]
    visible: Visible
    clauses: Sequence[Predicate]
    by: Order
    ids: dict[str, int]

    def sql(self, s: Statement) -> str:
        value, join = self._value(s)
        tests = [s.within("r.experiment_id"), self.visible.on_row(s)]
        tests += [clause.on_row(s) for clause in self.clauses if clause.has_row]
        tests += sets(s, "r.seq", [clause for clause in self.clauses if not clause.has_row])
        return f"SELECT r.seq, {value} AS value FROM run r{join} WHERE {' AND '.join(tests)} OFFSET 0"

    def _value(self, s: Statement) -> tuple[str, str]:
        """What runs are grouped by, and what must be joined for it."""
        if self.by.entity is Entity.ATTRIBUTE:
            return _ATTRIBUTES[self.by.key], ""
        table = resolving.TABLES[self.by.entity]
        key = s.add(self.ids[self.by.key])
        return "k.value", f" LEFT JOIN {table} k ON k.run_seq = r.seq AND k.key_id = {key}::int"


async def _counted(tx: Tx, passing: _Passing, most: int) -> list[Group]:
    s = Statement(passing.experiments)
    found = passing.sql(s)
    rows = await tx.fetch(
        f"SELECT value, count(*) FROM ({found}) f GROUP BY value ORDER BY 2 DESC, 1 LIMIT {s.add(most)}", *s.values
    )
    return [Group(row[0], row[1], []) for row in rows]


async def _summarise(tx: Tx, passing: _Passing, groups: dict[str | None, Group], keys: Sequence[str]) -> None:
    s = Statement(passing.experiments)
    found, names = passing.sql(s), s.add(list(keys))
    values = s.add([each for each in groups if each is not None])
    rows = await tx.fetch(
        f"""
        SELECT f.value, n.text, count(nullif(m.value, 'NaN')), min(nullif(m.value, 'NaN')),
               max(nullif(m.value, 'NaN')), avg(nullif(m.value, 'NaN'))
        FROM ({found}) f JOIN latest_metric m ON m.run_seq = f.seq JOIN key_name n ON n.id = m.key_id
        WHERE m.key_id = ANY (ARRAY(SELECT id FROM key_name WHERE text = ANY ({names}::text[])))
        AND (f.value IS NULL OR f.value = ANY ({values}::text[]))
        GROUP BY 1, 2 ORDER BY 2
        """,
        *s.values,
    )
    for value, *summary in rows:
        if value in groups:  # runs without a value may be no group of those shown
            groups[value].metrics.append(Summary(*summary))
