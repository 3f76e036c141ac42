"""Comments on versions of models, and requests to move them to another stage.

Whatever is asked or decided of a version locks its row first, so that its requests and its stage agree.
"""

from typing import NamedTuple

from lakeward.registry.records import (
    COMMENT_DELETED,
    COMMENT_EDITED,
    COMMENTED,
    REQUESTED,
    Activity,
    Comment,
    TransitionRequest,
)
from lakeward.registry.store.activity import NOTE
from lakeward.runtime.db import Tx

_COMMENT = "c.id, c.model_id, r.full_name, c.version, c.comment, c.creator, c.creator_id, c.created_at, c.updated_at"
_OF_COMMENT = "FROM version_comment c JOIN registered_model r ON r.id = c.model_id"
_REQUEST = "q.id, q.version, v.stage, q.stage, q.comment, q.creator, q.creator_id, q.created_at"
_VERSION = """
    FROM registered_model r JOIN model_version v ON v.model_id = r.id
    WHERE r.workspace_id = $1 AND r.full_name = $2 AND v.version = $3 AND NOT v.is_prompt
"""
_TARGET = f"SELECT v.model_id, v.version, v.stage {_VERSION} FOR NO KEY UPDATE OF v"


# ── comments ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def add_comment(
    tx: Tx, workspace: int, full_name: str, version: int, comment: str, creator: tuple[str, int], now: int
) -> int | None:
    """Its id; None if there is no such version."""
    found: int | None = await tx.fetchval(
        f"""
        WITH made AS (
            INSERT INTO version_comment (model_id, version, comment, creator, creator_id, created_at, updated_at)
            SELECT v.model_id, v.version, $4, $5, $6, $7, $7 {_VERSION} RETURNING id, model_id
        ), noted AS (
            {NOTE} SELECT $1, model_id, $2, false, $3, '{COMMENTED}', id::text, $4, NULL, $5 FROM made
        )
        SELECT id FROM made
        """,
        workspace, full_name, version, comment, *creator, now,
    )  # fmt: skip
    return found


async def find_comment(tx: Tx, workspace: int, comment_id: int) -> Comment | None:
    """Nobody else changes it until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {_COMMENT} {_OF_COMMENT} WHERE r.workspace_id = $1 AND c.id = $2 FOR UPDATE OF c",
        workspace, comment_id,
    )  # fmt: skip
    return Comment(*row) if row else None


async def find_comments(
    tx: Tx, workspace: int, full_name: str, version: int, before: int | None, limit: int
) -> list[Comment]:
    """The newest first. `before` is the id that the page ends at."""
    rows = await tx.fetch(
        f"SELECT {_COMMENT} {_OF_COMMENT} WHERE r.workspace_id = $1 AND r.full_name = $2 AND c.version = $3"
        " AND ($4::bigint IS NULL OR c.id < $4) ORDER BY c.id DESC LIMIT $5",
        workspace, full_name, version, before, limit,
    )  # fmt: skip
    return [Comment(*row) for row in rows]


async def edit_comment(tx: Tx, workspace: int, found: Comment, comment: str, actor: str, now: int) -> None:
    await tx.execute(
        f"""
        WITH changed AS (
            UPDATE version_comment SET comment = $3, updated_at = greatest(updated_at, $4) WHERE id = $2
            RETURNING model_id
        )
        {NOTE} SELECT $1::bigint, model_id, $5, false, $6::integer, '{COMMENT_EDITED}', $2::text, $3, $7, $8
        FROM changed
        """,
        workspace, found.id, comment, now, found.full_name, found.version, found.comment, actor,
    )  # fmt: skip


async def erase_comment(tx: Tx, workspace: int, found: Comment, actor: str) -> None:
    await tx.execute(
        f"""
        WITH gone AS (DELETE FROM version_comment WHERE id = $2 RETURNING model_id)
        {NOTE} SELECT $1::bigint, model_id, $3, false, $4::integer, '{COMMENT_DELETED}', $2::text, NULL, $5, $6
        FROM gone
        """,
        workspace, found.id, found.full_name, found.version, found.comment, actor,
    )  # fmt: skip


# ── requests for transitions ─────────────────────────────────────────────────────────────────────────────────────────


class Asked(NamedTuple):
    """What came of a request: the stage the version is in, and whether the request is new."""

    stage: str
    is_new: bool


async def ask(
    tx: Tx, workspace: int, full_name: str, version: int, *,
    stage: str, comment: str, creator: tuple[str, int], now: int,
) -> Asked | None:  # fmt: skip
    """None if there is no such version. Nothing is asked for what is so already."""
    row = await tx.fetchrow(
        f"""
        WITH target AS ({_TARGET}), made AS (
            INSERT INTO transition_request (model_id, version, stage, comment, creator, creator_id, created_at)
            SELECT model_id, version, $4, $5, $6, $7, $8 FROM target WHERE stage <> $4 ON CONFLICT DO NOTHING
            RETURNING id
        ), noted AS (
            {NOTE} SELECT $1, model_id, $2, false, $3, '{REQUESTED}', $6, $4, stage, $6 FROM target, made
        )
        SELECT stage, EXISTS (SELECT FROM made) FROM target
        """,
        workspace, full_name, version, stage, comment, *creator, now,
    )  # fmt: skip
    return Asked(*row) if row else None


async def find_requests(tx: Tx, workspace: int, full_name: str, version: int) -> list[TransitionRequest]:
    """The oldest first."""
    rows = await tx.fetch(
        f"SELECT {_REQUEST} FROM registered_model r JOIN transition_request q ON q.model_id = r.id"
        " JOIN model_version v ON v.model_id = q.model_id AND v.version = q.version"
        " WHERE r.workspace_id = $1 AND r.full_name = $2 AND q.version = $3 ORDER BY q.id",
        workspace, full_name, version,
    )  # fmt: skip
    return [TransitionRequest(*row) for row in rows]


async def close(
    tx: Tx, workspace: int, full_name: str, version: int, *,
    stage: str, before: str | None, action: str, actor: str, creator: str | None = None,
) -> list[Activity]:  # fmt: skip
    """End all open requests for a stage, or that of one creator, and say in the log how; what was written there.

    `before`: the stage that the version is or was in; None for the one it is in.
    """
    rows = await tx.fetch(
        f"""
        WITH target AS ({_TARGET}), gone AS (
            DELETE FROM transition_request q USING target t
            WHERE q.model_id = t.model_id AND q.version = t.version AND q.stage = $4
            AND ($7::text IS NULL OR q.creator = $7) RETURNING q.id, q.creator
        ), noted AS (
            {NOTE} SELECT $1, model_id, $2, false, $3, $5, creator, $4, coalesce($8, stage), $6
            FROM (SELECT * FROM gone ORDER BY id) g, target
            RETURNING id, full_name, is_prompt, version, action, key, value, before, actor, at
        )
        SELECT * FROM noted ORDER BY id
        """,
        workspace, full_name, version, stage, action, actor, creator, before,
    )  # fmt: skip
    return [Activity(*row) for row in rows]
