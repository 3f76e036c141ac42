"""Sending: one signed request, and the worker's part that takes what is due from the queue and sends it.

An attempt leases its delivery: if the process dies, the lease runs out and another attempt is made, so nothing is lost
and a receiver may hear of an event twice, under the same id. A slow address holds up nobody else: few requests are
under way to each at a time, and but one to an address that did not answer the last.
"""

import asyncio
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, LakewardError, Unavailable
from lakeward.runtime.crypto import Vault
from lakeward.runtime.db import Database
from lakeward.webhooks import payloads, signing, store, webhooks
from lakeward.webhooks.records import Answer, Attempt, Claimed, Credentials, Ended, State, Webhook
from lakeward.webhooks.samples import SAMPLES

if TYPE_CHECKING:
    from lakeward.runtime.outbound import Outbound

log = logging.getLogger("lakeward.webhooks")

TIMEOUT: Final = 10.0  # seconds for a whole request
PAUSES: Final = (5, 30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600)  # seconds after each attempt; after the last it is dead
_LEASE: Final = 2 * TIMEOUT
_LOOK: Final = 0.5  # seconds between two looks at the queue while nothing ends
_GATHER: Final = 0.01  # seconds in which more requests may end before the queue is asked for others
_REMEMBER: Final = 1.0  # seconds for which credentials are kept: a long queue does not unseal them for each delivery
_AT_ONCE: Final = 64
_AT_ONCE_EACH: Final = 8
_GONE: Final = 410
_LONGEST_ASKED: Final = 3_600
_SHOWN: Final = 10_000  # bytes of an answer that a test call tells; more are not read


def way_out(hosts: Sequence[str]) -> "Outbound":
    """The client for requests, which a process makes when it has the first to send."""
    # 0.1 s and 10 MB that a server without webhooks need not spend; so it is called in a thread
    from lakeward.runtime.outbound import Outbound  # noqa: PLC0415

    return Outbound(hosts)


async def try_out(
    outbound: "Outbound", webhook: Webhook, credentials: Credentials, event: str, workspace: str
) -> Answer:
    """Send an example now and once. `event` '' takes the first that the webhook hears of."""
    event = event or webhook.events[0]
    sample = SAMPLES.get(event)
    if sample is None:
        raise InvalidParameter(f"{event[:100]!r} is no event of a webhook.")
    entity, _, action = event.partition(".")
    body = {
        "entity": entity, "action": action, "timestamp": datetime.now(UTC).isoformat(), "workspace": workspace,
        "data": sample,
    }  # fmt: skip
    written = payloads.body_of(webhook, event, msgspec.json.encode(body))
    return await send(outbound, webhook, credentials, str(uuid.uuid4()), written)


