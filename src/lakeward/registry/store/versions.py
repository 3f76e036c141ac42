"""Versions of registered models: rows, tags, aliases."""

from collections.abc import Sequence

import msgspec

from lakeward import audit
from lakeward.registry.records import (
    ALIAS_DELETED,
    ALIAS_MOVED,
    ALIAS_SET,
    COMMENTED,
    CREATED,
    DELETED,
    DESCRIBED,
    FINALIZED,
    NO_STAGE,
    PENDING,
    READY,
    STAGE_SET,
    STAGES,
    TAG_DELETED,
    TAG_SET,
    FilesId,
    ModelVersion,
    RegisteredModelId,
)
from lakeward.registry.search import Query
from lakeward.registry.store.activity import NOTE
from lakeward.runtime.db import Tx

_COLUMNS = """
    v.model_id, r.name, r.full_name, v.version, v.is_prompt, v.status, v.status_message, v.stage, v.description,
    v.source, v.storage, v.files_id, v.run_id, v.run_link, v.logged_model_id, v.created_by, v.created_at, v.updated_at
"""
# Compact JSON straight from PostgreSQL, as the answer carries it.
_CONTENTS = f"""
    {_COLUMNS},
    (SELECT coalesce(json_agg(t)::text, '[]') FROM (
        SELECT t.key, t.value FROM model_version_tag t
        WHERE t.model_id = v.model_id AND t.version = v.version ORDER BY t.key) t),
    (SELECT coalesce(json_agg(a.alias ORDER BY a.alias)::text, '[]') FROM model_alias a
        WHERE a.model_id = v.model_id AND a.version = v.version)
"""
_FROM = "FROM registered_model r JOIN model_version v ON v.model_id = r.id"
_OF_MODEL = "r.workspace_id = $1 AND r.full_name = $2"

Pairs = Sequence[tuple[str, str]]


class NewVersion(msgspec.Struct, frozen=True):
    """The columns of a version to be made, in the order of the statement."""

    is_prompt: bool
    status: str
    description: str | None
    source: str
    storage: str
    files_id: FilesId | None
    run_id: str
    run_link: str
    logged_model_id: str
    created_by: str
    created_at: int


async def insert(
    tx: Tx, workspace: int, full_name: str, new: NewVersion, tags: Pairs, record: str | None = None
) -> ModelVersion | None:
    """The next version of a model; None if there is no such model.

    The model's row counts. It is locked until the transaction ends, so concurrent versions get numbers one after the
    other without a gap, and the number of a version that was deleted is never given again. `record` is
    what the audit log is to say of it.
    """
    row = await tx.fetchrow(
        f"""
        WITH model AS (
            UPDATE registered_model SET last_version = last_version + 1, updated_at = greatest(updated_at, $13)
            WHERE workspace_id = $1 AND full_name = $2 RETURNING id, name, full_name, last_version
        ), made AS (
            INSERT INTO model_version (model_id, version, workspace_id, stage, status_message, is_prompt, status,
                                       description, source, storage, files_id, run_id, run_link, logged_model_id,
                                       created_by, created_at, updated_at)
            SELECT id, last_version, $1, '{NO_STAGE}', '', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13
            FROM model RETURNING *
        ), tagged AS (
            INSERT INTO model_version_tag (model_id, version, key, value)
            SELECT id, last_version, t.key, t.value FROM model, unnest($14::text[], $15::text[]) AS t(key, value)
        ), noted AS (
            {NOTE} SELECT $1, id, $2, $3, last_version, '{CREATED}', NULL, NULL, NULL, $12 FROM model
        ), recorded AS (
            {audit.RECORD} SELECT $16::json FROM model WHERE $16 IS NOT NULL
        )
        SELECT {_COLUMNS} FROM model r JOIN made v ON v.model_id = r.id
        """,
        workspace, full_name, *msgspec.structs.astuple(new),
        [key for key, _ in tags], [value for _, value in tags], record,
    )  # fmt: skip
    if row is None:
        return None
    return ModelVersion(*[*row, tag_list(tags), "[]"])


def tag_list(tags: Pairs) -> str:
    """Tags as the answer carries them, in the order of the database."""
    return msgspec.json.encode([{"key": key, "value": value} for key, value in sorted(tags)]).decode()


