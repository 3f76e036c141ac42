"""Traces come back on demand: into the database, searchable by what their spans hold, for some days at least."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from lakeward import experiments, tracing
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database

MAX_NAMED: Final = 1_000
MAX_DAYS: Final = 3_650
_DAY: Final = 86_400_000
_AT_ONCE: Final = 1_000


async def bring_back(
    db: Database,
    workspace: int,
    experiment_id: str,
    *,
    trace_ids: Sequence[str] = (),
    since_ms: int | None = None,
    before_ms: int | None = None,
    days: int,
) -> int:
    """By id, or by when they began (epoch milliseconds). Returns how many came; those that are here are left.

    Some at a time: who is killed between leaves some here and the others there, and asks again.
    """
    if bool(trace_ids) == (since_ms is not None or before_ms is not None):
        raise InvalidParameter("Say which traces come back: either trace_ids, or a time by since_ms and before_ms.")
    if len(trace_ids) > MAX_NAMED:
        raise InvalidParameter(f"At most {MAX_NAMED:,} traces per request; these are {len(trace_ids):,}.")
    if not 1 <= days <= MAX_DAYS:
        raise InvalidParameter(f"Traces come back for 1 to {MAX_DAYS:,} days, not {days}.")
    async with db.connection() as connection:
        found = await experiments.get_active(connection, workspace, experiment_id)
    until = now_ms() + days * _DAY
    count = last = 0
    while True:
        async with db.connection() as connection:
            seqs = await tracing.moving.named(
                connection, found.id, list(trace_ids) or None, (since_ms, before_ms), most=_AT_ONCE, after=last
            )
        if not seqs:
            return count
        last = seqs[-1]
        count += await tracing.moving.bring_back(db, seqs, until)


def day_ms(text: str) -> int:
    """The begin of a day in UTC, as epoch milliseconds."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError as error:
        raise InvalidParameter(f"{text[:40]!r} is no day: 2026-11-22 is one.") from error
