"""Statements about metric points: the segments that hold all of them, and the latest value of each key."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx

# In the SELECT list these unpack side by side as they stream; as a joined function they would be stored first, which
# costs three times as much (20,000 points: 57 ms against 20 ms). OFFSET 0 keeps the filter outside.
_POINTS = "unnest(s.keys) AS key_id, unnest(s.ts) AS ts, unnest(s.steps) AS step, unnest(s.vals) AS val"


async def log_points(
    tx: Tx, run_ids: Sequence[str], workspaces: Sequence[int], columns: Sequence[Sequence[object]]
) -> list[str]:
    """Append points to runs and move their latest values forward: one round trip, one transaction.

    `columns` are the points' (place of the run, from 1; key id; ts; step; value). Answers 'ok', 'missing' or 'deleted'
    for each run. NaN counts as the largest value, as everywhere in PostgreSQL.
    """
    rows = await tx.fetch("SELECT log_points($1, $2, $3, $4, $5, $6, $7)", run_ids, workspaces, *columns)
    return [row[0] for row in rows]


async def history_page(tx: Tx, run_seq: int, key_id: int, after: Sequence[Any] | None, limit: int | None) -> list[Any]:
    """Distinct points (ts, step, value) of one metric after a given one, in that order, up to `limit` (None: all)."""
    further = "AND s.max_ts >= $4" if after is not None else ""
    beyond = "AND (ts, step, val) > ($4, $5, $6)" if after is not None else ""
    rows: list[Any] = await tx.fetch(
        f"""
        SELECT DISTINCT ts, step, val
        FROM (SELECT {_POINTS} FROM metric_segment s
              WHERE s.run_seq = $1 AND s.bucket = $2::int / 64 {further} OFFSET 0) AS point
        WHERE key_id = $2 {beyond}
        ORDER BY ts, step, val LIMIT $3
        """,
        run_seq, key_id, limit, *(after or ()),
    )  # fmt: skip
    return rows


async def sampled_history(
    tx: Tx, run_seqs: Sequence[int], key_id: int, steps: tuple[int | None, int | None], samples: int
) -> list[Any]:
    """(run_seq, ts, step, val) by run and step; where a run has more than `samples` points: its first, its last, and
    the smallest and largest of equal stretches, so that no spike is lost.
    """
    rows: list[Any] = await tx.fetch(
        f"""
        WITH point AS (
            SELECT DISTINCT run_seq, step, ts, val
            FROM (SELECT s.run_seq, {_POINTS} FROM metric_segment s
                  WHERE s.run_seq = ANY($1::bigint[]) AND s.bucket = $2::int / 64 OFFSET 0) AS unpacked
            WHERE key_id = $2 AND ($3::bigint IS NULL OR step BETWEEN $3 AND $4)
        ), placed AS (
            SELECT *, count(*) OVER (PARTITION BY run_seq) AS total,
                   row_number() OVER by_step AS place, ntile(greatest(($5::int - 2) / 2, 1)) OVER by_step AS stretch
            FROM point WINDOW by_step AS (PARTITION BY run_seq ORDER BY step, ts, val)
        ), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY run_seq, stretch ORDER BY val, place) AS low,
                   row_number() OVER (PARTITION BY run_seq, stretch
                                      ORDER BY nullif(val, 'NaN') DESC NULLS LAST, place) AS high
            FROM placed
        )
        SELECT run_seq, ts, step, val FROM ranked
        WHERE total <= $5 OR place = total OR ($5 > 1 AND place = 1) OR ($5 > 3 AND (low = 1 OR high = 1))
        ORDER BY run_seq, step, ts, val
        """,
        run_seqs, key_id, *steps, samples,
    )  # fmt: skip
    return rows


async def crowded_buckets(tx: Tx, run_seq: int, more_than: int) -> list[int]:
    """Buckets of this run with more segments than this."""
    rows = await tx.fetch(
        "SELECT bucket FROM metric_segment WHERE run_seq = $1 GROUP BY bucket HAVING count(*) > $2", run_seq, more_than
    )
    return [row["bucket"] for row in rows]


async def merge_segments(tx: Tx, run_seq: int, bucket: int) -> None:
    """Put the points of a bucket together again: one key and up to 1,000 distinct points a segment."""
    await tx.execute(
        f"""
        WITH taken AS (
            DELETE FROM metric_segment WHERE run_seq = $1 AND bucket = $2 RETURNING *
        ), point AS (
            SELECT DISTINCT key_id, ts, step, val FROM (SELECT {_POINTS} FROM taken s OFFSET 0) AS unpacked
        ), placed AS (
            SELECT *, (row_number() OVER (PARTITION BY key_id ORDER BY ts, step, val) - 1) / 1000 AS part FROM point
        )
        INSERT INTO metric_segment (run_seq, bucket, max_ts, keys, ts, steps, vals)
        SELECT $1, $2, max(ts), array_agg(key_id), array_agg(ts), array_agg(step), array_agg(val)
        FROM placed GROUP BY key_id, part
        """,
        run_seq, bucket,
    )  # fmt: skip
