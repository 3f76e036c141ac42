"""Statements about metric points: the segments that hold all of them, and the latest value of each key."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx

_APPEND = """
    WITH appended AS (
        INSERT INTO metric_segment (run_seq, bucket, max_ts, keys, ts, steps, vals)
        SELECT run_seq, key_id / 64, max(ts), array_agg(key_id), array_agg(ts), array_agg(step), array_agg(val)
        FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::float8[])
            AS p(run_seq, key_id, ts, step, val)
        GROUP BY 1, 2
    )
    INSERT INTO latest_metric AS l (run_seq, key_id, experiment_id, value, step, ts)
    SELECT * FROM unnest($6::bigint[], $7::int[], $8::bigint[], $9::float8[], $10::bigint[], $11::bigint[])
    ON CONFLICT (run_seq, key_id) DO UPDATE SET value = excluded.value, step = excluded.step, ts = excluded.ts
    WHERE (excluded.step, excluded.ts, excluded.value) > (l.step, l.ts, l.value)
"""


# In the SELECT list these unpack side by side as they stream; as a joined function they would be stored first, which
# costs three times as much (20,000 points: 57 ms against 20 ms). OFFSET 0 keeps the filter outside.
_POINTS = "unnest(s.keys) AS key_id, unnest(s.ts) AS ts, unnest(s.steps) AS step, unnest(s.vals) AS val"


async def append(tx: Tx, points: Sequence[Sequence[Any]], latest: Sequence[Sequence[Any]]) -> None:
    """Append points given as columns (run seq, key id, ts, step, value), and move the latest values forward.

    `latest` holds columns (run seq, key id, experiment id, value, step, ts), one entry per run and key, sorted by
    them so that two writers take row locks in the same order. NaN counts as the largest value, as in PostgreSQL.
    """
    await tx.execute(_APPEND, *points, *latest)


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
                   row_number() OVER (PARTITION BY run_seq, stretch ORDER BY val DESC, place) AS high
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
