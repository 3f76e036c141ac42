"""What can be asked of one kind of object: the names, the types behind them, and the comparators each allows.

A `Vocabulary` is data; the parser knows no attribute by name. Every spelling that clients use maps to one `Field`,
so what leaves the parser is canonical: `Created`, `run.created` and `attributes.start_time` are one key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Entity(StrEnum):
    ATTRIBUTE = "attribute"
    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"
    DATASET = "dataset"
    METADATA = "metadata"
    SPAN = "span"
    FEEDBACK = "feedback"
    EXPECTATION = "expectation"
    ISSUE = "issue"


class Op(StrEnum):
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    RLIKE = "RLIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


NUMERIC = frozenset({Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE})
TEXTUAL = frozenset({Op.EQ, Op.NE, Op.LIKE, Op.ILIKE})
LISTED = frozenset({Op.IN, Op.NOT_IN})
PRESENCE = frozenset({Op.IS_NULL, Op.IS_NOT_NULL})


class Kind(Enum):
    """What a value must be, and what it becomes."""

    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()  # stays an int when it is written as one
    FLOAT = auto()  # always becomes a float
    JUDGED = auto()  # text where it is equal or like something, a number where it is more or less


@dataclass(frozen=True, slots=True)
class Field:
    """A comparable thing. `key` is empty where the caller names the key (metrics, params, tags)."""

    kind: Kind
    ops: frozenset[Op]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`fields[entity]` is one `Field` for entities with free keys, or the spellings of a closed set of keys.

    `subject` names the objects in messages. `bare_values` lets text be written without quotes, which the search of
    LoggedModels allows. `unique_order` refuses two orders by one key, as the search of runs does.
    """

    subject: str
    prefixes: Mapping[str, Entity]
    fields: Mapping[Entity, Field | Mapping[str, Field]]
    order: frozenset[Entity]
    bare_values: bool = False
    unique_order: bool = False

    def field(self, entity: Entity, spelling: str) -> Field | None:
        known = self.fields[entity]
        return known if isinstance(known, Field) else known.get(spelling)

    def keys(self, entity: Entity) -> tuple[str, ...]:
        """The canonical keys of a closed set, for messages."""
        known = self.fields[entity]
        return () if isinstance(known, Field) else tuple(dict.fromkeys(field.key for field in known.values()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One clause. The value is a tuple for IN and NOT IN, and None for IS NULL and IS NOT NULL."""

    entity: Entity
    key: str
    op: Op
    value: str | float | int | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key. The data set narrows a metric of a LoggedModel and is None everywhere else."""

    entity: Entity
    key: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None
