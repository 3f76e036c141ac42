"""The composition root: which routes there are, who supplies the kernel's hooks, what each process runs.

`serve_api` is an API process on a socket it inherited; `run_worker` is the process for scheduled work. Both get
settings whose `database_url` is set. Nothing here decides anything; it wires.
"""

import asyncio
import functools
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
import uvloop

from lakeward import access, artifacts, audit, catalog, identity, registry, retention, tracing, tracking, webhooks
from lakeward.access.routes import routes as access_routes
from lakeward.artifacts.routes import routes as artifact_routes
from lakeward.audit.routes import routes as audit_routes
from lakeward.catalog.routes import routes as catalog_routes
from lakeward.experiments.routes import routes as experiment_routes
from lakeward.health import routes as health_routes
from lakeward.identity.routes import routes as identity_routes
from lakeward.kit.errors import LakewardError, Unavailable
from lakeward.lineage.routes import routes as lineage_routes
from lakeward.logged_models.routes import routes as logged_model_routes
from lakeward.registry.routes import routes as registry_routes
from lakeward.retention.routes import routes as retention_routes
from lakeward.runtime import telemetry
from lakeward.runtime.crypto import Vault
from lakeward.runtime.db import Database
from lakeward.runtime.http import Actor, Application, Call, Guard, Route
from lakeward.runtime.http.protocol import Protocol
from lakeward.runtime.lake import Lake
from lakeward.runtime.objects import ObjectStore
from lakeward.runtime.settings import Settings
from lakeward.secrets.routes import routes as secret_routes
from lakeward.tracing.routes import routes as trace_routes
from lakeward.tracking.routes import platform as trash_routes
from lakeward.tracking.routes import routes as tracking_routes
from lakeward.web.routes import routes as web_routes
from lakeward.webhooks.routes import routes as webhook_routes

log = logging.getLogger("lakeward.app")

_SWEEP_SECONDS = 600.0
_SEAL_SECONDS = 3.0
_AUDIT_SECONDS = 1.0
_HEAD_SECONDS = 3600.0
_RETAIN_SECONDS = 60.0


def all_routes() -> list[Route]:
    """The one route table of the server."""
    features = (
        health_routes, identity_routes, access_routes, experiment_routes, tracking_routes, trash_routes,
        logged_model_routes, trace_routes, retention_routes, artifact_routes, catalog_routes, registry_routes,
        lineage_routes, secret_routes, audit_routes, webhook_routes, web_routes,
    )  # fmt: skip
    return [route for feature in features for route in feature]


class ProcessHooks:
    """What the kernel needs from the features; lives as long as the process's event loop."""

    db: Database
    objects: ObjectStore
    access: access.Gate
    witness: audit.Recorder
    provider: Any = None

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def start(self) -> None:
        settings = self.settings
        assert settings.database_url is not None
        self.objects = ObjectStore.open(settings.objects_location, settings.objects)
        lake = Lake(self.objects, settings.objects_location, settings.objects)
        size = max(settings.db_pool_size, 2)  # who moves traces has a lock on one, and works on another
        self.db = await Database.open(settings.database_url, size=size, lake=lake)
        self._authenticator = identity.Authenticator(self.db)
        self._doorkeeper = identity.Doorkeeper(self.db)
        self._workspaces = identity.WorkspaceDirectory(self.db)
        self.access = access.Gate(self.db, catalog.bound)
        self.witness = audit.Recorder(self.db)
        self.witness.start()
        self.provider = identity.provider_of(settings)

    async def stop(self) -> None:
        await self.witness.stop()
        await self._authenticator.close()
        if self.provider is not None:
            await self.provider.close()
        await self.db.close()
        self.objects.close()

    async def admit(self, call: Call) -> None:
        if not call.local:
            await self._doorkeeper.admit(call.address)

    async def authenticate(self, call: Call) -> Actor | None:
        arrival = identity.Arrival(call.headers, call.scope["method"], call.origin, call.local)
        return await self._authenticator.actor(arrival)

    async def workspace(self, headers: dict[bytes, bytes], actor: Actor | None) -> int:
        return await self._workspaces.of_call(headers, actor)


