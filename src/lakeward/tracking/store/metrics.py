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
              WHERE s.run_seq = $1 AND s.bucket = $2::int / 64 AND $2 = ANY(s.keys) {further} OFFSET 0) AS point
        WHERE key_id = $2 {beyond}
        ORDER BY ts, step, val LIMIT $3
        """,
        run_seq, key_id, limit, *(after or ()),
    )  # fmt: skip
    return rows


async def sizes(tx: Tx, run_seqs: Sequence[int], key_id: int) -> list[tuple[int, int]]:
    """(run_seq, about how many points lie in the segments that may hold this metric), by run."""
    rows = await tx.fetch(
        "SELECT run_seq, sum(pg_column_size(vals)) / 8 FROM metric_segment"
        " WHERE run_seq = ANY($1::bigint[]) AND bucket = $2::int / 64 GROUP BY 1 ORDER BY 1",
        run_seqs, key_id,
    )  # fmt: skip
    return [(row[0], int(row[1])) for row in rows]


async def segments(tx: Tx, run_seqs: Sequence[int], key_id: int) -> list[Any]:
    """(run_seq, keys, ts, steps, vals) of the segments that hold this metric: arrays, as the bytes PostgreSQL sends."""
    rows: list[Any] = await tx.fetch(
        "SELECT run_seq, array_send(keys), array_send(ts), array_send(steps), array_send(vals) FROM metric_segment"
        " WHERE run_seq = ANY($1::bigint[]) AND bucket = $2::int / 64 AND $2 = ANY(keys) ORDER BY run_seq, max_ts",
        run_seqs, key_id,
    )  # fmt: skip
    return rows


async def extremes(tx: Tx, run_seqs: Sequence[int], key_ids: Sequence[int]) -> list[Any]:
    """(run_seq, key_id, points, smallest, largest) of these metrics over all their steps. NaN is neither."""
    rows: list[Any] = await tx.fetch(
        f"""
        SELECT run_seq, key_id, count(nullif(val, 'NaN')), min(nullif(val, 'NaN')), max(nullif(val, 'NaN'))
        FROM (SELECT s.run_seq, {_POINTS} FROM metric_segment s
              WHERE s.run_seq = ANY($1::bigint[]) AND s.bucket = ANY($3::int[]) AND s.keys && $2::int[]
              OFFSET 0) AS point
        WHERE key_id = ANY($2::int[]) GROUP BY 1, 2
        """,
        run_seqs, key_ids, sorted({each // 64 for each in key_ids}),
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
    await tx.execute("DELETE FROM metric_curve WHERE run_seq = $1", run_seq)  # they count segments
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
