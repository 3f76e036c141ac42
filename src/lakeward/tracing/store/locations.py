"""Statements about Unity Catalog locations of traces."""

from collections.abc import Sequence
from typing import NamedTuple

from lakeward.runtime.db import Tx


class Row(NamedTuple):
    id: int
    path: str
    experiment_id: int | None  # that it is linked to


_SELECT = """
    SELECT l.id, l.path, k.experiment_id FROM trace_location l
    LEFT JOIN trace_location_link k ON k.location_id = l.id AND k.linked WHERE l.workspace_id = $1
"""


async def add(tx: Tx, workspace: int, path: str) -> bool:
    """False if it was there."""
    return bool(
        await tx.fetchval(
            "INSERT INTO trace_location (workspace_id, path) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
            workspace, path,
        )
    )  # fmt: skip


async def find(tx: Tx, workspace: int, path: str) -> Row | None:
    row = await tx.fetchrow(f"{_SELECT} AND l.path = $2", workspace, path)
    return Row(*row) if row else None


async def find_by_id(tx: Tx, workspace: int, location: int) -> Row | None:
    row = await tx.fetchrow(f"{_SELECT} AND l.id = $2", workspace, location)
    return Row(*row) if row else None


async def of_experiment(tx: Tx, workspace: int, experiment_id: int) -> Row | None:
    """The location that an experiment is linked to."""
    row = await tx.fetchrow(f"{_SELECT} AND k.experiment_id = $2", workspace, experiment_id)
    return Row(*row) if row else None


async def link(tx: Tx, location: int, experiment_id: int) -> None:
    await tx.execute(
        "INSERT INTO trace_location_link (location_id, experiment_id, linked) VALUES ($1, $2, true)"
        " ON CONFLICT (location_id, experiment_id) DO UPDATE SET linked = true",
        location, experiment_id,
    )  # fmt: skip


async def unlink(tx: Tx, location: int, experiment_id: int) -> bool:
    return bool(
        await tx.fetchval(
            "UPDATE trace_location_link SET linked = false WHERE location_id = $1 AND experiment_id = $2 AND linked"
            " RETURNING true",
            location, experiment_id,
        )
    )  # fmt: skip


async def experiments_of(tx: Tx, location: int) -> list[int]:
    """Experiments that hold traces of this location: the linked one, and those it was linked to before."""
    rows = await tx.fetch("SELECT experiment_id FROM trace_location_link WHERE location_id = $1 ORDER BY 1", location)
    return [row[0] for row in rows]


async def unlink_run(tx: Tx, seqs: Sequence[int], run_id: str) -> None:
    await tx.execute(
        "DELETE FROM trace_link WHERE kind = 'run' AND target = $2 AND trace_seq = ANY($1::bigint[])", seqs, run_id
    )
