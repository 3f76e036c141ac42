"""Statements about spans on their way to the lake and back: segments, and which traces are where."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from lakeward.runtime.db import Tx

LARGEST: Final = 16 << 20  # bytes of a trace's segments, as they are stored


class Candidate(NamedTuple):
    """A trace whose segments may leave. `moved`: some have left before."""

    seq: int
    start_ms: int
    segments: list[int]
    bytes: int
    moved: bool


async def old(
    tx: Tx, experiment_id: int, since_ms: int, until_ms: int, now: int, most: int, *, ended: bool
) -> list[Candidate]:
    """Traces that began between these and have segments here, the oldest first. `ended`: only those that have.

    Those whose spans are more than a row of a table can be stay here.
    """
    rows = await tx.fetch(
        "SELECT t.seq, t.start_ms, s.ids, s.size, EXISTS (SELECT FROM trace_moved m WHERE m.trace_seq = t.seq)"
        " FROM trace t CROSS JOIN LATERAL (SELECT array_agg(id ORDER BY id) AS ids, sum(octet_length(payload)) AS size"
        "  FROM trace_segment WHERE trace_seq = t.seq) s"
        " WHERE t.experiment_id = $1 AND t.start_ms >= $2 AND t.start_ms < $3 AND s.size <= $7"
        " AND NOT EXISTS (SELECT FROM trace_kept k WHERE k.trace_seq = t.seq AND k.until_ms > $4)"
        " AND (NOT $6 OR t.state <> 'IN_PROGRESS')"
        " ORDER BY t.start_ms, t.seq LIMIT $5",
        experiment_id, since_ms, until_ms, now, most, ended, LARGEST,
    )  # fmt: skip
    return [Candidate(*row) for row in rows]


async def sizes(tx: Tx, segments: Sequence[int]) -> list[tuple[int, int]]:
    """(trace, bytes) of those of these segments that are here, in order."""
    rows = await tx.fetch(
        "SELECT trace_seq, sum(octet_length(payload))::bigint FROM trace_segment WHERE id = ANY($1::bigint[])"
        " GROUP BY 1 ORDER BY 1",
        segments,
    )
    return [(row[0], row[1]) for row in rows]


async def some_payloads(tx: Tx, seqs: Sequence[int], segments: Sequence[int]) -> list[Any]:
    """(trace, number, payload) of those of these segments, of these traces, that are here, in order."""
    rows: list[Any] = await tx.fetch(
        "SELECT trace_seq, id, payload FROM trace_segment WHERE trace_seq = ANY($1::bigint[])"
        " AND id = ANY($2::bigint[]) ORDER BY id",
        seqs, segments,
    )  # fmt: skip
    return rows


async def lock(tx: Tx, seqs: Sequence[int]) -> dict[int, int]:
    """{seq: experiment} of those that are there, kept as they are; in the order in which arriving spans take them."""
    rows = await tx.fetch(
        "SELECT seq, experiment_id FROM trace WHERE seq = ANY($1::bigint[]) ORDER BY trace_id FOR NO KEY UPDATE", seqs
    )
    return dict(rows)


async def leave(
    tx: Tx, experiment_id: int, batch: int, seqs: Sequence[int], days: Sequence[date], segments: Sequence[int]
) -> None:
    """From now on these segments are read from the lake; their signatures go with them."""
    await tx.execute(
        "DELETE FROM trace_segment WHERE id = ANY($2::bigint[]) AND trace_seq = ANY($1::bigint[])", seqs, segments
    )
    await tx.execute(
        "INSERT INTO trace_moved (trace_seq, experiment_id, batch, day)"
        " SELECT s, $1, $2, d FROM unnest($3::bigint[], $4::date[]) AS w(s, d)",
        experiment_id, batch, seqs, days,
    )  # fmt: skip


async def forget(tx: Tx, experiment_id: int, batch: int, seqs: Sequence[int], days: Sequence[date]) -> None:
    """These rows of the lake count no more."""
    await tx.execute(
        "INSERT INTO trace_unmoved (experiment_id, batch, day, trace_seq)"
        " SELECT $1, $2, d, s FROM unnest($3::bigint[], $4::date[]) AS w(s, d)",
        experiment_id, batch, seqs, days,
    )  # fmt: skip


# ── back ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def places(tx: Tx, seqs: Sequence[int]) -> list[Any]:
    """(batch, day, prefix, seq) of those of these traces that were moved, locked until the transaction ends."""
    rows: list[Any] = await tx.fetch(
        "SELECT m.batch, m.day, l.traces_prefix, m.trace_seq FROM trace_moved m JOIN trace_lake l USING (experiment_id)"
        " WHERE m.trace_seq = ANY($1::bigint[]) ORDER BY m.trace_seq FOR UPDATE OF m",
        seqs,
    )
    return rows


async def come_back(tx: Tx, seqs: Sequence[int]) -> None:
    await tx.execute(
        "WITH gone AS (DELETE FROM trace_moved WHERE trace_seq = ANY($1::bigint[])"
        " RETURNING experiment_id, batch, day, trace_seq)"
        " INSERT INTO trace_unmoved (experiment_id, batch, day, trace_seq) SELECT * FROM gone",
        seqs,
    )


class Segment(NamedTuple):
    """A segment under the number it had, so that what came later stays later."""

    seq: int
    number: int
    spans: int
    payload: bytes
    signature: bytes
    gist: bytes


async def put_back(tx: Tx, segments: Sequence[Segment]) -> None:
    await tx.execute(
        "WITH w AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bytea[], $5::bytea[],"
        " $6::bytea[]) AS w(seq, number, spans, payload, bits, gist)), stored AS ("
        "  INSERT INTO trace_segment (id, trace_seq, spans, payload, gist) OVERRIDING SYSTEM VALUE"
        "  SELECT number, seq, spans, payload, gist FROM w)"
        " INSERT INTO trace_signature (segment_id, trace_seq, experiment_id, start_ms, bits)"
        " SELECT w.number, t.seq, t.experiment_id, t.start_ms, w.bits FROM w JOIN trace t ON t.seq = w.seq",
        *(list(column) for column in zip(*segments, strict=True)),
    )


async def keep(tx: Tx, seqs: Sequence[int], until_ms: int) -> None:
    """Let no retention move these before then."""
    await tx.execute(
        "INSERT INTO trace_kept (trace_seq, until_ms) SELECT s, $2 FROM unnest($1::bigint[]) AS s"
        " ON CONFLICT (trace_seq) DO UPDATE SET until_ms = greatest(trace_kept.until_ms, excluded.until_ms)",
        seqs, until_ms,
    )  # fmt: skip


async def named(
    tx: Tx, experiment_id: int, trace_ids: Sequence[str] | None, bounds: tuple[int | None, int | None], most: int,
    after: int,
) -> list[int]:  # fmt: skip
    """Traces of an experiment that were moved: by id, or by their start; those with the next numbers."""
    rows = await tx.fetch(
        "SELECT t.seq FROM trace t JOIN trace_moved m ON m.trace_seq = t.seq WHERE t.experiment_id = $1"
        " AND ($2::text[] IS NULL OR t.trace_id = ANY($2)) AND ($3::bigint IS NULL OR t.start_ms >= $3)"
        " AND ($4::bigint IS NULL OR t.start_ms < $4) AND t.seq > $6 ORDER BY t.seq LIMIT $5",
        experiment_id, trace_ids, *bounds, most, after,
    )  # fmt: skip
    return [row[0] for row in rows]


async def astray(tx: Tx, experiment_id: int, most: int) -> list[int]:
    """Traces in the tables of this experiment that are another's now."""
    rows = await tx.fetch(
        "SELECT trace_seq FROM trace_moved WHERE experiment_id = $1 AND astray LIMIT $2", experiment_id, most
    )
    return [row[0] for row in rows]


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def blocks_until(tx: Tx, experiment_id: int, last_ms: int, after: int) -> Any:
    """(id, members) of the next block whose traces all began before then."""
    return await tx.fetchrow(
        "SELECT id, members FROM trace_block WHERE experiment_id = $1 AND last_ms < $2 AND id > $3 ORDER BY id LIMIT 1",
        experiment_id, last_ms, after,
    )  # fmt: skip


async def any_here(tx: Tx, seqs: Sequence[int]) -> bool:
    """Whether a segment of one of these traces is here."""
    return bool(
        await tx.fetchval("SELECT EXISTS (SELECT FROM trace_segment WHERE trace_seq = ANY($1::bigint[]))", seqs)
    )


async def drop_block(tx: Tx, block: int) -> None:
    await tx.execute("DELETE FROM trace_block WHERE id = $1", block)
