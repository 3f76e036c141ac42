"""Statements that turn the signatures of many traces into blocks."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx


async def ripe(tx: Tx, members: int) -> list[int]:
    """Experiments with new signatures of at least so many traces."""
    rows = await tx.fetch(
        "SELECT experiment_id FROM trace_signature GROUP BY 1"
        " HAVING count(*) >= $1 AND count(DISTINCT trace_seq) >= $1",
        members,
    )
    return [row[0] for row in rows]


async def take(tx: Tx, experiment_id: int, members: int) -> list[Any]:
    """(segment, trace, start, bits) of the oldest traces with new signatures, locked; none if another has them."""
    if not await tx.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtext('trace blocks'), $1::integer)", experiment_id % 2**31
    ):
        return []
    rows: list[Any] = await tx.fetch(
        "SELECT s.segment_id, s.trace_seq, s.start_ms, s.bits FROM trace_signature s WHERE s.experiment_id = $1"
        " AND s.trace_seq IN (SELECT trace_seq FROM trace_signature WHERE experiment_id = $1"
        " GROUP BY trace_seq ORDER BY min(start_ms), trace_seq LIMIT $2) ORDER BY s.start_ms, s.trace_seq FOR UPDATE",
        experiment_id, members,
    )  # fmt: skip
    return rows


async def add(
    tx: Tx, experiment_id: int, span: tuple[int, int], members: bytes, planes: bytes, segments: Sequence[int]
) -> None:
    """A block in the place of these segments' signatures. `span`: the first and the last start in it."""
    await tx.execute(
        "INSERT INTO trace_block (experiment_id, first_ms, last_ms, members, planes) VALUES ($1, $2, $3, $4, $5)",
        experiment_id, *span, members, planes,
    )  # fmt: skip
    await tx.execute("DELETE FROM trace_signature WHERE segment_id = ANY($1::bigint[])", segments)


async def erase_of_experiment(tx: Tx, experiment_id: int) -> None:
    await tx.execute("DELETE FROM trace_block WHERE experiment_id = $1", experiment_id)