async def find(tx: Tx, workspace: int, full_name: str, version: int) -> ModelVersion | None:
    row = await tx.fetchrow(
        f"SELECT {_CONTENTS} {_FROM} WHERE {_OF_MODEL} AND v.version = $3", workspace, full_name, version
    )
    return ModelVersion(*row) if row else None


async def find_by_alias(tx: Tx, workspace: int, full_name: str, alias: str, key: str = "") -> ModelVersion | None:
    """One statement, hence one view of the data: an alias that is being moved leads to the old version or the new.

    Of a split alias the key's arm, the same whenever it is asked for.
    """
    row = await tx.fetchrow(
        f"""
        SELECT {_CONTENTS} FROM registered_model r JOIN model_alias n ON n.model_id = r.id AND n.alias = $3
        JOIN model_version v ON v.model_id = n.model_id AND v.version = coalesce((
            SELECT x.version FROM alias_arm x WHERE x.model_id = n.model_id AND x.alias = n.alias
            ORDER BY arm_score(x.model_id, x.alias, x.version, x.weight, $4) LIMIT 1), n.version)
        WHERE {_OF_MODEL}
        """,
        workspace, full_name, alias, key,
    )  # fmt: skip
    return ModelVersion(*row) if row else None


async def find_newest(tx: Tx, workspace: int, full_name: str) -> ModelVersion | None:
    row = await tx.fetchrow(
        f"SELECT {_CONTENTS} {_FROM} WHERE {_OF_MODEL} ORDER BY v.version DESC LIMIT 1", workspace, full_name
    )
    return ModelVersion(*row) if row else None


