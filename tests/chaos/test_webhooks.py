"""Two workers, one of them killed while it sends: every event arrives, and again only what was under way."""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg

from lakeward.runtime.postgres import EmbeddedPostgres
from lakeward_up import Up, running, wait_until
from receiver import HOST, Receiver

EVENTS = 60
EACH = 8  # requests that one worker has under way to one webhook


def test_a_worker_dies_while_it_sends(tmp_path: Path) -> None:
    dsn = EmbeddedPostgres(tmp_path / "data").dsn
    key = str(tmp_path / "data" / "master.key")
    with (
        contextlib.closing(Receiver()) as receiver,
        running(tmp_path / "data", "--port", "0", "--outbound-hosts", HOST) as up,
        another_worker(tmp_path / "other", "--database-url", dsn, "--master-key", key, "--outbound-hosts", HOST),
    ):
        fields = {"name": "hook", "url": receiver.url, "events": ["registered_model.created"], "secret": "sesame"}
        made = up.http.post(f"{up.url}/api/2.0/lakeward/webhooks", json=fields)
        assert made.status_code == 200, made.text
        receiver.open.clear()
        for number in range(EVENTS):
            assert up.post("registered-models/create", name=f"model {number}").status_code == 200
        wait_until(lambda: receiver.waiting == 2 * EACH)
        [victim] = up.children("lakeward-worker")
        os.kill(victim, signal.SIGKILL)
        receiver.open.set()
        wait_until(lambda: asked(dsn, WAITING) == EACH)
        assert (len(receiver.ids()), len(set(receiver.ids()))) == (EVENTS, EVENTS)
        asked(dsn, LAPSE)
        wait_until(lambda: asked(dsn, WAITING) == 0)
        assert Counter(Counter(receiver.ids()).values()) == {1: EVENTS - EACH, 2: EACH}


WAITING = "SELECT count(*) FROM webhook_delivery WHERE state = 'PENDING'"
# As if the time had passed after which what a dead worker had under way is taken for lost.
LAPSE = "UPDATE webhook_delivery SET next_at = now() WHERE state = 'PENDING'"


@contextlib.contextmanager
def another_worker(data: Path, *words: str):
    started = Up(data, "--role", "worker", *words)
    try:
        assert "ready" in started.process.stdout.readline(), started.errors.read_text()
        yield
    finally:
        assert started.stop() == 0


def asked(dsn: str, statement: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())
