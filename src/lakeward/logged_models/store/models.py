"""Statements about LoggedModels: one of them, pages of them, and what was measured on them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from lakeward import audit
from lakeward.logged_models.records import MAX_POINTS_SHOWN, ArrivingModel, Location, LoggedModel, ModelId, Target
from lakeward.logged_models.search import Dataset, Known, Place, Question
from lakeward.runtime.db import Tx

FROM = "FROM logged_model m JOIN experiment e ON e.id = m.experiment_id"
# Not joined: this is asked again, if the model moves to another experiment while its row is waited for.
_ACTIVE_IN = "(SELECT e.workspace_id FROM experiment e WHERE e.id = m.experiment_id AND e.deleted_at IS NULL)"

# Compact JSON straight from PostgreSQL; NaN and the infinities come out quoted, as clients expect them, and in protobuf
# JSON a null field is an absent one. A model with a great many points shows the newest of each metric, data set and
# run: histories are asked of the runs.
_CONTENTS = f"""
    m.seq, m.model_id, m.experiment_id, m.name, m.model_type, m.source_run_id, m.status, m.creator_id, m.created_at,
    m.updated_at, coalesce(m.deleted_at, e.deleted_at),
    CASE WHEN m.home_id IS NULL THEN e.artifact_location ELSE m.home_location END, coalesce(m.home_id, m.experiment_id),
    (SELECT coalesce(json_agg(t)::text, '[]') FROM (
        SELECT n.text AS key, t.value FROM logged_model_tag t JOIN key_name n ON n.id = t.key_id
        WHERE t.model_seq = m.seq ORDER BY n.text) t),
    (SELECT coalesce(json_agg(p)::text, '[]') FROM (
        SELECT n.text AS key, p.value FROM logged_model_param p JOIN key_name n ON n.id = p.key_id
        WHERE p.model_seq = m.seq ORDER BY n.text) p),
    (SELECT coalesce(json_agg(x)::text, '[]') FROM (
        SELECT n.text AS key, x.value, x.ts AS timestamp, x.step, nullif(s.name, '') AS dataset_name,
            nullif(s.digest, '') AS dataset_digest, m.model_id, x.run_id
        FROM (
            SELECT a.* FROM logged_model_metric a WHERE a.model_seq = m.seq AND few.points <= {MAX_POINTS_SHOWN}
            UNION ALL
            SELECT * FROM (
                SELECT DISTINCT ON (b.key_id, b.scope_id, b.run_id) b.* FROM logged_model_metric b
                WHERE b.model_seq = m.seq AND few.points > {MAX_POINTS_SHOWN}
                ORDER BY b.key_id, b.scope_id, b.run_id, b.ts DESC, b.step DESC, b.value DESC) newest
        ) x JOIN key_name n ON n.id = x.key_id JOIN metric_scope s ON s.id = x.scope_id
        ORDER BY n.text, s.name, s.digest, x.ts, x.step, x.run_id, x.value) x)
"""
_POINTS = f"""
    CROSS JOIN LATERAL (SELECT count(*) AS points FROM (
        SELECT FROM logged_model_metric c WHERE c.model_seq = m.seq LIMIT {MAX_POINTS_SHOWN + 1}) c) few