async def latest_of_stages(
    tx: Tx, model_ids: Sequence[RegisteredModelId], stages: Sequence[str] = STAGES
) -> dict[RegisteredModelId, list[ModelVersion]]:
    """The newest version of each of these stages, by model."""
    rows = await tx.fetch(
        f"SELECT {_CONTENTS} FROM unnest($1::bigint[]) AS m(id) CROSS JOIN unnest($2::text[]) AS s(stage)"
        " CROSS JOIN LATERAL (SELECT * FROM model_version x WHERE x.model_id = m.id AND x.stage = s.stage"
        " ORDER BY x.version DESC LIMIT 1) v JOIN registered_model r ON r.id = m.id ORDER BY v.version",
        model_ids, stages,
    )  # fmt: skip
    found: dict[RegisteredModelId, list[ModelVersion]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(ModelVersion(*row))
    return found


async def find_page(tx: Tx, query: Query, limit: int) -> list[ModelVersion]:
    rows = await tx.fetch(
        f"SELECT {_CONTENTS} {_FROM} WHERE {query.where} ORDER BY {query.ordering} LIMIT {query.parameters.add(limit)}",
        *query.parameters.values,
    )
    return [ModelVersion(*row) for row in rows]


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def describe(
    tx: Tx, workspace: int, full_name: str, version: int, description: str | None, actor: str, now: int
) -> bool:
    """False if there is no such version."""
    return bool(
        await tx.fetchval(
            f"""
            WITH was AS (
                SELECT v.model_id, v.is_prompt, v.description {_FROM} WHERE {_OF_MODEL} AND v.version = $3
                FOR NO KEY UPDATE OF v
            ), changed AS (
                UPDATE model_version v SET description = $4::text, updated_at = greatest(v.updated_at, $5)
                FROM was WHERE v.model_id = was.model_id AND v.version = $3
            ), noted AS (
                {NOTE} SELECT $1, model_id, $2, is_prompt, $3, '{DESCRIBED}', NULL, $4::text, description, $6 FROM was
            )
            SELECT true FROM was
            """,
            workspace, full_name, version, description, now, actor,
        )
    )  # fmt: skip


async def set_stage(
    tx: Tx, workspace: int, full_name: str, version: int, stage: str, actor: str, now: int
) -> str | None:
    """The stage it was in; None if there is no such version. Also marks the model updated, whose row this locks."""
    before: str | None = await tx.fetchval(
        f"""
        WITH model AS (
            UPDATE registered_model r SET updated_at = greatest(r.updated_at, $5) WHERE {_OF_MODEL} RETURNING r.id
        ), was AS (
            SELECT v.model_id, v.is_prompt, v.stage FROM model JOIN model_version v ON v.model_id = model.id
            WHERE v.version = $3 FOR NO KEY UPDATE OF v
        ), moved AS (
            UPDATE model_version v SET stage = $4, updated_at = greatest(v.updated_at, $5)
            FROM was WHERE v.model_id = was.model_id AND v.version = $3
        ), noted AS (
            {NOTE} SELECT $1, model_id, $2, is_prompt, $3, '{STAGE_SET}', NULL, $4, stage, $6 FROM was
        )
        SELECT stage FROM was
        """,
        workspace, full_name, version, stage, now, actor,
    )  # fmt: skip
    return before


async def comment(tx: Tx, workspace: int, full_name: str, version: int, text: str, actor: str) -> None:
    """To the activity log."""
    await tx.execute(
        f"{NOTE} SELECT $1, r.id, $2, r.is_prompt, $3::integer, '{COMMENTED}', NULL, $4::text, NULL, $5::text"
        f" FROM registered_model r WHERE {_OF_MODEL}",
        workspace, full_name, version, text, actor,
    )  # fmt: skip


async def archive_others(
    tx: Tx, workspace: int, full_name: str, version: int, *, stage: str, archived: str, actor: str, now: int
) -> None:
    """Every other version of this stage becomes archived."""
    await tx.execute(
        "WITH moved AS (UPDATE model_version v SET stage = $5, updated_at = greatest(v.updated_at, $6)"
        f" FROM registered_model r WHERE {_OF_MODEL} AND v.model_id = r.id AND v.version <> $3 AND v.stage = $4"
        f" RETURNING v.model_id, v.is_prompt, v.version) {NOTE}"
        f" SELECT $1, model_id, $2, is_prompt, version, '{STAGE_SET}', NULL, $5, $4, $7 FROM moved",
        workspace, full_name, version, stage, archived, now, actor,
    )  # fmt: skip


async def set_ready(tx: Tx, model_id: RegisteredModelId, version: int, actor: str, now: int) -> bool:
    """False if it was not pending."""
    return bool(
        await tx.fetchval(
            "WITH ready AS (UPDATE model_version SET status = $3, updated_at = greatest(updated_at, $4)"
            " WHERE model_id = $1 AND version = $2 AND status = $5 RETURNING workspace_id, is_prompt), noted AS ("
            f" {NOTE} SELECT r.workspace_id, $1, r.full_name, ready.is_prompt, $2, '{FINALIZED}', NULL, $3, $5, $6"
            " FROM ready, registered_model r WHERE r.id = $1) SELECT true FROM ready",
            model_id, version, READY, now, PENDING, actor,
        )
    )  # fmt: skip


async def erase(tx: Tx, workspace: int, full_name: str, version: int, actor: str, now: int) -> bool:
    """Delete a version, its tags and the aliases that lead to it. False if there is none."""
    return bool(
        await tx.fetchval(
            f"""
            WITH model AS (
                UPDATE registered_model r SET updated_at = greatest(r.updated_at, $4) WHERE {_OF_MODEL}
                AND EXISTS (SELECT FROM model_version x WHERE x.model_id = r.id AND x.version = $3) RETURNING r.id
            ), gone AS (
                DELETE FROM model_version v USING model WHERE v.model_id = model.id AND v.version = $3
                RETURNING v.model_id, v.is_prompt
            ), noted AS (
                {NOTE} SELECT $1, g.model_id, $2, g.is_prompt, $3, '{ALIAS_DELETED}', a.alias, NULL, $3::text, $5
                FROM gone g JOIN model_alias a ON a.model_id = g.model_id AND a.version = $3
                UNION ALL SELECT $1, model_id, $2, is_prompt, $3, '{DELETED}', NULL, NULL, NULL, $5 FROM gone
            )
            SELECT true FROM gone
            """,
            workspace, full_name, version, now, actor,
        )
    )  # fmt: skip


async def set_tag(
    tx: Tx, workspace: int, full_name: str, version: int, key: str, value: str, actor: str, record: str | None = None
) -> bool:
    """False if there is no such version."""
    return bool(
        await tx.fetchval(
            f"""
            WITH target AS (
                SELECT v.model_id, v.version, v.is_prompt, t.value {_FROM}
                LEFT JOIN model_version_tag t ON t.model_id = v.model_id AND t.version = v.version AND t.key = $4
                WHERE {_OF_MODEL} AND v.version = $3
            ), kept AS (
                INSERT INTO model_version_tag (model_id, version, key, value)
                SELECT model_id, version, $4, $5 FROM target
                ON CONFLICT (model_id, version, key) DO UPDATE SET value = excluded.value
            ), noted AS (
                {NOTE} SELECT $1, model_id, $2, is_prompt, version, '{TAG_SET}', $4, $5, value, $6 FROM target
            ), recorded AS (
                {audit.RECORD} SELECT $7::json FROM target WHERE $7 IS NOT NULL
            )
            SELECT true FROM target
            """,
            workspace, full_name, version, key, value, actor, record,
        )
    )  # fmt: skip


async def delete_tag(tx: Tx, workspace: int, full_name: str, version: int, key: str, actor: str) -> bool:
    """False if there is no such version; a tag that is not there is no failure."""
    return bool(
        await tx.fetchval(
            f"""
            WITH target AS (
                SELECT v.model_id, v.version, v.is_prompt {_FROM} WHERE {_OF_MODEL} AND v.version = $3
            ), gone AS (
                DELETE FROM model_version_tag t USING target
                WHERE t.model_id = target.model_id AND t.version = target.version AND t.key = $4 RETURNING t.value
            ), noted AS (
                {NOTE} SELECT $1, model_id, $2, is_prompt, version, '{TAG_DELETED}', $4, NULL, gone.value, $5
                FROM target, gone
            )
            SELECT true FROM target
            """,
            workspace, full_name, version, key, actor,
        )
    )  # fmt: skip


async def set_prompt(tx: Tx, workspace: int, full_name: str, version: int, *, is_prompt: bool) -> None:
    await tx.execute(
        f"UPDATE model_version v SET is_prompt = $4 FROM registered_model r"
        f" WHERE {_OF_MODEL} AND v.model_id = r.id AND v.version = $3",
        workspace, full_name, version, is_prompt,
    )  # fmt: skip


# ── aliases ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def set_alias(
    tx: Tx, workspace: int, full_name: str, alias: str, version: int, actor: str, record: str | None = None
) -> bool:
    """Let an alias lead to this version, wherever it led before, and to it alone. False if there is no such version."""
    return bool(
        await tx.fetchval(
            f"""
            WITH target AS (
                SELECT v.model_id, v.version, v.is_prompt {_FROM} WHERE {_OF_MODEL} AND v.version = $4
            ), was AS MATERIALIZED (
                SELECT a.version FROM target JOIN model_alias a ON a.model_id = target.model_id AND a.alias = $3
                FOR NO KEY UPDATE OF a
            ), kept AS (
                INSERT INTO model_alias (model_id, alias, version)
                SELECT model_id, $3, version FROM target WHERE (SELECT count(*) FROM was) >= 0
                ON CONFLICT (model_id, alias) DO UPDATE SET version = excluded.version
            ), unsplit AS (
                DELETE FROM alias_arm x USING target WHERE x.model_id = target.model_id AND x.alias = $3
            ), noted AS (
                {NOTE} SELECT $1, model_id, $2, is_prompt, target.version, '{ALIAS_SET}', $3, $4::text,
                              was.version::text, $5
                FROM target LEFT JOIN was ON true
                UNION ALL SELECT $1, model_id, $2, is_prompt, was.version, '{ALIAS_MOVED}', $3, $4::text, NULL, $5
                FROM target JOIN was ON was.version <> target.version
            ), recorded AS (
                {audit.RECORD} SELECT $6::json FROM target WHERE $6 IS NOT NULL
            )
            SELECT true FROM target
            """,
            workspace, full_name, alias, version, actor, record,
        )
    )  # fmt: skip


async def delete_alias(tx: Tx, workspace: int, full_name: str, alias: str, actor: str) -> bool:
    """False if there is no such model; an alias that is not there is no failure."""
    return bool(
        await tx.fetchval(
            f"""
            WITH model AS (
                SELECT r.id, r.is_prompt FROM registered_model r WHERE {_OF_MODEL}
            ), gone AS (
                DELETE FROM model_alias a USING model WHERE a.model_id = model.id AND a.alias = $3 RETURNING a.version
            ), noted AS (
                {NOTE} SELECT $1, id, $2, is_prompt, gone.version, '{ALIAS_DELETED}', $3, NULL, gone.version::text, $4
                FROM model, gone
            )
            SELECT true FROM model
            """,
            workspace, full_name, alias, actor,
        )
    )  # fmt: skip
