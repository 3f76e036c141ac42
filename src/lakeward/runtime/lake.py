"""Delta tables in the object store: rows that leave the database and stay readable by everybody's engines.

The one module that knows `deltalake` and `pyarrow`, which are loaded when a table is first touched: 0.8 s and 90 MB
that a server without such tables does not spend. Everything here blocks, and is called in a thread. Tables are named by
their prefix in the object store, partitioned by `day`, and written in numbered batches: a batch is a commit that
carries its number, so that it is never written twice. Rows have a `seq` and the number of their `batch`; files keep the
least and the greatest of both, which is how few rows are found among many.

One process writes a table at a time (its caller has a lock); anybody may read. What is answered is on the disk: a
local directory is flushed, cloud stores acknowledge nothing else.
"""

import asyncio
import contextlib
import functools
import importlib
import itertools
import operator
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

from lakeward.kit.errors import Unavailable
from lakeward.runtime import lake_files
from lakeward.runtime.lake_files import File, Rewriter
from lakeward.runtime.objects import ObjectStore
from lakeward.runtime.objects.lending import OPTIONS as LENDING

_APP: Final = "lakeward"  # whose numbers the commits carry
_OPEN: Final = 16  # tables a process remembers
_TRIES: Final = 3
_PIECE: Final = 1 << 20
_GROUP_BYTES: Final = 2 << 20  # of rows as they are, of a file that was made from others
# The least and greatest values of these alone stand in the log: what users wrote must not outlive its rows there.
_NUMBERED: Final = "seq,batch"
_OURS: Final = frozenset({"presign", *LENDING})  # options of the object store that are not the store's own


class Into(NamedTuple):
    """A table that rows are added to. `schema` is pyarrow's; a row group takes so many bytes of rows as they are."""

    prefix: str
    schema: Any
    group_bytes: int


