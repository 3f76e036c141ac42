"""What a line promises: the ratio to the best form of the reference, or an absolute bound."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """At least this many times as good as the best form of the reference."""

    factor: float

    def __str__(self) -> str:
        return f"{self.factor:g}x"

    def met(self, ratio: float | None, _value: float) -> bool:
        return ratio is not None and ratio >= self.factor


@dataclass(frozen=True)
class AtMost:
    """At most this figure, in the line's unit."""

    bound: float

    def __str__(self) -> str:
        return f"≤ {self.bound:g}"

    def met(self, _ratio: float | None, value: float) -> bool:
        return value <= self.bound


Goal = Times | AtMost


@dataclass(frozen=True)
class Line:
    """One row of the table. Without `must` it is shown for information."""

    key: str
    title: str
    unit: str
    more_is_better: bool = False
    must: Goal | None = None
    aim: Goal | None = None
    note: str = ""  # what holds it back from the aim

    def ratio(self, value: float, reference: float) -> float:
        """How many times better `value` is than `reference`."""
        better, worse = (value, reference) if self.more_is_better else (reference, value)
        return better / worse if worse else float("inf")
