"""Sending: one signed request, and the worker's part that takes what is due from the queue and sends it.

An attempt leases its delivery: if the process dies, the lease runs out and another attempt is made, so nothing is lost
and a receiver may hear of an event twice, under the same id. A slow address holds up nobody else: at most a few
requests are under way to each.
"""

import asyncio
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, LakewardError, Unavailable
from lakeward.runtime.crypto import Vault
from lakeward.runtime.db import Database
from lakeward.runtime.outbound import Outbound, OutboundRefused
from lakeward.webhooks import signing, store, webhooks
from lakeward.webhooks.records import Attempt, Claimed, State, Webhook
from lakeward.webhooks.samples import SAMPLES

log = logging.getLogger("lakeward.webhooks")

TIMEOUT: Final = 10.0  # seconds for a whole request
PAUSES: Final = (5, 30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600)  # seconds after each attempt; after the last it is dead
_LEASE: Final = 3 * TIMEOUT
_AT_ONCE: Final = 32
_AT_ONCE_EACH: Final = 4
_GONE: Final = 410  # Standard Webhooks: the receiver wants no more of this
_LONGEST_ASKED: Final = 3_600
_MAX_ANSWER: Final = 1 << 20
_SHOWN: Final = 10_000  # bytes of an answer that a test call tells


class Answer(msgspec.Struct, frozen=True):
    """`taken` if the receiver said so; `problem` says why not. `pause` is what the receiver asked for, in seconds."""

    taken: bool
    status: int | None = None
    text: str = ""
    problem: str = ""
    pause: int = 0


async def try_out(outbound: Outbound, webhook: Webhook, secret: str | None, event: str) -> Answer:
    """Send an example now and once. `event` '' takes the first that the webhook hears of."""
    sample = SAMPLES.get(event or webhook.events[0])
    if sample is None:
        raise InvalidParameter(f"{event[:100]!r} is no event of a webhook.")
    entity, _, action = (event or webhook.events[0]).partition(".")
    body = {"entity": entity, "action": action, "timestamp": datetime.now(UTC).isoformat(), "data": sample}
    return await send(outbound, webhook, secret, str(uuid.uuid4()), msgspec.json.encode(body))


async def send(outbound: Outbound, webhook: Webhook, secret: str | None, delivery_id: str, body: bytes) -> Answer:
    """One signed request, and what came of it. Redirects are failures; private addresses are not reached."""
    headers = signing.headers(delivery_id, int(time.time()), body, secret)
    try:
        answer = await outbound.request(
            "POST", webhook.url, headers=headers, content=body, seconds=TIMEOUT, max_answer=_MAX_ANSWER
        )
    except (Unavailable, OutboundRefused) as error:
        return Answer(taken=False, problem=error.message)
    text = answer.body[:_SHOWN].decode(errors="replace")
    if 200 <= answer.status < 300:
        return Answer(True, answer.status, text)
    return Answer(False, answer.status, text, f"The answer was {answer.status}.", _asked(answer.headers))


def _asked(headers: Mapping[str, str]) -> int:
    """The pause in seconds that a receiver asks for."""
    given = headers.get("retry-after", "")
    return min(int(given), _LONGEST_ASKED) if given.isascii() and given.isdecimal() and len(given) < 9 else 0


def pause_after(attempt: int, asked: int) -> float | None:
    """Seconds until the next attempt, a little different each time; None: that was the last."""
    if attempt > len(PAUSES):
        return None
    return max(PAUSES[attempt - 1] * random.uniform(0.8, 1.2), asked)  # noqa: S311 - spreads load, guards nothing


class Dispatcher:
    """What the worker does for webhooks, turn by turn."""

    def __init__(self, db: Database, vault: Vault, outbound: Outbound) -> None:
        self._db = db
        self._vault = vault
        self._outbound = outbound
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()

    async def turn(self) -> None:
        """Begin to send what is due, as much as there is room for."""
        room = _AT_ONCE - len(self._tasks)
        if room <= 0:
            return
        busy = [webhook for webhook, count in self._busy.items() if count >= _AT_ONCE_EACH]
        async with self._db.transaction() as tx:
            claimed = await store.claim(tx, busy, _AT_ONCE_EACH, room, _LEASE)
        for each in claimed:
            self._busy[each.webhook.id] += 1
            task = asyncio.create_task(self._deliver(each))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """What is under way is given up; its lease runs out, and it is sent again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle(self) -> bool:
        """Wait until nothing is under way. False if there was nothing."""
        tasks = list(self._tasks)
        await asyncio.gather(*tasks, return_exceptions=True)
        return bool(tasks)

    async def _deliver(self, claimed: Claimed) -> None:
        began, clock = now_ms(), time.monotonic()
        try:
            answer = await self._send(claimed)
            millis = round((time.monotonic() - clock) * 1000)
            made = Attempt(claimed.attempt, began, millis, answer.status, answer.problem)
            pause = None if answer.status == _GONE else pause_after(claimed.attempt, answer.pause)
            state = State.DELIVERED if answer.taken else State.DEAD if pause is None else State.PENDING
            async with self._db.connection() as connection:
                await store.finish(connection, claimed.id, made, state, pause or 0)
        except Unavailable:  # the database is away: the lease runs out, and it is sent again
            return
        except Exception:  # as any worker loop: the lease runs out, and it is sent again
            log.exception("a delivery failed", extra={"delivery": str(claimed.id)})
        finally:
            self._busy[claimed.webhook.id] -= 1
            if not self._busy[claimed.webhook.id]:
                del self._busy[claimed.webhook.id]

    async def _send(self, claimed: Claimed) -> Answer:
        try:
            async with self._db.connection() as connection:
                secret = await webhooks.secret_of(connection, self._vault, claimed.webhook)
        except LakewardError as error:
            if isinstance(error, Unavailable):
                raise
            return Answer(taken=False, problem=f"The secret of the webhook cannot be read: {error.message}")
        return await send(self._outbound, claimed.webhook, secret, str(claimed.id), claimed.body.encode())
