"""Statements about IP access lists and the server's switches."""

from typing import Final

from lakeward.identity.records import AddressList
from lakeward.runtime.db import Tx

_LIST: Final = """
    SELECT id, label, list_type, addresses, enabled, created_at, created_by, updated_at, updated_by
    FROM ip_access_list
"""


async def lock(tx: Tx) -> None:
    """Changes happen one after another: whether one keeps its caller out depends on all lists."""
    await tx.execute("LOCK TABLE ip_access_list IN SHARE ROW EXCLUSIVE MODE")


async def list_lists(tx: Tx) -> list[AddressList]:
    return [AddressList(*row) for row in await tx.fetch(_LIST + " ORDER BY created_at, id")]


async def find_list(tx: Tx, list_id: str) -> AddressList | None:
    row = await tx.fetchrow(_LIST + " WHERE id = $1", list_id)
    return AddressList(*row) if row else None


async def add_list(tx: Tx, list_id: str, label: str, list_type: str, addresses: list[str], by: int) -> None:
    await tx.execute(
        "INSERT INTO ip_access_list (id, label, list_type, addresses, created_by, updated_by)"
        " VALUES ($1, $2, $3, $4, $5, $5)",
        list_id, label, list_type, addresses, by,
    )  # fmt: skip


async def save_list(
    tx: Tx, list_id: str, label: str, list_type: str, addresses: list[str], by: int, *, enabled: bool
) -> None:
    await tx.execute(
        "UPDATE ip_access_list SET label = $2, list_type = $3, addresses = $4, updated_by = $5, enabled = $6,"
        " updated_at = now() WHERE id = $1",
        list_id, label, list_type, addresses, by, enabled,
    )  # fmt: skip


async def delete_list(tx: Tx, list_id: str) -> None:
    await tx.execute("DELETE FROM ip_access_list WHERE id = $1", list_id)


async def find_switch(tx: Tx, name: str) -> str | None:
    found: str | None = await tx.fetchval("SELECT value FROM server_switch WHERE name = $1", name)
    return found


async def set_switch(tx: Tx, name: str, value: str) -> None:
    await tx.execute(
        "INSERT INTO server_switch (name, value) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name, value,
    )  # fmt: skip
