"""The gist of a segment: of each of its spans what rollups sum up, made while the span is in the hand anyway.

To open a segment, parse its spans and see what their attributes mean costs some 20 µs a span; to read this, one.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lakeward.kit.errors import Internal
from lakeward.tracing.records import COST_KEYS, Cost

ID: Final = 8  # bytes

Label = tuple[str, str, str, str | None, str | None]  # name, type, status, model, provider


class Gist(msgspec.Struct, array_like=True):
    """Spans as columns, each span once."""

    ids: bytes  # eight bytes each
    starts: list[int]  # in milliseconds
    latencies: list[float | None]  # in milliseconds; None of spans without an end
    labels: list[Label]
    label: list[int]  # of each span, a place in `labels`
    costs: dict[int, tuple[float | None, ...]]  # by the place of the span, in the order of COST_KEYS

    def __len__(self) -> int:
        return len(self.starts)


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Gist).decode


def written(gist: Gist) -> bytes:
    return _encode(gist)


def read(data: bytes) -> Gist:
    try:
        return _decode(data)
    except msgspec.DecodeError as error:
        raise Internal("What is kept of a segment of a trace cannot be read.") from error


def ids_of(data: bytes) -> set[bytes]:
    ids = read(data).ids
    return {ids[at : at + ID] for at in range(0, len(ids), ID)}


class Writer:
    """Takes spans one by one."""

    __slots__ = ("_costs", "_label", "ends", "ids", "labels", "starts")

    def __init__(self) -> None:
        self.ids: list[bytes] = []
        self.starts: list[int] = []  # in nanoseconds
        self.ends: list[int] = []  # 0 of spans without an end
        self.labels: dict[Label, int] = {}  # and the place of each
        self._label: list[int] = []
        self._costs: dict[int, tuple[float | None, ...]] = {}

    def add(self, span_id: bytes, start_ns: int, end_ns: int, label: Label, cost: Cost | None) -> None:
        if cost:
            self._costs[len(self.ids)] = tuple([cost.get(key) for key in COST_KEYS])
        self.ids.append(span_id)
        self.starts.append(start_ns)
        self.ends.append(end_ns)
        self._label.append(self.labels.setdefault(label, len(self.labels)))

    def gist(self) -> Gist:
        made = Gist(
            b"".join(self.ids),
            [start // 1_000_000 for start in self.starts],
            [(end - start) / 1_000_000 if end else None for start, end in zip(self.starts, self.ends, strict=True)],
            list(self.labels),
            self._label,
            self._costs,
        )
        return made if len(set(self.ids)) == len(self.ids) else joined([made])


def joined(gists: Sequence[Gist]) -> Gist:
    """The spans of a trace, each once: the later arrival of one that came twice."""
    places: dict[bytes, tuple[Gist, int]] = {}
    for gist in gists:
        for at in range(len(gist)):
            places[gist.ids[at * ID : at * ID + ID]] = (gist, at)
    labels: dict[Label, int] = {}
    label: list[int] = []
    costs: dict[int, Any] = {}
    for number, (gist, at) in enumerate(places.values()):
        label.append(labels.setdefault(gist.labels[gist.label[at]], len(labels)))
        if at in gist.costs:
            costs[number] = gist.costs[at]
    return Gist(
        b"".join(places),
        [gist.starts[at] for gist, at in places.values()],
        [gist.latencies[at] for gist, at in places.values()],
        list(labels),
        label,
        costs,
    )
