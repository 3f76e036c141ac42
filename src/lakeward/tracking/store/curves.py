"""Statements about curves: sampled metrics that are kept."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx

_MARK = 0  # in `most`: a row that says that all curves of a bucket are there, and how many segments it had


async def segment_counts(tx: Tx, run_seqs: Sequence[int], buckets: Sequence[int]) -> dict[tuple[int, int], int]:
    """How many segments each run has in each of these buckets, where it has any."""
    rows = await tx.fetch(
        "SELECT run_seq, bucket, count(*) FROM metric_segment"
        " WHERE run_seq = ANY($1::bigint[]) AND bucket = ANY($2::int[]) GROUP BY 1, 2",
        run_seqs, buckets,
    )  # fmt: skip
    return {(row[0], row[1]): row[2] for row in rows}


async def kept(tx: Tx, run_seqs: Sequence[int], key_ids: Sequence[int], most: int) -> list[Any]:
    """(run_seq, key_id, segments, points) of the curves that are there, true or not; and of each bucket its mark."""
    marks = sorted({_mark_of(key_id // 64) for key_id in key_ids})
    rows: list[Any] = await tx.fetch(
        "SELECT run_seq, key_id, segments, points FROM metric_curve"
        f" WHERE run_seq = ANY($1::bigint[]) AND key_id = ANY($2::int[]) AND most IN ({_MARK}, $3)",
        run_seqs, [*marks, *key_ids], most,
    )  # fmt: skip
    return rows


def _mark_of(bucket: int) -> int:
    return -1 - bucket


def marked(key_id: int) -> int | None:
    """The bucket whose mark this is."""
    return -1 - key_id if key_id < 0 else None


async def sizes(tx: Tx, run_seqs: Sequence[int], buckets: Sequence[int] | None = None) -> list[tuple[int, int, int]]:
    """(run_seq, bucket, about how many points) of these runs, by run."""
    rows = await tx.fetch(
        "SELECT run_seq, bucket, sum(pg_column_size(vals)) / 8 FROM metric_segment"
        " WHERE run_seq = ANY($1::bigint[]) AND ($2::int[] IS NULL OR bucket = ANY($2)) GROUP BY 1, 2 ORDER BY 1, 2",
        run_seqs, buckets,
    )  # fmt: skip
    return [(row[0], row[1], int(row[2])) for row in rows]


async def ended(tx: Tx, run_seqs: Sequence[int], statuses: Sequence[str]) -> list[int]:
    """Those of these runs that have one of these statuses."""
    rows = await tx.fetch(
        "SELECT seq FROM run WHERE seq = ANY($1::bigint[]) AND status = ANY($2::text[]) ORDER BY seq",
        run_seqs, statuses,
    )  # fmt: skip
    return [row[0] for row in rows]


async def segments(tx: Tx, run_seqs: Sequence[int], buckets: Sequence[int], key_ids: Sequence[int] | None) -> list[Any]:
    """(run_seq, keys, ts, steps, vals) of the segments that hold one of these metrics: arrays, as PostgreSQL sends
    them.
    """
    rows: list[Any] = await tx.fetch(
        "SELECT run_seq, array_send(keys), array_send(ts), array_send(steps), array_send(vals) FROM metric_segment"
        " WHERE run_seq = ANY($1::bigint[]) AND bucket = ANY($2::int[]) AND ($3::int[] IS NULL OR keys && $3)"
        " ORDER BY run_seq, max_ts",
        run_seqs, buckets, key_ids,
    )  # fmt: skip
    return rows


async def keys_in(tx: Tx, run_seq: int, bucket: int) -> list[int]:
    """The metrics of a run that lie in this bucket."""
    rows = await tx.fetch(
        "SELECT key_id FROM latest_metric WHERE run_seq = $1 AND key_id BETWEEN $2 AND $2 + 63 ORDER BY key_id",
        run_seq, bucket * 64,
    )  # fmt: skip
    return [row[0] for row in rows]


async def keep(tx: Tx, run_seq: int, bucket: int, segments: int, curves: Sequence[tuple[int, int, bytes]]) -> None:
    """Keep all curves (key_id, most, points) of a bucket of a locked run, unless its segments are others by now than
    those that were read.
    """
    await tx.execute(
        "INSERT INTO metric_curve (run_seq, key_id, most, segments, points)"
        " SELECT $1::bigint, key_id, most, $3::int, points"
        " FROM unnest($4::int[], $5::int[], $6::bytea[]) AS c(key_id, most, points)"
        " WHERE (SELECT count(*) FROM metric_segment WHERE run_seq = $1 AND bucket = $2) = $3"
        " AND EXISTS (SELECT FROM run WHERE seq = $1 AND NOT purging)"
        " ON CONFLICT (run_seq, key_id, most) DO UPDATE SET segments = excluded.segments, points = excluded.points",
        run_seq, bucket, segments,
        *(list(column) for column in zip(*curves, (_mark_of(bucket), _MARK, b""), strict=True)),
    )  # fmt: skip
