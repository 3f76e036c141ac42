"""Statements under construction: fixed fragments, numbered parameters, and the parts that every search repeats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lakeward.runtime.sql import Parameters

HEAD: Final = 100  # characters of a text value that its index holds


class Statement(Parameters):
    """A statement over the runs of `experiments`."""

    def __init__(self, experiments: Sequence[int]) -> None:
        super().__init__()
        self._experiments = experiments
        self._mark = ""

    @property
    def single(self) -> bool:
        return len(self._experiments) == 1

    @property
    def experiments(self) -> str:
        """The parameter that holds the experiments: a number or an array."""
        if not self._mark:
            self._mark = self.add(self._experiments[0] if self.single else list(self._experiments))
        return self._mark

    def within(self, column: str) -> str:
        """That a row belongs to the experiments searched. One experiment is an equality, which keeps index order."""
        return (
            f"{column} = {self.experiments}::bigint" if self.single else f"{column} = ANY({self.experiments}::bigint[])"
        )


@dataclass(frozen=True, slots=True)
class Members:
    """A select of run numbers that can be narrowed before it is written down."""

    column: str
    source: str
    where: tuple[str, ...]

    def sql(self, *more: str) -> str:
        return f"SELECT {self.column} FROM {self.source} WHERE {' AND '.join((*self.where, *more))}"
