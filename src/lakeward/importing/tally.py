"""Two sides, counted and summed up: kind by kind, how many there are, a checksum of all, and what is not alike.

A checksum is the sum of the hashes of all things of a kind, so it does not depend on their order.
"""

import hashlib
import math
import struct
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from lakeward.importing.records import KINDS, MAX_SHOWN, Compared

_MODULUS: Final = 2**128
_POINT: Final = struct.Struct("<qqd")


class Series(NamedTuple):
    """A history: how many distinct points, and the sum of their hashes."""

    points: int
    checksum: int

    def plus(self, points: Iterable[tuple[int, int, float]]) -> "Series":
        count, total = self
        for ts, step, value in set(points):
            count += 1
            number = math.nan if math.isnan(value) else value + 0.0  # one NaN, and no negative zero
            total += _hash(_POINT.pack(ts, step, number))
        return Series(count, total % _MODULUS)


NOTHING: Final = Series(0, 0)


class _Kind:
    __slots__ = ("different", "here", "here_sum", "shown", "there", "there_sum")

    def __init__(self) -> None:
        self.there = self.here = self.different = 0
        self.there_sum = self.here_sum = 0
        self.shown: list[str] = []


class Tally:
    """What both sides come to."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def compare(self, kind: str, owner: str, there: Mapping[Any, Any], here: Mapping[Any, Any]) -> None:
        """Things of an owner on both sides, by what they are called. What is here alone came from elsewhere."""
        counted = self._kinds.setdefault(kind, _Kind())
        for name, value in there.items():
            counted.there += 1
            that = _sum(owner, name, value)
            counted.there_sum += that
            if name not in here:
                self._differ(counted, f"{_called(owner, name)} is missing")
                continue
            counted.here += 1
            this = _sum(owner, name, here[name])
            counted.here_sum += this
            if this != that:
                self._differ(counted, f"{_called(owner, name)}: {_short(value)} there, {_short(here[name])} here")

    def compare_series(self, owner: str, key: str, there: Series, here: Series, latest: tuple[Any, Any]) -> None:
        """One metric of a run, all its points counted too."""
        self.compare("metric histories", owner, {key: (*there, latest[0])}, {key: (*here, latest[1])})
        counted = self._kinds.setdefault("points", _Kind())
        counted.there += there.points
        counted.here += here.points
        counted.there_sum += there.checksum
        counted.here_sum += here.checksum
        counted.different += abs(there.points - here.points)

    def result(self) -> dict[str, Compared]:
        return {
            kind: Compared(
                it.there, it.here, _text(it.there_sum), _text(it.here_sum), it.different, tuple(it.shown[:MAX_SHOWN])
            )
            for kind in KINDS
            if (it := self._kinds.get(kind)) is not None
        }

    @staticmethod
    def _differ(counted: _Kind, text: str) -> None:
        counted.different += 1
        if len(counted.shown) < MAX_SHOWN:
            counted.shown.append(text)


def _hash(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=16).digest(), "little")


def _sum(owner: str, name: Hashable, value: Any) -> int:
    return _hash(repr((owner, name, value)).encode("utf-8", "surrogatepass"))


def _text(total: int) -> str:
    return f"{total % _MODULUS:032x}"


def _called(owner: str, name: Any) -> str:
    said = " ".join(map(str, name)) if isinstance(name, tuple) else str(name)
    return " ".join(filter(None, (owner, said)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
