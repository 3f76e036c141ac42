"""Search over LoggedModels: what may be filtered and ordered, and how that becomes SQL.

A page walks the index of its first sort key inside each experiment, so its cost does not grow with the experiment.
Ordered by a metric, there are two stretches: the models that have it, best first, then all others. NaN ranks with
those, last in both directions.

Each of a few experiments is a branch of the statement with its id as a value, so that the planner sees how large it
is: ranking 100,000 models, half of which pass a filter, takes some milliseconds so, and a second where it has to guess.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import (
    LISTED,
    NUMERIC,
    TEXTUAL,
    Comparison,
    Entity,
    Field,
    Kind,
    Op,
    Order,
    Vocabulary,
    order_of_field,
    parse_filter,
)
from lakeward.logged_models.records import STATUS_ALIASES
from lakeward.runtime.sql import Parameters, after, text_test

DEFAULT_RESULTS: Final = 100
MAX_RESULTS: Final = 50_000
MAX_DATASETS: Final = 100
MAX_ORDERS: Final = 20
_MAX_BRANCHES: Final = 32

_CREATED = Field(Kind.FLOAT, NUMERIC, "creation_timestamp")
_UPDATED = Field(Kind.FLOAT, NUMERIC, "last_updated_timestamp")
_TEXTS: Final = ("name", "model_id", "model_type", "status", "source_run_id", "experiment_id")

VOCABULARY: Final = Vocabulary(
    subject="logged models",
    prefixes={
        "metrics": Entity.METRIC,
        "params": Entity.PARAM,
        "tags": Entity.TAG,
        "attributes": Entity.ATTRIBUTE,
    },
    fields={
        Entity.METRIC: Field(Kind.FLOAT, NUMERIC),
        Entity.PARAM: Field(Kind.TEXT, TEXTUAL | LISTED),
        Entity.TAG: Field(Kind.TEXT, TEXTUAL | LISTED),
        Entity.ATTRIBUTE: {
            **{key: Field(Kind.TEXT, TEXTUAL | LISTED, key) for key in _TEXTS},
            **dict.fromkeys(("creation_timestamp", "creation_timestamp_ms", "creation_time"), _CREATED),
            **dict.fromkeys(("last_updated_timestamp", "last_updated_timestamp_ms", "last_updated_time"), _UPDATED),
        },
    },
    order=frozenset({Entity.METRIC, Entity.ATTRIBUTE}),
    bare_values=True,
)

_COLUMN: Final = {
    "name": "m.name",
    "model_id": "m.model_id",
    "model_type": "m.model_type",
    "status": "m.status",
    "source_run_id": "m.source_run_id",
    "experiment_id": "m.experiment_id",
    "creation_timestamp": "m.created_at",
    "last_updated_timestamp": "m.updated_at",
}
_ENTRIES: Final = {Entity.PARAM: "logged_model_param", Entity.TAG: "logged_model_tag"}

Dataset = tuple[str, str]  # name, digest; '' for whatever
Place = tuple[int, list[Any] | None]  # a stretch of the ranking, and the sort values of the last model seen there


@dataclass(frozen=True, slots=True)
class Known:
    """What the question mentions and the database has: active experiments, ids of names. The rest matches nothing."""

    experiments: Sequence[int]
    keys: Mapping[str, int]
    scopes: Mapping[Dataset, int]


@dataclass(frozen=True, slots=True)
class Question:
    """A search as asked. `limit` models are shown, one more is looked for."""

    workspace: int
    experiment_ids: Sequence[int]
    comparisons: Sequence[Comparison]
    datasets: Sequence[Dataset]
    orders: Sequence[Order]
    limit: int
    context: bytes

    @property
    def names(self) -> set[str]:
        """Keys of params, tags and metrics."""
        named: list[Comparison | Order] = [*self.comparisons, *self.orders]
        return {each.key for each in named if each.entity is not Entity.ATTRIBUTE}

    @property
    def scopes(self) -> set[Dataset]:
        return {_scope(order) for order in self.orders if order.entity is Entity.METRIC}

    @property
    def filtered(self) -> bool:
        return bool(self.comparisons or self.datasets)

    @property
    def ranked(self) -> bool:
        """Whether the first sort key is a metric, which splits the ranking in two stretches."""
        return self.orders[0].entity is Entity.METRIC

    def start(self, page_token: str | None) -> Place:
        if not page_token:
            return 0, None
        parts = pages.decode(page_token, self.context)
        if not parts or parts[0] not in (0, 1):
            raise pages.misfit()
        return int(parts[0]), parts[1:]

    def token(self, stretch: int, row: Sequence[Any]) -> str:
        return pages.encode([stretch, *row[1:]], self.context)

    def stretches(self, place: Place) -> Iterator[Place]:
        """The places to read from, in turn, until a page is full."""
        yield place
        if place[0] == 0 and self.ranked:
            yield 1, None

    def statement(self, known: Known, place: Place, limit: int) -> tuple[str, list[Any]] | None:
        """SQL and arguments for up to `limit` rows (seq, sort values…) from a place on; None if nothing can match."""
        return _Statement(self, known).render(place, limit)


def parse(
    workspace: int,
    experiment_ids: Sequence[int],
    *,
    filter: str | None,  # noqa: A002 - the field's name on the wire
    datasets: Sequence[Dataset],
    order_by: Sequence[tuple[str, bool, str, str]],
    limit: int,
) -> Question:
    if len(datasets) > MAX_DATASETS or len(order_by) > MAX_ORDERS:
        raise InvalidParameter(f"At most {MAX_DATASETS} datasets and {MAX_ORDERS} order_by entries are allowed.")
    if not all(name for name, _ in datasets):
        raise InvalidParameter("`dataset_name` in the `datasets` clause must be specified.")
    orders = [
        order_of_field(field, VOCABULARY, ascending=ascending, dataset_name=name, dataset_digest=digest)
        for field, ascending, name, digest in order_by
    ]
    context = pages.context_of("logged_models", workspace, list(experiment_ids), filter, list(datasets), list(order_by))
    return Question(
        workspace, experiment_ids, parse_filter(filter, VOCABULARY), datasets, _completed(orders), limit, context
    )


def _completed(orders: Sequence[Order]) -> list[Order]:
    """Each key once, then the newest first, then by id: always a total order."""
    newest = Order(Entity.ATTRIBUTE, "creation_timestamp", ascending=False)
    by_id = Order(Entity.ATTRIBUTE, "model_id")
    found: dict[tuple[Any, ...], Order] = {}
    for order in (*orders, newest, by_id):
        found.setdefault((order.entity, order.key, order.dataset_name, order.dataset_digest), order)
    return list(found.values())


def _scope(order: Order) -> Dataset:
    return order.dataset_name or "", order.dataset_digest or ""


class _Statement:
    """One statement being composed: from fixed fragments, with every word of the caller a parameter.

    `{e}` in a fragment stands for the experiment of the branch.
    """

    def __init__(self, question: Question, known: Known) -> None:
        self.question = question
        self.known = known
        self.parameters = Parameters()
        self.joins: list[str] = []
        self.where = ["m.deleted_at IS NULL"]
        self.columns: list[tuple[str, bool]] = []
        self.possible = bool(known.experiments)

    def render(self, place: Place, limit: int) -> tuple[str, list[Any]] | None:
        stretch, last = place
        if stretch == 1 or not self.question.ranked:  # the rank of a model implies its experiment
            self.where.append("m.experiment_id = {e}")
        for number, order in enumerate(self.question.orders):
            self._order(number, order, stretch)
        for comparison in self.question.comparisons:
            self._compare(comparison)
        if self.question.datasets and not any(each.entity is Entity.METRIC for each in self.question.comparisons):
            self.where.append(f"EXISTS (SELECT FROM logged_model_scope x WHERE {self._measured()})")
        if not self.possible:
            return None
        if last is not None:
            self._after(last)
        names = [f"k{number}" for number in range(len(self.columns))]
        outer = ", ".join(_directed(name, ascending) for name, (_, ascending) in zip(names, self.columns, strict=True))
        most = self.parameters.add(limit)
        return f"SELECT c.* FROM {self._branches(names, most)} c ORDER BY {outer} LIMIT {most}", self.parameters.values

    def _branches(self, names: Sequence[str], most: str) -> str:
        """What each experiment has to offer: at most a page each."""
        shown = ", ".join(f"{expression} AS {name}" for (expression, _), name in zip(self.columns, names, strict=True))
        inner = ", ".join(_directed(expression, ascending) for expression, ascending in self.columns)
        branch = (
            f"(SELECT m.seq, {shown} FROM logged_model m {' '.join(self.joins)} WHERE {' AND '.join(self.where)}"
            f" ORDER BY {inner} LIMIT {most})"
        )
        add, experiments = self.parameters.add, self.known.experiments
        if len(experiments) <= _MAX_BRANCHES:
            return f"({' UNION ALL '.join(branch.replace('{e}', f'{add(each)}::bigint') for each in experiments)})"
        return f"unnest({add(list(experiments))}::bigint[]) AS e(id) CROSS JOIN LATERAL {branch.replace('{e}', 'e.id')}"

    # ── order ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _order(self, number: int, order: Order, stretch: int) -> None:
        if order.entity is Entity.ATTRIBUTE:
            self.columns.append((_COLUMN[order.key], order.ascending))
            return
        rank = self._rank(f"r{number}", order)
        if number == 0 and stretch == 1:
            if rank is not None:
                self.where.append(
                    f"NOT EXISTS (SELECT FROM logged_model_rank r0 WHERE r0.model_seq = m.seq AND {rank})"
                )
        elif number == 0:
            self.possible = self.possible and rank is not None
            self.joins.append(
                f"JOIN logged_model_rank r0 ON r0.model_seq = m.seq AND r0.experiment_id = {{e}} AND {rank}"
            )
            self.columns.append(("r0.value", order.ascending))
        elif rank is not None:
            self.joins.append(f"LEFT JOIN logged_model_rank r{number} ON r{number}.model_seq = m.seq AND {rank}")
            self.columns.append((f"(r{number}.value IS NULL)::int", True))
            self.columns.append((f"coalesce(r{number}.value, 0)", order.ascending))

    def _rank(self, alias: str, order: Order) -> str | None:
        """Which row ranks a model by this metric on this data set; None if there is no such metric or data set."""
        key, scope = self.known.keys.get(order.key), self.known.scopes.get(_scope(order))
        if key is None or scope is None:
            return None
        add = self.parameters.add
        return f"{alias}.key_id = {add(key)} AND {alias}.scope_id = {add(scope)} AND {alias}.value <> 'NaN'"

    def _after(self, last: Sequence[Any]) -> None:
        if len(last) != len(self.columns):
            raise pages.misfit()
        expression, ascending = self.columns[0]
        # says nothing new, but as a plain bound it lets the walk begin at the right place of the index
        self.where.append(f"{expression} {'>=' if ascending else '<='} {self.parameters.add(last[0])}")
        self.where.append(after(self.columns, last, self.parameters))

    # ── filter ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _compare(self, comparison: Comparison) -> None:
        if comparison.entity is Entity.ATTRIBUTE:
            self.where.append(self._attribute(comparison))
            return
        key_id = self.known.keys.get(comparison.key)
        if key_id is None:
            self.possible = False
            return
        key = self.parameters.add(key_id)
        if comparison.entity is Entity.METRIC:
            test = f"x.key_id = {key} AND {self._number('x.value', comparison)} AND {self._measured()}"
            self.where.append(f"EXISTS (SELECT FROM logged_model_metric x WHERE {test})")
        else:
            test = f"x.model_seq = m.seq AND x.experiment_id = {{e}} AND x.key_id = {key} AND {self._entry(comparison)}"
            self.where.append(f"EXISTS (SELECT FROM {_ENTRIES[comparison.entity]} x WHERE {test})")

    def _measured(self) -> str:
        """That `x` is a point of the model, on one of the data sets if there are any."""
        tests = ["x.model_seq = m.seq", "x.experiment_id = {e}"]
        if self.question.datasets:
            add = self.parameters.add
            scopes = [
                f"s.name = {add(name)}" + (f" AND s.digest = {add(digest)}" if digest else "")
                for name, digest in self.question.datasets
            ]
            tests.append(f"x.scope_id IN (SELECT s.id FROM metric_scope s WHERE {' OR '.join(scopes)})")
        return " AND ".join(tests)

    def _attribute(self, comparison: Comparison) -> str:
        column = _COLUMN[comparison.key]
        if comparison.key in ("creation_timestamp", "last_updated_timestamp"):
            return self._number(column, comparison)
        if comparison.key == "experiment_id":
            column += "::text"
        if comparison.key == "status" and comparison.op not in (Op.LIKE, Op.ILIKE):
            value = comparison.value
            aliased = tuple(map(_status, value)) if isinstance(value, tuple) else _status(str(value))
            comparison = Comparison(comparison.entity, comparison.key, comparison.op, aliased)
        return text_test(self.parameters, column, comparison.op, comparison.value)

    def _entry(self, comparison: Comparison) -> str:
        """A test of a param or tag; where it can, it also asks the index, which knows the first 100 characters."""
        value = comparison.value
        test = text_test(self.parameters, "x.value", comparison.op, value)
        if comparison.op is Op.EQ:
            return f"left(x.value, 100) = {self.parameters.add(str(value)[:100])} AND {test}"
        if comparison.op is Op.IN and isinstance(value, tuple):
            return f"left(x.value, 100) = ANY({self.parameters.add([each[:100] for each in value])}::text[]) AND {test}"
        return test

    def _number(self, column: str, comparison: Comparison) -> str:
        """In PostgreSQL NaN is the greatest number; in a comparison it is greater than none."""
        value = self.parameters.add(comparison.value)
        op = "<>" if comparison.op is Op.NE else comparison.op.value
        test = f"{column} {op} {value}::float8"
        return f"{test} AND {column} < 'NaN'" if comparison.op in (Op.GT, Op.GE) and column == "x.value" else test


def _directed(expression: str, ascending: bool) -> str:
    return expression if ascending else f"{expression} DESC"


def _status(value: str) -> str:
    return STATUS_ALIASES.get(value.upper(), value)
