"""Statements about traces that are there: reading, tags, deletion."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.runtime.db import Tx
from lakeward.tracing import lake
from lakeward.tracing.records import Trace
from lakeward.tracing.sealed import IN_FULL, Sealed, payload_of

COLUMNS = """
    t.seq, t.trace_id, t.workspace_id, t.experiment_id, t.start_ms, t.end_ms, t.state, t.name, t.client_request_id,
    t.session_id, t.request_preview, t.response_preview, t.tags, t.metadata, t.input_tokens, t.output_tokens,
    t.total_tokens, t.cache_read_tokens, t.cache_creation_tokens, t.input_cost, t.output_cost, t.total_cost,
    e.artifact_location, l.path,
    EXISTS (SELECT FROM trace_segment s WHERE s.trace_seq = t.seq)
    OR EXISTS (SELECT FROM trace_moved m WHERE m.trace_seq = t.seq),
    EXISTS (SELECT FROM trace_assessment a WHERE a.trace_seq = t.seq)
"""
_OWNERS = "JOIN experiment e ON e.id = t.experiment_id LEFT JOIN trace_location l ON l.id = t.location_id"
_FROM = f"FROM trace t {_OWNERS}"
_HERE = "t.workspace_id = $1 AND NOT e.purging"

_words = msgspec.json.Decoder(dict[str, str]).decode


def trace_of(row: Any) -> Trace:
    values = tuple(row)
    return Trace(*(*values[:12], _words(values[12]), _words(values[13]), values[14:19], values[19:22], *values[22:]))


async def find(tx: Tx, workspace: int, trace_id: str) -> Trace | None:
    row = await tx.fetchrow(f"SELECT {COLUMNS} {_FROM} WHERE {_HERE} AND t.trace_id = $2", workspace, trace_id)
    return trace_of(row) if row else None


async def find_named(
    tx: Tx, workspace: int, trace_ids: Sequence[str], experiment_ids: Sequence[int] | None
) -> list[Trace]:
    """Those of these traces that exist, in the given order."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM unnest($2::text[]) WITH ORDINALITY AS w(trace_id, place)"
        f" JOIN trace t ON t.trace_id = w.trace_id {_OWNERS}"
        f" WHERE {_HERE} AND ($3::bigint[] IS NULL OR t.experiment_id = ANY($3)) ORDER BY w.place",
        workspace, list(dict.fromkeys(trace_ids)), experiment_ids,
    )  # fmt: skip
    return [trace_of(row) for row in rows]


async def find_many(tx: Tx, seqs: Sequence[int]) -> list[Trace]:
    """These traces in the given order."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM unnest($1::bigint[]) WITH ORDINALITY AS w(seq, place)"
        f" JOIN trace t ON t.seq = w.seq {_OWNERS} ORDER BY w.place",
        seqs,
    )
    return [trace_of(row) for row in rows]


async def workspaces_of(tx: Tx, experiments: Sequence[int]) -> list[int]:
    rows = await tx.fetch("SELECT DISTINCT workspace_id FROM experiment WHERE id = ANY($1::bigint[])", experiments)
    return [row[0] for row in rows]


async def seqs_of(tx: Tx, workspace: int, trace_ids: Sequence[str]) -> dict[str, int]:
    rows = await tx.fetch(
        f"SELECT t.trace_id, t.seq {_FROM} WHERE {_HERE} AND t.trace_id = ANY($2::text[])", workspace, trace_ids
    )
    return dict(rows)


async def run_is_here(tx: Tx, workspace: int, run_id: str) -> bool:
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM run r JOIN experiment e ON e.id = r.experiment_id"
            " WHERE r.run_id = $2 AND e.workspace_id = $1 AND NOT r.purging AND NOT e.purging)",
            workspace,
            run_id,
        )
    )


async def linked_to(tx: Tx, workspace: int, kind: str, target: str) -> list[str]:
    """The ids of the traces of a run, or of a version of a prompt, in order."""
    rows = await tx.fetch(
        f"SELECT t.trace_id {_FROM} JOIN trace_link k ON k.trace_seq = t.seq"
        f" WHERE {_HERE} AND k.kind = $2 AND k.target = $3 ORDER BY 1",
        workspace, kind, target,
    )  # fmt: skip
    return [row[0] for row in rows]


async def lock(tx: Tx, workspace: int, trace_id: str) -> tuple[int, int] | None:
    """(seq, experiment) of a trace in an active experiment, locked until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT t.seq, t.experiment_id {_FROM} WHERE {_HERE} AND t.trace_id = $2 AND e.deleted_at IS NULL"
        " FOR NO KEY UPDATE OF t",
        workspace, trace_id,
    )  # fmt: skip
    return (row[0], row[1]) if row else None


