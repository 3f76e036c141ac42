"""The builder for statements that depend on what was asked: fixed fragments and numbered parameters, nothing else."""

from collections.abc import Sequence
from typing import Any, Final

from lakeward.kit.filters import Op

# Text is compared byte by byte; only ILIKE asks the database's own collation what a capital letter is.
_TEXT_TESTS: Final = {
    Op.EQ: "{} = {}",
    Op.NE: "{} <> {}",
    Op.LIKE: "{} LIKE {}",
    Op.ILIKE: '{} COLLATE "default" ILIKE {}',
}


class Parameters:
    """Collects the values of a statement; `add` returns the `$n` that stands for one."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


def text_test(parameters: Parameters, expression: str, op: Op, value: Any) -> str:
    """A comparison of text; a pattern has no escape character, as in MLflow's own stores."""
    if op is Op.IN:
        return f"{expression} = ANY({parameters.add(list(value))}::text[])"
    if op is Op.NOT_IN:
        return f"{expression} <> ALL({parameters.add(list(value))}::text[])"
    plain = value.replace("\\", "\\\\") if op in (Op.LIKE, Op.ILIKE) else value
    return _TEXT_TESTS[op].format(expression, f"{parameters.add(plain)}::text")


def after(columns: Sequence[tuple[str, bool]], values: Sequence[Any], parameters: Parameters) -> str:
    """The keyset condition: rows that come after `values` when ordered by `columns` of (expression, ascending).

    The expressions are never NULL. `(a, b DESC)` becomes `(a > $1 OR (a = $1 AND b < $2))`.
    """
    marks = [parameters.add(value) for value in values]
    condition = ""
    for (expression, ascending), mark in reversed(list(zip(columns, marks, strict=True))):
        sign = ">" if ascending else "<"
        further = f" OR ({expression} = {mark} AND {condition})" if condition else ""
        condition = f"({expression} {sign} {mark}{further})"
    return condition


def prefix_range(parameters: Parameters, expression: str, prefix: str) -> str:
    """That text begins with `prefix`, as a range of a byte-ordered index; possibly a little wider."""
    above = f"{expression} >= {parameters.add(prefix)}::text"
    last = prefix.rstrip("\U0010ffff")
    if not last:
        return above
    following = ord(last[-1]) + 1
    successor = last[:-1] + chr(0xE000 if following == 0xD800 else following)
    return f"({above} AND {expression} < {parameters.add(successor)}::text)"
