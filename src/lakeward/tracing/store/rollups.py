"""Statements about rollups: which traces changed, what they are now, and the columns they were put into."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lakeward.runtime.db import Tx

Bounds = tuple[int | None, int | None]  # epoch milliseconds, both included

TRACE_COLUMNS = """
    t.seq, t.start_ms, t.end_ms - t.start_ms AS latency, t.name, t.state, t.session_id, t.input_tokens, t.output_tokens,
    t.total_tokens, t.cache_read_tokens, t.cache_creation_tokens, t.input_cost, t.output_cost, t.total_cost
"""


class Header(NamedTuple):
    """What is known of a rollup without its columns."""

    id: int
    experiment_id: int
    traces: int
    spans: int
    first_seq: int
    last_seq: int
    first_ms: int
    last_ms: int
    first_span_ms: int | None
    last_span_ms: int | None
    gone: bytes


_HEADER = """
    id, experiment_id, traces, spans, first_seq, last_seq, first_ms, last_ms, first_span_ms, last_span_ms, gone
"""


# ── which traces changed ─────────────────────────────────────────────────────────────────────────────────────────────


async def ripe(tx: Tx, least: int) -> list[int]:
    """Experiments with so many notes of changed traces."""
    rows = await tx.fetch("SELECT experiment_id FROM trace_changed GROUP BY 1 HAVING count(*) >= $1", least)
    return [row[0] for row in rows]


async def lock(tx: Tx, experiment_id: int) -> bool:
    """Whether nobody else rolls up this experiment now; until the transaction ends nobody else does."""
    return bool(
        await tx.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtext('trace rollups'), $1::integer)", experiment_id % 2**31
        )
    )


async def changed(tx: Tx, experiments: Sequence[int], most: int | None = None) -> list[int]:
    """Traces that changed since they were rolled up, the oldest first."""
    rows = await tx.fetch(
        "SELECT DISTINCT trace_seq FROM trace_changed WHERE experiment_id = ANY($1::bigint[])"
        " ORDER BY trace_seq LIMIT $2",
        experiments, most,
    )  # fmt: skip
    return [row[0] for row in rows]


async def forget(tx: Tx, experiment_id: int, seqs: Sequence[int]) -> None:
    await tx.execute(
        "DELETE FROM trace_changed WHERE experiment_id = $1 AND trace_seq = ANY($2::bigint[])", experiment_id, seqs
    )


async def note(tx: Tx, experiment_id: int, seqs: Sequence[int]) -> None:
    await tx.execute(
        "INSERT INTO trace_changed (trace_seq, experiment_id) SELECT s, $1 FROM unnest($2::bigint[]) AS s",
        experiment_id, seqs,
    )  # fmt: skip


async def live(tx: Tx, experiments: Sequence[int], seqs: Sequence[int], bounds: Bounds) -> list[Any]:
    """Those of these traces that are there, in these experiments, with these bounds on their start."""
    rows: list[Any] = await tx.fetch(
        f"SELECT {TRACE_COLUMNS} FROM trace t WHERE t.seq = ANY($1::bigint[]) AND t.experiment_id = ANY($2::bigint[])"
        " AND ($3::bigint IS NULL OR t.start_ms >= $3) AND ($4::bigint IS NULL OR t.start_ms <= $4) ORDER BY t.seq",
        seqs, experiments, *bounds,
    )  # fmt: skip
    return rows


# ── rollups ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def last(tx: Tx, experiment_id: int) -> Header | None:
    row = await tx.fetchrow(
        f"SELECT {_HEADER} FROM trace_rollup WHERE experiment_id = $1 ORDER BY id DESC LIMIT 1", experiment_id
    )
    return Header(*row) if row else None


async def holding(tx: Tx, experiment_id: int, first_seq: int, last_seq: int) -> list[Header]:
    """Rollups that may hold traces with numbers between these."""
    rows = await tx.fetch(
        f"SELECT {_HEADER} FROM trace_rollup WHERE experiment_id = $1 AND last_seq >= $2 AND first_seq <= $3",
        experiment_id, first_seq, last_seq,
    )  # fmt: skip
    return [Header(*row) for row in rows]


async def of_traces(tx: Tx, experiments: Sequence[int], bounds: Bounds) -> list[Header]:
    """Rollups of traces that start between these."""
    rows = await tx.fetch(
        f"SELECT {_HEADER} FROM trace_rollup WHERE experiment_id = ANY($1::bigint[])"
        " AND ($2::bigint IS NULL OR last_ms >= $2) AND ($3::bigint IS NULL OR first_ms <= $3) ORDER BY id",
        experiments, *bounds,
    )  # fmt: skip
    return [Header(*row) for row in rows]


async def of_spans(tx: Tx, experiments: Sequence[int], bounds: Bounds) -> list[Header]:
    """Rollups of spans that start between these."""
    rows = await tx.fetch(
        f"SELECT {_HEADER} FROM trace_rollup WHERE experiment_id = ANY($1::bigint[]) AND spans > 0"
        " AND ($2::bigint IS NULL OR last_span_ms >= $2) AND ($3::bigint IS NULL OR first_span_ms <= $3) ORDER BY id",
        experiments, *bounds,
    )  # fmt: skip
    return [Header(*row) for row in rows]


async def columns(tx: Tx, rollups: Sequence[int], names: Sequence[str] | None) -> dict[int, dict[str, bytes]]:
    """The named columns of each of these, all of them for None."""
    rows = await tx.fetch(
        "SELECT rollup_id, name, data FROM trace_rollup_column WHERE rollup_id = ANY($1::bigint[])"
        " AND ($2::text[] IS NULL OR name = ANY($2))",
        rollups, names,
    )  # fmt: skip
    found: dict[int, dict[str, bytes]] = {each: {} for each in rollups}
    for rollup, name, data in rows:
        found[rollup][name] = data
    return found


async def add(tx: Tx, header: Header, packed: Mapping[str, bytes]) -> None:
    """`header.id` is not used."""
    made = await tx.fetchval(
        "INSERT INTO trace_rollup (experiment_id, traces, spans, first_seq, last_seq, first_ms, last_ms, first_span_ms,"
        " last_span_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        *header[1:10],
    )
    await tx.execute(
        "INSERT INTO trace_rollup_column (rollup_id, name, data)"
        " SELECT $1, n, d FROM unnest($2::text[], $3::bytea[]) AS w(n, d)",
        made, list(packed), list(packed.values()),
    )  # fmt: skip


async def set_gone(tx: Tx, rollup: int, gone: bytes) -> None:
    await tx.execute("UPDATE trace_rollup SET gone = $2 WHERE id = $1", rollup, gone)


async def delete(tx: Tx, rollup: int) -> None:
    await tx.execute("DELETE FROM trace_rollup WHERE id = $1", rollup)


async def erase_of_experiment(tx: Tx, experiment_id: int) -> None:
    await tx.execute("DELETE FROM trace_rollup WHERE experiment_id = $1", experiment_id)
    await tx.execute("DELETE FROM trace_changed WHERE experiment_id = $1", experiment_id)


async def count_waiting(tx: Tx) -> int:
    """Notes about traces that are yet to be rolled up."""
    found: int = await tx.fetchval("SELECT count(*) FROM trace_changed")
    return found
