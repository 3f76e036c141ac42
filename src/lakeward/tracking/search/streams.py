"""Runs in the order of an index: by start time, or by the values of a metric, param or tag.

A stream is written as an inner select that walks a stretch of the index and an outer one that tests and cuts. `sets` go
into the inner one, against whole sets of runs; probes go into the outer one, run by run, for as long as the page is not
full. The order of the inner one is total, so that stretches neither overlap nor leave gaps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakeward.kit.pages import Part
from lakeward.tracking.search.ordering import Key, Position
from lakeward.tracking.search.predicates import Predicate, Visible
from lakeward.tracking.search.statement import Statement

Clauses = tuple[Predicate, ...]


def sets(s: Statement, seq: str, clauses: Iterable[Predicate]) -> list[str]:
    """Tests against whole sets. Each set is narrowed by the smaller ones before it is kept."""
    tests = [f"NOT ({seq} IN ({clause.members(s).sql()}))" for clause in clauses if clause.negative]
    common = intersection(s, clauses)
    return [*tests, f"({seq} IN ({common})) IS TRUE"] if common else tests


def intersection(s: Statement, clauses: Iterable[Predicate]) -> str:
    """A select of the runs that all positive clauses admit; nothing if there are none."""
    chain = ""
    for clause in sorted(clauses, key=lambda each: each.rank):
        if not clause.negative:
            members = clause.members(s)
            chain = members.sql(*([f"({members.column} IN ({chain})) IS TRUE"] if chain else []))
    return chain


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which entries of a stream: `length` of them after the first `start`."""

    start: int
    length: int

    def sql(self, s: Statement) -> str:
        return f"LIMIT {s.add(self.length)} OFFSET {s.add(self.start)}"


@dataclass(frozen=True, slots=True)
class TimeStream:
    """By start time. What a run's row decides is decided in the inner select."""

    visible: Visible
    rows: Clauses  # clauses on the run's row
    keys: Sequence[Key]  # none, or the start time first
    position: Position | None

    def inner(self, s: Statement, small: Clauses, stretch: Stretch | None) -> str:
        tests = [*self._base(s), *(clause.on_row(s) for clause in self.rows), *sets(s, "r.seq", small)]
        values = "".join(f", {key.value(s)} AS o{number}" for number, key in enumerate(self.keys))
        return (
            f"SELECT r.seq, r.start_time, r.run_id{values} FROM run r WHERE {' AND '.join(tests)}"
            f" ORDER BY {self._order()} {stretch.sql(s) if stretch else 'OFFSET 0'}"
        )

    def newest(self, s: Statement, stretch: Stretch) -> str:
        """Those of the stretch whose rows pass."""
        tests = " AND ".join(clause.on_row(s) for clause in self.rows)
        where = " AND ".join(self._base(s))
        rows = f"SELECT r.* FROM run r WHERE {where} ORDER BY {self._order()} {stretch.sql(s)}"
        return f"SELECT r.seq, r.start_time, r.run_id FROM ({rows}) r WHERE {tests} OFFSET 0"

    def _base(self, s: Statement) -> list[str]:
        tests = [s.within("r.experiment_id"), self.visible.on_row(s)]
        if self.position:
            sign = ">=" if self._ascending else "<="
            tests.append(f"r.start_time {sign} {s.add(self.position.start_time)}::bigint")
        return tests

    @property
    def _ascending(self) -> bool:
        return bool(self.keys) and self.keys[0].ascending

    def _order(self) -> str:
        return "r.start_time, r.run_id DESC" if self._ascending else "r.start_time DESC, r.run_id"


@dataclass(frozen=True, slots=True)
class KeyStream:
    """By the values of one key: (seq, value), where text is as long as the index holds it."""

    visible: Visible
    key: Key
    beyond: Part

    def inner(self, s: Statement, small: Clauses, stretch: Stretch) -> str:
        """In several experiments the first of each are merged: the index is in order only within one."""
        if s.single:
            return self._along(s, s.within("k.experiment_id"), small, stretch)
        each = self._along(s, "k.experiment_id = e.id", small, Stretch(0, stretch.start + stretch.length))
        return (
            f"SELECT k.seq, k.value FROM unnest({s.experiments}::bigint[]) AS e(id), LATERAL ({each}) k"
            f" ORDER BY k.value{self._direction}, k.seq{self._direction} {stretch.sql(s)}"
        )

    def _along(self, s: Statement, within: str, small: Clauses, stretch: Stretch) -> str:
        column = "k.value" if self.key.metric else "k.head"
        where = [f"k.key_id = {s.add(self.key.key_id)}::int", within]
        if self.key.metric:
            where.append("k.value < 'NaN'")
        if self.beyond is not None:
            sign = ">" if self.key.ascending else "<"
            where.append(f"{column} {sign} {s.add(self.beyond)}::{self.key.kind}")
        where += sets(s, "k.run_seq", small)
        return (
            f"SELECT k.run_seq AS seq, {column} AS value FROM {self.key.table} k WHERE {' AND '.join(where)}"
            f" ORDER BY {column}{self._direction}, k.run_seq{self._direction} {stretch.sql(s)}"
        )

    def probed(self, s: Statement, small: Clauses, probes: Clauses, stretch: Stretch, want: int) -> str:
        inner = self.inner(s, small, stretch)
        tests = [clause.probe(s, "x.seq") for clause in sorted(probes, key=lambda each: each.rank)]
        return (
            f"SELECT x.seq, x.value FROM ({inner}) x WHERE {' AND '.join([*tests, self.visible.probe(s, 'x.seq')])}"
            f" ORDER BY x.value{self._direction}, x.seq{self._direction} LIMIT {s.add(want)}"
        )

    @property
    def _direction(self) -> str:
        return "" if self.key.ascending else " DESC"
