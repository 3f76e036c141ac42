"""The builder for statements that depend on what was asked: fixed fragments and numbered parameters, nothing else."""

from collections.abc import Sequence
from typing import Any


class Parameters:
    """Collects the values of a statement; `add` returns the `$n` that stands for one."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


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
