"""Every statement about experiments. Each is bounded by a workspace."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.access import Sight
from lakeward.experiments.records import Experiment, ExperimentId, SavedView, ViewKey
from lakeward.experiments.search import Query
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters

COLUMNS = """
    e.id, e.workspace_id, e.name, e.artifact_location, e.created_at, e.updated_at, e.deleted_at,
    (SELECT json_object_agg(t.key, t.value ORDER BY t.key) FROM experiment_tag t WHERE t.experiment_id = e.id) AS tags
"""


def experiment_of(row: Any) -> Experiment:
    columns = {**row, "tags": msgspec.json.decode(row["tags"]) if row["tags"] else {}}
    return Experiment(**columns)


async def find_by_id(tx: Tx, workspace: int, experiment_id: int) -> Experiment | None:
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM experiment e WHERE e.id = $1 AND e.workspace_id = $2 AND NOT e.purging",
        experiment_id, workspace,
    )  # fmt: skip
    return experiment_of(row) if row else None


async def find_workspace(tx: Tx, experiment_id: int) -> int | None:
    found: int | None = await tx.fetchval("SELECT workspace_id FROM experiment WHERE id = $1", experiment_id)
    return found


async def find_by_name(tx: Tx, workspace: int, name: str) -> Experiment | None:
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM experiment e WHERE e.name = $1 AND e.workspace_id = $2 AND NOT e.purging",
        name, workspace,
    )  # fmt: skip
    return experiment_of(row) if row else None


async def latest_ids(tx: Tx, workspace: int, sight: Sight | None, limit: int) -> list[int]:
    """Of the active ones that a caller sees, those that changed last."""
    parameters = Parameters()
    where = [f"e.workspace_id = {parameters.add(workspace)}", "e.deleted_at IS NULL", "NOT e.purging"]
    if sight is not None:
        where.append(sight.condition(parameters, "e"))
    rows = await tx.fetch(
        f"SELECT e.id FROM experiment e WHERE {' AND '.join(where)}"
        f" ORDER BY e.updated_at DESC, e.id DESC LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [row[0] for row in rows]


async def names_of(tx: Tx, experiment_ids: Sequence[int]) -> dict[int, str]:
    rows = await tx.fetch("SELECT id, name FROM experiment WHERE id = ANY($1::bigint[])", list(experiment_ids))
    return dict(rows)


async def find_page(tx: Tx, query: Query, limit: int) -> list[Experiment]:
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM experiment e WHERE {query.where}"
        f" ORDER BY {query.ordering} LIMIT {query.parameters.add(limit)}",
        *query.parameters.values,
    )
    return [experiment_of(row) for row in rows]


async def add(tx: Tx, workspace: int, name: str, location: str | None, now: int) -> ExperimentId | None:
    """The new id, or None if the name is taken."""
    found: ExperimentId | None = await tx.fetchval(
        "INSERT INTO experiment (workspace_id, name, artifact_location, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $4) ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        workspace, name, location, now,
    )  # fmt: skip
    return found


async def add_as(
    tx: Tx, workspace: int, experiment_id: int, name: str, created_at: int, updated_at: int
) -> ExperimentId | None:
    """The same id, or None if it or the name is taken."""
    found: ExperimentId | None = await tx.fetchval(
        "INSERT INTO experiment (id, workspace_id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING RETURNING id",
        experiment_id, workspace, name, created_at, updated_at,
    )  # fmt: skip
    return found


async def count_from(tx: Tx, experiment_id: int) -> None:
    """Let the next new experiment have a greater id than this one."""
    await tx.execute(
        "SELECT setval('experiment_id_seq', $1) FROM experiment_id_seq WHERE last_value < $1", experiment_id
    )


async def set_updated(tx: Tx, experiment_id: int, updated_at: int) -> None:
    await tx.execute("UPDATE experiment SET updated_at = $2 WHERE id = $1", experiment_id, updated_at)


async def rename(tx: Tx, experiment_id: int, name: str, now: int) -> bool:
    """False if the name is taken."""
    return bool(
        await tx.fetchval(
            "UPDATE experiment e SET name = $2, updated_at = $3 WHERE e.id = $1 AND NOT EXISTS"
            " (SELECT FROM experiment o WHERE o.workspace_id = e.workspace_id AND o.name = $2 AND o.id <> e.id)"
            " RETURNING true",
            experiment_id, name, now,
        )
    )  # fmt: skip


async def set_deleted(tx: Tx, experiment_id: int, deleted_at: int | None, now: int) -> bool:
    """False if its permanent deletion began meanwhile."""
    return bool(
        await tx.fetchval(
            "UPDATE experiment SET deleted_at = $2, updated_at = $3 WHERE id = $1 AND NOT purging RETURNING true",
            experiment_id, deleted_at, now,
        )
    )  # fmt: skip


async def set_tags(tx: Tx, experiment_id: int, tags: Sequence[tuple[str, str]]) -> None:
    await tx.execute(
        "INSERT INTO experiment_tag (experiment_id, key, value) SELECT $1, k, v FROM unnest($2::text[], $3::text[])"
        " AS t(k, v) ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value",
        experiment_id, [key for key, _ in tags], [value for _, value in tags],
    )  # fmt: skip


async def delete_tag(tx: Tx, experiment_id: int, key: str) -> bool:
    return bool(
        await tx.fetchval(
            "DELETE FROM experiment_tag WHERE experiment_id = $1 AND key = $2 RETURNING true", experiment_id, key
        )
    )


# --- saved views

_KEY = "experiment_id = $1 AND of_table = $2 AND owner_id IS NOT DISTINCT FROM $3"


def _key(key: ViewKey) -> tuple[Any, ...]:
    return key.experiment_id, key.table, key.owner, key.name


async def find_views(tx: Tx, experiment_id: int, table: str, reader: int) -> list[SavedView]:
    rows = await tx.fetch(
        "SELECT of_table, name, owner_id IS NULL AS shared, state, changed_by, updated_at FROM saved_view"
        " WHERE experiment_id = $1 AND of_table = $2 AND (owner_id = $3 OR owner_id IS NULL) ORDER BY lower(name), id",
        experiment_id, table, reader,
    )  # fmt: skip
    return [
        SavedView(table, name, shared, msgspec.json.decode(state, type=dict[str, str]), by, at)
        for table, name, shared, state, by, at in rows
    ]


async def has_view(tx: Tx, key: ViewKey) -> bool:
    return bool(await tx.fetchval(f"SELECT EXISTS (SELECT FROM saved_view WHERE {_KEY} AND name = $4)", *_key(key)))


async def put_view(tx: Tx, key: ViewKey, view: SavedView, *, over: bool, at_most: int) -> bool:
    """False if there is one already and it is not to be written `over`, or if there are as many as there may be."""
    return bool(
        await tx.fetchval(
            "INSERT INTO saved_view AS v (experiment_id, of_table, owner_id, name, state, changed_by, updated_at)"
            f" SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM saved_view WHERE {_KEY}) < $9"
            f" OR EXISTS (SELECT FROM saved_view WHERE {_KEY} AND name = $4)"
            " ON CONFLICT (experiment_id, of_table, owner_id, name) DO UPDATE SET state = excluded.state,"
            " changed_by = excluded.changed_by, updated_at = excluded.updated_at WHERE $8 RETURNING true",
            *_key(key), msgspec.json.encode(view.state).decode(), view.changed_by, view.updated_at, over, at_most,
        )
    )  # fmt: skip


async def move_view(tx: Tx, key: ViewKey, before: str, view: SavedView) -> bool:
    """Rename the view that was called `before`. False if there is none, or if the new name is taken."""
    return bool(
        await tx.fetchval(
            "UPDATE saved_view SET name = $4, state = $5, changed_by = $6, updated_at = $7"
            f" WHERE {_KEY} AND name = $8 AND NOT EXISTS (SELECT FROM saved_view WHERE {_KEY} AND name = $4)"
            " RETURNING true",
            *_key(key), msgspec.json.encode(view.state).decode(), view.changed_by, view.updated_at, before,
        )
    )  # fmt: skip


async def delete_view(tx: Tx, key: ViewKey) -> None:
    await tx.execute(f"DELETE FROM saved_view WHERE {_KEY} AND name = $4", *_key(key))