def application(settings: Settings) -> Application:
    guard = Guard(settings.host, settings.allowed_hosts)
    return Application(all_routes(), ProcessHooks(settings), guard, settings)


def uvicorn_config(settings: Settings) -> uvicorn.Config:
    """How the application is served, wherever its socket comes from."""
    return uvicorn.Config(
        application(settings),
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_grace)),
    )


def serve_api(settings: Settings, sock: socket.socket) -> None:
    """Serve on an inherited socket until SIGTERM, then finish what is under way."""
    telemetry.configure_logging(settings.log_level, settings.log_format)
    uvloop.run(uvicorn.Server(uvicorn_config(settings)).serve(sockets=[sock]))


def run_worker(settings: Settings) -> None:
    """Scheduled work: finish interrupted deletions, clean up abandoned uploads; and webhooks are told."""
    telemetry.configure_logging(settings.log_level, settings.log_format)
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    hooks = ProcessHooks(settings)
    await hooks.start()
    dispatcher = webhooks.Dispatcher(hooks.db, Vault(settings.master_key_source), settings.outbound_hosts)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        async with asyncio.TaskGroup() as schedule:
            schedule.create_task(_repeat(_sweep, hooks, stopping, _SWEEP_SECONDS))
            schedule.create_task(_repeat(_seal, hooks, stopping, _SEAL_SECONDS))
            retaining = functools.partial(_retain, stopping=stopping)
            schedule.create_task(_repeat(retaining, hooks, stopping, _RETAIN_SECONDS))
            schedule.create_task(dispatcher.work(stopping))
            schedule.create_task(_repeat(_AuditSealing(), hooks, stopping, _AUDIT_SECONDS))
    finally:
        await dispatcher.close(settings.shutdown_grace)
        await hooks.stop()


async def _repeat(
    work: Callable[[ProcessHooks], Awaitable[None]], hooks: ProcessHooks, stopping: asyncio.Event, seconds: float
) -> None:
    while not stopping.is_set():
        await work(hooks)
        try:
            await asyncio.wait_for(stopping.wait(), seconds)
        except TimeoutError:
            continue


async def _seal(hooks: ProcessHooks) -> None:
    for job in (tracing.seal_blocks, tracing.roll_up):
        try:
            await job(hooks.db)
        except (
            Unavailable
        ):  # whoever asks the database hears that it is away; a worker need not say so every few seconds
            return
        except Exception:  # tried again at the next turn; until then searches and metrics read one by one what is new
            log.exception("scheduled work failed", extra={"job": job.__name__})


async def _retain(hooks: ProcessHooks, *, stopping: asyncio.Event) -> None:
    try:
        await retention.apply(hooks.db, hooks.objects, hooks.settings.trace_retention, stopping.is_set)
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

    async def __call__(self, hooks: ProcessHooks) -> None:
        now = time.monotonic()
        try:
            moved = await audit.seal(hooks.db, hooks.settings.master_key_source)
            if moved and now - self._told > _HEAD_SECONDS:
                self._told = now
                async with hooks.db.connection() as connection:
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


async def _sweep(hooks: ProcessHooks) -> None:
    for job in (
        tracking.finish_purges,
        artifacts.sweep_uploads,
        registry.sweep_files,
        catalog.sweep,
        identity.sweep_expired,
    ):
        try:
            await job(hooks.db, hooks.objects)
        except Exception:  # a failed sweep is tried again at the next turn
            log.exception("scheduled work failed", extra={"job": job.__name__})
    try:
        await audit.expire(hooks.db, hooks.settings.master_key_source, hooks.settings.audit_retention)
    except Exception:
        log.exception("scheduled work failed", extra={"job": "expire_audit_events"})
    try:
        await webhooks.sweep_deliveries(hooks.db, hooks.settings.webhook_retention)
    except Exception:
        log.exception("scheduled work failed", extra={"job": "sweep_deliveries"})
    await registry.sweep_exchange(hooks.settings.data)
