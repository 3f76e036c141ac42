"""Every statement about the audit log."""

from collections.abc import Sequence
from typing import Any, Final

from lakeward.audit.records import Mark, Seal, Search, Stored
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters

# Begins the part of a statement that records it, too: the record, which is not NULL, follows as a SELECT.
RECORD: Final = "INSERT INTO audit_inbox (record)"

SEALING = 7_401_120_917  # any fixed number: the advisory lock of who moves events into the chain
TABLE: Final = 7_401_120_918  # and of who writes the table


# --- the inbox


async def add(tx: Tx, record: str) -> None:
    await tx.execute(f"{RECORD} VALUES ($1)", record)


async def add_many(tx: Tx, records: Sequence[str]) -> None:
    await tx.execute(f"{RECORD} SELECT r::json FROM unnest($1::text[]) AS r", list(records))


async def waiting(tx: Tx) -> int:
    found: int = await tx.fetchval("SELECT count(*) FROM audit_inbox")
    return found


async def anything_waiting(tx: Tx) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM audit_inbox)"))


async def take(tx: Tx, most: int) -> list[str]:
    """The oldest records of the inbox, which are no longer there when the transaction commits."""
    await tx.execute("SELECT set_config('lakeward.audit', 'seal', true)")
    rows = await tx.fetch(
        "WITH taken AS (DELETE FROM audit_inbox WHERE id IN (SELECT id FROM audit_inbox ORDER BY id LIMIT $1)"
        " RETURNING id, record) SELECT record::text FROM taken ORDER BY id",
        most,
    )
    return [row[0] for row in rows]


# --- the chain


async def lock_chain(tx: Tx, *, wait: bool) -> bool:
    """Whether this transaction alone may add to the chain."""
    if wait:
        await tx.execute("SELECT pg_advisory_xact_lock($1)", SEALING)
        return True
    return bool(await tx.fetchval("SELECT pg_try_advisory_xact_lock($1)", SEALING))


async def head(tx: Tx) -> tuple[int, bytes] | None:
    """(number, hash) of the last event; None if the chain has not begun."""
    row = await tx.fetchrow(
        "SELECT seq, hash FROM (SELECT seq, hash FROM audit_event UNION ALL SELECT seq, hash FROM audit_start) AS known"
        " ORDER BY seq DESC LIMIT 1"
    )
    return (row[0], row[1]) if row else None


async def append(tx: Tx, events: Sequence[Stored]) -> None:
    columns = [(each.seq, each.record, each.hash, *each.event.searched) for each in events]
    await tx.execute(
        "INSERT INTO audit_event (seq, record, hash, time, principal, service_name, action_name, request_id,"
        " workspace_id, status_code) SELECT seq, record::json, hash, time, principal, service, action, request,"
        " workspace, status FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::text[], $6::text[],"
        " $7::text[], $8::text[], $9::bigint[], $10::integer[])"
        " AS given (seq, record, hash, time, principal, service, action, request, workspace, status)",
        *map(list, zip(*columns, strict=True)),
    )


async def add_seal(tx: Tx, seal: Seal) -> None:
    await tx.execute(
        "INSERT INTO audit_seal (seq, hash, sealed_at, master_key, mac) VALUES ($1, $2, $3, $4, $5)",
        seal.seq, seal.hash, seal.sealed_at, seal.master_key, seal.mac,
    )  # fmt: skip


async def events_after(tx: Tx, seq: int, most: int) -> list[tuple[Stored, tuple[Any, ...]]]:
    """Each with its columns, which should be what the record says."""
    rows = await tx.fetch(
        "SELECT seq, record::text, hash, time, principal, service_name, action_name, request_id, workspace_id,"
        " status_code FROM audit_event WHERE seq > $1 ORDER BY seq LIMIT $2",
        seq, most,
    )  # fmt: skip
    return [(Stored(*row[:3]), tuple(row)[3:]) for row in rows]


async def seals_after(tx: Tx, seq: int, most: int) -> list[Seal]:
    rows = await tx.fetch(
        "SELECT seq, hash, sealed_at, master_key, mac FROM audit_seal WHERE seq > $1 ORDER BY seq LIMIT $2", seq, most
    )
    return [Seal(*row) for row in rows]


