"""Every statement about retention that is not about traces themselves."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from lakeward.runtime.db import Tx


class Tables(NamedTuple):
    """An experiment's tables, as prefixes in the object store, and how far the worker has come."""

    traces_prefix: str
    spans_prefix: str
    through_ms: int
    looked_at: int


async def of_all(tx: Tx, retention_key: str, now_key: str, *, all_of_them: bool) -> list[Any]:
    """(id, workspace, retention, now) of those that say something by a tag, or of all, that are not in the trash."""
    rows: list[Any] = await tx.fetch(
        "SELECT e.id, e.workspace_id, r.value, n.value FROM experiment e"
        " LEFT JOIN experiment_tag r ON r.experiment_id = e.id AND r.key = $1"
        " LEFT JOIN experiment_tag n ON n.experiment_id = e.id AND n.key = $2"
        " WHERE e.deleted_at IS NULL AND NOT e.purging AND ($3 OR r.value IS NOT NULL OR n.value IS NOT NULL)"
        " ORDER BY e.id",
        retention_key, now_key, all_of_them,
    )  # fmt: skip
    return rows


async def done(tx: Tx, experiment_id: int, key: str, value: str) -> None:
    """What was asked for by this tag is done, unless something else was meanwhile."""
    await tx.execute(
        "DELETE FROM experiment_tag WHERE experiment_id = $1 AND key = $2 AND value = $3", experiment_id, key, value
    )


async def lock(connection: Any, experiment_id: int) -> bool:
    """Whether nobody else writes to the tables of this experiment now; as long as the connection lasts nobody does."""
    return bool(
        await connection.fetchval(
            "SELECT pg_try_advisory_lock(hashtext('trace lake'), $1::integer)", experiment_id % 2**31
        )
    )


async def unlock(connection: Any, experiment_id: int) -> None:
    await connection.execute("SELECT pg_advisory_unlock(hashtext('trace lake'), $1::integer)", experiment_id % 2**31)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def tables(tx: Tx, experiment_id: int) -> Tables | None:
    row = await tx.fetchrow(
        "SELECT traces_prefix, spans_prefix, through_ms, looked_at FROM trace_lake WHERE experiment_id = $1",
        experiment_id,
    )
    return Tables(*row) if row else None


async def add_tables(tx: Tx, experiment_id: int, traces_prefix: str, spans_prefix: str) -> None:
    await tx.execute(
        "INSERT INTO trace_lake (experiment_id, traces_prefix, spans_prefix) VALUES ($1, $2, $3)",
        experiment_id, traces_prefix, spans_prefix,
    )  # fmt: skip


async def came_through(tx: Tx, experiment_id: int, through_ms: int, looked_at: int | None) -> None:
    await tx.execute(
        "UPDATE trace_lake SET through_ms = greatest(through_ms, $2), looked_at = coalesce($3, looked_at)"
        " WHERE experiment_id = $1",
        experiment_id, through_ms, looked_at,
    )  # fmt: skip


# ── batches ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def plan(tx: Tx, experiment_id: int, seqs: Sequence[int], days: Sequence[date], segments: Sequence[int]) -> int:
    number: int = await tx.fetchval(
        "INSERT INTO trace_move (experiment_id, seqs, days, segments) VALUES ($1, $2, $3, $4) RETURNING batch",
        experiment_id, seqs, days, segments,
    )  # fmt: skip
    return number


async def planned(tx: Tx, experiment_id: int) -> Any:
    """(batch, seqs, days, segments) of the batch that is on its way, or None."""
    return await tx.fetchrow(
        "SELECT batch, seqs, days, segments FROM trace_move WHERE experiment_id = $1", experiment_id
    )


async def end_plan(tx: Tx, batch: int) -> bool:
    """False if it has ended before, or its experiment is gone."""
    return bool(await tx.fetchval("DELETE FROM trace_move WHERE batch = $1 RETURNING true", batch))


# ── rows that count no more ──────────────────────────────────────────────────────────────────────────────────────────


async def with_dead_rows(tx: Tx) -> list[int]:
    """Experiments whose tables hold rows that count no more, or traces that are another's now, or half a batch."""
    rows = await tx.fetch(
        "SELECT experiment_id FROM trace_unmoved UNION SELECT experiment_id FROM trace_moved WHERE astray"
        " UNION SELECT experiment_id FROM trace_move ORDER BY 1"
    )
    return [row[0] for row in rows]


async def dead_rows(tx: Tx, experiment_id: int, most: int) -> list[Any]:
    """(batch, day, seqs): of one file after the other."""
    rows: list[Any] = await tx.fetch(
        "SELECT batch, day, array_agg(trace_seq) FROM (SELECT batch, day, trace_seq FROM trace_unmoved"
        " WHERE experiment_id = $1 ORDER BY day, batch LIMIT $2) w GROUP BY 1, 2 ORDER BY 2, 1",
        experiment_id, most,
    )  # fmt: skip
    return rows


async def buried(tx: Tx, experiment_id: int, batch: int, seqs: Sequence[int] | None) -> None:
    await tx.execute(
        "DELETE FROM trace_unmoved WHERE experiment_id = $1 AND batch = $2"
        " AND ($3::bigint[] IS NULL OR trace_seq = ANY($3))",
        experiment_id, batch, seqs,
    )  # fmt: skip


async def bury_orphans(tx: Tx) -> None:
    """Tables that are gone hold no rows."""
    await tx.execute(
        "DELETE FROM trace_unmoved u"
        " WHERE NOT EXISTS (SELECT FROM trace_lake l WHERE l.experiment_id = u.experiment_id)"
    )


# ── told to who asks ─────────────────────────────────────────────────────────────────────────────────────────────────


async def summary(tx: Tx, experiment_id: int) -> Any:
    """(traces that were moved, the first and last day of them)."""
    return await tx.fetchrow(
        "SELECT count(*), min(day), max(day) FROM trace_moved WHERE experiment_id = $1", experiment_id
    )
