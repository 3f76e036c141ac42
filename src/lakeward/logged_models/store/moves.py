"""Statements that move LoggedModels from one experiment to another."""

from collections.abc import Sequence
from typing import Any, Final

from lakeward.runtime.db import Tx

_TABLES: Final = (
    "logged_model_param",
    "logged_model_tag",
    "logged_model_metric",
    "logged_model_scope",
    "logged_model_rank",
)


async def lock_made(tx: Tx, run_ids: Sequence[str], experiment_ids: Sequence[int]) -> list[int]:
    """Models that these runs made and that are in these experiments, pair by pair; whoever writes to one waits."""
    rows = await tx.fetch(
        "SELECT m.seq FROM logged_model m JOIN unnest($1::text[], $2::bigint[]) AS w(run_id, experiment_id)"
        " ON m.source_run_id = w.run_id AND m.experiment_id = w.experiment_id"
        " WHERE m.source_run_id <> '' AND NOT m.purging ORDER BY m.seq FOR UPDATE OF m",
        run_ids, experiment_ids,
    )  # fmt: skip
    return [row["seq"] for row in rows]


async def move(tx: Tx, seqs: Sequence[int], experiment_id: int) -> None:
    """Locked models and all that is kept of them. One that comes home has no other home."""
    await tx.execute(
        """
        UPDATE logged_model SET
            experiment_id = $2,
            home_id = nullif(coalesce(home_id, experiment_id), $2),
            home_location = CASE
                WHEN coalesce(home_id, experiment_id) = $2 THEN NULL
                WHEN home_id IS NOT NULL THEN home_location
                ELSE (SELECT e.artifact_location FROM experiment e WHERE e.id = logged_model.experiment_id) END
        WHERE seq = ANY($1::bigint[])
        """,
        seqs, experiment_id,
    )  # fmt: skip
    for table in _TABLES:
        await tx.execute(
            f"UPDATE {table} SET experiment_id = $2 WHERE model_seq = ANY($1::bigint[])", seqs, experiment_id
        )


async def away(tx: Tx, experiment_id: int) -> list[str]:
    rows = await tx.fetch("SELECT model_id FROM logged_model WHERE home_id = $1 AND experiment_id <> $1", experiment_id)
    return [row["model_id"] for row in rows]


async def from_elsewhere(tx: Tx, experiment_id: int) -> list[Any]:
    """(home_id, model_id) of each."""
    rows: list[Any] = await tx.fetch(
        "SELECT home_id, model_id FROM logged_model WHERE experiment_id = $1 AND home_id IS NOT NULL", experiment_id
    )
    return rows
