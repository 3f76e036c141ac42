"""Files of a Delta table, written from rows that come piece by piece or from other files: those of a day that are many
and small, or hold rows that are to go.

A row group is written when its rows are there, so memory does not grow with a file. A file is on the disk before
anybody is told of it, and the old ones stay until the table is vacuumed: whoever is killed, or loses its power, leaves
the old files or the new one, and who reads an older version of the table goes on reading.
"""

import importlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager, nullcontext
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


class NewFile:
    """A file of a day on its way into a table. `done` puts it where it belongs, or away if nothing was written."""

    def __init__(
        self, top: Path, upload: Callable[[str, Path], None] | None, schema: Any, day: date, *, group_bytes: int
    ) -> None:
        pa, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
        self._concat = pa.concat_tables
        self._path = f"day={day.isoformat()}/part-{uuid4()}.zstd.parquet"
        self._day = day
        self._upload = upload
        self._schema = schema
        self._file = top / self._path
        self._file.parent.mkdir(exist_ok=True)
        self._group_bytes = group_bytes
        self._waiting: list[Any] = []
        self._size = 0
        self._count = 0
        self._bounds: dict[str, tuple[int, int]] = {}
        self._writer = parquet.ParquetWriter(
            self._file, schema, compression="zstd", compression_level=_LEVEL, use_dictionary=True
        )

    def write(self, rows: Any) -> None:
        """Some rows of that day, as a pyarrow table."""
        if not rows.num_rows:
            return
        self._count += rows.num_rows
        for name in _NUMBERED:
            numbers = rows[name].to_pylist()
            low, high = self._bounds.get(name, (numbers[0], numbers[0]))
            self._bounds[name] = (min(low, *numbers), max(high, *numbers))
        self._waiting.append(rows.select(self._schema.names).cast(self._schema))
        self._size += rows.nbytes
        if self._size >= self._group_bytes:
            self._write_group()

    def _write_group(self) -> None:
        rows, self._waiting, self._size = self._concat(self._waiting), [], 0
        self._writer.write_table(rows)

    def done(self, *, data_change: bool = True) -> list[Any]:
        """What the log is to be told: there is a new file, on the disk; or nothing."""
        if self._waiting:
            self._write_group()
        self._writer.close()
        if not self._count:
            self._file.unlink()
            return []
        size = self._file.stat().st_size
        if self._upload is not None:
            self._upload(self._path, self._file)
        else:
            sync(self._file)
            sync(self._file.parent)
        stats = {
            "numRecords": self._count,
            "minValues": {name: low for name, (low, _) in self._bounds.items()},
            "maxValues": {name: high for name, (_, high) in self._bounds.items()},
            "nullCount": dict.fromkeys(self._bounds, 0),
        }
        transaction = importlib.import_module("deltalake.transaction")
        days = {"day": self._day.isoformat()}
        return [transaction.AddAction(self._path, size, days, _now_ms(), data_change, json.dumps(stats))]

    def close(self) -> None:
        """Done or not. What is half written stays until the table is vacuumed."""
        self._writer.close()


class Rewriter:
    """Writes files of a table, from rows that are new or from other files.

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

    @contextmanager
    def file(self, day: date) -> Iterator[NewFile]:
        with tempfile.TemporaryDirectory(prefix="lakeward-") if self._top is None else nullcontext(self._top) as top:
            upload = self._upload if self._top is None else None
            made = NewFile(Path(top), upload, self._schema, day, group_bytes=self._group_bytes)
            with closing(made):
                yield made

    def copy(self, files: Sequence[File], kept: Callable[[Any], Any] | None, *, data_change: bool) -> list[Any]:
        """What the log is to be told: these files are gone, and a new one has their rows, or those that are `kept`."""
        transaction = importlib.import_module("deltalake.transaction")
        now, days = _now_ms(), {"day": files[0].day.isoformat()}
        actions = [transaction.RemoveAction(each.path, data_change, now, each.size, days) for each in files]
        ordered = sorted(files, key=lambda file: (file.batches[0] or 0, file.path))
        with self.file(files[0].day) as made:
            for rows in self._rows(ordered, kept):
                made.write(rows)
            return [*actions, *made.done(data_change=data_change)]

    def _rows(self, files: Sequence[File], kept: Callable[[Any], Any] | None) -> Iterator[Any]:
        parquet = importlib.import_module("pyarrow.parquet")
        names = self._schema.names
        for each in files:
            with parquet.ParquetFile(each.path, filesystem=self._fs) as file:
                for group in range(file.metadata.num_row_groups):
                    rows = file.read_row_group(group, columns=names, use_threads=False).cast(self._schema)
                    yield rows if kept is None else kept(rows)


def _now_ms() -> int:
    return int(time.time() * 1000)


def sync(path: Path) -> None:
    """On the disk, be it a file or the names in a directory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
