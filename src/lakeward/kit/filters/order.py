"""Sort keys: the strings of `order_by`, and the structs that the search of LoggedModels takes."""

from collections.abc import Sequence

from lakeward.kit.errors import InvalidParameter
from lakeward.kit.filters.lexer import Source, T, check_storable
from lakeward.kit.filters.parser import Parser
from lakeward.kit.filters.vocabulary import Entity, Order, Vocabulary

MAX_ORDERS = 20


def parse_order(clauses: Sequence[str] | None, vocabulary: Vocabulary) -> tuple[Order, ...]:
    """Each clause is a key and, perhaps, ASC or DESC. A key that comes again changes nothing and is dropped."""
    return _unique([_clause(text, vocabulary) for text in _bounded(clauses or ())], vocabulary)


def order_of_field(
    field_name: str,
    vocabulary: Vocabulary,
    *,
    ascending: bool = True,
    dataset_name: str | None = None,
    dataset_digest: str | None = None,
) -> Order:
    """One struct of the search of LoggedModels: an attribute, or `metrics.` and the key as it is, without quoting."""
    for text in (field_name, dataset_name or "", dataset_digest or ""):
        check_storable(text, "order")
    if dataset_digest and not dataset_name:
        raise InvalidParameter("Invalid order: dataset_digest needs dataset_name beside it.")
    prefix, dot, key = field_name.partition(".")
    if not dot:
        field = vocabulary.field(Entity.ATTRIBUTE, field_name.strip())
        if field is None:
            known = ", ".join(vocabulary.keys(Entity.ATTRIBUTE))
            raise InvalidParameter(f"Invalid order field name {field_name!r}: the keys are {known}, or metrics.<key>.")
        return Order(Entity.ATTRIBUTE, field.key, ascending)
    if prefix != "metrics" or not key:
        raise InvalidParameter(f"Invalid order field name {field_name!r}: only metrics.<key> has a prefix.")
    if len(key) > 2 and key[0] == key[-1] == "`":
        key = key[1:-1]
    return Order(Entity.METRIC, key, ascending, dataset_name or None, dataset_digest or None)


def _bounded(clauses: Sequence[str]) -> Sequence[str]:
    if len(clauses) > MAX_ORDERS:
        raise InvalidParameter(f"Invalid order_by: at most {MAX_ORDERS} keys are allowed, not {len(clauses)}.")
    return clauses


def _clause(text: str, vocabulary: Vocabulary) -> Order:
    parser = Parser(Source(text, "order_by"), vocabulary)
    start = parser.token
    if start.kind is T.END:
        raise parser.refusal("it is empty; name a key, as in metrics.`my key` DESC.")
    entity, spelling = parser.identifier()
    quoted_whole = entity is Entity.ATTRIBUTE and start.quote and parser.tokens[parser.at - 1] is start
    if quoted_whole and spelling.partition(".")[0] in vocabulary.prefixes:
        # compat(mlflow 3.17): "`metrics.my key` DESC" is the same as "metrics.`my key` DESC"
        prefix, _, spelling = spelling.partition(".")
        entity = vocabulary.prefixes[prefix]
    if entity not in vocabulary.order:
        raise parser.refusal(f"{vocabulary.subject} cannot be ordered by a {entity}.", start)
    field = parser.resolve(entity, spelling, start)
    descending = parser.word("DESC")
    if not descending:
        parser.word("ASC")
    if parser.token.kind is not T.END:
        raise parser.refusal("after the key only ASC or DESC may follow; one key each.")
    return Order(entity, field.key or spelling, not descending)


def _unique(orders: list[Order], vocabulary: Vocabulary) -> tuple[Order, ...]:
    first: dict[tuple[Entity, str], Order] = {}
    for order in orders:
        if (order.entity, order.key) in first and vocabulary.unique_order:
            raise InvalidParameter(f"`order_by` contains duplicate fields: {order.entity} {order.key!r} comes twice.")
        first.setdefault((order.entity, order.key), order)
    return tuple(first.values())
