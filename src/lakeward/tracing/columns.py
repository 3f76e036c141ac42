"""Columns: what many traces or spans have in common as arrays, as rollups keep them and metrics sum them up.

A column is an array of numbers, in which -1 or NaN stands for none, or `Names`: the different words, and the place of
each row's word among them.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import zstandard

from lakeward.kit.errors import Internal
from lakeward.tracing.signature import numpy

_COMPRESSION: Final = 3
_KINDS: Final = {b"i": "<i8", b"f": "<f8", b"p": "<i4"}

Array = Any  # numpy.ndarray


class Names(NamedTuple):
    words: list[str]
    places: Array  # int32; -1 for none

    def __len__(self) -> int:
        return len(self.places)


Column = Any  # Array or Names


def whole(numbers: Sequence[int | None]) -> Column:
    return numpy().array([-1 if each is None else each for each in numbers], dtype="<i8")


def real(numbers: Sequence[float | None]) -> Column:
    np = numpy()
    return np.array([np.nan if each is None else each for each in numbers], dtype="<f8")


def places(numbers: Sequence[int]) -> Column:
    return numpy().array(numbers, dtype="<i4")


def names(words: Sequence[str | None]) -> Names:
    known: dict[str, int] = {}
    found = [-1 if each is None else known.setdefault(each, len(known)) for each in words]
    return Names(list(known), places(found))


def digests(words: Sequence[str | None]) -> Column:
    """A number for each word, so that different ones can be counted; 0 for none."""
    found = [
        0
        if each is None
        else int.from_bytes(blake2b(each.encode(), digest_size=8).digest(), "little", signed=True) or 1
        for each in words
    ]
    return numpy().array(found, dtype="<i8")


# ── at rest ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def packed(column: Column) -> bytes:
    head = b""
    if isinstance(column, Names):
        head = msgspec.msgpack.encode(column.words)
        kind, array = b"n", column.places
    else:
        kind, array = next(key for key, name in _KINDS.items() if array_kind(column) == name), column
    content = kind + len(head).to_bytes(4, "little") + head + array.tobytes()
    sealed: bytes = zstandard.ZstdCompressor(level=_COMPRESSION).compress(content)
    return sealed


def array_kind(array: Array) -> str:
    kind: str = array.dtype.str
    return kind


def unpacked(data: bytes) -> Column:
    try:
        content = zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise Internal("A column of a rollup cannot be read.") from error
    end = 5 + int.from_bytes(content[1:5], "little")
    kind = content[:1]
    if kind == b"n":
        words = msgspec.msgpack.decode(content[5:end], type=list[str])
        return Names(words, numpy().frombuffer(content, dtype=_KINDS[b"p"], offset=end))
    return numpy().frombuffer(content, dtype=_KINDS[kind], offset=end)


def kept(column: Column, mask: Array) -> Column:
    return Names(column.words, column.places[mask]) if isinstance(column, Names) else column[mask]


def joined(first: Column, second: Column) -> Column:
    np = numpy()
    if not isinstance(first, Names):
        return np.concatenate([first, second])
    known = {word: place for place, word in enumerate(first.words)}
    moved = [known.setdefault(word, len(known)) for word in second.words]
    table = np.array([*moved, -1], dtype=_KINDS[b"p"])  # the place -1 finds the last
    return Names(list(known), np.concatenate([first.places, table[second.places]]))


def whether(column: Names, word: str) -> Array:
    """Which rows have this word."""
    return column.places == (column.words.index(word) if word in column.words else -2)


# ── summing up ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Wanted(NamedTuple):
    """What is to be known of each group."""

    sums: bool = False
    extremes: bool = False
    values: bool = False  # each of them, for percentiles
    distinct: bool = False


class Group:
    """What the rows of a group come to so far."""

    __slots__ = ("count", "greatest", "least", "pieces", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.least = float("inf")
        self.greatest = float("-inf")
        self.pieces: list[Array] = []

    def percentiles(self, shares: Sequence[float]) -> list[float]:
        """Interpolated, as PostgreSQL's percentile_cont; the values are put in order once for all of them."""
        np = numpy()
        found: list[float] = np.quantile(np.concatenate(self.pieces), shares, overwrite_input=True).tolist()
        return found

    def different(self) -> int:
        np = numpy()
        return len(np.unique(np.concatenate(self.pieces)))


