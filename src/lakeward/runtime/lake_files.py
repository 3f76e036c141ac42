"""Files of a Delta table made from others: those of a day that are many and small, or hold rows that are to go.

Rows are copied a row group at a time, so memory does not grow with a file. A file is on the disk before anybody is told
of it, and the old ones stay until the table is vacuumed: whoever is killed, or loses its power, leaves the old files or
the new one, and who reads an older version of the table goes on reading.
"""

import importlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

_LEVEL: Final = 3  # of zstd
_NUMBERED: Final = ("seq", "batch")
_FLOOR: Final = 1 << 20  # files below that are all alike


class File(NamedTuple):
    """A file of a table, as its log tells of it. Bounds are None where it says nothing."""

    path: str
    size: int
    day: date
    batches: tuple[int | None, int | None]
    seqs: tuple[int | None, int | None]

    def may_hold(self, dead: Mapping[int, Sequence[int]]) -> bool:
        """Whether a row of these (batch → seqs) may be in it."""
        return any(
            _between(batch, self.batches) and any(_between(seq, self.seqs) for seq in seqs)
            for batch, seqs in dead.items()
        )


def _between(number: int, bounds: tuple[int | None, int | None]) -> bool:
    low, high = bounds
    return (low is None or low <= number) and (high is None or number <= high)


def files_of(table: Any) -> list[File]:
    """All files of a `DeltaTable`."""
    pa = importlib.import_module("pyarrow")
    rows = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    return [
        File(
            row["path"], row["size_bytes"], row["partition.day"],
            (row.get("min.batch"), row.get("max.batch")), (row.get("min.seq"), row.get("max.seq")),
        )
        for row in rows
    ]  # fmt: skip


def crowded(files: Sequence[File], least: int, target: int) -> list[File]:
    """Those of a day's files that are worth to be one, if there are so many; `target`: bytes a file may have then.

    The smallest first, and none that outweighs all before it: a row is copied as often as files double, not with every
    file that comes.
    """
    ordered = sorted(files, key=lambda file: file.size)
    for first in range(len(ordered) - least + 1):
        total = ordered[first].size
        last = first + 1
        while last < len(ordered) and ordered[last].size <= min(max(total, _FLOOR), target - total):
            total += ordered[last].size
            last += 1
        if last - first >= least:
            return ordered[first:last]
    return []


def without(dead: Mapping[int, AbstractSet[int]]) -> Callable[[Any], Any]:
    """Keeps the rows of a table that are none of these (batch → seqs)."""

    def kept(rows: Any) -> Any:
        places = zip(rows["batch"].to_pylist(), rows["seq"].to_pylist(), strict=True)
        mask = [seq not in dead.get(batch, ()) for batch, seq in places]
        if all(mask):
            return rows
        pa = importlib.import_module("pyarrow")
        return pa.concat_tables([rows.slice(first, count) for first, count in _runs(mask)] or [rows.slice(0, 0)])

    return kept


def _runs(mask: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """(begin, length) of each stretch that is true."""
    begin = None
    for at, true in enumerate([*mask, False]):
        if true and begin is None:
            begin = at
        elif not true and begin is not None:
            yield begin, at - begin
            begin = None


class Rewriter:
    """Copies rows of a day to a new file.

    `fs` is pyarrow's of the table's directory; `top` is that if it is local, else `upload` takes the file there:
    writing by `fs` would hold up the whole process until the store has answered.
    """

    def __init__(
        self, fs: Any, top: Path | None, upload: Callable[[str, Path], None], schema: Any, *, group_bytes: int
    ) -> None:
        self._fs = fs
        self._top = top
        self._upload = upload
        self._schema = schema
        self._group_bytes = group_bytes
        self._parquet = importlib.import_module("pyarrow.parquet")
        self._pa = importlib.import_module("pyarrow")

    def copy(self, files: Sequence[File], kept: Callable[[Any], Any] | None, *, data_change: bool) -> list[Any]:
        """What the log is to be told: these files are gone, and a new one has their rows, or those that are `kept`."""
        transaction = importlib.import_module("deltalake.transaction")
        now = int(time.time() * 1000)
        days = {"day": files[0].day.isoformat()}
        actions = [transaction.RemoveAction(each.path, data_change, now, each.size, days) for each in files]
        ordered = sorted(files, key=lambda file: (file.batches[0] or 0, file.path))
        path = f"day={days['day']}/part-{uuid4()}.zstd.parquet"
        with tempfile.TemporaryDirectory(prefix="lakeward-") if self._top is None else nullcontext(self._top) as top:
            file = Path(top, path)
            file.parent.mkdir(exist_ok=True)
            count, bounds = self._write(file, self._rows(ordered, kept))
            if not count:
                file.unlink()
                return actions
            size = file.stat().st_size
            if self._top is None:
                self._upload(path, file)
            else:
                sync(file)
                sync(file.parent)
        stats = {
            "numRecords": count,
            "minValues": {name: low for name, (low, _) in bounds.items()},
            "maxValues": {name: high for name, (_, high) in bounds.items()},
            "nullCount": dict.fromkeys(bounds, 0),
        }
        return [*actions, transaction.AddAction(path, size, days, now, data_change, json.dumps(stats))]

    def _rows(self, files: Sequence[File], kept: Callable[[Any], Any] | None) -> Iterator[Any]:
        names = self._schema.names
        for each in files:
            with self._parquet.ParquetFile(each.path, filesystem=self._fs) as file:
                for group in range(file.metadata.num_row_groups):
                    rows = file.read_row_group(group, columns=names, use_threads=False).cast(self._schema)
                    rows = rows if kept is None else kept(rows)
                    if rows.num_rows:
                        yield rows

    def _write(self, file: Path, rows: Iterator[Any]) -> tuple[int, dict[str, tuple[int, int]]]:
        count = 0
        bounds: dict[str, tuple[int, int]] = {}
        waiting: list[Any] = []
        with self._parquet.ParquetWriter(
            file, self._schema, compression="zstd", compression_level=_LEVEL, use_dictionary=True
        ) as writer:
            for some in rows:
                count += some.num_rows
                for name in _NUMBERED:
                    numbers = some[name].to_pylist()
                    low, high = bounds.get(name, (numbers[0], numbers[0]))
                    bounds[name] = (min(low, *numbers), max(high, *numbers))
                waiting.append(some)
                if sum(each.nbytes for each in waiting) >= self._group_bytes:
                    writer.write_table(self._pa.concat_tables(waiting))
                    waiting.clear()
            if waiting:
                writer.write_table(self._pa.concat_tables(waiting))
        return count, bounds


def sync(path: Path) -> None:
    """On the disk, be it a file or the names in a directory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
