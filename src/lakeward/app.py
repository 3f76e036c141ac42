"""The composition root: which routes there are, who supplies the kernel's hooks, what each process runs.

`serve_api` is an API process on a socket it inherited; `run_worker` is the process for scheduled work. Both get
settings whose `database_url` is set. Nothing here decides anything; it wires.
"""

import socket
from contextlib import AsyncExitStack
from typing import Any

import uvicorn
import uvloop

from lakeward import access, audit, catalog, identity, worker
from lakeward.access.routes import routes as access_routes
from lakeward.artifacts.routes import routes as artifact_routes
from lakeward.audit.routes import routes as audit_routes
from lakeward.catalog.routes import routes as catalog_routes
from lakeward.experiments.routes import own as view_routes
from lakeward.experiments.routes import routes as experiment_routes
from lakeward.health import routes as health_routes
from lakeward.identity.routes import routes as identity_routes
from lakeward.lineage.routes import routes as lineage_routes
from lakeward.logged_models.routes import routes as logged_model_routes
from lakeward.registry.routes import routes as registry_routes
from lakeward.retention.routes import routes as retention_routes
from lakeward.runtime import telemetry
from lakeward.runtime.db import Database
from lakeward.runtime.http import Actor, Application, Call, Guard, Route
from lakeward.runtime.http.accepting import Server
from lakeward.runtime.http.protocol import Protocol
from lakeward.runtime.listen import Tally
from lakeward.runtime.objects import ObjectStore
from lakeward.runtime.settings import Settings
from lakeward.runtime.stores import stores
from lakeward.secrets.routes import routes as secret_routes
from lakeward.tracing.routes import routes as trace_routes
from lakeward.tracking.routes import own as run_routes
from lakeward.tracking.routes import platform as trash_routes
from lakeward.tracking.routes import routes as tracking_routes
from lakeward.web.routes import routes as web_routes
from lakeward.webhooks.routes import routes as webhook_routes


def all_routes() -> list[Route]:
    """The one route table of the server."""
    features = (
        health_routes, identity_routes, access_routes, experiment_routes, view_routes, tracking_routes, run_routes,
        trash_routes, logged_model_routes, trace_routes, retention_routes, artifact_routes, catalog_routes,
        registry_routes, lineage_routes, secret_routes, audit_routes, webhook_routes, web_routes,
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
        self._open = AsyncExitStack()

    async def start(self) -> None:
        settings = self.settings
        assert settings.database_url is not None
        opening = stores(settings, settings.database_url, size=settings.db_pool_size)
        self.db, self.objects = await self._open.enter_async_context(opening)
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
        await self._open.aclose()

    async def admit(self, call: Call) -> None:
        if not call.local:
            await self._doorkeeper.admit(call.address)

    async def authenticate(self, call: Call) -> Actor | None:
        arrival = identity.Arrival(call.headers, call.method, call.origin, call.local)
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


def serve_api(settings: Settings, sock: socket.socket, tally: Tally, number: int) -> None:
    """Serve on an inherited socket, as process `number` (from 0), until SIGTERM; then finish what is under way."""
    telemetry.configure_logging(settings.log_level, settings.log_format)
    uvloop.run(Server(uvicorn_config(settings), tally, number).serve(sockets=[sock]))


def run_worker(settings: Settings) -> None:
    """Scheduled work, until SIGTERM."""
    telemetry.configure_logging(settings.log_level, settings.log_format)
    uvloop.run(worker.work(settings))
