"""Search over registered models and versions: what may be filtered and ordered, and how that becomes SQL.

Models and prompts share one namespace and never a list: a search finds prompts if its filter asks for them by their
tag, and models otherwise.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from lakeward.access import Sight
from lakeward.kit import pages
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
    parse_filter,
    parse_order,
)
from lakeward.registry import names
from lakeward.registry.records import IS_PROMPT_TAG, ModelVersion, RegisteredModel
from lakeward.runtime.sql import Parameters, after, text_test

DEFAULT_MODELS: Final = 100
MAX_MODELS: Final = 1_000
MAX_VERSIONS: Final = 200_000  # compat(mlflow 3.17): also the default of its protocol

_PREFIXES: Final = {
    "attribute": Entity.ATTRIBUTE, "attributes": Entity.ATTRIBUTE, "tag": Entity.TAG, "tags": Entity.TAG,
}  # fmt: skip
_TAGS: Final = Field(Kind.TEXT, TEXTUAL)
_CREATED: Final = Field(Kind.INTEGER, frozenset(), "creation_timestamp")
_UPDATED: Final = Field(Kind.INTEGER, frozenset(), "last_updated_timestamp")

MODELS: Final = Vocabulary(
    subject="registered models",
    prefixes=_PREFIXES,
    fields={
        Entity.ATTRIBUTE: {
            "name": Field(Kind.TEXT, TEXTUAL | LISTED, "name"),
            "timestamp": _UPDATED,
            "last_updated_timestamp": _UPDATED,
            "creation_timestamp": _CREATED,
        },
        Entity.TAG: _TAGS,
    },
    order=frozenset({Entity.ATTRIBUTE}),
    unique_order=True,
)
VERSIONS: Final = Vocabulary(
    subject="model versions",
    prefixes=_PREFIXES,
    fields={
        Entity.ATTRIBUTE: {
            "name": Field(Kind.TEXT, TEXTUAL | LISTED, "name"),
            "version_number": Field(Kind.INTEGER, NUMERIC, "version_number"),
            "run_id": Field(Kind.TEXT, TEXTUAL | LISTED, "run_id"),
            "source_path": Field(Kind.TEXT, TEXTUAL, "source_path"),
            "last_updated_timestamp": _UPDATED,
            "creation_timestamp": _CREATED,
        },
        Entity.TAG: _TAGS,
    },
    order=frozenset({Entity.ATTRIBUTE}),
    unique_order=True,
)

_MODEL_COLUMN: Final = {
    "name": "r.name",
    "creation_timestamp": "r.created_at",
    "last_updated_timestamp": "r.updated_at",
}
_VERSION_COLUMN: Final = {
    "name": "r.name",
    "version_number": "v.version",
    "run_id": "v.run_id",
    "source_path": "v.source",
    "creation_timestamp": "v.created_at",
    "last_updated_timestamp": "v.updated_at",
}
_TEXTS: Final = ("name", "run_id", "source_path")
# A look-up per model, in the order of the answer: OFFSET 0 keeps it one. As a join it takes many times as long
# whenever the planner has no statistics of the tags yet.
_MODEL_TAG: Final = "EXISTS (SELECT FROM registered_model_tag t WHERE t.model_id = r.id AND {} OFFSET 0)"
_VERSION_TAG: Final = (
    "EXISTS (SELECT FROM model_version_tag t WHERE t.model_id = v.model_id AND t.version = v.version AND {})"
)


class Query(NamedTuple):
    """A search as SQL: a condition, an order, the values of `$n`, and what a page token needs."""

    where: str
    ordering: str
    parameters: Parameters
    orders: list[Order]
    context: bytes


class Scope(NamedTuple):
    """One schema of a catalog, in any case, and which kind is looked for there."""

    catalog: str
    schema: str
    prompts: bool


def models(
    workspace: int,
    filter_text: str | None,
    order_by: Sequence[str],
    page_token: str | None,
    scope: Scope | None = None,
    sight: Sight | None = None,
) -> Query:
    orders = _completed(parse_order(order_by, MODELS), Order(Entity.ATTRIBUTE, "name"))
    parameters = Parameters()
    comparisons, prompts = _split(parse_filter(filter_text, MODELS))
    where = [
        f"r.workspace_id = {parameters.add(workspace)}",
        f"r.is_prompt = {parameters.add(scope.prompts if scope else prompts)}",
    ]
    if scope is not None:
        where.append(f"lower(r.catalog_name) = {parameters.add(names.fold(scope.catalog))}")
        where.append(f"lower(r.schema_name) = {parameters.add(names.fold(scope.schema))}")
    if sight is not None:
        where.append(sight.condition(parameters, "r"))
    where += [_test(each, _MODEL_COLUMN, _MODEL_TAG, parameters) for each in comparisons]
    context = pages.context_of("registered models", workspace, filter_text, list(order_by), scope)
    return _query(where, orders, _MODEL_COLUMN, parameters, context, page_token)


def versions(
    workspace: int,
    filter_text: str | None,
    order_by: Sequence[str],
    page_token: str | None,
    *,
    any_case: bool = False,
    only: str | None = None,
    prompts: bool | None = None,
    sight: Sight | None = None,
) -> Query:
    """`only` looks at the versions of the model of this full name; `prompts` says what the filter else would.

    compat(mlflow 3.17): what was changed last comes first, and the greater number among equals.
    """
    name = Order(Entity.ATTRIBUTE, "name")
    newest = Order(Entity.ATTRIBUTE, "version_number", ascending=False)
    asked = parse_order(order_by, VERSIONS) or (Order(Entity.ATTRIBUTE, "last_updated_timestamp", ascending=False),)
    orders = _completed(asked, name, newest)
    parameters = Parameters()
    comparisons, asked_prompts = _split(parse_filter(filter_text, VERSIONS))
    prompts = asked_prompts if prompts is None else prompts
    own = parameters.add(workspace)
    where = [f"v.workspace_id = {own}", f"r.workspace_id = {own}"]
    where.append("v.is_prompt" if prompts else "NOT v.is_prompt AND NOT r.is_prompt")
    if only is not None:
        where.append(f"r.full_name = {parameters.add(only)}")
    if sight is not None:
        where.append(sight.condition(parameters, "r"))
    where += [_test(each, _VERSION_COLUMN, _VERSION_TAG, parameters, any_case=any_case) for each in comparisons]
    context = pages.context_of("model versions", workspace, filter_text, list(order_by), any_case, only)
    return _query(where, orders, _VERSION_COLUMN, parameters, context, page_token)


def token_after_model(model: RegisteredModel, query: Query) -> str:
    values: dict[str, pages.Part] = {
        "name": model.name,
        "creation_timestamp": model.created_at,
        "last_updated_timestamp": model.updated_at,
    }
    return pages.encode([values[order.key] for order in query.orders], query.context)


def token_after_version(version: ModelVersion, query: Query) -> str:
    values: dict[str, pages.Part] = {
        "name": version.name,
        "version_number": version.version,
        "run_id": version.run_id,
        "source_path": version.source,
        "creation_timestamp": version.created_at,
        "last_updated_timestamp": version.updated_at,
    }
    return pages.encode([values[order.key] for order in query.orders], query.context)


def _completed(asked: Sequence[Order], *last: Order) -> list[Order]:
    """Always a total order."""
    keys = {order.key for order in asked}
    return [*asked, *(order for order in last if order.key not in keys)]


def _split(comparisons: Sequence[Comparison]) -> tuple[list[Comparison], bool]:
    """The comparisons, and whether they ask for prompts.

    compat(mlflow 3.17): `tags.mlflow.prompt.is_prompt` = 'true' or != 'false' asks for prompts; said otherwise it asks
    for models, which do not have the tag.
    """
    said = next(
        (each for each in comparisons if each.entity is Entity.TAG and each.key == IS_PROMPT_TAG),
        None,
    )
    if said is not None and (said.op, str(said.value).lower()) in ((Op.EQ, "true"), (Op.NE, "false")):
        return list(comparisons), True
    return [each for each in comparisons if each.entity is not Entity.TAG or each.key != IS_PROMPT_TAG], False


def _test(
    comparison: Comparison, columns: dict[str, str], tag: str, parameters: Parameters, *, any_case: bool = False
) -> str:
    if comparison.entity is Entity.TAG:
        key = parameters.add(comparison.key)
        if comparison.op is Op.EQ:  # asks the index too, which knows the first 100 characters
            value = str(comparison.value)
            whole, start = parameters.add(value), parameters.add(value[:100])
            return tag.format(f"t.key = {key} AND left(t.value, 100) = {start} AND t.value = {whole}")
        return tag.format(f"t.key = {key} AND {_compared('t.value', comparison, parameters)}")
    column = columns[comparison.key]
    if comparison.key == "name" and comparison.op in (Op.EQ, Op.NE, Op.IN, Op.NOT_IN):
        column = "lower(r.full_name)" if any_case else "r.full_name"
        comparison = _meant(comparison, any_case=any_case)
    return _compared(column, comparison, parameters)


def _meant(comparison: Comparison, *, any_case: bool) -> Comparison:
    """The same with full names instead of the caller's spelling."""

    def full(written: str) -> str:
        found = names.place(written)[2]
        return names.fold(found) if any_case else found

    said = comparison.value
    meant: Any = tuple(full(each) for each in said) if isinstance(said, tuple) else full(str(said))
    return Comparison(comparison.entity, comparison.key, comparison.op, meant)


def _compared(column: str, comparison: Comparison, parameters: Parameters) -> str:
    if comparison.key == "version_number" and comparison.entity is Entity.ATTRIBUTE:
        sign = "<>" if comparison.op is Op.NE else comparison.op.value
        return f"{column} {sign} {parameters.add(comparison.value)}"
    return text_test(parameters, column, comparison.op, comparison.value)


def _query(
    where: list[str],
    orders: list[Order],
    columns: dict[str, str],
    parameters: Parameters,
    context: bytes,
    page_token: str | None,
) -> Query:
    ordered = [(columns[order.key], order.ascending) for order in orders]
    if page_token:
        last = pages.decode(page_token, context, [str if order.key in _TEXTS else int for order in orders])
        expression, ascending = ordered[0]
        # says nothing new, but as a plain bound it lets the walk begin at the right place of the index
        where.append(f"{expression} {'>=' if ascending else '<='} {parameters.add(last[0])}")
        where.append(after(ordered, last, parameters))
    ordering = ", ".join(f"{column}{'' if ascending else ' DESC'}" for column, ascending in ordered)
    return Query(" AND ".join(where), ordering, parameters, orders, context)