class Lake:
    """All Delta tables of one installation. `Lake(objects, settings.objects_location, settings.objects)`."""

    def __init__(self, objects: ObjectStore, location: str, options: Mapping[str, str]) -> None:
        self._objects = objects
        self._url = location.rstrip("/")
        self._options = storage_options(options)
        self._tables: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def append(self, tables: Sequence[Into], rows: Iterator[tuple[date, Sequence[Any]]], *, batch: int) -> bool:
        """Add a batch to some tables: (day, rows for each of the tables) in order of their days, pyarrow's.

        What one of them has already is not written to it again. False if that is so of all.
        """
        found = [self._find(each.prefix) for each in tables]
        new = [there is None or (there.transaction_version(_APP) or 0) < batch for there in found]
        if any(new):
            there = [self._made(each) if table is None else table for each, table in zip(tables, found, strict=True)]
            wanted = [at for at, is_new in enumerate(new) if is_new]
            rewriters = [self._rewriter(tables[at].prefix, there[at], tables[at].group_bytes) for at in wanted]
            added: list[list[Any]] = [[] for _ in wanted]
            for day, pieces in itertools.groupby(rows, key=operator.itemgetter(0)):
                with contextlib.ExitStack() as stack:
                    files = [stack.enter_context(rewriter.file(day)) for rewriter in rewriters]
                    for _, some in pieces:
                        for at, file in zip(wanted, files, strict=True):
                            file.write(some[at])
                    for actions, file in zip(added, files, strict=True):
                        actions.extend(file.done())
            for at, actions in zip(wanted, added, strict=True):
                self._commit(there[at], actions, self._schema(there[at]), batch)
        for each in tables:
            self._flush_log(each.prefix)
        return any(new)

    def _made(self, into: Into) -> Any:
        """A table without rows."""
        place, options = self._place(into.prefix)
        if options is None:
            Path(place).mkdir(0o700, parents=True, exist_ok=True)
        made = _deltalake().DeltaTable.create(
            place,
            into.schema,
            mode="ignore",
            partition_by=["day"],
            configuration={"delta.dataSkippingStatsColumns": _NUMBERED},
            storage_options=options,
        )
        if options is None:
            lake_files.sync(Path(place).parent)
        return made

    def read(self, prefix: str, columns: Sequence[str], day: date, batch: int, seqs: Sequence[int]) -> list[Any]:
        """These rows of a batch, as mappings. Only the row groups that they may be in are read."""
        wanted = set(seqs)
        low, high = min(wanted), max(wanted)
        files = f"day = '{day.isoformat()}' AND batch = {int(batch)} AND seq >= {int(low)} AND seq <= {int(high)}"
        found: list[Any] = []
        for attempt in range(_TRIES):
            try:
                table = self._find(prefix, fresh=attempt > 0)
                if table is None:
                    return []
                dataset = table.to_pyarrow_dataset(filesystem=self._files(prefix), file_pruning_predicate=files)
                found = [row for each in dataset.get_fragments() for row in _rows(each, columns, batch, wanted)]
            except (OSError, _deltalake().exceptions.DeltaError) as error:  # rewritten since the log was read
                if attempt == _TRIES - 1:
                    raise Unavailable("A file of the lake cannot be read now. Retry.") from error
                continue
            if len(found) == len(wanted) or attempt:  # else they may have come since the log was read
                break
        return found

    def numbers(self, prefix: str, days: Iterable[date], batch: int) -> set[int]:
        """The numbers (`seq`) of the rows of a batch, as files have them."""
        table = self._find(prefix)
        found: set[int] = set()
        for day in days if table is not None else ():
            files = f"day = '{day.isoformat()}' AND batch = {int(batch)}"
            dataset = table.to_pyarrow_dataset(filesystem=self._files(prefix), file_pruning_predicate=files)
            for fragment in dataset.get_fragments():
                found.update(_numbers(fragment, batch))
        return found

    def delete(self, prefix: str, day: date, dead: Mapping[int, Sequence[int]]) -> None:
        """Take rows (batch → seqs) of a day away, for good once `vacuum` has run. Done twice it is done once."""
        table = self._find(prefix)
        if table is None:
            return
        kept = lake_files.without({batch: frozenset(seqs) for batch, seqs in dead.items()})
        touched = [each for each in lake_files.files_of(table) if each.day == day and each.may_hold(dead)]
        for each in touched:
            self._replace(prefix, table, [each], kept, group_bytes=_GROUP_BYTES)

    def compact(self, prefix: str, *, least: int, target: int, group_bytes: int) -> int:
        """Put small files of a day together where they are `least` or more, into ones of up to `target` bytes.

        The old ones stay until `vacuum`. Returns how many were put together.
        """
        table = self._find(prefix)
        if table is None:
            return 0
        days: dict[date, list[File]] = {}
        for each in lake_files.files_of(table):
            days.setdefault(each.day, []).append(each)
        done = 0
        for files in days.values():
            if taken := lake_files.crowded(files, least, target):
                self._replace(prefix, table, taken, None, group_bytes=group_bytes)
                done += len(taken)
        return done

    def _replace(
        self, prefix: str, table: Any, files: Sequence[File], kept: Callable[[Any], Any] | None, *, group_bytes: int
    ) -> None:
        """One commit: these files are gone, another has their rows, or those that are kept."""
        rewriter = self._rewriter(prefix, table, group_bytes)
        self._commit(table, rewriter.copy(files, kept, data_change=kept is not None), self._schema(table), None)
        table.update_incremental()
        self._flush_log(prefix)

    def _rewriter(self, prefix: str, table: Any, group_bytes: int) -> Rewriter:
        place, options = self._place(prefix)
        schema = self._schema(table)
        return Rewriter(
            self._files(prefix) or table.to_pyarrow_dataset().filesystem,
            None if options is not None else Path(place),
            functools.partial(self._upload, prefix),
            schema.remove(schema.get_field_index("day")),
            group_bytes=group_bytes,
        )

    @staticmethod
    def _schema(table: Any) -> Any:
        return pyarrow().schema(table.schema().to_arrow())

    def _upload(self, prefix: str, path: str, file: Path) -> None:
        size = file.stat().st_size

        async def pieces() -> AsyncIterator[bytes]:
            with opened:
                while piece := opened.read(_PIECE):
                    yield piece

        async def put() -> None:
            await self._objects.put(f"{prefix}/{path}", pieces(), size=size)

        opened = file.open("rb")
        asyncio.run(put())  # this is a thread, without a loop of its own

    @staticmethod
    def _commit(table: Any, actions: Sequence[Any], schema: Any, batch: int | None) -> None:
        delta = _deltalake()
        numbered = None if batch is None else [delta.Transaction(_APP, batch)]
        properties = delta.CommitProperties(app_transactions=numbered)
        table.create_write_transaction(actions, "append", schema, ["day"], commit_properties=properties)

    def vacuum(self, prefix: str, hours: int = 0) -> None:
        """Remove the files that no row is in any more, and those of writes that were cut off, for so long at least."""
        table = self._find(prefix)
        if table is not None:
            table.vacuum(retention_hours=hours, dry_run=False, enforce_retention_duration=False, full=True)

    def address(self, prefix: str) -> tuple[str, dict[str, str]]:
        """The URL of a table, and what it takes to get there: for a process that is no part of the server."""
        place, options = self._place(prefix)
        return (Path(place).as_uri(), {}) if options is None else (place, options)

    # ── where tables are ─────────────────────────────────────────────────────────────────────────────────────────────

    def _place(self, prefix: str) -> tuple[str, dict[str, str] | None]:
        """A directory, or a URL and what it takes to get there."""
        path = self._objects.path(prefix)
        return (f"{self._url}/{prefix}", self._options) if path is None else (str(Path(path).absolute()), None)

    def _files(self, prefix: str) -> Any:
        """How pyarrow reads a directory by itself, which is several times as fast; None for a URL."""
        place, options = self._place(prefix)
        if options is not None:
            return None
        fs = importlib.import_module("pyarrow.fs")
        return fs.SubTreeFileSystem(place, fs.LocalFileSystem(use_mmap=False))

    def _find(self, prefix: str, *, fresh: bool = True) -> Any:
        """The table as it is now, or as it was when it was last looked at; None if there is none."""
        delta = _deltalake()
        with self._lock:
            table = self._tables.pop(prefix, None)
        if table is None:
            place, options = self._place(prefix)
            if options is None and not Path(place, "_delta_log").is_dir():
                return None
            try:
                table = delta.DeltaTable(place, storage_options=options)
            except delta.exceptions.TableNotFoundError:
                return None
        elif fresh:
            table.update_incremental()
        with self._lock:
            self._tables[prefix] = table
            while len(self._tables) > _OPEN:
                self._tables.popitem(last=False)
        return table

    def _flush_log(self, prefix: str) -> None:
        """Nothing may leave the database for a commit that a power cut takes back; `deltalake` does not flush it."""
        place, options = self._place(prefix)
        if options is not None:
            return
        log = Path(place) / "_delta_log"
        for path in (*log.iterdir(), log, Path(place)):
            lake_files.sync(path)


