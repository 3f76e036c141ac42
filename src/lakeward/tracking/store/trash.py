"""Statements about permanent deletion: what is marked, and what of it is still there."""

from collections.abc import Sequence
from typing import Any

from lakeward.runtime.db import Tx

_DOOMED = "r.seq, r.run_id, coalesce(r.home_id, r.experiment_id), e.workspace_id"  # the artifacts' experiment


# ── marking ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def count_trashed(tx: Tx, until: int) -> tuple[int, int]:
    """(experiments, runs) that came into the trash until then, runs also with their experiment, or are marked."""
    row = await tx.fetchrow(
        "SELECT (SELECT count(*) FROM experiment WHERE deleted_at <= $1 OR purging),"
        " (SELECT count(*) FROM run r JOIN experiment e ON e.id = r.experiment_id"
        " WHERE r.deleted_at <= $1 OR r.purging OR e.deleted_at <= $1 OR e.purging)",
        until,
    )
    return row[0], row[1]


async def mark_experiments(tx: Tx, until: int, workspace: int | None, experiment_ids: Sequence[int] | None) -> int:
    """Mark experiments that came into the trash until then. Returns how many."""
    rows = await tx.fetch(
        "UPDATE experiment SET purging = true WHERE deleted_at <= $1 AND NOT purging"
        " AND ($2::bigint IS NULL OR workspace_id = $2) AND ($3::bigint[] IS NULL OR id = ANY($3)) RETURNING id",
        until, workspace, experiment_ids,
    )  # fmt: skip
    return len(rows)


async def mark_runs(
    tx: Tx, until: int, workspace: int | None, experiment_ids: Sequence[int] | None, limit: int
) -> list[Any]:
    """Mark runs that came into the trash until then; (seq, run_id, experiment_id, workspace_id) of each."""
    rows: list[Any] = await tx.fetch(
        "UPDATE run r SET purging = true FROM experiment e WHERE e.id = r.experiment_id AND r.seq IN ("
        " SELECT t.seq FROM run t JOIN experiment x ON x.id = t.experiment_id"
        " WHERE t.deleted_at <= $1 AND NOT t.purging AND NOT x.purging"
        " AND ($2::bigint IS NULL OR x.workspace_id = $2) AND ($3::bigint[] IS NULL OR x.id = ANY($3))"
        f" ORDER BY t.deleted_at LIMIT $4 FOR UPDATE OF t SKIP LOCKED) RETURNING {_DOOMED}",
        until, workspace, experiment_ids, limit,
    )  # fmt: skip
    return rows


async def lock_named_experiments(tx: Tx, workspace: int, experiment_ids: Sequence[int]) -> list[Any]:
    """(id, workspace_id, trashed) of these experiments, also of those marked before."""
    rows: list[Any] = await tx.fetch(
        "SELECT id, workspace_id, deleted_at IS NOT NULL AS trashed FROM experiment"
        " WHERE id = ANY($1::bigint[]) AND workspace_id = $2 ORDER BY id FOR UPDATE",
        experiment_ids, workspace,
    )  # fmt: skip
    return rows


async def lock_named_runs(tx: Tx, workspace: int, run_ids: Sequence[str]) -> list[Any]:
    """(seq, run_id, experiment_id, workspace_id, trashed) of these runs, also of those marked before."""
    rows: list[Any] = await tx.fetch(
        f"SELECT {_DOOMED}, r.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL AS trashed"
        " FROM run r JOIN experiment e ON e.id = r.experiment_id"
        " WHERE r.run_id = ANY($1::text[]) AND e.workspace_id = $2 ORDER BY r.seq FOR UPDATE OF r FOR SHARE OF e",
        run_ids, workspace,
    )  # fmt: skip
    return rows


async def mark_named(tx: Tx, experiment_ids: Sequence[int], seqs: Sequence[int], now: int) -> None:
    await tx.execute("UPDATE experiment SET purging = true WHERE id = ANY($1::bigint[])", experiment_ids)
    await tx.execute(
        "UPDATE run SET purging = true, deleted_at = coalesce(deleted_at, $2) WHERE seq = ANY($1::bigint[])", seqs, now
    )


# ── what is marked ───────────────────────────────────────────────────────────────────────────────────────────────


async def find_marked_runs(tx: Tx, limit: int) -> list[Any]:
    rows: list[Any] = await tx.fetch(
        f"SELECT {_DOOMED} FROM run r JOIN experiment e ON e.id = r.experiment_id"
        " WHERE r.purging ORDER BY r.seq LIMIT $1",
        limit,
    )
    return rows


async def find_marked_experiments(tx: Tx) -> list[Any]:
    """(id, workspace_id) of each."""
    rows: list[Any] = await tx.fetch("SELECT id, workspace_id FROM experiment WHERE purging ORDER BY id")
    return rows


# ── erasing ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def erase_runs(tx: Tx, seqs: Sequence[int]) -> int:
    """Remove these runs with all their rows. Returns how many were still there."""
    # whoever is about to write to one of these runs waits, and then finds that it is gone
    await tx.execute("SELECT pg_advisory_xact_lock(s) FROM unnest($1::bigint[]) AS s ORDER BY s", seqs)
    rows = await tx.fetch("DELETE FROM run WHERE seq = ANY($1::bigint[]) RETURNING seq", seqs)
    for table in ("run_param", "run_tag", "latest_metric", "metric_segment", "metric_curve", "run_document"):
        await tx.execute(f"DELETE FROM {table} WHERE run_seq = ANY($1::bigint[])", seqs)
    return len(rows)


async def runs_of_experiment(tx: Tx, experiment_id: int, limit: int) -> list[int]:
    rows = await tx.fetch("SELECT seq FROM run WHERE experiment_id = $1 LIMIT $2", experiment_id, limit)
    return [row["seq"] for row in rows]


async def erase_experiment(tx: Tx, experiment_id: int) -> bool:
    """Remove an experiment that holds no run and no model any more; its data sets and tags go along."""
    return bool(await tx.fetchval("DELETE FROM experiment WHERE id = $1 AND purging RETURNING true", experiment_id))


async def count_waiting(tx: Tx) -> int:
    """Runs that are yet to be erased for good."""
    found: int = await tx.fetchval("SELECT count(*) FROM run WHERE purging")
    return found
