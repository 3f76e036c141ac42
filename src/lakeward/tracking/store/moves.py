"""Statements that move runs from one experiment to another."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx


async def find(tx: Tx, workspace: int, run_ids: Sequence[str]) -> list[Any]:
    """(seq, run_id, experiment_id, deleted_at) of those of these runs that are in the workspace."""
    rows: list[Any] = await tx.fetch(
        "SELECT r.seq, r.run_id, r.experiment_id, r.deleted_at FROM run r JOIN experiment e ON e.id = r.experiment_id"
        " WHERE r.run_id = ANY($1::text[]) AND e.workspace_id = $2 AND NOT r.purging AND NOT e.purging ORDER BY r.seq",
        run_ids, workspace,
    )  # fmt: skip
    return rows


async def hold_experiments(tx: Tx, experiment_ids: Sequence[int]) -> None:
    """None of them comes into the trash before the transaction ends."""
    await tx.execute("SELECT FROM experiment WHERE id = ANY($1::bigint[]) ORDER BY id FOR SHARE", experiment_ids)


async def lock(tx: Tx, seqs: Sequence[int]) -> None:
    """Wait for all who write to these runs, and keep others waiting."""
    await tx.execute("SELECT pg_advisory_xact_lock(s) FROM unnest($1::bigint[]) AS s ORDER BY s", seqs)


async def move(tx: Tx, seqs: Sequence[int], experiment_id: int) -> None:
    """Runs and all that is logged to them, once they are locked. A run that comes home has no other home."""
    await tx.execute(
        """
        UPDATE run SET
            experiment_id = $2,
            home_id = nullif(coalesce(home_id, experiment_id), $2),
            home_location = CASE
                WHEN coalesce(home_id, experiment_id) = $2 THEN NULL
                WHEN home_id IS NOT NULL THEN home_location
                ELSE (SELECT e.artifact_location FROM experiment e WHERE e.id = run.experiment_id) END
        WHERE seq = ANY($1::bigint[])
        """,
        seqs, experiment_id,
    )  # fmt: skip
    for table in ("run_param", "run_tag", "latest_metric"):
        await tx.execute(
            f"UPDATE {table} SET experiment_id = $2 WHERE run_seq = ANY($1::bigint[])", seqs, experiment_id
        )
    await tx.execute(
        "INSERT INTO dataset (experiment_id, name, digest, source_type, source, schema, profile)"
        " SELECT DISTINCT ON (d.name, d.digest) $2::bigint, d.name, d.digest, d.source_type, d.source, d.schema,"
        " d.profile FROM run_dataset i JOIN dataset d ON d.id = i.dataset_id WHERE i.run_seq = ANY($1::bigint[])"
        " ORDER BY d.name, d.digest, d.id ON CONFLICT (experiment_id, name, digest) DO NOTHING",
        seqs, experiment_id,
    )  # fmt: skip
    await tx.execute(
        "UPDATE run_dataset i SET dataset_id = there.id FROM dataset d, dataset there"
        " WHERE i.run_seq = ANY($1::bigint[]) AND d.id = i.dataset_id AND d.experiment_id <> $2"
        " AND there.experiment_id = $2 AND there.name = d.name AND there.digest = d.digest",
        seqs, experiment_id,
    )  # fmt: skip


async def away(tx: Tx, experiment_id: int) -> list[str]:
    """Ids of the runs whose artifacts an experiment keeps, though they are in another now."""
    rows = await tx.fetch("SELECT run_id FROM run WHERE home_id = $1 AND experiment_id <> $1", experiment_id)
    return [row["run_id"] for row in rows]


async def from_elsewhere(tx: Tx, experiment_id: int) -> list[Any]:
    """(home_id, run_id) of the runs of an experiment whose artifacts another keeps."""
    rows: list[Any] = await tx.fetch(
        "SELECT home_id, run_id FROM run WHERE experiment_id = $1 AND home_id IS NOT NULL", experiment_id
    )
    return rows
