"""The process that writes the audit log's Delta table. Started as a script, told all by JSON on its input.

It is one of its own so that no process of the server keeps 60 MB for a write a minute, and it imports nothing of the
server, so that it starts fast. A commit carries the number of its last event, so the table itself says what is in it:
events that it has are not written again, whoever was killed before he could note them. Two that write at the same time
exclude each other by the same number.
"""

import ctypes
import datetime as dt
import importlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

_APP: Final = "lakeward"  # whose numbers the commits carry
_DAY: Final = "event_date"
_SMALL: Final = 16 << 20  # bytes of a file that is worth merging
_MANY: Final = 64  # small files of the day that is under way
_KEPT_HOURS: Final = 12  # what is no longer in the table, for those who read it at this moment
_CONFIGURATION: Final = {
    # The least and greatest of these alone stand in the log: names of people must not outlive their rows there.
    "delta.dataSkippingStatsColumns": "event_time",
    "delta.logRetentionDuration": "interval 2 days",
}


class _Writing:
    """One table, as it was when this was made."""

    def __init__(self, location: str, options: Mapping[str, str]) -> None:
        self._delta: Any = importlib.import_module("deltalake")
        self._options = dict(options) or None
        self._location = location
        self._directory = Path(unquote(urlsplit(location).path)) if location.startswith("file:") else None
        self.table: Any = None
        if self._delta.DeltaTable.is_deltatable(location, self._options):
            self.table = self._delta.DeltaTable(location, storage_options=self._options)

    def written(self) -> int:
        """The number of the last event that was written; 0 if none was."""
        return 0 if self.table is None else self.table.transaction_version(_APP) or 0

    def append(self, rows: Sequence[dict[str, Any]], columns: Sequence[str], last: int) -> None:
        """`rows` may be none: the number counts."""
        if self.table is None and self._directory is not None:
            self._directory.mkdir(0o700, parents=True, exist_ok=True)
        began = time.time()
        self._delta.write_deltalake(
            self._location if self.table is None else self.table,
            _arrow(rows, columns),
            mode="append",
            partition_by=[_DAY],
            configuration=_CONFIGURATION if self.table is None else None,
            storage_options=self._options,
            writer_properties=self._delta.WriterProperties(compression="ZSTD", compression_level=3),
            commit_properties=self._delta.CommitProperties(app_transactions=[self._delta.Transaction(_APP, last)]),
        )
        self._flush({row[_DAY] for row in rows}, began)
        self.table = self._delta.DeltaTable(self._location, storage_options=self._options)

    def without_known(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that are not in the table, by their ids."""
        if self.table is None or not rows:
            return list(rows)
        days = sorted({_day(row[_DAY]).isoformat() for row in rows})
        found = self.table.to_pyarrow_table(filters=[(_DAY, "in", days)], columns=["event_id"])
        known = set(found["event_id"].to_pylist())
        return [row for row in rows if row["event_id"] not in known]

    def tidy(self, before: str | None, today: str, *, daily: bool) -> None:
        """Merge small files where there are many; once a day also of the days before, and take old rows away."""
        if self.table is None:
            return
        if daily and before is not None and any(day < before for day in self._small(every=True)):
            self.table.delete(f"{_DAY} < '{before}'")
        for day, count in self._small().items():
            if count >= (_MANY if day >= today else 2) and (daily or day >= today):
                self.table.optimize.compact(partition_filters=[(_DAY, "=", day)])
        if daily and self._vacuum(dry_run=True):
            self._vacuum(dry_run=False)

    def _vacuum(self, *, dry_run: bool) -> list[str]:
        """The files that no row is in any more, and those of writes that were cut off. Even none makes two commits."""
        found: list[str] = self.table.vacuum(
            retention_hours=_KEPT_HOURS, dry_run=dry_run, enforce_retention_duration=False, full=True
        )
        return found

    def _small(self, *, every: bool = False) -> Counter[str]:
        """Day → how many files it has that are small."""
        files = self.table.get_add_actions(flatten=True)
        days, sizes = files.column(f"partition.{_DAY}"), files.column("size_bytes")
        return Counter(str(days[at].as_py()) for at in range(files.num_rows) if every or sizes[at].as_py() < _SMALL)

    def _flush(self, days: set[int], began: float) -> None:
        """The library does not, and what counts as written must outlast a power cut. Clouds do it themselves."""
        top = self._directory
        if top is None:
            return
        places = [top / f"{_DAY}={_day(day).isoformat()}" for day in days] + [top / "_delta_log"]
        for place in places:
            for path in place.iterdir() if place.is_dir() else ():
                if path.is_file() and path.stat().st_mtime >= began - 5:
                    _sync(path)
            if place.is_dir():
                _sync(place)
        _sync(top)


def _arrow(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> Any:
    pa: Any = importlib.import_module("pyarrow")
    text = pa.string()
    special = {
        "event_time": pa.timestamp("us", tz="UTC"),
        _DAY: pa.date32(),
        "workspace_id": pa.int64(),
        "user_identity": pa.struct([("email", text), ("subject_name", text)]),
        "request_params": pa.map_(text, text),
        "response": pa.struct([("status_code", pa.int32()), ("error_message", text), ("result", text)]),
        "identity_metadata": pa.struct([("run_by", text), ("run_as", text)]),
    }
    made = []
    for row in rows:
        given = {"request_params": list(row["request_params"].items()), _DAY: _day(row[_DAY])}
        given["event_time"] = dt.datetime.fromtimestamp(row["event_time"] / 1000, dt.UTC)
        made.append(row | given)
    return pa.Table.from_pylist(made, schema=pa.schema([(name, special.get(name, text)) for name in columns]))


def _day(number: int) -> dt.date:
    """The day of so many days since 1970."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=number)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(asked: Mapping[str, Any]) -> dict[str, Any]:
    """`written` of the answer is how far the table is now; if it is less than was thought, nothing was done."""
    writing = _Writing(asked["location"], asked["options"])
    there, rows = writing.written(), asked["rows"]
    if there < asked["written"]:  # the object store went back to a backup
        return {"written": there}
    if rows:
        # Those that it should have by their numbers: it was not noted, or the database went back to a backup, and
        # other events have the same numbers now.
        doubtful = [row for row in rows if row["seq"] <= there]
        new = writing.without_known(doubtful) + rows[len(doubtful) :]
        writing.append(new, asked["columns"], max(there, rows[-1]["seq"]))
    writing.tidy(asked["before"], asked["today"], daily=asked["tidy"])
    return {"written": rows[-1]["seq"] if rows else asked["written"]}


def _quietly() -> None:
    """Behind the processes that answer people; gone when the one is that started it."""
    os.nice(10)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    os.environ |= {"TOKIO_WORKER_THREADS": "2", "MALLOC_ARENA_MAX": "2"}


def main() -> None:
    _quietly()
    asked = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = write(asked)
    except Exception as error:  # noqa: BLE001 - the library has many; who asked tells it
        answer = {"problem": f"{type(error).__name__}: {str(error)[:500]}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
