"""The log as the Delta table `system.access.audit`, for everybody's engines.

What is sealed is written there by the worker, with the columns of the platform's table, by a process of its own
(`table_writer`). The chain stays what is verified: the table is a copy. Each event is in it once: a commit carries the
number of its last event, and what the table says it has counts, not what was noted here. Where the object store or the
database went back to an older backup, the two are brought together again.
"""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from lakeward.audit import store
from lakeward.audit.exporting import COLUMNS, row
from lakeward.audit.records import Mark, Search, Stored
from lakeward.kit.errors import Unavailable
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.lake import Lake

_BATCH: Final = 10_000
_SECONDS: Final = 120.0
_DAY_MS: Final = 86_400_000
_WRITER: Final = Path(__file__).with_name("table_writer.py")


class _Told(msgspec.Struct, frozen=True):
    written: int = 0
    problem: str = ""


async def bring_up_to_date(db: Database, lake: Lake, prefix: str, days: int, *, wait: bool = False) -> int:
    """Write what was sealed since the last time; how many events. Once a day also tidy up, and drop old rows.

    `prefix` is the table's in the object store, `days` how long events are kept, 0 for ever. Without `wait`, not while
    another process does that.
    """
    async with db.connection() as connection:
        mark = await store.find_mark(connection)
        if not wait and not _due(mark) and not await store.anything_after(connection, mark.written):
            return 0
        if not await store.lock_table(connection, wait=wait):
            return 0
        try:
            return await _write_all(connection, lake, prefix, days)
        finally:
            await store.unlock_table(connection)


def _due(mark: Mark) -> bool:
    return mark.written > 0 and mark.tidied < datetime.now(UTC).date()


async def _write_all(connection: Tx, lake: Lake, prefix: str, days: int) -> int:
    count = 0
    while True:
        mark = await store.find_mark(connection)
        events = await store.find_after(connection, Search(), mark.written, _BATCH)
        if not events and not _due(mark):
            return count
        today = datetime.now(UTC).date()
        tidy = len(events) < _BATCH and mark.tidied < today
        told = await asyncio.to_thread(_ask, _order(lake, prefix, mark, events, today, days, tidy=tidy))
        if told.problem:
            raise Unavailable(f"The table of the audit log cannot be written: {told.problem}")
        done = told.written >= mark.written
        await store.set_mark(connection, Mark(told.written, today if tidy and done else mark.tidied))
        count += len(events) if done else 0


def _order(
    lake: Lake, prefix: str, mark: Mark, events: Sequence[Stored], today: date, days: int, *, tidy: bool
) -> dict[str, Any]:
    location, options = lake.address(prefix)
    return {
        "location": location,
        "options": options,
        "written": mark.written,
        "columns": COLUMNS,
        "rows": [_row(each) for each in events],
        "tidy": tidy,
        "today": today.isoformat(),
        "before": (today - timedelta(days=days)).isoformat() if days else None,
    }


def _row(stored: Stored) -> dict[str, Any]:
    """As the exported files have it, but for times: epoch milliseconds, and days since 1970."""
    time = stored.event.time
    return row(stored) | {"seq": stored.seq, "event_time": time, "event_date": time // _DAY_MS}


def _ask(order: dict[str, Any]) -> _Told:
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(_WRITER)],
            input=msgspec.json.encode(order),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Told(problem=f"it took more than {_SECONDS:.0f} seconds.")
    try:
        return msgspec.json.decode(done.stdout, type=_Told)
    except msgspec.DecodeError:
        return _Told(problem=f"its process ended with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
