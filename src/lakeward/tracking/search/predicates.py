"""The clauses of a filter as SQL, each in three forms with very different prices.

- `probe`: true or not for one run, by primary key. 10 µs a run: for few runs.
- `members`: all runs it is true for, read from an index alone. 0.1 to 0.4 µs an entry: for many runs. A negative
  predicate gives those it is false for.
- `sample`: the same or somewhat more runs, from a range of an index, so that stopping early is cheap: for finding out
  whether there are few.

Attributes also have `on_row`, for statements that read the run's row anyway. Probes are scalar subqueries and members
stand in `(x IN (…)) IS TRUE`, because the planner turns neither into a join: the price is what was chosen here, and
not what statistics of mixed keys suggest.
"""

from dataclasses import dataclass
from typing import Any, Final

from lakeward.kit.filters import NUMERIC, Op, like_literal_runs
from lakeward.runtime.sql import prefix_range, text_test
from lakeward.tracking.search.statement import HEAD, Members, Statement

METRICS: Final = "latest_metric"
PARAMS: Final = "run_param"
TAGS: Final = "run_tag"
NAN: Final = float("nan")
TRIGRAM: Final = 3


@dataclass(frozen=True, slots=True)
class Sample:
    members: Members
    exact: bool


@dataclass(frozen=True, slots=True)
class Predicate:
    """What all clauses share; the defaults are those of a clause on the run's keys."""

    @property
    def negative(self) -> bool:
        return False

    @property
    def rank(self) -> int:
        """Which members are probably fewer; small first."""
        return 5

    def probe(self, s: Statement, seq: str) -> str:
        raise NotImplementedError

    def members(self, s: Statement) -> Members:
        raise NotImplementedError

    def sample(self, s: Statement) -> Sample | None:
        """None where no index range helps."""
        return None if self.negative else Sample(self.members(s), exact=True)

    @property
    def has_row(self) -> bool:
        """The run's own row decides it: there is `on_row`."""
        return False

    def on_row(self, s: Statement) -> str:
        """The test on the row `r` of `run`."""
        raise NotImplementedError


def _entries(s: Statement, table: str, key_id: int, *where: str) -> Members:
    return Members("run_seq", table, (f"key_id = {s.add(key_id)}::int", s.within("experiment_id"), *where))


def _probe(s: Statement, table: str, key_id: int, seq: str, test: str) -> str:
    return f"(SELECT {test} FROM {table} WHERE run_seq = {seq} AND key_id = {s.add(key_id)}::int)"


@dataclass(frozen=True, slots=True)
class MetricIs(Predicate):
    """The latest value of a metric. compat(mlflow 3.17): NaN is unequal to every number and else matches nothing."""

    key_id: int
    op: Op
    value: float

    @property
    def rank(self) -> int:
        return 2 if self.op is Op.EQ else 4

    def _test(self, s: Statement) -> str:
        test = f"value {'<>' if self.op is Op.NE else self.op} {s.add(self.value)}::float8"
        # PostgreSQL holds NaN equal to itself and above all numbers
        return f"{test} AND value < 'NaN'" if self.op in (Op.GT, Op.GE) else test

    def probe(self, s: Statement, seq: str) -> str:
        return _probe(s, METRICS, self.key_id, seq, self._test(s))

    def members(self, s: Statement) -> Members:
        return _entries(s, METRICS, self.key_id, self._test(s))


@dataclass(frozen=True, slots=True)
class TextIs(Predicate):
    """The value of a param or tag."""

    table: str
    key_id: int
    op: Op
    value: str

    @property
    def rank(self) -> int:
        return 1 if self.op is Op.EQ else 3 if self._prefix() else 5

    def _prefix(self) -> str:
        if self.op is not Op.LIKE:
            return ""
        first = min((at for at in (self.value.find("%"), self.value.find("_")) if at >= 0), default=len(self.value))
        return self.value[: min(first, HEAD)]

    def _range(self, s: Statement) -> str:
        """The condition on the indexed head: exact for what is shorter, wider for what is not."""
        if self.op is Op.EQ:
            return f"head = {s.add(self.value[:HEAD])}::text"
        return prefix_range(s, "head", prefix) if (prefix := self._prefix()) else "true"

    def _test(self, s: Statement) -> str:
        if self.op is Op.EQ and len(self.value) < HEAD:
            return self._range(s)
        whole = f"(SELECT {text_test(s, 'w.value', self.op, self.value)} FROM {self.table} w"
        whole = f"{whole} WHERE w.run_seq = {self.table}.run_seq AND w.key_id = {self.table}.key_id)"
        short = text_test(s, "head", self.op, self.value)
        return f"{self._range(s)} AND CASE WHEN length(head) < {HEAD} THEN {short} ELSE {whole} END"

    def probe(self, s: Statement, seq: str) -> str:
        return _probe(s, self.table, self.key_id, seq, text_test(s, "value", self.op, self.value))

    def members(self, s: Statement) -> Members:
        return _entries(s, self.table, self.key_id, self._test(s))

    def sample(self, s: Statement) -> Sample | None:
        exact = self.op is Op.EQ and len(self.value) < HEAD
        return Sample(_entries(s, self.table, self.key_id, self._range(s)), exact)


