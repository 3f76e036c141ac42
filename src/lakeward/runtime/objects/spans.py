"""Byte ranges: what a caller asked for, and what that means for an object of a known size."""

import re
from dataclasses import dataclass

from lakeward.kit.errors import RangeNotSatisfiable

_SINGLE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII)
_DIGITS = 19  # more digits than any offset has: such a range is no range


@dataclass(frozen=True, slots=True)
class Span:
    """`first` to `last` inclusive (`last` None: to the end), or the final `suffix` bytes."""

    first: int = 0
    last: int | None = None
    suffix: int | None = None

    @classmethod
    def parse(cls, header: str | None) -> "Span | None":
        """A `Range` header (RFC 9110 §14). None for no range, several ranges, or another unit: the whole is sent."""
        match = _SINGLE.fullmatch(header) if header else None
        if match is None or max(len(match[1]), len(match[2])) > _DIGITS:
            return None
        first, last = match[1], match[2]
        if first:
            span = cls(int(first), int(last) if last else None)
            return None if span.last is not None and span.last < span.first else span
        return cls(suffix=int(last)) if last else None

    def within(self, size: int) -> tuple[int, int]:
        """(start, stop) in an object of `size` bytes; raises RangeNotSatisfiable."""
        if self.suffix is not None:
            start, stop = max(0, size - self.suffix), size
        else:
            start, stop = self.first, size if self.last is None else min(self.last + 1, size)
        if start >= stop:
            raise RangeNotSatisfiable(f"The object has {size} bytes; the range asked for holds none of them.")
        return start, stop
