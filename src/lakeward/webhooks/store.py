"""The statements of webhooks and their deliveries. Events themselves are written by triggers (0015_webhooks.sql)."""

import uuid
from collections.abc import Sequence
from typing import Final

from lakeward.runtime.db import Tx
from lakeward.webhooks.records import Attempt, Claimed, Delivery, State, Webhook

_WEBHOOK: Final = """
    w.id, w.workspace_id, w.name, w.description, w.url, w.events, w.status, w.data_key_id, w.secret, w.created_by,
    w.created_at, w.updated_at
"""
_MS: Final = "(extract(epoch FROM {}) * 1000)::bigint"
_PENDING: Final = State.PENDING.value
_DELIVERY: Final = f"""
    d.id, d.seq, d.event, d.state, d.attempts, {_MS.format("d.created_at")}, {_MS.format("d.next_at")},
    {_MS.format("d.finished_at")}, d.body
"""
_ATTEMPT: Final = f"a.delivery_id, a.number, {_MS.format('a.at')}, a.millis, a.status, a.problem"


async def insert(tx: Tx, made: Webhook, most: int) -> bool:
    """False if the workspace has as many as it may have."""
    return bool(
        await tx.fetchval(
            "INSERT INTO webhook (id, workspace_id, name, description, url, events, status, data_key_id, secret,"
            " created_by, created_at, updated_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"
            " WHERE (SELECT count(*) FROM webhook WHERE workspace_id = $2) < $13 RETURNING true",
            made.id, made.workspace_id, made.name, made.description, made.url, made.events, made.status,
            made.data_key_id, made.sealed, made.created_by, made.created_at, made.updated_at, most,
        )
    )  # fmt: skip


async def find(tx: Tx, workspace: int, webhook_id: str) -> Webhook | None:
    row = await tx.fetchrow(
        f"SELECT {_WEBHOOK} FROM webhook w WHERE w.workspace_id = $1 AND w.id = $2", workspace, webhook_id
    )
    return Webhook(*row) if row else None


async def lock(tx: Tx, workspace: int, webhook_id: str) -> Webhook | None:
    row = await tx.fetchrow(
        f"SELECT {_WEBHOOK} FROM webhook w WHERE w.workspace_id = $1 AND w.id = $2 FOR NO KEY UPDATE",
        workspace, webhook_id,
    )  # fmt: skip
    return Webhook(*row) if row else None


async def find_page(
    tx: Tx, workspace: int, events: Sequence[str] | None, after: tuple[int, str] | None, limit: int
) -> list[Webhook]:
    """The newest first; `events` leaves out those that hear of none of these."""
    rows = await tx.fetch(
        f"SELECT {_WEBHOOK} FROM webhook w WHERE w.workspace_id = $1 AND ($2::text[] IS NULL OR w.events && $2)"
        " AND ($3::bigint IS NULL OR (w.created_at, w.id) < ($3, $4::text)) ORDER BY w.created_at DESC, w.id DESC"
        " LIMIT $5",
        workspace, events, after and after[0], after and after[1], limit,
    )  # fmt: skip
    return [Webhook(*row) for row in rows]


async def replace(tx: Tx, changed: Webhook) -> None:
    await tx.execute(
        "UPDATE webhook SET name = $2, description = $3, url = $4, events = $5, status = $6, data_key_id = $7,"
        " secret = $8, updated_at = $9 WHERE id = $1",
        changed.id, changed.name, changed.description, changed.url, changed.events, changed.status,
        changed.data_key_id, changed.sealed, changed.updated_at,
    )  # fmt: skip


async def erase(tx: Tx, workspace: int, webhook_id: str) -> bool:
    """With its deliveries and the key of its secret. False if there is none."""
    return bool(
        await tx.fetchval(
            "WITH gone AS (DELETE FROM webhook WHERE workspace_id = $1 AND id = $2 RETURNING data_key_id)"
            " SELECT true FROM gone",
            workspace, webhook_id,
        )
    )  # fmt: skip


