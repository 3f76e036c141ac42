"""Traces and sessions by the beginning of their id."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters, prefix_range


async def find_traces(tx: Tx, experiments: Sequence[int], id_start: str, limit: int) -> list[Any]:
    """(id, name, experiment), the newest first."""
    parameters = Parameters()
    begins = prefix_range(parameters, "t.trace_id", id_start)
    statement = await tx.prepare(
        f"SELECT t.trace_id, coalesce(t.name, ''), t.experiment_id FROM trace t WHERE {begins}"
        f" AND t.experiment_id = ANY({parameters.add(list(experiments))}::bigint[])"
        f" ORDER BY t.start_ms DESC, t.trace_id LIMIT {parameters.add(limit)}"
    )
    rows: list[Any] = await statement.fetch(*parameters.values)
    return rows


async def find_sessions(tx: Tx, experiments: Sequence[int], id_start: str, limit: int) -> list[Any]:
    """(id, experiment): of each of these experiments the first such session, those that began last first."""
    parameters = Parameters()
    each = (
        "SELECT t.session_id, t.start_ms FROM trace t WHERE t.experiment_id = e.id AND t.session_id IS NOT NULL"
        f" AND {prefix_range(parameters, 't.session_id', id_start)} ORDER BY t.session_id, t.start_ms LIMIT 1"
    )
    statement = await tx.prepare(
        f"SELECT s.session_id, e.id FROM unnest({parameters.add(list(experiments))}::bigint[]) AS e(id)"
        f" CROSS JOIN LATERAL ({each}) s ORDER BY s.start_ms DESC LIMIT {parameters.add(limit)}"
    )
    rows: list[Any] = await statement.fetch(*parameters.values)
    return rows