"""


class NewModel(msgspec.Struct, frozen=True):
    """The columns of a model to be made, in the order of the table."""

    model_id: ModelId
    name: str
    model_type: str
    source_run_id: str
    status: str
    creator_id: int
    created_at: int


Entries = tuple[Sequence[int], Sequence[str]]  # key ids and values


# ── one model ────────────────────────────────────────────────────────────────────────────────────────────────────


async def insert(
    tx: Tx, workspace: int, experiment_id: int, model: NewModel, params: Entries, tags: Entries, record: str | None
) -> bool:
    """False if the experiment is not active in this workspace. `record` is what the audit log is to say of it."""
    return bool(
        await tx.fetchval(
            f"""
            WITH made AS (
                INSERT INTO logged_model (experiment_id, model_id, name, model_type, source_run_id, status, creator_id,
                                          created_at, updated_at)
                SELECT e.id, $3, $4, $5, $6, $7, $8, $9, $9 FROM experiment e
                WHERE e.id = $1 AND e.workspace_id = $2 AND e.deleted_at IS NULL AND NOT e.purging
                RETURNING seq
            ), described AS (
                INSERT INTO logged_model_param (model_seq, key_id, experiment_id, value)
                SELECT made.seq, p.key_id, $1, p.value FROM made, unnest($10::int[], $11::text[]) AS p(key_id, value)
            ), tagged AS (
                INSERT INTO logged_model_tag (model_seq, key_id, experiment_id, value)
                SELECT made.seq, t.key_id, $1, t.value FROM made, unnest($12::int[], $13::text[]) AS t(key_id, value)
            ), recorded AS (
                {audit.RECORD} SELECT $14::json FROM made WHERE $14 IS NOT NULL
            )
            SELECT true FROM made
            """,
            experiment_id, workspace, *msgspec.structs.astuple(model), *params, *tags, record,
        )
    )  # fmt: skip


async def keep(tx: Tx, workspace: int, experiment_id: int, given: ArrivingModel, creator_id: int) -> Target | None:
    """A model of another server under its own id, or brought up to date; None if its id is another's."""
    row = await tx.fetchrow(
        """
        INSERT INTO logged_model AS m (experiment_id, model_id, name, model_type, source_run_id, status, creator_id,
                                       created_at, updated_at)
        SELECT e.id, $3, $4, $5, $6, $7, $8, $9, $10 FROM experiment e
        WHERE e.id = $1 AND e.workspace_id = $2 AND NOT e.purging
        ON CONFLICT (model_id) DO UPDATE SET status = excluded.status, updated_at = excluded.updated_at
        WHERE coalesce(m.home_id, m.experiment_id) = excluded.experiment_id AND NOT m.purging
        RETURNING seq, experiment_id
        """,
        experiment_id, workspace, given.model_id, given.name, given.model_type, given.source_run_id, given.status,
        creator_id, given.created_at, given.updated_at,
    )  # fmt: skip
    return Target(*row) if row else None


async def set_params(tx: Tx, target: Target, key_ids: Sequence[int], values: Sequence[str]) -> None:
    """Whatever they were."""
    await tx.execute(
        "INSERT INTO logged_model_param (model_seq, key_id, experiment_id, value)"
        " SELECT $1, k, $2, v FROM unnest($3::int[], $4::text[]) AS t(k, v)"
        " ON CONFLICT (model_seq, key_id) DO UPDATE SET value = excluded.value",
        target.seq, target.experiment_id, key_ids, values,
    )  # fmt: skip


async def find(tx: Tx, workspace: int, model_id: str) -> LoggedModel | None:
    """The model, also one in the trash."""
    row = await tx.fetchrow(
        f"SELECT {_CONTENTS} {FROM} {_POINTS}"
        " WHERE m.model_id = $1 AND e.workspace_id = $2 AND NOT m.purging AND NOT e.purging",
        model_id, workspace,
    )  # fmt: skip
    return LoggedModel(*row) if row else None


async def find_location(tx: Tx, workspace: int, model_id: str) -> Location | None:
    row = await tx.fetchrow(
        "SELECT coalesce(m.home_id, e.id), CASE WHEN m.home_id IS NULL THEN e.artifact_location"
        " ELSE m.home_location END, m.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL"
        f" {FROM} WHERE m.model_id = $1 AND e.workspace_id = $2 AND NOT m.purging AND NOT e.purging",
        model_id, workspace,
    )  # fmt: skip
    return Location(*row) if row else None


async def find_source_run(tx: Tx, workspace: int, model_id: str) -> str:
    found: str | None = await tx.fetchval(
        f"SELECT m.source_run_id {FROM} WHERE m.model_id = $1 AND e.workspace_id = $2", model_id, workspace
    )
    return found or ""


async def find_tag(tx: Tx, target: Target, key: str) -> str | None:
    found: str | None = await tx.fetchval(
        "SELECT t.value FROM logged_model_tag t JOIN key_name n ON n.id = t.key_id"
        " WHERE t.model_seq = $1 AND n.text = $2",
        target.seq, key,
    )  # fmt: skip
    return found


async def touch(tx: Tx, workspace: int, model_id: str, now: int) -> Target | None:
    """Lock an active model for writing and mark it updated; None if there is none."""
    row = await tx.fetchrow(
        "UPDATE logged_model m SET updated_at = greatest(m.updated_at, $3)"
        f" WHERE m.model_id = $1 AND m.deleted_at IS NULL AND {_ACTIVE_IN} = $2 RETURNING m.seq, m.experiment_id",
        model_id, workspace, now,
    )  # fmt: skip
    return Target(*row) if row else None


async def set_status(tx: Tx, target: Target, status: str) -> None:
    await tx.execute("UPDATE logged_model SET status = $2 WHERE seq = $1", target.seq, status)


