"""Sort keys as SQL: ranks, values, and the keyset condition that continues after a row.

compat(mlflow 3.17): whatever the direction, numbers come first, then NaN, then runs without the key; ties are broken
by the newer start and then by run id.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.kit.pages import Part
from lakeward.tracking.search.predicates import METRICS
from lakeward.tracking.search.statement import HEAD, Statement

VALUE, LAST, MISSING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key. `expression` is of the row `r` for attributes; others are the value of `key_id` in `table`."""

    ascending: bool
    expression: str = ""
    table: str = ""
    key_id: int = 0
    kind: str = "text"
    nullable: bool = True

    @property
    def keyed(self) -> bool:
        return bool(self.table)

    @property
    def metric(self) -> bool:
        return self.table == METRICS

    @property
    def start_time(self) -> bool:
        return self.expression == "r.start_time"

    def value(self, s: Statement) -> str:
        """The value for the run `r`, by primary key."""
        if not self.keyed:
            return self.expression
        return f"(SELECT value FROM {self.table} WHERE run_seq = r.seq AND key_id = {s.add(self.key_id)}::int)"

    def joined(self, s: Statement, alias: str) -> tuple[str, str]:
        """The same from a join that reads the index alone: (value, join). For statements over very many runs."""
        if not self.keyed:
            return self.expression, ""
        join = (
            f" LEFT JOIN {self.table} {alias} ON {alias}.run_seq = r.seq AND {alias}.key_id = {s.add(self.key_id)}::int"
            f" AND {s.within(f'{alias}.experiment_id')}"
        )
        if self.metric:
            return f"{alias}.value", join
        whole = f"(SELECT w.value FROM {self.table} w WHERE w.run_seq = r.seq AND w.key_id = {alias}.key_id)"
        return f"CASE WHEN length({alias}.head) < {HEAD} THEN {alias}.head ELSE {whole} END", join

    def parts(self, value: Part) -> tuple[int, Part]:
        """(rank, value) of a row, as page tokens carry it."""
        if value is None:
            return (MISSING, None)
        if isinstance(value, float) and math.isnan(value):
            return (LAST, None)
        return (VALUE, value)


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of the page before: (rank, value) per key, then its start time and id."""

    keys: tuple[tuple[int, Part], ...]
    start_time: int
    run_id: str

    def rest(self) -> "Position":
        return Position(self.keys[1:], self.start_time, self.run_id)


@dataclass(frozen=True, slots=True)
class Row:
    """A run found: what it is ordered by, so that it can become a `Position`."""

    seq: int
    start_time: int
    run_id: str
    values: tuple[Part, ...]


def ranked(keys: Sequence[Key]) -> list[tuple[str, str, Key]]:
    """(rank, value, key) over the columns o0, o1, … of an inner select."""
    columns = []
    for number, key in enumerate(keys):
        name = f"o{number}"
        if key.metric:
            rank = f"CASE WHEN {name} IS NULL THEN {MISSING} WHEN {name} = 'NaN' THEN {LAST} ELSE {VALUE} END"
            columns.append((f"({rank})", f"nullif({name}, 'NaN')", key))
        elif key.nullable:
            columns.append((f"(CASE WHEN {name} IS NULL THEN {MISSING} ELSE {VALUE} END)", name, key))
        else:
            columns.append(("", name, key))
    return columns


def order_by(keys: Sequence[Key]) -> str:
    words = []
    for number, (_, value, key) in enumerate(ranked(keys)):
        words.append(f"{value}{'' if key.ascending else ' DESC'}{' NULLS LAST' if key.nullable else ''}")
        if key.metric:
            words.append(f"(o{number} IS NULL)")  # NaN before missing
    if not any(key.start_time for key in keys):
        words.append("start_time DESC")
    return ", ".join([*words, "run_id"])


def after(keys: Sequence[Key], position: Position, s: Statement) -> str:
    """The rows that `order_by` puts after `position`."""
    condition = f"run_id > {s.add(position.run_id)}::text"
    if not any(key.start_time for key in keys):
        condition = _beyond("start_time", s.add(position.start_time) + "::bigint", "<", condition)
    for (rank, value, key), (at, known) in reversed(list(zip(ranked(keys), position.keys, strict=True))):
        if at == VALUE:
            sign = ">" if key.ascending else "<"
            condition = _beyond(value, f"{s.add(known)}::{key.kind}", sign, condition)
        if rank:
            condition = f"({rank} > {at} OR ({rank} = {at} AND {condition}))"
    return condition


def _beyond(value: str, mark: str, sign: str, condition: str) -> str:
    return f"({value} {sign} {mark} OR ({value} = {mark} AND {condition}))"
