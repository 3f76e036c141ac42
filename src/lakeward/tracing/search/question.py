"""A search as it was asked: clauses, order, place to begin, and what of it becomes SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import Comparison, Entity, Op, Order, parse_filter, parse_order
from lakeward.runtime.sql import Parameters, after
from lakeward.tracing.search.conditions import where
from lakeward.tracing.search.spans import SpanClause
from lakeward.tracing.search.vocabulary import AMOUNTS, VOCABULARY

DEFAULT_RESULTS: Final = 100
MAX_RESULTS: Final = 5_000
MAX_EXPERIMENTS: Final = 1_000

_TIME: Final = "timestamp_ms"
# (expression, its value where it is missing); what is missing comes last, whichever the direction
_ORDER: Final = {
    "timestamp_ms": ("t.start_ms", ""),
    "execution_time_ms": ("t.end_ms - t.start_ms", "0"),
    "end_time_ms": ("t.end_ms", "0"),
    "status": ("t.state", ""),
    "request_id": ("t.trace_id", ""),
    "experiment_id": ("t.experiment_id", ""),
    "name": ("t.name", "''"),
    "run_id": ("t.metadata ->> 'mlflow.sourceRun'", "''"),
    **{name: (f"t.{name}", "0") for name in AMOUNTS},
}


@dataclass(frozen=True, slots=True)
class Question:
    experiments: list[int]
    clauses: tuple[Comparison, ...]
    spans: list[SpanClause]
    orders: tuple[Order, ...]
    last: list[pages.Part] | None  # of the page before: the values of `columns`
    limit: int
    context: bytes

    @classmethod
    def asked(
        cls,
        workspace: int,
        experiments: Sequence[int],
        filter_text: str | None,
        order_by: Sequence[str],
        max_results: int | None,
        page_token: str | None,
        locations: Sequence[str] = (),
    ) -> Self:
        if max_results is not None and not 1 <= max_results <= MAX_RESULTS:
            raise InvalidParameter(
                f"Invalid value {max_results} for parameter 'max_results': it must be between 1 and {MAX_RESULTS}."
            )
        clauses = list(parse_filter(filter_text, VOCABULARY))
        if locations:
            clauses.append(Comparison(Entity.ATTRIBUTE, "location", Op.IN, tuple(locations)))
        about_spans = [each for each in clauses if each.entity is Entity.SPAN or _is_text(each)]
        context = pages.context_of(
            "traces", workspace, sorted(experiments), filter_text or "", list(order_by), *locations
        )
        made = cls(
            sorted(set(experiments)),
            tuple(each for each in clauses if each not in about_spans),
            [SpanClause.of(each) for each in about_spans],
            _orders(order_by),
            pages.decode(page_token, context) if page_token else None,
            max_results or DEFAULT_RESULTS,
            context,
        )
        if made.last is not None and len(made.last) != len(made.columns()):
            raise InvalidParameter("The page token is none of this search. Start again without a page token.")
        return made

    def after(self, last: list[pages.Part]) -> "Question":
        """The same question, from another place on."""
        return replace(self, last=last)

    def newest(self) -> "Question":
        """The same question from its beginning, newest first."""
        return replace(self, last=None, orders=_orders(()))

    @property
    def newest_first(self) -> bool:
        """The order that indexes and blocks have."""
        first = self.orders[0]
        return first.key == _TIME and not first.ascending and self.orders[1].key == "request_id"

    def columns(self) -> list[tuple[str, bool]]:
        """(expression, ascending) of everything the order compares, never NULL."""
        found = []
        for order in self.orders:
            expression, missing = _ORDER[order.key]
            if missing:
                found.append((f"(({expression}) IS NULL)::integer", True))
                expression = f"coalesce({expression}, {missing})"
            found.append((expression, order.ascending))
        return found

    def bounds(self) -> tuple[int | None, int | None]:
        """Between which starts the filter looks, in milliseconds."""
        low: list[float] = []
        high: list[float] = []
        for each in self.clauses:
            if each.entity is Entity.ATTRIBUTE and each.key == _TIME and isinstance(each.value, int | float):
                if each.op in (Op.GT, Op.GE, Op.EQ):
                    low.append(each.value)
                if each.op in (Op.LT, Op.LE, Op.EQ):
                    high.append(each.value)
        return int(max(low)) if low else None, int(min(high)) + 1 if high else None

    def conditions(self, parameters: Parameters, last: Sequence[Any] | None) -> str:
        """All clauses that SQL decides, and the place to begin."""
        found = [f"t.experiment_id = ANY({parameters.add(self.experiments)}::bigint[])"]
        found += where(self.clauses, parameters)
        if last is not None:
            found.append(after(self.columns(), last, parameters))
        return " AND ".join(found)

    def token(self, values: Sequence[pages.Part]) -> str:
        return pages.encode(values, self.context)


def _is_text(clause: Comparison) -> bool:
    return clause.entity is Entity.ATTRIBUTE and clause.key == "text"


def _orders(order_by: Sequence[str]) -> tuple[Order, ...]:
    """compat(mlflow 3.17): the newest first, and by id among equals."""
    orders = list(parse_order(order_by, VOCABULARY))
    for order in orders:
        if order.key not in _ORDER:
            raise InvalidParameter(f"Invalid order_by key {order.key!r}: the keys are {', '.join(_ORDER)}.")
    named = {order.key for order in orders}
    for key, ascending in ((_TIME, False), ("request_id", True)):
        if key not in named:
            orders.append(Order(Entity.ATTRIBUTE, key, ascending))
    return tuple(orders)