def _rows(fragment: Any, columns: Sequence[str], batch: int, wanted: AbstractSet[int]) -> Iterator[Any]:
    """Those of a file, one row group after the other: a scan by pyarrow reads ahead, three times as long as this.

    Rows are sliced, as files that `deltalake` has rewritten hold types that pyarrow cannot pick rows of.
    """
    parquet = importlib.import_module("pyarrow.parquet")
    with parquet.ParquetFile(fragment.path, filesystem=fragment.filesystem) as file:
        for group in range(file.metadata.num_row_groups):
            if not _may_hold(file.metadata.row_group(group), wanted):
                continue
            rows = file.read_row_group(group, columns=[*columns, "batch"], use_threads=False)
            numbers = zip(rows["seq"].to_pylist(), rows["batch"].to_pylist(), strict=True)
            for at, (seq, its_batch) in enumerate(numbers):
                if seq in wanted and its_batch == batch:
                    yield from rows.slice(at, 1).to_pylist()


def _numbers(fragment: Any, batch: int) -> Iterator[int]:
    parquet = importlib.import_module("pyarrow.parquet")
    with parquet.ParquetFile(fragment.path, filesystem=fragment.filesystem) as file:
        rows = file.read(columns=["seq", "batch"], use_threads=False)
    for seq, its_batch in zip(rows["seq"].to_pylist(), rows["batch"].to_pylist(), strict=True):
        if its_batch == batch:
            yield seq


def _may_hold(group: Any, wanted: AbstractSet[int]) -> bool:
    for place in range(group.num_columns):
        column = group.column(place)
        if column.path_in_schema == "seq" and column.statistics is not None and column.statistics.has_min_max:
            low, high = column.statistics.min, column.statistics.max
            return any(low <= each <= high for each in wanted)
    return True


def storage_options(options: Mapping[str, str]) -> dict[str, str]:
    """What obstore is told, as deltalake takes it: without what is ours."""
    given = {key: value for key, value in options.items() if key not in _OURS}
    if given.get("endpoint", "").startswith("http://"):
        given.setdefault("allow_http", "true")
    return given


def pyarrow() -> Any:
    return importlib.import_module("pyarrow")


def _deltalake() -> Any:
    return importlib.import_module("deltalake")
