"""Statements about run documents, the read model of a run."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx

# Compact JSON straight from PostgreSQL; NaN and the infinities come out quoted, as clients expect them.
_MAKE = """
    SELECT r.seq,
        '{"metrics":' || coalesce((SELECT json_agg(m)::text FROM (
            SELECT n.text AS key, m.value, m.ts AS timestamp, m.step
            FROM latest_metric m JOIN key_name n ON n.id = m.key_id
            WHERE m.run_seq = r.seq ORDER BY n.text) m), '[]')
        || ',"params":' || coalesce((SELECT json_agg(p)::text FROM (
            SELECT n.text AS key, p.value FROM run_param p JOIN key_name n ON n.id = p.key_id
            WHERE p.run_seq = r.seq ORDER BY n.text) p), '[]')
        || ',"tags":' || coalesce((SELECT json_agg(t)::text FROM (
            SELECT n.text AS key, t.value FROM run_tag t JOIN key_name n ON n.id = t.key_id
            WHERE t.run_seq = r.seq ORDER BY n.text) t), '[]') || '}' AS data,
        '{"dataset_inputs":' || coalesce((SELECT json_agg(i)::text FROM (
            SELECT i.tags, json_strip_nulls(json_build_object('name', d.name, 'digest', d.digest,
                'source_type', d.source_type, 'source', d.source, 'schema', nullif(d.schema, ''),
                'profile', nullif(d.profile, ''))) AS dataset
            FROM run_dataset i JOIN dataset d ON d.id = i.dataset_id WHERE i.run_seq = r.seq ORDER BY i.seq) i), '[]')
        || ',"model_inputs":' || coalesce((SELECT json_agg(m)::text FROM (
            SELECT m.model_id FROM run_model m
            WHERE m.run_seq = r.seq AND m.direction = 'input' ORDER BY m.seq) m), '[]') || '}' AS inputs,
        '{"model_outputs":' || coalesce((SELECT json_agg(m)::text FROM (
            SELECT m.model_id, m.step FROM run_model m
            WHERE m.run_seq = r.seq AND m.direction = 'output' ORDER BY m.seq) m), '[]') || '}' AS outputs
    FROM unnest($1::bigint[]) AS r(seq)
"""
# To be joined to a run `r` and its document `d`: made where there is none. For one run this costs a third of `make`,
# which PostgreSQL plans anew each time, as the plan for a short array looks cheaper.
MADE_IF_MISSING = _MAKE.replace("unnest($1::bigint[])", "(SELECT r.seq WHERE d.run_seq IS NULL)")


async def make(tx: Tx, seqs: Sequence[int]) -> list[Any]:
    """(seq, data, inputs, outputs) of these runs, from the tables as they are now."""
    rows: list[Any] = await tx.fetch(_MAKE, seqs)
    return rows


async def lock_exclusive(tx: Tx, seqs: Sequence[int]) -> list[int]:
    """Those of the runs nobody is writing to, locked against writers until the transaction ends."""
    rows = await tx.fetch("SELECT s FROM unnest($1::bigint[]) AS s WHERE pg_try_advisory_xact_lock(s)", seqs)
    return [row["s"] for row in rows]


async def keep(tx: Tx, seqs: Sequence[int]) -> None:
    """For runs locked by `lock_exclusive`; one that was purged before it was locked has no document to keep."""
    await tx.execute(
        f"INSERT INTO run_document {_MAKE} WHERE EXISTS (SELECT FROM run WHERE run.seq = r.seq)"
        " ON CONFLICT (run_seq) DO NOTHING",
        seqs,
    )


async def drop(tx: Tx, seqs: Sequence[int]) -> None:
    await tx.execute("DELETE FROM run_document WHERE run_seq = ANY($1::bigint[])", seqs)
