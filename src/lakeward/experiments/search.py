"""Search over experiments: what may be filtered and ordered, and how that becomes SQL."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from lakeward.access import Sight
from lakeward.experiments.records import Experiment
from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters import (
    NUMERIC,
    TEXTUAL,
    Comparison,
    Entity,
    Field,
    Kind,
    Op,
    Order,
    Vocabulary,
    parse_filter,
    parse_order,
)
from lakeward.runtime.sql import Parameters, after, text_test

DEFAULT_RESULTS: Final = 1_000
MAX_RESULTS: Final = 50_000
VIEWS: Final = ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
_VIEW_NUMBERS: Final = {str(number): name for number, name in enumerate(VIEWS, 1)}

_NAME = Field(Kind.TEXT, TEXTUAL, "name")
_CREATED = Field(Kind.INTEGER, NUMERIC, "creation_time")
_UPDATED = Field(Kind.INTEGER, NUMERIC, "last_update_time")
_ID = Field(Kind.INTEGER, frozenset(), "experiment_id")

VOCABULARY: Final = Vocabulary(
    subject="experiments",
    prefixes={
        "attribute": Entity.ATTRIBUTE, "attributes": Entity.ATTRIBUTE, "attr": Entity.ATTRIBUTE,
        "tag": Entity.TAG, "tags": Entity.TAG,
    },
    fields={
        Entity.ATTRIBUTE: {
            "name": _NAME, "creation_time": _CREATED, "last_update_time": _UPDATED, "experiment_id": _ID,
        },
        Entity.TAG: Field(Kind.TEXT, TEXTUAL),
    },
    order=frozenset({Entity.ATTRIBUTE}),
)  # fmt: skip

_COLUMN: Final = {
    "name": "e.name",
    "creation_time": "e.created_at",
    "last_update_time": "e.updated_at",
    "experiment_id": "e.id",
}


class Query(NamedTuple):
    """A search as SQL: a condition, an order, the values of `$n`, and what a page token needs."""

    where: str
    ordering: str
    parameters: Parameters
    orders: list[Order]
    context: bytes


def view_of(view: str | int | None) -> str:
    """A view type by name or protobuf number (1, 2, 3); active ones by default."""
    if view is None or view == "":
        return "ACTIVE_ONLY"
    named = _VIEW_NUMBERS.get(str(view), view)
    if named not in VIEWS:
        raise InvalidParameter(f"Invalid view type {view!r}; use one of {', '.join(VIEWS)}.")
    return str(named)


def compile_query(
    workspace: int,
    filter_text: str | None,
    order_by: Sequence[str],
    view: str,
    page_token: str | None,
    sight: Sight | None,
) -> Query:
    orders = _orders(order_by)
    columns = [(_COLUMN[order.key], order.ascending) for order in orders]
    parameters = Parameters()
    where = [f"e.workspace_id = {parameters.add(workspace)}", "NOT e.purging"]
    if view != "ALL":
        where.append(f"e.deleted_at IS {'NULL' if view == 'ACTIVE_ONLY' else 'NOT NULL'}")
    if sight is not None:
        where.append(sight.condition(parameters, "e"))
    where += [_test(each, parameters) for each in parse_filter(filter_text, VOCABULARY)]
    context = pages.context_of("experiments", workspace, filter_text, list(order_by), view)
    if page_token:
        last = pages.decode(page_token, context, [str if order.key == "name" else int for order in orders])
        where.append(after(columns, last, parameters))
    ordering = ", ".join(f"{column}{'' if ascending else ' DESC'}" for column, ascending in columns)
    return Query(" AND ".join(where), ordering, parameters, orders, context)


def token_after(experiment: Experiment, query: Query) -> str:
    """The token of the page that begins after this experiment."""
    return pages.encode([_value(experiment, order.key) for order in query.orders], query.context)


def _orders(order_by: Sequence[str]) -> list[Order]:
    """compat(mlflow 3.17): newest first by default, and the newer experiment first among equals."""
    orders = list(parse_order(order_by, VOCABULARY))
    if not orders:
        return [Order(Entity.ATTRIBUTE, "creation_time", ascending=False), Order(Entity.ATTRIBUTE, "experiment_id")]
    if all(order.key != "experiment_id" for order in orders):
        orders.append(Order(Entity.ATTRIBUTE, "experiment_id", ascending=False))
    return orders


def _test(comparison: Comparison, parameters: Parameters) -> str:
    if comparison.entity is Entity.TAG:
        key = parameters.add(comparison.key)
        test = text_test(parameters, "t.value", comparison.op, comparison.value)
        return f"EXISTS (SELECT FROM experiment_tag t WHERE t.experiment_id = e.id AND t.key = {key} AND {test})"
    column = _COLUMN[comparison.key]
    if comparison.key == "name":
        return text_test(parameters, column, comparison.op, comparison.value)
    return f"{column} {'<>' if comparison.op is Op.NE else comparison.op.value} {parameters.add(comparison.value)}"


def _value(experiment: Experiment, key: str) -> Any:
    return {
        "name": experiment.name,
        "creation_time": experiment.created_at,
        "last_update_time": experiment.updated_at,
        "experiment_id": experiment.id,
    }[key]