async def find_start(tx: Tx) -> Seal | None:
    row = await tx.fetchrow("SELECT seq, hash, sealed_at, master_key, mac FROM audit_start")
    return Seal(*row) if row else None


# --- retention


async def last_seal_before(tx: Tx, sealed_at: int, most: int) -> Seal | None:
    """The last seal from before this moment, but not more than so many events after the start."""
    row = await tx.fetchrow(
        "SELECT seq, hash, sealed_at, master_key, mac FROM audit_seal WHERE sealed_at < $1"
        " AND seq <= (SELECT min(seq) FROM audit_seal) + $2 ORDER BY seq DESC LIMIT 1",
        sealed_at, most,
    )  # fmt: skip
    return Seal(*row) if row else None


async def drop_until(tx: Tx, start: Seal) -> int:
    """Begin the chain after this seal; how many events are gone."""
    await tx.execute("SELECT set_config('lakeward.audit', 'retention', true)")
    await tx.execute(
        "INSERT INTO audit_start (seq, hash, sealed_at, master_key, mac) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (only_one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,"
        " sealed_at = excluded.sealed_at, master_key = excluded.master_key, mac = excluded.mac",
        start.seq, start.hash, start.sealed_at, start.master_key, start.mac,
    )  # fmt: skip
    await tx.execute("DELETE FROM audit_seal WHERE seq <= $1", start.seq)
    done: str = await tx.execute("DELETE FROM audit_event WHERE seq <= $1", start.seq)
    return int(done.rpartition(" ")[2])


# --- the table


async def lock_table(connection: Tx, *, wait: bool) -> bool:
    """Whether the session alone may write the table, until `unlock_table` or its end."""
    if wait:
        await connection.execute("SELECT pg_advisory_lock($1)", TABLE)
        return True
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", TABLE))


async def unlock_table(connection: Tx) -> None:
    await connection.execute("SELECT pg_advisory_unlock($1)", TABLE)


async def find_mark(tx: Tx) -> Mark:
    """How far the table is, as far as was noted."""
    return Mark(*await tx.fetchrow("SELECT written, tidied FROM audit_table"))


async def set_mark(tx: Tx, mark: Mark) -> None:
    await tx.execute("UPDATE audit_table SET written = $1, tidied = $2", mark.written, mark.tidied)


async def anything_after(tx: Tx, seq: int) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM audit_event WHERE seq > $1)", seq))


# --- reading


async def find_page(tx: Tx, search: Search, before: int | None, limit: int) -> list[Stored]:
    """Newest first."""
    parameters = Parameters()
    tests = _tests(search, parameters)
    if before is not None:
        tests.append(f"seq < {parameters.add(before)}")
    where = " AND ".join(tests) or "true"
    rows = await tx.fetch(
        f"SELECT seq, record::text, hash FROM audit_event WHERE {where}"
        f" ORDER BY seq DESC LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [Stored(*row) for row in rows]


async def find_after(tx: Tx, search: Search, after: int, limit: int) -> list[Stored]:
    """Oldest first."""
    parameters = Parameters()
    where = " AND ".join([f"seq > {parameters.add(after)}", *_tests(search, parameters)])
    rows = await tx.fetch(
        f"SELECT seq, record::text, hash FROM audit_event WHERE {where} ORDER BY seq LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [Stored(*row) for row in rows]


def _tests(search: Search, parameters: Parameters) -> list[str]:
    tests = []
    if search.start_time is not None:
        tests.append(f"time >= {parameters.add(search.start_time)}")
    if search.end_time is not None:
        tests.append(f"time < {parameters.add(search.end_time)}")
    if search.principal is not None:
        tests.append(f"principal = {parameters.add(search.principal)}")
    if search.service_name is not None:
        tests.append(f"service_name = {parameters.add(search.service_name)}")
    if search.action_name is not None:
        tests.append(f"action_name = {parameters.add(search.action_name)}")
    if search.request_id is not None:
        tests.append(f"request_id = {parameters.add(search.request_id)}")
    if search.workspace_id is not None:
        tests.append(f"workspace_id = {parameters.add(search.workspace_id)}")
    if search.denied:
        tests.append("status_code IN (401, 403)")
    return tests


async def count_waiting(tx: Tx) -> int:
    """Events that are yet to be sealed."""
    found: int = await tx.fetchval("SELECT count(*) FROM audit_inbox")
    return found
