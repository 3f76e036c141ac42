"""The statements of webhooks and their deliveries. Events themselves are written by triggers (0015_webhooks.sql)."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters
from lakeward.webhooks.records import ACTIVE, DISABLED, Attempt, Claimed, Delivery, Ended, State, Webhook

_WEBHOOK: Final = """
    w.id, w.workspace_id, w.model_id, coalesce((SELECT m.name FROM registered_model m WHERE m.id = w.model_id), ''),
    w.name, w.description, w.url, w.form, w.events, w.status, w.data_key_id, w.secret, w.created_by, w.created_at,
    w.updated_at
"""
_MS: Final = "(extract(epoch FROM {}) * 1000)::bigint"
_PENDING: Final = State.PENDING.value
_DELIVERED: Final = State.DELIVERED.value
_DELIVERY: Final = f"""
    d.id, d.seq, d.event, d.state, d.attempts, {_MS.format("d.created_at")}, {_MS.format("d.next_at")},
    {_MS.format("d.finished_at")}, d.body
"""
_ATTEMPT: Final = f"a.delivery_id, a.number, {_MS.format('a.at')}, a.millis, a.status, a.problem"


async def insert(tx: Tx, made: Webhook, most: int) -> bool:
    """False if the workspace, or the model that it is of, has as many as it may have."""
    return bool(
        await tx.fetchval(
            "INSERT INTO webhook (id, workspace_id, model_id, name, description, url, form, events, status,"
            " data_key_id, secret, created_by, created_at, updated_at)"
            " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"
            " WHERE (SELECT count(*) FROM webhook w WHERE w.workspace_id = $2"
            "        AND w.model_id IS NOT DISTINCT FROM $3) < $15 RETURNING true",
            made.id, made.workspace_id, made.model_id, made.name, made.description, made.url, made.form, made.events,
            made.status, made.data_key_id, made.sealed, made.created_by, made.created_at, made.updated_at, most,
        )
    )  # fmt: skip


async def find(tx: Tx, workspace: int, webhook_id: str) -> Webhook | None:
    row = await tx.fetchrow(
        f"SELECT {_WEBHOOK} FROM webhook w WHERE w.workspace_id = $1 AND w.id = $2", workspace, webhook_id
    )
    return Webhook(*row) if row else None


async def lock(tx: Tx, workspace: int, webhook_id: str) -> Webhook | None:
    row = await tx.fetchrow(
        f"SELECT {_WEBHOOK} FROM webhook w WHERE w.workspace_id = $1 AND w.id = $2 FOR UPDATE OF w",
        workspace, webhook_id,
    )  # fmt: skip
    return Webhook(*row) if row else None


async def find_page(
    tx: Tx,
    workspace: int,
    limit: int,
    *,
    events: Sequence[str] | None,
    model_id: int | None,
    after: tuple[int, str] | None,
) -> list[Webhook]:
    """The newest first: those that hear of one of these events, of this model alone."""
    parameters = Parameters()
    where = [f"w.workspace_id = {parameters.add(workspace)}"]
    if events is not None:
        where.append(f"w.events && {parameters.add(list(events))}::text[]")
    if model_id is not None:
        where.append(f"w.model_id = {parameters.add(model_id)}")
    if after is not None:
        where.append(f"(w.created_at, w.id) < ({parameters.add(after[0])}::bigint, {parameters.add(after[1])}::text)")
    rows = await tx.fetch(
        f"SELECT {_WEBHOOK} FROM webhook w WHERE {' AND '.join(where)} ORDER BY w.created_at DESC, w.id DESC"
        f" LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [Webhook(*row) for row in rows]


async def replace(tx: Tx, changed: Webhook) -> None:
    await tx.execute(
        "UPDATE webhook SET name = $2, description = $3, url = $4, events = $5, status = $6, data_key_id = $7,"
        " secret = $8, updated_at = $9 WHERE id = $1",
        changed.id, changed.name, changed.description, changed.url, changed.events, changed.status,
        changed.data_key_id, changed.sealed, changed.updated_at,
    )  # fmt: skip


async def disable(tx: Tx, webhook: Webhook, now: int) -> None:
    """Unless somebody changed where it sends meanwhile."""
    await tx.execute(
        f"UPDATE webhook SET status = '{DISABLED}', updated_at = greatest(updated_at, $3)"
        f" WHERE id = $1 AND url = $2 AND status = '{ACTIVE}'",
        webhook.id, webhook.url, now,
    )  # fmt: skip


async def erase(tx: Tx, webhook_id: str) -> None:
    """What waits for it is never sent, and swept."""
    await tx.execute("DELETE FROM webhook WHERE id = $1", webhook_id)


async def erase_key(tx: Tx, data_key_id: uuid.UUID) -> None:
    await tx.execute("DELETE FROM data_key WHERE id = $1", data_key_id)


async def workspace_name(tx: Tx, workspace: int) -> str:
    name: str = await tx.fetchval("SELECT name FROM workspace WHERE id = $1", workspace)
    return name


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def claim(tx: Tx, rooms: Mapping[str, int], each: int, most: int, lease_seconds: float) -> list[Claimed]:
    """Due deliveries, at most `each` of one webhook, or as many as `rooms` says; nobody else gets them in the lease.

    Webhooks take turns, so one with a long queue holds up nobody else. Only those that have a queue are looked at.
    """
    rows = await tx.fetch(
        f"""
        WITH RECURSIVE waiting AS (
            (SELECT q.webhook_id FROM webhook_delivery q WHERE q.state = '{_PENDING}' ORDER BY q.webhook_id LIMIT 1)
            UNION ALL
            SELECT (SELECT q.webhook_id FROM webhook_delivery q
                    WHERE q.state = '{_PENDING}' AND q.webhook_id > waiting.webhook_id ORDER BY q.webhook_id LIMIT 1)
            FROM waiting WHERE waiting.webhook_id IS NOT NULL
        ), due AS (
            SELECT d.id, row_number() OVER (PARTITION BY w.id ORDER BY d.next_at) AS turn, d.next_at
            FROM waiting JOIN webhook w ON w.id = waiting.webhook_id AND w.status = '{ACTIVE}'
            LEFT JOIN unnest($1::text[], $2::bigint[]) AS room (webhook_id, free) ON room.webhook_id = w.id
            CROSS JOIN LATERAL (
                SELECT q.id, q.next_at FROM webhook_delivery q
                WHERE q.webhook_id = w.id AND q.state = '{_PENDING}' AND q.next_at <= now()
                ORDER BY q.next_at LIMIT coalesce(room.free, $3::bigint) FOR UPDATE SKIP LOCKED) d
            ORDER BY turn, d.next_at LIMIT $4
        )
        UPDATE webhook_delivery d SET attempts = d.attempts + 1, next_at = now() + make_interval(secs => $5)
        FROM due, webhook w WHERE d.id = due.id AND w.id = d.webhook_id
        RETURNING d.id, d.event, d.body, d.attempts, {_WEBHOOK}
        """,
        list(rooms), list(rooms.values()), each, most, lease_seconds,
    )  # fmt: skip
    return [Claimed(row[0], row[1], row[2], row[3], Webhook(*row[4:])) for row in map(tuple, rows)]


async def finish(tx: Tx, ended: Sequence[Ended]) -> None:
    """Write down attempts of different deliveries, and what becomes of these.

    An attempt whose lease ran out decides nothing any more, unless it was the one that was taken.
    """
    await tx.execute(
        f"""
        WITH made AS (
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::double precision[], $4::integer[], $5::bigint[],
                                 $6::integer[], $7::integer[], $8::text[])
                AS m (id, state, pause, number, at, millis, status, problem)
        ), told AS (
            UPDATE webhook_delivery d SET state = m.state, next_at = now() + make_interval(secs => m.pause),
                finished_at = CASE WHEN m.state = '{_PENDING}' THEN NULL ELSE now() END
            FROM made m
            WHERE d.id = m.id AND d.state = '{_PENDING}' AND (m.state = '{_DELIVERED}' OR d.attempts = m.number)
        )
        INSERT INTO webhook_attempt (delivery_id, number, at, millis, status, problem)
        SELECT d.id, m.number, to_timestamp(m.at / 1000.0), m.millis, m.status, m.problem
        FROM made m JOIN webhook_delivery d ON d.id = m.id ON CONFLICT DO NOTHING
        """,
        [each.id for each in ended], [each.state.value for each in ended], [each.pause for each in ended],
        [each.made.number for each in ended], [each.made.at for each in ended], [each.made.millis for each in ended],
        [each.made.status for each in ended], [each.made.problem for each in ended],
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


# ── what is forgotten ────────────────────────────────────────────────────────────────────────────────────────────────


async def sweep_finished(tx: Tx, days: int, limit: int) -> int:
    """Forget deliveries that ended so long ago, with their attempts; how many."""
    rows = await tx.fetch(
        "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
        " WHERE finished_at < now() - make_interval(days => $1) LIMIT $2) RETURNING id",
        days, limit,
    )  # fmt: skip
    return len(rows)


async def sweep_left_behind(tx: Tx, limit: int) -> int:
    """Forget deliveries whose webhook was deleted; how many. Reads a row for each webhook, not for each delivery."""
    rows = await tx.fetch(
        """
        WITH RECURSIVE known AS (
            (SELECT q.webhook_id FROM webhook_delivery q ORDER BY q.webhook_id LIMIT 1)
            UNION ALL
            SELECT (SELECT q.webhook_id FROM webhook_delivery q
                    WHERE q.webhook_id > known.webhook_id ORDER BY q.webhook_id LIMIT 1)
            FROM known WHERE known.webhook_id IS NOT NULL
        )
        DELETE FROM webhook_delivery WHERE id IN (
            SELECT d.id FROM known JOIN webhook_delivery d ON d.webhook_id = known.webhook_id
            WHERE NOT EXISTS (SELECT FROM webhook w WHERE w.id = known.webhook_id) LIMIT $1)
        RETURNING id
        """,
        limit,
    )
    return len(rows)


async def sweep_pointless(tx: Tx) -> None:
    """Delete webhooks of models that are gone, once all that waited was told, and the keys of their secrets."""
    await tx.execute(
        f"""
        WITH gone AS (
            DELETE FROM webhook w WHERE w.model_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM registered_model m WHERE m.id = w.model_id)
            AND (w.status <> '{ACTIVE}' OR NOT EXISTS (
                SELECT FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = '{_PENDING}'))
            RETURNING w.data_key_id
        )
        DELETE FROM data_key WHERE id IN (SELECT data_key_id FROM gone)
        """
    )


async def count_waiting(tx: Tx) -> int:
    """Deliveries that are yet to be made."""
    found: int = await tx.fetchval(f"SELECT count(*) FROM webhook_delivery WHERE state = '{_PENDING}'")
    return found