async def set_deleted(tx: Tx, workspace: int, model_id: str, now: int) -> bool:
    """False if there is no active model of this id."""
    return bool(
        await tx.fetchval(
            "UPDATE logged_model m SET deleted_at = $3, updated_at = greatest(m.updated_at, $3)"
            " WHERE m.model_id = $1 AND m.deleted_at IS NULL AND (SELECT e.workspace_id FROM experiment e"
            " WHERE e.id = m.experiment_id AND NOT e.purging) = $2 RETURNING true",
            model_id, workspace, now,
        )
    )  # fmt: skip


async def set_tags(tx: Tx, target: Target, key_ids: Sequence[int], values: Sequence[str]) -> None:
    await tx.execute(
        "INSERT INTO logged_model_tag (model_seq, key_id, experiment_id, value)"
        " SELECT $1, k, $2, v FROM unnest($3::int[], $4::text[]) AS t(k, v)"
        " ON CONFLICT (model_seq, key_id) DO UPDATE SET value = excluded.value",
        target.seq, target.experiment_id, key_ids, values,
    )  # fmt: skip


async def delete_tag(tx: Tx, target: Target, key: str) -> bool:
    return bool(
        await tx.fetchval(
            "DELETE FROM logged_model_tag t USING key_name n"
            " WHERE t.model_seq = $1 AND t.key_id = n.id AND n.text = $2 RETURNING true",
            target.seq, key,
        )
    )  # fmt: skip


async def add_params(tx: Tx, target: Target, key_ids: Sequence[int], values: Sequence[str]) -> tuple[str, str] | None:
    """A (key, kept value) that stood already with another value, or None when all are as asked."""
    added = await tx.execute(
        "INSERT INTO logged_model_param (model_seq, key_id, experiment_id, value)"
        " SELECT $1, k, $2, v FROM unnest($3::int[], $4::text[]) AS t(k, v)"
        " ON CONFLICT (model_seq, key_id) DO NOTHING",
        target.seq, target.experiment_id, key_ids, values,
    )  # fmt: skip
    if int(added.rpartition(" ")[2]) == len(key_ids):
        return None
    row = await tx.fetchrow(
        "SELECT n.text, p.value FROM unnest($2::int[], $3::text[]) AS t(k, v)"
        " JOIN logged_model_param p ON p.model_seq = $1 AND p.key_id = t.k JOIN key_name n ON n.id = t.k"
        " WHERE p.value <> t.v LIMIT 1",
        target.seq, key_ids, values,
    )  # fmt: skip
    return (row[0], row[1]) if row else None


# ── search ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def find_page(tx: Tx, question: Question, place: Place) -> list[tuple[int, Any]]:
    """Up to one more than the page's models from a place on: the stretch each was found in, and its sort values."""
    known = Known(
        await _active_experiments(tx, question),
        await key_ids(tx, list(question.names)) if question.names else {},
        await _known_scopes(tx, question.scopes) if question.scopes else {},
    )
    found: list[tuple[int, Any]] = []
    for stretch, last in question.stretches(place):
        statement = question.statement(known, (stretch, last), question.limit + 1 - len(found))
        if statement is not None:
            text, arguments = statement
            # the best plan for a filter depends on its values, so one is made for them; any other is made once
            rows = (
                await (await tx.prepare(text)).fetch(*arguments)
                if question.filtered
                else await tx.fetch(text, *arguments)
            )
            found += [(stretch, row) for row in rows]
        if len(found) > question.limit:
            break
    return found


async def find_many(tx: Tx, seqs: Sequence[int]) -> list[LoggedModel]:
    """These models in the given order."""
    rows = await tx.fetch(
        f"SELECT {_CONTENTS} FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(seq, place)"
        f" JOIN logged_model m ON m.seq = wanted.seq JOIN experiment e ON e.id = m.experiment_id {_POINTS}"
        " ORDER BY wanted.place",
        seqs,
    )
    return [LoggedModel(*row) for row in rows]


