"""Statements about assessments, of traces that were found in the caller's workspace."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.runtime.db import Tx
from lakeward.tracing.records import Assessment

_COLUMNS = """
    a.assessment_id, t.trace_id, a.kind, a.name, a.span_id, a.source_type, a.source_id, a.value, a.error, a.rationale,
    a.metadata, a.overrides, a.valid, a.created_at, a.updated_at
"""
_FROM = "FROM trace_assessment a JOIN trace t ON t.seq = a.trace_seq"

_words = msgspec.json.Decoder(dict[str, str]).decode
_encode = msgspec.json.Encoder().encode


def _of(row: Any) -> Assessment:
    error = None if row[8] is None else msgspec.json.decode(row[8])
    values = tuple(row)
    return Assessment(*(*values[:8], error, values[9], _words(values[10]), *values[11:15]))


def _json(value: Any) -> str | None:
    return None if value is None else _encode(value).decode()


async def find(tx: Tx, seq: int, assessment_id: str) -> Assessment | None:
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} {_FROM} WHERE a.trace_seq = $1 AND a.assessment_id = $2", seq, assessment_id
    )
    return _of(row) if row else None


async def of_traces(tx: Tx, seqs: Sequence[int]) -> dict[int, list[Assessment]]:
    """The assessments of each trace, in the order they were made."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS}, a.trace_seq {_FROM} WHERE a.trace_seq = ANY($1::bigint[]) ORDER BY a.created_at, a.seq",
        seqs,
    )
    found: dict[int, list[Assessment]] = {}
    for row in rows:
        found.setdefault(row["trace_seq"], []).append(_of(row))
    return found


async def insert(tx: Tx, seq: int, experiment_id: int, made: Assessment, number: tuple[float | None, bool]) -> bool:
    """False if the trace has one of this id already."""
    return bool(
        await tx.fetchval(
            "INSERT INTO trace_assessment (assessment_id, trace_seq, experiment_id, start_ms, kind, name, span_id,"
            " source_type, source_id, value, number, is_number, error, rationale, metadata, overrides, valid,"
            " created_at, updated_at)"
            " VALUES ($1, $2, $3, (SELECT start_ms FROM trace WHERE seq = $2), $4, $5, $6, $7, $8, $9, $10, $11,"
            " $12::jsonb, $13, $14::jsonb, $15, $16, $17, $18)"
            " ON CONFLICT (trace_seq, assessment_id) DO NOTHING RETURNING true",
            made.assessment_id, seq, experiment_id, made.kind, made.name, made.span_id, made.source_type,
            made.source_id, made.value, *number, _json(made.error), made.rationale, _json(made.metadata),
            made.overrides, made.valid, made.created_at, made.updated_at,
        )
    )  # fmt: skip


async def replace(tx: Tx, seq: int, made: Assessment, number: tuple[float | None, bool]) -> None:
    await tx.execute(
        "UPDATE trace_assessment SET name = $3, value = $4, number = $5, is_number = $6, error = $7::jsonb,"
        " rationale = $8, metadata = $9::jsonb, updated_at = $10 WHERE trace_seq = $1 AND assessment_id = $2",
        seq, made.assessment_id, made.name, made.value, *number, _json(made.error), made.rationale,
        _json(made.metadata), made.updated_at,
    )  # fmt: skip


async def set_valid(tx: Tx, seq: int, assessment_id: str, *, valid: bool) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE trace_assessment SET valid = $3 WHERE trace_seq = $1 AND assessment_id = $2 RETURNING true",
            seq, assessment_id, valid,
        )
    )  # fmt: skip


async def delete(tx: Tx, seq: int, assessment_id: str) -> str | None:
    """The id of the one it overrode, if any."""
    found: str | None = await tx.fetchval(
        "DELETE FROM trace_assessment WHERE trace_seq = $1 AND assessment_id = $2 RETURNING overrides",
        seq, assessment_id,
    )  # fmt: skip
    return found
