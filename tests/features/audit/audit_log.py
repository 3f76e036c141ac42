"""What tests of the audit log share: reading it, checking it, and breaking it as its owner could."""

from collections.abc import Callable
from typing import Any

import asyncpg

from lakeward import audit
from lakeward.runtime.crypto import MasterKeys
from server import Caller, Server

API = "/api/2.0/lakeward/audit"


def events(client: Caller, **search: Any) -> list[dict[str, Any]]:
    """All that are found, oldest first, but for the reading itself."""
    found, token = [], None
    while True:
        page = client.get(API, **search, **({"page_token": token} if token else {}))
        found += page["events"]
        token = page.get("next_page_token")
        if token is None:
            return [each for each in reversed(found) if each["action_name"] != "readAuditLog"]


def verified(server: Server, expected: str = "") -> audit.Report:
    async def read() -> audit.Report:
        connection = await asyncpg.connect(server.backend.dsn_of(server.database))
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return await audit.verify(connection, MasterKeys.read(server.settings.master_key_source), expected)
        finally:
            await connection.close()

    return server.backend.loop.run(read())


def as_owner_of_everything(server: Server, script: str) -> None:
    """Statements of a superuser who has taken the triggers away."""

    async def execute() -> None:
        connection = await asyncpg.connect(server.backend.dsn_of(server.database, "postgres"))
        try:
            await connection.execute("SET session_replication_role = replica;" + script)
        finally:
            await connection.close()

    server.backend.loop.run(execute())


def eventually(question: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first answer that is true."""
    import time

    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


__all__ = ["API", "as_owner_of_everything", "events", "eventually", "verified"]
