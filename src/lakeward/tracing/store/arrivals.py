"""Statements that take traces in: spans as they arrive, and what clients tell about whole traces."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.runtime.db import Tx
from lakeward.tracing.records import COST_KEYS, TOKEN_KEYS, Arrival, Told

# One round trip for all traces of a request. Rows are taken in the order of their ids, so that two requests with spans
# of the same traces wait for each other and never in a circle.
_ARRIVE = """
    WITH place AS (
        SELECT id FROM experiment WHERE id = $1 AND workspace_id = $2 AND deleted_at IS NULL AND NOT purging
    ), arrived AS MATERIALIZED (
        SELECT a.*, place.id AS experiment_id
        FROM place, unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
                           $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[],
                           $16::bigint[], $17::bigint[], $18::float8[], $19::float8[], $20::float8[], $21::integer[],
                           $22::bytea[], $23::bytea[], $24::bytea[])
            AS a(trace_id, start_ms, end_ms, state, name, session_id, request_preview, response_preview, tags, metadata,
                 input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens,
                 input_cost, output_cost, total_cost, spans, payload, bits, gist)
    ), kept AS (
        INSERT INTO trace AS t (
            trace_id, workspace_id, experiment_id, start_ms, end_ms, state, name, session_id, request_preview,
            response_preview, tags, metadata, input_tokens, output_tokens, total_tokens, cache_read_tokens,
            cache_creation_tokens, input_cost, output_cost, total_cost, location_id)
        SELECT trace_id, $2, experiment_id, start_ms, end_ms, state, name, session_id, request_preview,
               response_preview, tags::jsonb, metadata::jsonb, input_tokens, output_tokens, total_tokens,
               cache_read_tokens, cache_creation_tokens, input_cost, output_cost, total_cost, $25::bigint
        FROM arrived ORDER BY trace_id
        ON CONFLICT (trace_id, workspace_id) DO UPDATE SET
            start_ms = CASE WHEN t.finalized THEN t.start_ms ELSE least(t.start_ms, excluded.start_ms) END,
            end_ms = CASE WHEN t.finalized AND t.end_ms IS NOT NULL THEN t.end_ms
                          ELSE greatest(t.end_ms, excluded.end_ms) END,
            state = CASE WHEN t.state IN ('OK', 'ERROR') THEN t.state ELSE excluded.state END,
            name = coalesce(t.name, excluded.name),
            session_id = coalesce(t.session_id, excluded.session_id),
            location_id = coalesce(t.location_id, excluded.location_id),
            request_preview = coalesce(t.request_preview, excluded.request_preview),
            response_preview = coalesce(t.response_preview, excluded.response_preview),
            tags = CASE WHEN t.tags @> excluded.tags THEN t.tags ELSE excluded.tags || t.tags END,
            metadata = CASE WHEN t.metadata @> excluded.metadata THEN t.metadata
                            ELSE excluded.metadata || t.metadata END
        RETURNING t.seq, t.trace_id, t.experiment_id, t.start_ms, t.finalized, t.total_tokens, t.total_cost,
                  (xmax <> 0) AS joined
    ), stored AS (
        INSERT INTO trace_segment (trace_seq, spans, payload, gist)
        SELECT kept.seq, arrived.spans, arrived.payload, arrived.gist FROM kept JOIN arrived USING (trace_id)
        RETURNING id, trace_seq
    ), signed AS (
        INSERT INTO trace_signature (segment_id, trace_seq, experiment_id, start_ms, bits)
        SELECT stored.id, kept.seq, kept.experiment_id, kept.start_ms, arrived.bits
        FROM stored JOIN kept ON kept.seq = stored.trace_seq JOIN arrived USING (trace_id)
    )
    SELECT seq, trace_id, start_ms, finalized, total_tokens, total_cost, joined, experiment_id FROM kept
