"""Registered models and prompts: rows, tags."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward import audit, catalog
from lakeward.registry.names import Name
from lakeward.registry.records import (
    CREATED,
    DELETED,
    DESCRIBED,
    JOB_SET,
    RENAMED,
    TAG_DELETED,
    TAG_SET,
    RegisteredModel,
    RegisteredModelId,
)
from lakeward.registry.search import Query
from lakeward.registry.store.activity import NOTE
from lakeward.registry.store.versions import latest_of_stages, tag_list
from lakeward.runtime.db import Tx

# Compact JSON straight from PostgreSQL, as the answer carries it. The last column says whether to look for versions.
_CONTENTS = """
    r.id, r.name, r.full_name, r.is_prompt, r.description, r.deployment_job_id, r.created_by,
    coalesce((SELECT p.name FROM access_grant g JOIN principal p ON p.id = g.principal_id
              WHERE g.workspace_id = r.workspace_id AND g.kind = 'registered_model' AND g.object = r.id::text
              AND g.privilege = 'OWN'), ''),
    r.created_at, r.updated_at,
    (SELECT coalesce(json_agg(t)::text, '[]') FROM (
        SELECT t.key, t.value FROM registered_model_tag t WHERE t.model_id = r.id ORDER BY t.key) t),
    CASE WHEN r.last_version = 0 THEN '[]' ELSE (SELECT coalesce(json_agg(a)::text, '[]') FROM (
        SELECT a.alias, a.version::text FROM model_alias a WHERE a.model_id = r.id ORDER BY a.alias) a) END,
    r.last_version > 0