async def segments_of(tx: Tx, seqs: Sequence[int]) -> dict[int, list[Sealed]]:
    """The segments of these traces in the order they came, wherever they are: the first 16 MB of them in full.

    One statement; and a look into the lake for those that were moved there.
    """
    rows = await tx.fetch(
        "SELECT trace_seq, id, CASE WHEN sum(octet_length(payload)) OVER (ORDER BY id) <= $2 THEN payload END,"
        " NULL, NULL, NULL FROM trace_segment WHERE trace_seq = ANY($1::bigint[])"
        " UNION ALL SELECT m.trace_seq, 0, NULL, m.batch, m.day, l.traces_prefix"
        "  FROM trace_moved m JOIN trace_lake l USING (experiment_id) WHERE m.trace_seq = ANY($1::bigint[])"
        " ORDER BY 2",
        seqs, IN_FULL,
    )  # fmt: skip
    found: dict[int, list[Sealed]] = {}
    if places := [lake.Moved(batch, day, prefix, seq) for seq, _, _, batch, day, prefix in rows if prefix is not None]:
        moved = await lake.segments(tx.lake, places)
        found = {seq: [Sealed(*each) for each in segments] for seq, segments in moved.items()}
    for seq, number, payload, _, _, prefix in rows:
        if prefix is None:
            found.setdefault(seq, []).append(Sealed(number, payload))
    if places:
        for segments in found.values():
            segments.sort(key=lambda each: each.number)
    return found


async def payloads(tx: Tx, seq: int) -> list[bytes]:
    """Of all segments of a trace in the order they came, wherever they are: for traces that are known to be small."""
    return await payloads_in(tx, (await segments_of(tx, [seq])).get(seq, ()))


async def payloads_in(tx: Tx, segments: Sequence[Sealed]) -> list[bytes]:
    return [await payload_of(tx, each) for each in segments]


async def gists_of(tx: Tx, seqs: Sequence[int]) -> dict[int, list[bytes | None]]:
    """What is kept of the segments of these traces, in the order they came; None among them: their spans must be read.

    The spans of a trace that were moved have none.
    """
    rows = await tx.fetch(
        "SELECT trace_seq, id, gist FROM trace_segment WHERE trace_seq = ANY($1::bigint[])"
        " UNION ALL SELECT trace_seq, 0, NULL FROM trace_moved WHERE trace_seq = ANY($1::bigint[]) ORDER BY 2",
        seqs,
    )
    found: dict[int, list[bytes | None]] = {}
    for seq, _, gist in rows:
        found.setdefault(seq, []).append(gist)
    return found


async def weight(tx: Tx, seq: int, most: int) -> tuple[int, int, int]:
    """(segments, spans, bytes as they are stored) of a trace; of `most` of its segments, if it has more."""
    row = await tx.fetchrow(
        "SELECT count(*), coalesce(sum(spans), 0), coalesce(sum(octet_length(payload)), 0)"
        " FROM (SELECT spans, payload FROM trace_segment WHERE trace_seq = $1 LIMIT $2) s",
        seq, most,
    )  # fmt: skip
    return int(row[0]), int(row[1]), int(row[2])


# ── tags ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def set_tag(tx: Tx, seq: int, key: str, value: str) -> None:
    await tx.execute(
        "UPDATE trace SET tags = tags || jsonb_build_object($2::text, $3::text) WHERE seq = $1", seq, key, value
    )


async def set_name(tx: Tx, seq: int, name: str | None) -> bool:
    """False if there was nothing to take away."""
    return bool(
        await tx.fetchval(
            "UPDATE trace SET name = $2 WHERE seq = $1 AND (name IS NOT NULL OR $2 IS NOT NULL) RETURNING true",
            seq,
            name,
        )
    )


async def delete_tag(tx: Tx, seq: int, key: str) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE trace SET tags = tags - $2::text WHERE seq = $1 AND tags ? $2 RETURNING true", seq, key
        )
    )


# ── deletion ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def delete(
    tx: Tx, experiment_id: int, before_ms: int | None, trace_ids: Sequence[str] | None, limit: int
) -> list[str]:
    """Delete the oldest of these traces of an experiment; the ids of those that were there."""
    rows = await tx.fetch(
        "DELETE FROM trace WHERE seq IN (SELECT seq FROM trace WHERE experiment_id = $1"
        " AND ($2::bigint IS NULL OR start_ms <= $2) AND ($3::text[] IS NULL OR trace_id = ANY($3))"
        " ORDER BY start_ms, seq LIMIT $4 FOR UPDATE) RETURNING trace_id",
        experiment_id, before_ms, trace_ids, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


async def erase_of_experiment(tx: Tx, experiment_id: int, limit: int) -> int:
    rows = await tx.fetch(
        "DELETE FROM trace WHERE seq IN (SELECT seq FROM trace WHERE experiment_id = $1 LIMIT $2) RETURNING seq",
        experiment_id, limit,
    )  # fmt: skip
    return len(rows)
