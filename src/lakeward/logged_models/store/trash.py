"""Statements about the permanent deletion of LoggedModels."""

from collections.abc import Sequence
from typing import Any

from lakeward.logged_models.store.models import FROM
from lakeward.runtime.db import Tx

_DOOMED = "m.seq, m.model_id, coalesce(m.home_id, m.experiment_id), e.workspace_id"  # the artifacts' experiment


async def count_trashed(tx: Tx, until: int) -> int:
    """Models that came into the trash until then, by themselves or with their experiment, or are marked already."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM logged_model m JOIN experiment e ON e.id = m.experiment_id"
            " WHERE m.deleted_at <= $1 OR m.purging OR e.deleted_at <= $1 OR e.purging",
            until,
        )
    )


async def mark_trashed(
    tx: Tx, until: int, workspace: int | None, experiment_ids: Sequence[int] | None, limit: int
) -> list[Any]:
    """Mark models that came into the trash until then; (seq, model_id, experiment_id, workspace_id) of each."""
    rows: list[Any] = await tx.fetch(
        "UPDATE logged_model m SET purging = true FROM experiment e WHERE e.id = m.experiment_id AND m.seq IN ("
        " SELECT t.seq FROM logged_model t JOIN experiment x ON x.id = t.experiment_id"
        " WHERE t.deleted_at <= $1 AND NOT t.purging AND NOT x.purging"
        " AND ($2::bigint IS NULL OR x.workspace_id = $2) AND ($3::bigint[] IS NULL OR x.id = ANY($3))"
        f" ORDER BY t.deleted_at LIMIT $4 FOR UPDATE OF t SKIP LOCKED) RETURNING {_DOOMED}",
        until, workspace, experiment_ids, limit,
    )  # fmt: skip
    return rows


async def lock_named(tx: Tx, workspace: int, model_ids: Sequence[str]) -> list[Any]:
    """(seq, model_id, experiment_id, workspace_id, trashed) of these models, also of those marked before."""
    rows: list[Any] = await tx.fetch(
        f"SELECT {_DOOMED}, m.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL AS trashed {FROM}"
        " WHERE m.model_id = ANY($1::text[]) AND e.workspace_id = $2 ORDER BY m.seq FOR UPDATE OF m FOR SHARE OF e",
        model_ids, workspace,
    )  # fmt: skip
    return rows


async def mark(tx: Tx, seqs: Sequence[int], now: int) -> None:
    await tx.execute(
        "UPDATE logged_model SET purging = true, deleted_at = coalesce(deleted_at, $2) WHERE seq = ANY($1::bigint[])",
        seqs, now,
    )  # fmt: skip


async def find_marked(tx: Tx, limit: int) -> list[Any]:
    rows: list[Any] = await tx.fetch(f"SELECT {_DOOMED} {FROM} WHERE m.purging ORDER BY m.seq LIMIT $1", limit)
    return rows


async def erase(tx: Tx, seqs: Sequence[int]) -> int:
    rows = await tx.fetch("DELETE FROM logged_model WHERE seq = ANY($1::bigint[]) RETURNING seq", seqs)
    return len(rows)


async def erase_of_experiment(tx: Tx, experiment_id: int, limit: int) -> int:
    rows = await tx.fetch(
        "DELETE FROM logged_model WHERE seq IN"
        " (SELECT seq FROM logged_model WHERE experiment_id = $1 LIMIT $2) RETURNING seq",
        experiment_id, limit,
    )  # fmt: skip
    return len(rows)
