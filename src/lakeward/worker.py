"""The worker process: what is done in the background, and how often.

Each job finds by itself what there is to do, so that it does not matter which worker does it, or whether there are
several. A job that fails is tried again at its next turn; none ends the others.
"""

import asyncio
import contextlib
import functools
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lakeward import artifacts, audit, catalog, identity, registry, retention, tracing, tracking, webhooks
from lakeward.kit.errors import LakewardError, Unavailable
from lakeward.runtime.crypto import Vault
from lakeward.runtime.db import Database
from lakeward.runtime.heartbeats import Heart
from lakeward.runtime.objects import ObjectStore
from lakeward.runtime.settings import Settings
from lakeward.runtime.stores import stores

log = logging.getLogger("lakeward.worker")

_SWEEP_SECONDS = 600.0
_SEAL_SECONDS = 3.0
_AUDIT_SECONDS = 1.0
_HEAD_SECONDS = 3600.0
_RETAIN_SECONDS = 60.0
_TABLE_LOOK_SECONDS = 5.0
_TABLE_FIRST_SECONDS = 10.0  # a start has better things to do
_TABLE_PAUSE_SECONDS = 45.0  # between two writes: each is a file
_BEAT_SECONDS = 5.0


@dataclass(frozen=True)
class Shift:
    """What the jobs work with, until `stopping` is set."""

    db: Database
    objects: ObjectStore
    settings: Settings
    stopping: asyncio.Event


_Job = Callable[[Shift], Awaitable[None]]


async def work(settings: Settings) -> None:
    """All jobs, until SIGTERM."""
    assert settings.database_url is not None
    size = max(settings.db_pool_size, 2)  # who moves traces has a lock on one, and works on another
    async with stores(settings, settings.database_url, size=size) as (db, objects):
        shift = Shift(db, objects, settings, asyncio.Event())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, shift.stopping.set)
        dispatcher = webhooks.Dispatcher(db, Vault(settings.master_key_source), settings.outbound_hosts)
        heart = Heart()
        jobs: tuple[tuple[_Job, float], ...] = (
            (_sweep, _SWEEP_SECONDS),
            (_seal, _SEAL_SECONDS),
            (_retain, _RETAIN_SECONDS),
            (_AuditSealing(), _AUDIT_SECONDS),
            (_AuditTable(), _TABLE_LOOK_SECONDS),
            (functools.partial(_live, heart=heart), _BEAT_SECONDS),
        )
        try:
            async with asyncio.TaskGroup() as schedule:
                schedule.create_task(dispatcher.work(shift.stopping))
                for job, seconds in jobs:
                    schedule.create_task(_repeat(job, shift, seconds))
        finally:
            with contextlib.suppress(Unavailable):
                await heart.stop(db)
            await dispatcher.close(settings.shutdown_grace)


async def _repeat(job: _Job, shift: Shift, seconds: float) -> None:
    while not shift.stopping.is_set():
        await job(shift)
        try:
            await asyncio.wait_for(shift.stopping.wait(), seconds)
        except TimeoutError:
            continue


async def _live(shift: Shift, *, heart: Heart) -> None:
    """Say that this worker lives, and how much waits for it."""
    try:
        async with shift.db.connection() as connection:
            waiting = {
                "webhook_deliveries": await webhooks.count_waiting(connection),
                "audit_events": await audit.count_waiting(connection),
                "trace_rollups": await tracing.count_waiting(connection),
                "runs_to_erase": await tracking.count_waiting(connection),
            }
        await heart.beat(shift.db, waiting)
    except Unavailable:
        return
    except Exception:  # the work itself goes on
        log.exception("scheduled work failed", extra={"job": "heartbeat"})


async def _seal(shift: Shift) -> None:
    for job in (tracing.seal_blocks, tracing.roll_up):
        try:
            await job(shift.db)
        except Unavailable:  # whoever asks the database hears so; a worker need not say it every few seconds
            return
        except Exception:  # tried again at the next turn; until then searches and metrics read one by one what is new
            log.exception("scheduled work failed", extra={"job": job.__name__})


async def _retain(shift: Shift) -> None:
    try:
        await retention.apply(shift.db, shift.objects, shift.settings.trace_retention, shift.stopping.is_set)
    except Unavailable:
        return
    except Exception:  # what was begun is ended at the next turn
        log.exception("scheduled work failed", extra={"job": "retention"})


class _AuditSealing:
    """Moves audit events into their chain, and says once an hour in the log how far it is: a head that is kept
    elsewhere shows that nothing was cut off.
    """

    def __init__(self) -> None:
        self._told = -_HEAD_SECONDS
        self._complained = -_HEAD_SECONDS

    async def __call__(self, shift: Shift) -> None:
        now = time.monotonic()
        try:
            moved = await audit.seal(shift.db, shift.settings.master_key_source)
            if moved and now - self._told > _HEAD_SECONDS:
                self._told = now
                async with shift.db.connection() as connection:
                    seq, digest = await audit.find_head(connection) or (0, b"")
                log.info("audit log sealed", extra={"head": f"{seq}:{digest.hex()}"})
        except Unavailable:
            return
        except LakewardError as error:  # no key: events wait in the inbox
            if now - self._complained > _HEAD_SECONDS:
                self._complained = now
                log.warning("the audit log cannot be sealed", extra={"reason": error.message})
        except Exception:
            log.exception("scheduled work failed", extra={"job": "seal_audit"})


class _AuditTable:
    """Brings `system.access.audit` up to date: soon after a pause, and never more often than there is a pause."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _TABLE_FIRST_SECONDS
        self._complained = -_HEAD_SECONDS

    async def __call__(self, shift: Shift) -> None:
        now = time.monotonic()
        if now < self._next or shift.db.lake is None:
            return
        try:
            async with shift.db.connection() as connection:
                prefix = await catalog.prefix_of_audit(connection)
            if await audit.bring_up_to_date(shift.db, shift.db.lake, prefix, shift.settings.audit_retention):
                self._next = time.monotonic() + _TABLE_PAUSE_SECONDS
        except LakewardError as error:  # nothing is lost: it is in the log, and comes into the table later
            self._next = time.monotonic() + _TABLE_PAUSE_SECONDS
            if now - self._complained > _HEAD_SECONDS:
                self._complained = now
                log.warning("the table of the audit log lags behind", extra={"reason": error.message})
        except Exception:
            self._next = time.monotonic() + _TABLE_PAUSE_SECONDS
            log.exception("scheduled work failed", extra={"job": "audit_table"})


async def _sweep(shift: Shift) -> None:
    for job in (
        tracking.finish_purges,
        artifacts.sweep_uploads,
        registry.sweep_files,
        catalog.sweep_staging,
        catalog.sweep,
        identity.sweep_expired,
    ):
        try:
            await job(shift.db, shift.objects)
        except Exception:  # a failed sweep is tried again at the next turn
            log.exception("scheduled work failed", extra={"job": job.__name__})
    try:
        await audit.expire(shift.db, shift.settings.master_key_source, shift.settings.audit_retention)
    except Exception:
        log.exception("scheduled work failed", extra={"job": "expire_audit_events"})
    try:
        await webhooks.sweep_deliveries(shift.db, shift.settings.webhook_retention)
    except Exception:
        log.exception("scheduled work failed", extra={"job": "sweep_deliveries"})
    await registry.sweep_exchange(shift.objects, shift.settings.data)
