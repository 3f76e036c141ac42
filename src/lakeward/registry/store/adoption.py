"""Statements that take models and versions over from another server. Each may be repeated."""

from collections.abc import Mapping

from lakeward.registry.names import Name
from lakeward.registry.records import CREATED, ArrivingModel, ArrivingVersion, RegisteredModelId
from lakeward.registry.store.activity import NOTE
from lakeward.runtime.db import Tx

# It was made there and then, by whom the source says.
_NOTE = NOTE.replace("actor)", "actor, at)")


async def keep_model(tx: Tx, workspace: int, name: Name, given: ArrivingModel) -> tuple[RegisteredModelId, bool] | None:
    """The model's number, and whether it is new; None if the name is one of the other kind, or another's spelling."""
    row = await tx.fetchrow(
        f"""
        WITH kept AS (
        INSERT INTO registered_model AS r (
            workspace_id, name, full_name, catalog_name, schema_name, is_prompt, description, deployment_job_id,
            created_by, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10)
        ON CONFLICT (workspace_id, full_name) DO UPDATE SET
            description = CASE WHEN r.description = '' OR excluded.updated_at >= r.updated_at THEN excluded.description
                               ELSE r.description END,
            updated_at = greatest(r.updated_at, excluded.updated_at)
        WHERE (r.is_prompt, r.name) = (excluded.is_prompt, excluded.name)
        RETURNING id, xmax = 0 AS is_new
        ), noted AS (
            {_NOTE} SELECT $1, id, $3, $6, NULL, '{CREATED}', NULL, NULL, NULL, $8, $9 FROM kept WHERE is_new
        )
        SELECT id, is_new FROM kept
        """,
        workspace, name.written, name.full, name.catalog, name.schema, given.is_prompt, given.description,
        given.created_by, given.created_at, given.updated_at,
    )  # fmt: skip
    return (row[0], row[1]) if row else None


async def set_model_tags(tx: Tx, model_id: RegisteredModelId, tags: Mapping[str, str]) -> None:
    await tx.execute(
        "INSERT INTO registered_model_tag (model_id, key, value)"
        " SELECT $1, k, v FROM unnest($2::text[], $3::text[]) AS t(k, v)"
        " ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value",
        model_id, list(tags), list(tags.values()),
    )  # fmt: skip


async def keep_version(tx: Tx, workspace: int, full_name: str, given: ArrivingVersion) -> RegisteredModelId | None:
    """The model's number; None if there is no such model, or the version is another one here."""
    found: RegisteredModelId | None = await tx.fetchval(
        f"""
        WITH model AS (
            UPDATE registered_model SET last_version = greatest(last_version, $3)
            WHERE workspace_id = $1 AND full_name = $2 AND is_prompt = $4 RETURNING id
        ), kept AS (
        INSERT INTO model_version AS v (
            model_id, version, workspace_id, is_prompt, status, status_message, stage, description, source, storage,
            files_id, run_id, run_link, logged_model_id, created_by, created_at, updated_at)
        SELECT id, $3, $1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 FROM model
        ON CONFLICT (model_id, version) DO UPDATE SET
            status = excluded.status, status_message = excluded.status_message, stage = excluded.stage,
            description = excluded.description, source = excluded.source, storage = excluded.storage,
            files_id = excluded.files_id, run_link = excluded.run_link, logged_model_id = excluded.logged_model_id,
            updated_at = excluded.updated_at
        WHERE (v.created_at, v.run_id, v.is_prompt) = (excluded.created_at, excluded.run_id, excluded.is_prompt)
        RETURNING model_id, xmax = 0 AS is_new
        ), noted AS (
            {_NOTE} SELECT $1, model_id, $2, $4, $3, '{CREATED}', NULL, NULL, NULL, $15, $16 FROM kept WHERE is_new
        )
        SELECT model_id FROM kept
        """,
        workspace, full_name, given.version, given.is_prompt, given.status, given.status_message, given.stage,
        given.description, given.source, given.storage, given.files_id, given.run_id, given.run_link,
        given.logged_model_id, given.created_by, given.created_at, given.updated_at,
    )  # fmt: skip
    return found


async def set_version_tags(tx: Tx, model_id: RegisteredModelId, version: int, tags: Mapping[str, str]) -> None:
    await tx.execute(
        "INSERT INTO model_version_tag (model_id, version, key, value)"
        " SELECT $1, $2, k, v FROM unnest($3::text[], $4::text[]) AS t(k, v)"
        " ON CONFLICT (model_id, version, key) DO UPDATE SET value = excluded.value",
        model_id, version, list(tags), list(tags.values()),
    )  # fmt: skip