async def _active_experiments(tx: Tx, question: Question) -> list[int]:
    rows = await tx.fetch(
        "SELECT id FROM experiment WHERE id = ANY($1::bigint[]) AND workspace_id = $2"
        " AND deleted_at IS NULL AND NOT purging ORDER BY id",
        question.experiment_ids, question.workspace,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def key_ids(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    """The ids of those of these names that exist."""
    return dict(await tx.fetch("SELECT text, id FROM key_name WHERE text = ANY($1::text[])", names))


async def _known_scopes(tx: Tx, scopes: Collection[Dataset]) -> dict[Dataset, int]:
    rows = await tx.fetch(
        "SELECT s.name, s.digest, s.id FROM unnest($1::text[], $2::text[]) AS wanted(name, digest)"
        " JOIN metric_scope s ON s.name = wanted.name AND s.digest = wanted.digest",
        [name for name, _ in scopes], [digest for _, digest in scopes],
    )  # fmt: skip
    return {(name, digest): number for name, digest, number in rows}


# ── metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def find_measurable(tx: Tx, experiment_id: int, model_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """(seq, experiment) by id of the active ones among these models, in the workspace of that experiment.

    They stay in their experiments until the transaction ends.
    """
    rows = await tx.fetch(
        "SELECT m.model_id, m.seq, m.experiment_id FROM logged_model m"
        " WHERE m.model_id = ANY($2::text[]) AND m.deleted_at IS NULL"
        f" AND {_ACTIVE_IN} = (SELECT mine.workspace_id FROM experiment mine WHERE mine.id = $1)"
        " ORDER BY m.seq FOR KEY SHARE OF m",
        experiment_id, model_ids,
    )  # fmt: skip
    return {model_id: (seq, experiment) for model_id, seq, experiment in rows}


async def scope_ids(tx: Tx, scopes: Sequence[Dataset]) -> dict[Dataset, int]:
    """The ids of these data sets, made where they are new, and of `("", "")`. They are sorted: the order of locks."""
    found = {("", ""): 0}
    if scopes:
        found |= await _known_scopes(tx, scopes)
    missing = [scope for scope in scopes if scope not in found]
    if missing:
        await tx.execute(
            "INSERT INTO metric_scope (name, digest) SELECT * FROM unnest($1::text[], $2::text[])"
            " ON CONFLICT (name, digest) DO NOTHING",
            [name for name, _ in missing], [digest for _, digest in missing],
        )  # fmt: skip
        found |= await _known_scopes(tx, missing)
    return found


_RECORD = """
    WITH p AS MATERIALIZED (
        SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::float8[])
            AS p(model_seq, experiment_id, key_id, scope_id, ts, step, value)
        ORDER BY model_seq, key_id, scope_id, ts, step
    ), measured AS (
        INSERT INTO logged_model_scope (model_seq, scope_id, experiment_id)
        SELECT DISTINCT model_seq, scope_id, experiment_id FROM p WHERE scope_id <> 0 ORDER BY 1, 2
        ON CONFLICT DO NOTHING
    ), points AS (
        INSERT INTO logged_model_metric (model_seq, key_id, scope_id, experiment_id, ts, step, value, run_id)
        SELECT model_seq, key_id, scope_id, experiment_id, ts, step, value, $1 FROM p
        ON CONFLICT DO NOTHING
    )
    INSERT INTO logged_model_rank AS r (model_seq, key_id, scope_id, experiment_id, value, ts, step, run_id)
    SELECT DISTINCT ON (1, 2, 3) p.model_seq, p.key_id, seen.scope_id, p.experiment_id, p.value, p.ts, p.step, $1
    FROM p JOIN unnest($9::int[], $10::int[]) AS seen(measured_on, scope_id) ON seen.measured_on = p.scope_id
    ORDER BY 1, 2, 3, p.ts DESC, p.step DESC, p.value DESC
    ON CONFLICT (model_seq, key_id, scope_id) DO UPDATE
    SET value = excluded.value, ts = excluded.ts, step = excluded.step, run_id = excluded.run_id
    WHERE (excluded.ts, excluded.step) > (r.ts, r.step)
       OR ((excluded.ts, excluded.step) = (r.ts, r.step)
           AND (excluded.run_id < r.run_id OR (excluded.run_id = r.run_id AND excluded.value > r.value)))
"""


async def record(
    tx: Tx,
    run_id: str,
    rows: Sequence[tuple[int, int, int, int, int, int, float]],
    seen_as: Sequence[tuple[int, int]],
) -> None:
    """Add points, rows of (model seq, experiment, key, scope, ts, step, value), and move the ranks they change.

    A point that is there already is left alone. `seen_as` says for each scope in which scopes its points are ranked.
    Rows are locked in one order, so that writers to the same models wait for each other and never in a circle.

    compat(mlflow 3.17): the newest by (timestamp, step) ranks a model, of equal ones that of the lesser run id.
    """
    columns = [list(column) for column in zip(*rows, strict=True)]
    await tx.execute(_RECORD, run_id, *columns, [scope for scope, _ in seen_as], [rank for _, rank in seen_as])