"""

_encode = msgspec.json.Encoder().encode


def _json(value: dict[str, str]) -> str:
    return _encode(value).decode() if value else "{}"


async def arrive(
    tx: Tx, workspace: int, experiment_id: int, arrivals: Sequence[Arrival], location: int | None = None
) -> list[Any]:
    """Store these arrivals, of different traces. One row for each, or none at all if the experiment is not active.

    `joined` says that the trace was there before.
    """
    rows: list[Any] = await tx.fetch(
        _ARRIVE, experiment_id, workspace,
        [each.trace_id for each in arrivals],
        [each.start_ms for each in arrivals],
        [each.end_ms for each in arrivals],
        [each.state for each in arrivals],
        [each.name for each in arrivals],
        [each.session_id for each in arrivals],
        [each.request_preview for each in arrivals],
        [each.response_preview for each in arrivals],
        [_json(each.tags) for each in arrivals],
        [_json(each.metadata) for each in arrivals],
        *([(each.tokens or {}).get(key) for each in arrivals] for key in TOKEN_KEYS),
        *([(each.cost or {}).get(key) for each in arrivals] for key in COST_KEYS),
        [each.spans for each in arrivals],
        [each.payload for each in arrivals],
        [each.signature for each in arrivals],
        [each.gist for each in arrivals],
        location,
    )  # fmt: skip
    return rows


async def set_tokens(tx: Tx, seq: int, tokens: dict[str, Any] | None, cost: dict[str, Any] | None) -> None:
    """What all spans of a trace come to; nothing that is not known is forgotten."""
    await tx.execute(
        "UPDATE trace SET input_tokens = coalesce($2, input_tokens), output_tokens = coalesce($3, output_tokens),"
        " total_tokens = coalesce($4, total_tokens), cache_read_tokens = coalesce($5, cache_read_tokens),"
        " cache_creation_tokens = coalesce($6, cache_creation_tokens), input_cost = coalesce($7, input_cost),"
        " output_cost = coalesce($8, output_cost), total_cost = coalesce($9, total_cost) WHERE seq = $1",
        seq, *((tokens or {}).get(key) for key in TOKEN_KEYS), *((cost or {}).get(key) for key in COST_KEYS),
    )  # fmt: skip


# What a client tells about a whole trace stands; what spans said before fills the rest.
_TELL = """
    INSERT INTO trace AS t (
        trace_id, workspace_id, experiment_id, start_ms, end_ms, state, finalized, name, client_request_id, session_id,
        request_preview, response_preview, tags, metadata, input_tokens, output_tokens, total_tokens, cache_read_tokens,
        cache_creation_tokens, input_cost, output_cost, total_cost, location_id)
    SELECT $3, $2, e.id, $4, $5, $6, true, $7, $8, $9, $10, $11, $12::jsonb, $13::jsonb, $14, $15, $16, $17, $18, $19,
           $20, $21, $22
    FROM experiment e WHERE e.id = $1 AND e.workspace_id = $2 AND e.deleted_at IS NULL AND NOT e.purging
    ON CONFLICT (trace_id, workspace_id) DO UPDATE SET
        experiment_id = excluded.experiment_id, location_id = coalesce(excluded.location_id, t.location_id),
        start_ms = excluded.start_ms, finalized = true,
        end_ms = coalesce(excluded.end_ms, t.end_ms),
        state = CASE WHEN excluded.state = 'STATE_UNSPECIFIED' THEN t.state ELSE excluded.state END,
        name = coalesce(excluded.name, t.name),
        client_request_id = coalesce(excluded.client_request_id, t.client_request_id),
        session_id = coalesce(excluded.session_id, t.session_id),
        request_preview = coalesce(excluded.request_preview, t.request_preview),
        response_preview = coalesce(excluded.response_preview, t.response_preview),
        tags = t.tags || excluded.tags, metadata = t.metadata || excluded.metadata,
        input_tokens = coalesce(excluded.input_tokens, t.input_tokens),
        output_tokens = coalesce(excluded.output_tokens, t.output_tokens),
        total_tokens = coalesce(excluded.total_tokens, t.total_tokens),
        cache_read_tokens = coalesce(excluded.cache_read_tokens, t.cache_read_tokens),
        cache_creation_tokens = coalesce(excluded.cache_creation_tokens, t.cache_creation_tokens),
        input_cost = coalesce(excluded.input_cost, t.input_cost),
        output_cost = coalesce(excluded.output_cost, t.output_cost),
        total_cost = coalesce(excluded.total_cost, t.total_cost)
    RETURNING t.seq
"""


async def tell(
    tx: Tx,
    workspace: int,
    experiment_id: int,
    told: Told,
    name: str | None,
    session_id: str | None,
    tokens: dict[str, Any],
    cost: dict[str, Any],
    location: int | None = None,
) -> int | None:
    """The trace's number, or None if the experiment is not active in this workspace."""
    found: int | None = await tx.fetchval(
        _TELL, experiment_id, workspace, told.trace_id, told.start_ms,
        None if told.duration_ms is None else told.start_ms + told.duration_ms, told.state, name,
        told.client_request_id, session_id, told.request_preview, told.response_preview, _json(told.tags),
        _json(told.metadata), *(tokens.get(key) for key in TOKEN_KEYS), *(cost.get(key) for key in COST_KEYS), location,
    )  # fmt: skip
    return found


async def follow(tx: Tx, seq: int) -> None:
    """Let the signatures of a trace's segments, and what is said of it, stand where the trace now is."""
    await tx.execute(
        "UPDATE trace_signature s SET experiment_id = t.experiment_id, start_ms = t.start_ms FROM trace t"
        " WHERE t.seq = $1 AND s.trace_seq = t.seq"
        " AND (s.experiment_id, s.start_ms) IS DISTINCT FROM (t.experiment_id, t.start_ms)",
        seq,
    )
    await tx.execute(
        "UPDATE trace_assessment a SET experiment_id = t.experiment_id, start_ms = t.start_ms FROM trace t"
        " WHERE t.seq = $1 AND a.trace_seq = t.seq"
        " AND (a.experiment_id, a.start_ms) IS DISTINCT FROM (t.experiment_id, t.start_ms)",
        seq,
    )


async def link(tx: Tx, seqs: Sequence[int], kind: str, targets: Sequence[str]) -> None:
    """Link traces to runs or prompt versions, pair by pair. What is linked stays linked."""
    await tx.execute(
        "INSERT INTO trace_link (trace_seq, kind, target)"
        " SELECT s, $2, t FROM unnest($1::bigint[], $3::text[]) AS w(s, t) ORDER BY t, s ON CONFLICT DO NOTHING",
        seqs, kind, targets,
    )  # fmt: skip
