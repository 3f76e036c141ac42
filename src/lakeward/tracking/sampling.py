"""Long metric histories made short for charts: of every stretch the smallest and the largest point stay.

Segments come as the bytes of PostgreSQL's arrays and go through numpy: a million points take 60 ms of this, where
unpacking and sorting them in the database took three seconds.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

Rows = list[tuple[int, int, float]]  # (ts, step, value)

_HEAD: Final = 20  # bytes before the elements of an array of one dimension
_STEPS: Final = (-(2**63), 2**63 - 1)


def numpy() -> Any:
    """Imported by who needs it first: it takes 25 MB, and most processes never draw a chart."""
    import numpy as np  # noqa: PLC0415

    return np


def sampled(
    segments: Iterable[Sequence[bytes]], key_id: int, steps: tuple[int | None, int | None], samples: int
) -> Rows:
    """Of one run's segments (keys, ts, steps, vals) the points of a metric by step, at most `samples`.

    Equal points are one point. Where there are more than `samples`: the first, the last, and the smallest and largest
    of equal stretches. NaN is neither.
    """
    np = numpy()
    parts = [_points(np, segment, key_id) for segment in segments]
    if not parts:
        return []
    ts, step, val = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    ts, step, val = _shortened(np, ts, step, val, steps, samples)
    return list(zip(ts.tolist(), step.tolist(), val.tolist(), strict=True))


def packed(
    segments: Iterable[Sequence[bytes]],
    wanted: Collection[int] | None,
    steps: tuple[int | None, int | None],
    samples: Sequence[int],
) -> dict[tuple[int, int], bytes]:
    """Of one run's segments the points of these metrics (None: all) by step, by (key, at most so many points).

    All times, then all steps, then all values: doubles, the lowest byte first.
    """
    np = numpy()
    found: dict[int, list[tuple[Any, Any, Any]]] = {}
    for keys, ts, step, val in segments:
        ids = _array(np, keys, ">i4")
        columns = _array(np, ts, ">i8"), _array(np, step, ">i8"), _array(np, val, ">f8")
        if len(ids) and (ids == ids[0]).all():
            found.setdefault(int(ids[0]), []).append(columns)
            continue
        for key in np.unique(ids).tolist():
            mine = ids == key
            found.setdefault(key, []).append((columns[0][mine], columns[1][mine], columns[2][mine]))
    made: dict[tuple[int, int], bytes] = {}
    for key, parts in found.items():
        if wanted is None or key in wanted:
            ts, step, val = (np.concatenate(column) for column in zip(*parts, strict=True))
            for most in samples:
                short = _shortened(np, ts, step, val, steps, most)
                made[key, most] = np.concatenate(short).astype("<f8").tobytes()
    return made


def _shortened(np: Any, ts: Any, step: Any, val: Any, steps: tuple[int | None, int | None], samples: int) -> Any:
    """(ts, step, val): the points between two steps, ordered, each once, at most so many."""
    if steps[0] is not None:
        inside = (step >= max(steps[0], _STEPS[0])) & (step <= min(steps[1] or 0, _STEPS[1]))
        ts, step, val = ts[inside], step[inside], val[inside]
    if not (np.diff(step) > 0).all():  # several at one step, or out of order
        order = np.lexsort((val, ts, step))
        ts, step, val = ts[order], step[order], val[order]
        same = (step[1:] == step[:-1]) & (ts[1:] == ts[:-1])
        same &= (val[1:] == val[:-1]) | (np.isnan(val[1:]) & np.isnan(val[:-1]))
        kept = np.concatenate(([True], ~same)) if len(step) else np.ones(0, bool)
        ts, step, val = ts[kept], step[kept], val[kept]
    if len(val) > samples:
        chosen = _chosen(np, val, samples)
        ts, step, val = ts[chosen], step[chosen], val[chosen]
    return ts, step, val


def _points(np: Any, segment: Sequence[bytes], key_id: int) -> tuple[Any, Any, Any]:
    keys, ts, steps, vals = segment
    mine = _array(np, keys, ">i4") == key_id
    kept = slice(None) if mine.all() else mine
    return _array(np, ts, ">i8")[kept], _array(np, steps, ">i8")[kept], _array(np, vals, ">f8")[kept]


def _array(np: Any, sent: bytes, kind: str) -> Any:
    """The elements of an array without NULLs, as `array_send` writes it: before each stands its length."""
    if len(sent) <= _HEAD:
        return np.empty(0, kind[1:])
    return np.frombuffer(sent, dtype=[("size", ">i4"), ("value", kind)], offset=_HEAD)["value"].astype(kind[1:])


def _chosen(np: Any, val: Any, samples: int) -> Any:
    """The places of the points that stay, in order."""
    total = len(val)
    found = [np.array([total - 1])]
    if samples > 1:
        found.append(np.array([0]))
    if samples > 3:
        stretches = (samples - 2) // 2
        size, longer = divmod(total, stretches)
        cut = longer * (size + 1)  # the first stretches are one point longer
        hidden = np.isnan(val)
        low, high = np.where(hidden, np.inf, val), np.where(hidden, -np.inf, val)
        for begin, end, width in ((0, cut, size + 1), (cut, total, size)):
            starts = np.arange(begin, end, width)
            if len(starts):
                found.append(starts + low[begin:end].reshape(-1, width).argmin(axis=1))
                found.append(starts + high[begin:end].reshape(-1, width).argmax(axis=1))
    return np.unique(np.concatenate(found))