"""

_NEW_IS_FUNCTION = catalog.is_function("$1", "$3")
_IS_FUNCTION = catalog.is_function("$1", "$2::text")

Pairs = Sequence[tuple[str, str]]


class NewModel(msgspec.Struct, frozen=True):
    """The columns of a model to be made, in the order of the statement."""

    is_prompt: bool
    description: str
    deployment_job_id: str
    created_by: str
    created_at: int


async def insert(
    tx: Tx, workspace: int, name: Name, new: NewModel, tags: Pairs, owner: int, record: str | None = None
) -> RegisteredModel | None:
    """The new model, or None if the name is taken. `record` is what the audit log is to say of it."""
    made: RegisteredModelId | None = await tx.fetchval(
        f"""
        WITH made AS (
            INSERT INTO registered_model (workspace_id, name, full_name, catalog_name, schema_name, is_prompt,
                                          description, deployment_job_id, created_by, created_at, updated_at)
            SELECT $1::bigint, $2::text, $3::text, $4::text, $5::text, $6::boolean, $7::text, $8::text, $9::text,
                   $10::bigint, $10 WHERE NOT {_NEW_IS_FUNCTION}
            ON CONFLICT (workspace_id, full_name) DO NOTHING RETURNING id
        ), tagged AS (
            INSERT INTO registered_model_tag (model_id, key, value)
            SELECT made.id, t.key, t.value FROM made, unnest($11::text[], $12::text[]) AS t(key, value)
        ), owned AS (
            INSERT INTO access_grant (workspace_id, kind, object, principal_id, privilege)
            SELECT $1, 'registered_model', made.id::text, $13, 'OWN' FROM made
        ), noted AS (
            {NOTE} SELECT $1, id, $3, $6, NULL, '{CREATED}', NULL, NULL, NULL, $9 FROM made
        ), recorded AS (
            {audit.RECORD} SELECT $14::json FROM made WHERE $14 IS NOT NULL
        )
        SELECT id FROM made
        """,
        workspace, name.written, name.full, name.catalog, name.schema, *msgspec.structs.astuple(new),
        [key for key, _ in tags], [value for _, value in tags], owner, record,
    )  # fmt: skip
    if made is None:
        return None
    return RegisteredModel(
        id=made,
        name=name.written,
        full_name=name.full,
        is_prompt=new.is_prompt,
        description=new.description,
        deployment_job_id=new.deployment_job_id,
        created_by=new.created_by,
        owner=new.created_by,
        created_at=new.created_at,
        updated_at=new.created_at,
        tags=tag_list(tags),
        aliases="[]",
    )


async def find(tx: Tx, workspace: int, full_name: str) -> RegisteredModel | None:
    row = await tx.fetchrow(
        f"SELECT {_CONTENTS} FROM registered_model r WHERE r.workspace_id = $1 AND r.full_name = $2",
        workspace, full_name,
    )  # fmt: skip
    if row is None:
        return None
    return (await _with_latest(tx, [row]))[0]


async def is_function(tx: Tx, workspace: int, full_name: str) -> bool:
    """Whether a function is called so, which models and prompts share their names with."""
    return bool(await tx.fetchval(f"SELECT {_IS_FUNCTION}", workspace, full_name))


async def find_kind(tx: Tx, workspace: int, full_name: str) -> tuple[RegisteredModelId, bool] | None:
    """The id, and whether it is a prompt."""
    row = await tx.fetchrow(
        "SELECT id, is_prompt FROM registered_model WHERE workspace_id = $1 AND full_name = $2", workspace, full_name
    )
    return (row[0], row[1]) if row else None


async def find_written(tx: Tx, workspace: int, full_name: str) -> tuple[str, bool] | None:
    """The name as its maker wrote it, and whether it is a prompt."""
    row = await tx.fetchrow(
        "SELECT name, is_prompt FROM registered_model WHERE workspace_id = $1 AND full_name = $2", workspace, full_name
    )
    return (row[0], row[1]) if row else None


async def find_page(tx: Tx, query: Query, limit: int) -> list[RegisteredModel]:
    rows = await tx.fetch(
        f"SELECT {_CONTENTS} FROM registered_model r WHERE {query.where}"
        f" ORDER BY {query.ordering} LIMIT {query.parameters.add(limit)}",
        *query.parameters.values,
    )
    return await _with_latest(tx, rows)


async def _with_latest(tx: Tx, rows: Sequence[Any]) -> list[RegisteredModel]:
    versioned = [model_id for model_id, *_, has_versions in rows if has_versions]
    latest = await latest_of_stages(tx, versioned) if versioned else {}
    return [RegisteredModel(*[*row[:-1], latest.get(row[0], [])]) for row in map(tuple, rows)]


async def describe(
    tx: Tx, workspace: int, full_name: str, actor: str, *,
    description: str | None, deployment_job_id: str | None, now: int,
) -> bool:  # fmt: skip
    """False if there is no such model. None leaves a field as it is."""
    return bool(
        await tx.fetchval(
            f"""
            WITH was AS (
                SELECT id, is_prompt, description, deployment_job_id FROM registered_model
                WHERE workspace_id = $1 AND full_name = $2 FOR NO KEY UPDATE
            ), changed AS (
                UPDATE registered_model r SET description = coalesce($3::text, r.description),
                    deployment_job_id = coalesce($4::text, r.deployment_job_id), updated_at = greatest(r.updated_at, $5)
                FROM was WHERE r.id = was.id
            ), noted AS (
                {NOTE} SELECT $1, id, $2, is_prompt, NULL::integer, '{DESCRIBED}', NULL, $3::text, description, $6
                FROM was WHERE $3::text <> description
                UNION ALL SELECT $1, id, $2, is_prompt, NULL::integer, '{JOB_SET}', NULL, $4::text,
                                 deployment_job_id, $6
                FROM was WHERE $4::text <> deployment_job_id
            )
            SELECT true FROM was
            """,
            workspace, full_name, description, deployment_job_id, now, actor,
        )
    )  # fmt: skip


async def rename(tx: Tx, workspace: int, full_name: str, new: Name, actor: str, now: int) -> RegisteredModelId | None:
    """The id of the renamed model, or None: there is no such model, or the name is another's. The log goes along."""
    found: RegisteredModelId | None = await tx.fetchval(
        "WITH renamed AS (UPDATE registered_model r SET name = $3, full_name = $4, catalog_name = $5, schema_name = $6,"
        " updated_at = greatest(updated_at, $7) WHERE workspace_id = $1 AND full_name = $2 AND NOT EXISTS"
        " (SELECT FROM registered_model o WHERE o.workspace_id = $1 AND o.full_name = $4 AND o.id <> r.id)"
        " RETURNING id, is_prompt), moved AS (UPDATE registry_activity a SET full_name = $4 FROM renamed"
        f" WHERE a.model_id = renamed.id), noted AS ({NOTE}"
        f" SELECT $1, id, $4, is_prompt, NULL, '{RENAMED}', NULL, $4, $2, $8 FROM renamed) SELECT id FROM renamed",
        workspace, full_name, new.written, new.full, new.catalog, new.schema, now, actor,
    )  # fmt: skip
    return found