@dataclass(frozen=True, slots=True)
class HeadIs(Predicate):
    """The first characters of a param or tag: one group of an order by it."""

    table: str
    key_id: int
    head: str

    @property
    def rank(self) -> int:
        return 1

    def probe(self, s: Statement, seq: str) -> str:
        return _probe(s, self.table, self.key_id, seq, f"head = {s.add(self.head)}::text")

    def members(self, s: Statement) -> Members:
        return _entries(s, self.table, self.key_id, f"head = {s.add(self.head)}::text")


@dataclass(frozen=True, slots=True)
class HasKey(Predicate):
    """That a run has the metric, param or tag, or has not."""

    table: str
    key_id: int
    present: bool

    @property
    def negative(self) -> bool:
        return not self.present

    def probe(self, s: Statement, seq: str) -> str:
        return f"{_probe(s, self.table, self.key_id, seq, 'true')} IS {'NOT NULL' if self.present else 'NULL'}"

    def members(self, s: Statement) -> Members:
        return _entries(s, self.table, self.key_id)


@dataclass(frozen=True, slots=True)
class AttributeIs(Predicate):
    """A column of the run. `expression` is on the row `r`."""

    expression: str
    op: Op
    value: Any
    numeric: bool = False

    @property
    def rank(self) -> int:
        return 0 if self.expression == "r.run_id" else 6

    @property
    def has_row(self) -> bool:
        return True

    @property
    def indexed(self) -> bool:
        """An index finds the runs it is true for."""
        return (
            (self.expression == "r.run_id" and self.op in (Op.EQ, Op.IN))
            or (self.expression == "r.start_time" and self.op in NUMERIC - {Op.NE} and isinstance(self.value, int))
            or bool(self._literals())
        )

    def on_row(self, s: Statement) -> str:
        if not self.numeric:
            return text_test(s, self.expression, self.op, self.value)
        kind = "float8" if isinstance(self.value, float) else "bigint"
        sign = "<>" if self.op is Op.NE else str(self.op)
        return f"{self.expression} {sign} {s.add(self.value)}::{kind}"

    def probe(self, s: Statement, seq: str) -> str:
        return f"(SELECT {self.on_row(s)} FROM run r WHERE r.seq = {seq})"

    def members(self, s: Statement) -> Members:
        narrow = self._trigrams(s)
        return Members("r.seq", "run r", (s.within("r.experiment_id"), *narrow, self.on_row(s)))

    def sample(self, s: Statement) -> Sample | None:
        return Sample(self.members(s), exact=True) if self.indexed else None

    def _literals(self) -> list[str]:
        """Pieces of the name that the trigram index can look for."""
        if self.expression != "r.name" or self.op not in (Op.EQ, Op.LIKE, Op.ILIKE):
            return []
        pieces = [self.value] if self.op is Op.EQ else like_literal_runs(self.value)
        if self.op is Op.ILIKE:  # trigrams fold the case of ASCII letters only
            pieces = [part for piece in pieces for part in _ascii_parts(piece)]
        return [piece for piece in pieces if len(piece) >= TRIGRAM]

    def _trigrams(self, s: Statement) -> list[str]:
        return [f'trigrams(r.name) @> trigrams({s.add(piece)}::text COLLATE "C")' for piece in self._literals()]


def _ascii_parts(piece: str) -> list[str]:
    return "".join(char if char.isascii() else "\0" for char in piece).split("\0")


@dataclass(frozen=True, slots=True)
class ReadsDataset(Predicate):
    """That one of the run's input data sets is as said."""

    field: str  # name, digest or context
    op: Op
    value: Any

    @property
    def rank(self) -> int:
        return 3

    def _test(self, s: Statement) -> str:
        return text_test(s, "i.context" if self.field == "context" else f"d.{self.field}", self.op, self.value)

    def probe(self, s: Statement, seq: str) -> str:
        source = "run_dataset i JOIN dataset d ON d.id = i.dataset_id"
        return f"(SELECT true FROM {source} WHERE i.run_seq = {seq} AND {self._test(s)} LIMIT 1)"

    def members(self, s: Statement) -> Members:
        source = "dataset d JOIN run_dataset i ON i.dataset_id = d.id"
        return Members("i.run_seq", source, (s.within("d.experiment_id"), self._test(s)))


@dataclass(frozen=True, slots=True)
class Visible(Predicate):
    """The view: active runs, deleted ones, or both. A run in a deleted experiment is deleted.

    `dead` are the deleted ones among the experiments searched. Whatever is being purged is deleted too.
    """

    view: str
    dead: tuple[int, ...]

    @property
    def negative(self) -> bool:
        return self.view != "DELETED_ONLY"

    @property
    def rank(self) -> int:
        return 2

    def on_row(self, s: Statement) -> str:
        if self.view == "ACTIVE_ONLY":
            return "r.deleted_at IS NULL"
        if self.view == "ALL":
            return "NOT r.purging"
        if not self.dead:
            return "(r.deleted_at IS NOT NULL AND NOT r.purging)"
        dead = s.add(list(self.dead))
        return f"((r.deleted_at IS NOT NULL OR r.experiment_id = ANY({dead}::bigint[])) AND NOT r.purging)"

    def probe(self, s: Statement, seq: str) -> str:
        return f"(SELECT {self.on_row(s)} FROM run r WHERE r.seq = {seq})"

    def members(self, s: Statement) -> Members:
        if self.view == "ALL":
            return Members("r.seq", "run r", ("r.purging",))
        test = "r.deleted_at IS NOT NULL" if self.view == "ACTIVE_ONLY" else self.on_row(s)
        return Members("r.seq", "run r", (s.within("r.experiment_id"), test))