async def erase_key(tx: Tx, data_key_id: uuid.UUID) -> None:
    await tx.execute("DELETE FROM data_key WHERE id = $1", data_key_id)


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def claim(tx: Tx, busy: Sequence[str], each: int, most: int, lease_seconds: float) -> list[Claimed]:
    """Due deliveries of webhooks that are not busy, at most `each` of one; nobody else gets them during the lease."""
    rows = await tx.fetch(
        f"""
        WITH due AS (
            SELECT d.id FROM webhook w CROSS JOIN LATERAL (
                SELECT x.id, x.next_at FROM webhook_delivery x
                WHERE x.webhook_id = w.id AND x.state = '{_PENDING}' AND x.next_at <= now()
                ORDER BY x.next_at LIMIT $2 FOR UPDATE SKIP LOCKED) d
            WHERE w.status = 'ACTIVE' AND w.id <> ALL ($1::text[]) ORDER BY d.next_at LIMIT $3
        )
        UPDATE webhook_delivery d SET attempts = d.attempts + 1, next_at = now() + make_interval(secs => $4)
        FROM due, webhook w WHERE d.id = due.id AND w.id = d.webhook_id
        RETURNING d.id, d.body, d.attempts, {_WEBHOOK}
        """,
        list(busy), each, most, lease_seconds,
    )  # fmt: skip
    return [Claimed(row[0], row[1], row[2], Webhook(*row[3:])) for row in map(tuple, rows)]


async def finish(tx: Tx, delivery_id: uuid.UUID, made: Attempt, state: State, pause_seconds: float) -> None:
    """Write down an attempt, and what becomes of its delivery."""
    await tx.execute(
        f"""
        WITH told AS (
            UPDATE webhook_delivery SET state = $2, next_at = now() + make_interval(secs => $3),
                finished_at = CASE WHEN $2 = '{_PENDING}' THEN NULL ELSE now() END
            WHERE id = $1 AND state = '{_PENDING}' RETURNING id
        )
        INSERT INTO webhook_attempt (delivery_id, number, at, millis, status, problem)
        SELECT id, $4, to_timestamp($5::bigint / 1000.0), $6, $7, $8 FROM told ON CONFLICT DO NOTHING
        """,
        delivery_id, state, pause_seconds, made.number, made.at, made.millis, made.status, made.problem,
    )  # fmt: skip


async def find_deliveries(tx: Tx, webhook_id: str, state: str | None, before: int | None, limit: int) -> list[Delivery]:
    """The newest first."""
    rows = await tx.fetch(
        f"SELECT {_DELIVERY} FROM webhook_delivery d WHERE d.webhook_id = $1 AND ($2::text IS NULL OR d.state = $2)"
        " AND ($3::bigint IS NULL OR d.seq < $3) ORDER BY d.seq DESC LIMIT $4",
        webhook_id, state, before, limit,
    )  # fmt: skip
    return [Delivery(row[0], row[1], row[2], State(row[3]), *tuple(row)[4:]) for row in rows]


async def find_attempts(tx: Tx, delivery_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Attempt]]:
    rows = await tx.fetch(
        f"SELECT {_ATTEMPT} FROM webhook_attempt a WHERE a.delivery_id = ANY($1::uuid[]) ORDER BY a.number",
        list(delivery_ids),
    )
    found: dict[uuid.UUID, list[Attempt]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Attempt(*tuple(row)[1:]))
    return found


async def send_again(tx: Tx, webhook_id: str, delivery_id: uuid.UUID) -> bool:
    """Due now, whatever became of it. False if there is no such delivery."""
    return bool(
        await tx.fetchval(
            f"UPDATE webhook_delivery SET state = '{_PENDING}', next_at = now(), finished_at = NULL"
            " WHERE webhook_id = $1 AND id = $2 RETURNING true",
            webhook_id, delivery_id,
        )
    )  # fmt: skip


async def sweep(tx: Tx, days: int, limit: int) -> int:
    """Forget deliveries that were finished so long ago; how many."""
    rows = await tx.fetch(
        "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
        " WHERE finished_at < now() - make_interval(days => $1) LIMIT $2) RETURNING id",
        days, limit,
    )  # fmt: skip
    return len(rows)
