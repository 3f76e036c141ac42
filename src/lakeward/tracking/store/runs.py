"""Statements about runs and their tags and params."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from lakeward.experiments import ExperimentId
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters, prefix_range
from lakeward.tracking.records import Run, RunSeq, Target
from lakeward.tracking.store.documents import MADE_IF_MISSING

_PARAM_TAKEN = "LW001"  # what log_words raises


class ParamTaken(Exception):
    """A param stands with another value; nothing was written."""

    def __init__(self, key_id: int, kept: str) -> None:
        super().__init__(key_id, kept)
        self.key_id = key_id
        self.kept = kept


_RUN = """
    r.seq, r.run_id, r.experiment_id, r.name, r.status, r.user_id, r.start_time, r.end_time,
    coalesce(r.deleted_at, e.deleted_at) AS deleted_at,
    CASE WHEN r.home_id IS NULL THEN e.artifact_location ELSE r.home_location END,
    coalesce(r.home_id, r.experiment_id)
"""
_FROM = "FROM run r JOIN experiment e ON e.id = r.experiment_id"
_HERE = "NOT r.purging AND NOT e.purging"  # what is being deleted permanently is gone for everybody else


async def insert(
    tx: Tx,
    workspace: int,
    run: Run,
    tag_keys: Sequence[int],
    tag_values: Sequence[str],
) -> Any:
    """(seq, location) of the new run, or None if the experiment is not active in this workspace."""
    return await tx.fetchrow(
        """
        WITH made AS (
            INSERT INTO run (run_id, experiment_id, name, status, user_id, start_time)
            SELECT $3, e.id, $4, $5, $6, $7 FROM experiment e
            WHERE e.id = $1 AND e.workspace_id = $2 AND e.deleted_at IS NULL
            RETURNING seq
        ), tagged AS (
            INSERT INTO run_tag (run_seq, key_id, experiment_id, value)
            SELECT made.seq, t.key_id, $1, t.value FROM made, unnest($8::int[], $9::text[]) AS t(key_id, value)
        )
        SELECT made.seq, (SELECT artifact_location FROM experiment WHERE id = $1) FROM made
        """,
        run.experiment_id, workspace, run.run_id, run.name, run.status, run.user_id, run.start_time,
        tag_keys, tag_values,
    )  # fmt: skip


async def find(tx: Tx, workspace: int, run_id: str) -> Run | None:
    row = await tx.fetchrow(
        f"SELECT {_RUN} {_FROM} WHERE r.run_id = $1 AND e.workspace_id = $2 AND {_HERE}", run_id, workspace
    )
    return Run(*row) if row else None


async def find_beginning(tx: Tx, experiments: Sequence[int], id_start: str, limit: int) -> list[Any]:
    """(id, name, experiment) of active runs whose id begins so, the newest first."""
    parameters = Parameters()
    begins = prefix_range(parameters, "r.run_id", id_start)
    statement = await tx.prepare(
        f"SELECT r.run_id, r.name, r.experiment_id FROM run r WHERE {begins} AND r.deleted_at IS NULL"
        f" AND r.experiment_id = ANY({parameters.add(list(experiments))}::bigint[])"
        f" ORDER BY r.start_time DESC, r.run_id LIMIT {parameters.add(limit)}"
    )
    rows: list[Any] = await statement.fetch(*parameters.values)
    return rows


async def find_names(tx: Tx, seqs: Sequence[int]) -> list[Any]:
    """(id, name, experiment) of these runs, in the given order."""
    rows: list[Any] = await tx.fetch(
        "SELECT r.run_id, r.name, r.experiment_id FROM unnest($1::bigint[]) WITH ORDINALITY AS w(seq, place)"
        " JOIN run r ON r.seq = w.seq ORDER BY w.place",
        seqs,
    )
    return rows


async def find_seqs(tx: Tx, workspace: int, run_ids: Sequence[str]) -> dict[str, int]:
    """The seqs of those of these runs that exist."""
    rows = await tx.fetch(
        f"SELECT r.run_id, r.seq {_FROM} WHERE r.run_id = ANY($1::text[]) AND e.workspace_id = $2 AND {_HERE}",
        run_ids, workspace,
    )  # fmt: skip
    return dict(rows)


async def lock_targets(tx: Tx, run_ids: Sequence[str]) -> list[Any]:
    """(seq, run_id, workspace_id, deleted) of each existing run, share-locked for writing.

    A statement of its own, before the writes: they then see, and remove, a document that was made meanwhile.
    """
    rows: list[Any] = await tx.fetch(
        "SELECT r.seq, r.run_id, e.workspace_id,"
        " (r.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL) AS deleted, pg_advisory_xact_lock_shared(r.seq)"
        f" {_FROM} WHERE r.run_id = ANY($1::text[]) AND {_HERE}",
        run_ids,
    )
    return rows


async def begin_write(tx: Tx, seq: RunSeq) -> ExperimentId | None:
    """Drop the document of a share-locked run; the experiment it is in now, None if it was erased meanwhile."""
    found: ExperimentId | None = await tx.fetchval(
        "WITH stale AS (DELETE FROM run_document WHERE run_seq = $1)"
        " SELECT experiment_id FROM run WHERE seq = $1 AND NOT purging",
        seq,
    )
    return found


async def update(
    tx: Tx, workspace: int, run_id: str, *, status: str | None, end_time: int | None
) -> tuple[Run, int] | None:
    """The changed run and how many segments its points are in; None if it is not active in this workspace."""
    row = await tx.fetchrow(
        f"""
        WITH r AS (
            UPDATE run SET status = coalesce($3, status), end_time = coalesce($4, end_time)
            WHERE run_id = $1 AND deleted_at IS NULL
              -- a subquery of its own is asked again, if the run moves while its row is waited for
              AND (SELECT e.workspace_id FROM experiment e WHERE e.id = run.experiment_id AND e.deleted_at IS NULL) = $2
            RETURNING *
        )
        SELECT {_RUN}, (SELECT count(*) FROM metric_segment m WHERE m.run_seq = r.seq)
        FROM r JOIN experiment e ON e.id = r.experiment_id
        """,
        run_id, workspace, status, end_time,
    )  # fmt: skip
    return (Run(*row[:-1]), row[-1]) if row else None


async def set_deleted(tx: Tx, seqs: Sequence[int], deleted_at: int | None) -> int:
    """How many of them were changed: one whose permanent deletion began meanwhile is not."""
    rows = await tx.fetch(
        "UPDATE run SET deleted_at = $2 WHERE seq = ANY($1::bigint[]) AND NOT purging RETURNING seq", seqs, deleted_at
    )
    return len(rows)


async def set_tags(tx: Tx, target: Target, key_ids: Sequence[int], values: Sequence[str]) -> None:
    await tx.execute(
        "INSERT INTO run_tag (run_seq, key_id, experiment_id, value)"
        " SELECT r.seq, k, $2, v FROM run r, unnest($3::int[], $4::text[]) AS t(k, v) WHERE r.seq = $1 ORDER BY k"
        " ON CONFLICT (run_seq, key_id) DO UPDATE SET value = excluded.value WHERE run_tag.value <> excluded.value",
        target.seq, target.experiment_id, key_ids, values,
    )  # fmt: skip


async def delete_tag(tx: Tx, target: Target, key_id: int) -> bool:
    return bool(
        await tx.fetchval("DELETE FROM run_tag WHERE run_seq = $1 AND key_id = $2 RETURNING true", target.seq, key_id)
    )


async def lock_row(tx: Tx, seq: RunSeq) -> None:
    """Make read-then-write changes of this run wait for each other."""
    await tx.execute("SELECT FROM run WHERE seq = $1 FOR NO KEY UPDATE", seq)


async def find_tag(tx: Tx, target: Target, key_id: int) -> str | None:
    value: str | None = await tx.fetchval(
        "SELECT value FROM run_tag WHERE run_seq = $1 AND key_id = $2", target.seq, key_id
    )
    return value


async def log_words(
    tx: Tx, workspace: int, run_id: str, params: Mapping[int, str], tags: Mapping[int, str], name: str | None
) -> str:
    """Log params and tags by key id, and rename the run: one round trip, one transaction.

    Answers 'ok', 'missing' or 'deleted'; raises ParamTaken if a param stands with another value.
    """
    try:
        state: str = await tx.fetchval(
            "SELECT log_words($1, $2, $3, $4, $5, $6, $7)",
            run_id, workspace, list(params), list(params.values()), list(tags), list(tags.values()), name,
        )  # fmt: skip
    except asyncpg.PostgresError as error:
        if error.sqlstate != _PARAM_TAKEN:
            raise
        key_id, _, kept = (error.detail or "").partition(":")
        raise ParamTaken(int(key_id), kept) from error
    return state


async def find_documents(tx: Tx, seqs: Sequence[int]) -> list[Any]:
    """Run columns and document (NULL where stale) of each of these runs, in the given order."""
    rows: list[Any] = await tx.fetch(
        f"SELECT {_RUN}, d.data, d.inputs, d.outputs"
        " FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(seq, place),"
        " LATERAL (SELECT * FROM run WHERE run.seq = wanted.seq OFFSET 0) AS r"  # by number, whatever statistics say
        " JOIN experiment e ON e.id = r.experiment_id"
        " LEFT JOIN run_document d ON d.run_seq = r.seq ORDER BY wanted.place",
        seqs,
    )
    return rows


async def find_with_document(tx: Tx, workspace: int, run_id: str) -> Any:
    return await tx.fetchrow(
        f"SELECT {_RUN}, coalesce(d.data, m.data), coalesce(d.inputs, m.inputs), coalesce(d.outputs, m.outputs)"
        f" {_FROM} LEFT JOIN run_document d ON d.run_seq = r.seq LEFT JOIN LATERAL ({MADE_IF_MISSING}) AS m ON true"
        f" WHERE r.run_id = $1 AND e.workspace_id = $2 AND {_HERE}",
        run_id, workspace,
    )  # fmt: skip


async def active_in_period(
    tx: Tx, experiment_id: ExperimentId, *, trashed: bool, before: int | None, since: int | None, most: int
) -> list[int]:
    """Seqs of runs for the bulk calls: active ones created until `before`, or trashed ones deleted since `since`."""
    if trashed:
        rows = await tx.fetch(
            "SELECT seq FROM run WHERE experiment_id = $1 AND deleted_at >= $2 AND NOT purging"
            " ORDER BY deleted_at, seq LIMIT $3 FOR UPDATE",
            experiment_id, since, most,
        )  # fmt: skip
    else:
        rows = await tx.fetch(
            "SELECT seq FROM run WHERE experiment_id = $1 AND deleted_at IS NULL AND start_time <= $2"
            " ORDER BY start_time, seq LIMIT $3 FOR UPDATE",
            experiment_id, before, most,
        )  # fmt: skip
    return [row["seq"] for row in rows]