Key = tuple[Any, ...]  # the bucket's start, if there are buckets, and the words of the dimensions


class Totals:
    """Adds up parts of an answer, one after the other."""

    def __init__(self, wanted: Wanted) -> None:
        self.groups: dict[Key, Group] = {}
        self._wanted = wanted

    def add(
        self, value: Column | None, times: tuple[Array, int] | None, dimensions: Sequence[Names], mask: Array
    ) -> None:
        """Rows of a part: `mask` says which count; one without a value, or without a word of a dimension, does not.

        `value` None counts rows; `times` are starts, and the length of the buckets they fall into.
        """
        np = numpy()
        for each in dimensions:
            mask = mask & (each.places >= 0)
        if value is not None:
            mask = mask & _there(value, distinct=self._wanted.distinct)
        chosen = np.flatnonzero(mask)
        if not len(chosen):
            return
        keys, inverse = self._keys(chosen, times, dimensions)
        counts = np.bincount(inverse, minlength=len(keys))
        found = [self.groups.setdefault(key, Group()) for key in keys]
        for group, count in zip(found, counts.tolist(), strict=True):
            group.count += count
        if value is not None:
            self._values(value[chosen], inverse, counts, found)

    def _values(self, value: Array, inverse: Array, counts: Array, found: Sequence[Group]) -> None:
        np = numpy()
        wanted = self._wanted
        if wanted.sums:
            for group, total in zip(found, np.bincount(inverse, weights=value, minlength=len(found)), strict=True):
                group.total += float(total)
        if not (wanted.extremes or wanted.values or wanted.distinct):
            return
        pieces = [value]
        if len(found) > 1:
            if len(found) < 1 << 16:
                inverse = inverse.astype(np.uint16)  # which NumPy sorts by its digits, six times as fast
            pieces = np.split(value[np.argsort(inverse, kind="stable")], np.cumsum(counts)[:-1])
        for group, piece in zip(found, pieces, strict=True):
            if wanted.extremes:
                group.least = min(group.least, float(piece.min()))
                group.greatest = max(group.greatest, float(piece.max()))
            if wanted.values:
                group.pieces.append(piece)
            elif wanted.distinct:
                group.pieces.append(np.unique(piece))

    @staticmethod
    def _keys(chosen: Array, times: tuple[Array, int] | None, dimensions: Sequence[Names]) -> tuple[list[Key], Array]:
        """The groups that there are, and the place of each row's group among them."""
        np = numpy()
        combined = np.zeros(len(chosen), dtype=np.int64)
        parts: list[tuple[int, Callable[[int], Any]]] = []  # how many there are, and what a number stands for
        if times is not None:
            starts, length = times
            number = starts[chosen] // length
            low = int(number.min())
            combined = number - low
            parts.append((int(combined.max()) + 1, lambda place: (low + place) * length))
        for each in dimensions:
            combined = combined * len(each.words) + each.places[chosen]
            parts.append((len(each.words), each.words.__getitem__))
        present, inverse = _present(combined, parts)
        return list(_spelled(present.tolist(), parts)), inverse


def _there(value: Array, *, distinct: bool) -> Array:
    if value.dtype.kind == "f":
        return ~numpy().isnan(value)
    return value != 0 if distinct else value >= 0


def _present(combined: Array, parts: Sequence[tuple[int, Any]]) -> tuple[Array, Array]:
    """The different numbers, and the place of each among them; by counting where that is possible, as it is fast."""
    np = numpy()
    size = 1
    for count, _ in parts:
        size *= count
    if size > 4 * len(combined) + 1024:
        found: tuple[Array, Array] = np.unique(combined, return_inverse=True)
        return found
    present = np.flatnonzero(np.bincount(combined, minlength=size))
    table = np.zeros(size, dtype=np.int64)
    table[present] = np.arange(len(present))
    return present, table[combined]


def _spelled(numbers: Sequence[int], parts: Sequence[tuple[int, Callable[[int], Any]]]) -> Iterator[Key]:
    for number in numbers:
        key: list[Any] = []
        rest = number
        for count, stands_for in reversed(parts):
            rest, place = divmod(rest, count)
            key.append(stands_for(place))
        yield tuple(reversed(key))