async def send(
    outbound: "Outbound", webhook: Webhook, credentials: Credentials, delivery_id: str, body: bytes
) -> Answer:
    """One signed request, and what came of it. Redirects are failures; private addresses are not reached."""
    headers = signing.headers(webhook.form, delivery_id, int(time.time()), body, credentials)
    try:
        answer = await outbound.request(
            "POST", webhook.url, headers=headers, content=body, seconds=TIMEOUT, max_answer=_SHOWN, whole=False
        )
    except (Unavailable, InvalidParameter) as error:  # no answer; or one that leads elsewhere, or a place refused
        return Answer(taken=False, problem=error.message)
    text = "" if "content-encoding" in answer.headers else answer.body[:_SHOWN].decode(errors="replace")
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
    """What a worker does for webhooks. Any number of workers may share a database."""

    def __init__(self, db: Database, vault: Vault, hosts: Sequence[str]) -> None:
        self._db = db
        self._vault = vault
        self._hosts = hosts
        self._outbound: Outbound | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._silent: set[str] = set()  # webhooks whose address did not answer the last request
        self._room = asyncio.Event()  # a request ended: others may have waited for that
        self._opened: dict[tuple[str, bytes], tuple[float, Credentials]] = {}  # until when they are good, and what
        self._ends: list[tuple[Ended, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def work(self, stopping: asyncio.Event) -> None:
        """Send what is due until told to stop."""
        while not stopping.is_set():
            self._room.clear()
            try:
                await self.turn()
            except Unavailable:  # whoever asks the database hears that it is away
                pass
            except Exception:  # tried again at the next turn
                log.exception("scheduled work failed", extra={"job": "webhooks"})
            await _first_of(stopping, self._room, seconds=_LOOK)
            if self._room.is_set():
                await asyncio.sleep(_GATHER)

    async def turn(self) -> None:
        """Begin to send what is due, as much as there is room for."""
        room = _AT_ONCE - len(self._tasks)
        if room <= 0:
            return
        rooms = {each: max(0, self._share(each) - self._busy[each]) for each in {*self._busy, *self._silent}}
        async with self._db.connection() as connection:
            claimed = await store.claim(connection, rooms, _AT_ONCE_EACH, room, _LEASE)
        if claimed and self._outbound is None:
            self._outbound = await asyncio.to_thread(way_out, self._hosts)
        for each in claimed:
            self._busy[each.webhook.id] += 1
            task = asyncio.create_task(self._deliver(each))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> bool:
        """Wait until nothing is under way. False if there was nothing."""
        tasks = list(self._tasks)
        await asyncio.gather(*tasks, return_exceptions=True)
        return bool(tasks)

    async def close(self, grace: float = 0.0) -> None:
        """What is under way may end in so many seconds. The rest is given up: its lease runs out, it is sent again."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=min(grace, TIMEOUT))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            await self._writer
        if self._outbound is not None:
            await self._outbound.close()

    def _share(self, webhook: str) -> int:
        return 1 if webhook in self._silent else _AT_ONCE_EACH

    async def _deliver(self, claimed: Claimed) -> None:
        webhook = claimed.webhook
        try:
            await self._attempt(claimed)
        except Unavailable:  # the database is away: the lease runs out, and it is sent again
            return
        except Exception:  # as any worker loop: the lease runs out, and it is sent again
            log.exception("a delivery failed", extra={"delivery": str(claimed.id)})
        finally:
            self._busy[webhook.id] -= 1
            if not self._busy[webhook.id]:
                del self._busy[webhook.id]
            self._room.set()

    async def _attempt(self, claimed: Claimed) -> None:
        began, clock = now_ms(), time.monotonic()
        answer = await self._send(claimed)
        millis = round((time.monotonic() - clock) * 1000)
        if answer.status is None:
            self._silent.add(claimed.webhook.id)
        else:
            self._silent.discard(claimed.webhook.id)
        gone = answer.status == _GONE
        pause = None if gone else pause_after(claimed.attempt, answer.pause)
        state = State.DELIVERED if answer.taken else State.DEAD if pause is None else State.PENDING
        made = Attempt(claimed.attempt, began, millis, answer.status, answer.problem)
        await self._write(Ended(claimed.id, made, state, pause or 0))
        if gone:  # Standard Webhooks: the receiver wants no more of this
            async with self._db.connection() as connection:
                await store.disable(connection, claimed.webhook, now_ms())

    async def _write(self, end: Ended) -> None:
        """Returns once it is in the database. What ends while a statement is under way is gathered for the next."""
        written = asyncio.get_running_loop().create_future()
        self._ends.append((end, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while self._ends:
            taken, self._ends = self._ends, []
            try:
                async with self._db.connection() as connection:
                    await store.finish(connection, [end for end, _ in taken])
            except Exception as error:  # noqa: BLE001 - each delivery says by itself what becomes of it
                for _, written in taken:
                    if not written.done():
                        written.set_exception(error)
            else:
                for _, written in taken:
                    if not written.done():
                        written.set_result(None)

    async def _credentials(self, webhook: Webhook) -> Credentials:
        if webhook.sealed is None:
            return Credentials()
        key = webhook.id, webhook.sealed
        now = time.monotonic()
        known = self._opened.get(key)
        if known is None or known[0] < now:
            if len(self._opened) >= _AT_ONCE:
                self._opened.clear()
            async with self._db.connection() as connection:
                opened = await webhooks.credentials_of(connection, self._vault, webhook)
            known = self._opened[key] = now + _REMEMBER, opened
        return known[1]

    async def _send(self, claimed: Claimed) -> Answer:
        assert self._outbound is not None
        try:
            credentials = await self._credentials(claimed.webhook)
        except LakewardError as error:
            if isinstance(error, Unavailable):
                raise
            return Answer(taken=False, problem=f"The secret of the webhook cannot be read: {error.message}")
        body = payloads.body_of(claimed.webhook, claimed.event, claimed.body.encode())
        return await send(self._outbound, claimed.webhook, credentials, str(claimed.id), body)


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    """Wait until one of them is set, at most so long."""
    waiting = [asyncio.ensure_future(each.wait()) for each in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
