"""Statements that take runs over from another server. Each may be repeated."""

from collections.abc import Sequence
from typing import Any

from lakeward.experiments import ExperimentId
from lakeward.runtime.db import Tx
from lakeward.tracking.records import ArrivingRun, Point, RunSeq, Target


async def keep(tx: Tx, workspace: int, experiment_id: ExperimentId, given: ArrivingRun, now: int) -> Any:
    """(number, experiment) of the run, which may have moved since it came; None if its id is another's.

    One that comes deleted is in the trash since now.
    """
    return await tx.fetchrow(
        """
        INSERT INTO run (run_id, experiment_id, name, status, user_id, start_time, end_time, deleted_at)
        SELECT $3, e.id, $4, $5, $6, $7, $8, CASE WHEN $9 THEN $10::bigint END
        FROM experiment e WHERE e.id = $1 AND e.workspace_id = $2 AND NOT e.purging
        ON CONFLICT (run_id) DO UPDATE SET
            name = excluded.name, status = excluded.status, user_id = excluded.user_id,
            start_time = excluded.start_time, end_time = excluded.end_time,
            deleted_at = CASE WHEN $9 THEN coalesce(run.deleted_at, $10) END
        WHERE coalesce(run.home_id, run.experiment_id) = excluded.experiment_id AND NOT run.purging
        RETURNING seq, experiment_id
        """,
        experiment_id, workspace, given.run_id, given.name, given.status, given.user_id, given.start_time,
        given.end_time, given.deleted, now,
    )  # fmt: skip


async def lock(tx: Tx, seq: RunSeq) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock_shared($1)", seq)


_SET_PARAMS = """
    INSERT INTO run_param (run_seq, key_id, experiment_id, value)
    SELECT $1, k, $2, v FROM unnest($3::int[], $4::text[]) AS t(k, v) ORDER BY k
    ON CONFLICT (run_seq, key_id) DO UPDATE SET value = excluded.value WHERE run_param.value <> excluded.value
"""
_SET_TAGS = _SET_PARAMS.replace("run_param", "run_tag")


async def set_params(tx: Tx, target: Target, key_ids: Sequence[int], values: Sequence[str]) -> None:
    """Whatever they were."""
    if key_ids:
        await tx.execute(_SET_PARAMS, target.seq, target.experiment_id, key_ids, values)


async def set_tags(tx: Tx, target: Target, key_ids: Sequence[int], values: Sequence[str]) -> None:
    if key_ids:
        await tx.execute(_SET_TAGS, target.seq, target.experiment_id, key_ids, values)


# Segments as `merge_segments` makes them: up to 1,000 points of one metric after the other, so that a page of a long
# history reads few of them.
_ADD = """
    WITH given AS MATERIALIZED (
        SELECT key_id, ts, step, val FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::float8[])
            AS p(key_id, ts, step, val)
        EXCEPT
        SELECT key_id, ts, step, val FROM (
            SELECT unnest(s.keys) AS key_id, unnest(s.ts) AS ts, unnest(s.steps) AS step, unnest(s.vals) AS val
            FROM metric_segment s WHERE s.run_seq = $1 AND s.bucket = ANY($7::int[]) OFFSET 0) AS there
    ), placed AS (
        SELECT *, (row_number() OVER (PARTITION BY key_id / 64 ORDER BY key_id, ts, step, val) - 1) / 1000 AS part
        FROM given
    ), stored AS (
        INSERT INTO metric_segment (run_seq, bucket, max_ts, keys, ts, steps, vals)
        SELECT $1, key_id / 64, max(ts), array_agg(key_id), array_agg(ts), array_agg(step), array_agg(val)
        FROM placed GROUP BY key_id / 64, part
    )
    INSERT INTO latest_metric AS l (run_seq, key_id, experiment_id, value, step, ts)
    SELECT DISTINCT ON (key_id) $1::bigint, key_id, $2::bigint, val, step, ts FROM given
    ORDER BY key_id, step DESC, ts DESC, val DESC
    ON CONFLICT (run_seq, key_id) DO UPDATE SET value = excluded.value, step = excluded.step, ts = excluded.ts
    WHERE (excluded.step, excluded.ts, excluded.value) > (l.step, l.ts, l.value)
"""


async def add_points(tx: Tx, target: Target, key_ids: Sequence[int], points: Sequence[Point]) -> None:
    """Points that the run has not yet, and the latest values."""
    await tx.execute(
        _ADD, target.seq, target.experiment_id, key_ids,
        [point.ts for point in points], [point.step for point in points], [point.value for point in points],
        sorted({key_id // 64 for key_id in key_ids}),
    )  # fmt: skip
