"""The filter language of every search: `metrics.acc > 0.9 AND tags.team = 'a'`, and its sort keys.

Owns the text: quoting, aliases, comparators, types, limits and messages. Knows no SQL and no noun: what may be asked
is a `Vocabulary` that the feature gives, what comes out are `Comparison`s and `Order`s in canonical spelling.
Reading is linear in the length of the text, bounded, and raises `InvalidParameter` and nothing else.
"""

from lakeward.kit.filters.like import containing, like_literal_runs
from lakeward.kit.filters.order import order_of_field, parse_order
from lakeward.kit.filters.parser import parse_filter
from lakeward.kit.filters.vocabulary import (
    LISTED,
    NUMERIC,
    PRESENCE,
    TEXTUAL,
    Comparison,
    Entity,
    Field,
    Kind,
    Op,
    Order,
    Vocabulary,
)

__all__ = [
    "LISTED",
    "NUMERIC",
    "PRESENCE",
    "TEXTUAL",
    "Comparison",
    "Entity",
    "Field",
    "Kind",
    "Op",
    "Order",
    "Vocabulary",
    "containing",
    "like_literal_runs",
    "order_of_field",
    "parse_filter",
    "parse_order",
]