async def touch_versions(tx: Tx, model_id: RegisteredModelId, now: int) -> None:
    await tx.execute(
        "UPDATE model_version SET updated_at = greatest(updated_at, $2) WHERE model_id = $1", model_id, now
    )


async def erase(tx: Tx, workspace: int, full_name: str, actor: str) -> bool:
    """Delete a model with all it has. False if there is none."""
    return bool(
        await tx.fetchval(
            "WITH gone AS (DELETE FROM registered_model WHERE workspace_id = $1 AND full_name = $2"
            f" RETURNING id, is_prompt), noted AS ({NOTE}"
            f" SELECT $1, id, $2, is_prompt, NULL, '{DELETED}', NULL, NULL, NULL, $3 FROM gone) SELECT true FROM gone",
            workspace, full_name, actor,
        )
    )  # fmt: skip


async def names_in(tx: Tx, workspace: int, catalog: str, schema: str, limit: int | None = None) -> list[str]:
    """The full names of models and prompts in a schema, whose names are in lower case."""
    rows = await tx.fetch(
        "SELECT full_name FROM registered_model WHERE workspace_id = $1"
        " AND lower(full_name) >= concat($2::text, '.', $3::text, '.')"
        " AND lower(full_name) < concat($2::text, '.', $3::text, '/')"  # the character after the dot
        " ORDER BY lower(full_name) LIMIT $4",
        workspace, catalog, schema, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


async def set_tag(
    tx: Tx, workspace: int, full_name: str, key: str, value: str, actor: str, record: str | None = None
) -> bool:
    """False if there is no such model."""
    return bool(
        await tx.fetchval(
            f"""
            WITH model AS (
                SELECT r.id, r.is_prompt, t.value FROM registered_model r
                LEFT JOIN registered_model_tag t ON t.model_id = r.id AND t.key = $3
                WHERE r.workspace_id = $1 AND r.full_name = $2
            ), kept AS (
                INSERT INTO registered_model_tag (model_id, key, value) SELECT id, $3, $4 FROM model
                ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value
            ), noted AS (
                {NOTE} SELECT $1, id, $2, is_prompt, NULL, '{TAG_SET}', $3, $4, value, $5 FROM model
            ), recorded AS (
                {audit.RECORD} SELECT $6::json FROM model WHERE $6 IS NOT NULL
            )
            SELECT true FROM model
            """,
            workspace, full_name, key, value, actor, record,
        )
    )  # fmt: skip


async def delete_tag(tx: Tx, workspace: int, full_name: str, key: str, actor: str) -> bool:
    """False if there is no such model; a tag that is not there is no failure."""
    return bool(
        await tx.fetchval(
            f"""
            WITH model AS (
                SELECT id, is_prompt FROM registered_model WHERE workspace_id = $1 AND full_name = $2
            ), gone AS (
                DELETE FROM registered_model_tag t USING model WHERE t.model_id = model.id AND t.key = $3
                RETURNING t.value
            ), noted AS (
                {NOTE} SELECT $1, id, $2, is_prompt, NULL, '{TAG_DELETED}', $3, NULL, gone.value, $4 FROM model, gone
            )
            SELECT true FROM model
            """,
            workspace, full_name, key, actor,
        )
    )  # fmt: skip


async def set_prompt(tx: Tx, workspace: int, full_name: str, *, is_prompt: bool) -> None:
    await tx.execute(
        "UPDATE registered_model SET is_prompt = $3 WHERE workspace_id = $1 AND full_name = $2",
        workspace, full_name, is_prompt,
    )  # fmt: skip
