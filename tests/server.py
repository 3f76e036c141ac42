"""The server under test: the real application on a socket of its own, over a PostgreSQL database of its own.

One embedded PostgreSQL serves a test session. A migrated database in it is the template; each server gets a clone,
which costs some fifty milliseconds. All servers run in one event loop in a thread, as uvicorn runs them in production.
"""

import asyncio
import contextlib
import itertools
import json
import re
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx
import uvicorn
import uvloop

from lakeward import identity
from lakeward.runtime import settings as configuration
from lakeward.runtime.http import Role
from lakeward.runtime.migrate import migrate
from lakeward.runtime.postgres import EmbeddedPostgres, dsn

API = "/api/2.0/mlflow/"
TEMPLATE = "lakeward"
ANSWER_SECONDS = 60.0
Result = TypeVar("Result")


class Loop:
    """An event loop in a thread; `run` waits for a coroutine in it, `start` does not."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="servers", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.start(work).result(ANSWER_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Backend:
    """The session's PostgreSQL and event loop."""

    def __init__(self, directory: Path) -> None:
        self.loop = Loop()
        self.postgres = EmbeddedPostgres(directory, connections=300)
        self._numbers = itertools.count(1)
        self._endings: list[Future[None]] = []

    def open(self) -> None:
        self.postgres.start()
        self.loop.run(migrate(self.postgres.dsn))
        self.loop.run(self._configure())

    async def _configure(self) -> None:
        """Clones need no flushing: these databases end with the session. What counts statements needs their names."""
        self._admin = await asyncpg.connect(self.dsn_of("template1", "postgres"))
        self._turn = asyncio.Lock()
        for setting in ("fsync = off", "log_line_prefix = '%d|'", "max_wal_size = '4GB'"):
            await self._admin.execute(f"ALTER SYSTEM SET {setting}")
        await self._admin.execute("SELECT pg_reload_conf()")

    def close(self) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(self.postgres.stop)
            stack.callback(self.loop.close)
            stack.callback(lambda: self.loop.run(self._admin.close()))
            for ending in self._endings:
                stack.callback(ending.result, ANSWER_SECONDS)

    def dsn_of(self, database: str, user: str = "lakeward") -> str:
        return dsn(self.postgres.socket_directory, user=user, database=database)

    async def admin(self, statement: str) -> None:
        async with self._turn:
            await self._admin.execute(statement)

    @contextlib.contextmanager
    def database(self, *, log_statements: bool = False, given: str | None = None) -> Iterator[str]:
        """The name of a fresh clone of the template, or of one that is there already."""
        if given is not None:
            yield given
            return
        name = f"test_{next(self._numbers)}"
        self.loop.run(self.admin(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER lakeward STRATEGY FILE_COPY"))
        if log_statements:
            self.loop.run(self.admin(f"ALTER DATABASE {name} SET log_statement = 'all'"))
        try:
            yield name
        finally:
            self._endings.append(self.loop.start(self._drop(name)))

    async def _drop(self, name: str) -> None:
        await asyncio.sleep(0.5)  # a server that is stopping closes its connections itself
        await self.admin(f"DROP DATABASE {name} WITH (FORCE)")

    def afterwards(self, work: Coroutine[Any, Any, None]) -> None:
        """Let this end by itself; a failure shows at the end of the session."""
        self._endings.append(self.loop.start(work))


class Answer(Exception):
    """A refusal, as a client sees it."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.request.method} {response.url} -> {response.status_code} {response.text[:2000]}")
        self.response = response
        self.status = response.status_code
        try:
            body = response.json()
        except ValueError:
            body = {}
        self.code = body.get("error_code")
        self.message = body.get("message", "")


class Caller:
    """Somebody who calls: plain HTTP with this caller's headers. Paths without a leading slash are of API 2.0."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.url = url
        self.headers = headers or {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=ANSWER_SECONDS, verify=False, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._http.request(method, path if path.startswith("/") else API + path, **options)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of a good answer; raises `Answer` for any other."""
        response = self.request(method, path, **options)
        if response.status_code >= 300:
            raise Answer(response)
        return response.json() if response.content else None

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params=params)

    def post(self, path: str, **fields: Any) -> Any:
        return self.call("POST", path, json=fields)

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """The refusal of this request; it fails the test if it was taken, or if the server broke."""
        if body is not None:
            options["params" if method == "GET" else "json"] = body
        response = self.request(method, path, **options)
        assert 400 <= response.status_code < 500, f"{method} {path}: {response.status_code} {response.text[:2000]}"
        return Answer(response)

    # --- what most tests need first

    def experiment(self, name: str | None = None, **fields: Any) -> str:
        made = self.post("experiments/create", name=name or f"experiment {next(_names)}", **fields)
        return made["experiment_id"]

    def run(self, experiment_id: str | None = None, **fields: Any) -> str:
        made = self.post("runs/create", experiment_id=experiment_id or self.experiment(), **fields)
        return made["run"]["info"]["run_id"]

    def data(self, run_id: str) -> dict[str, Any]:
        """{"metrics": [...], "params": [...], "tags": [...]} of a run."""
        return self.get("runs/get", run_id=run_id)["run"]["data"]

    def history(self, run_id: str, key: str) -> list[tuple[int, int, Any]]:
        """(timestamp, step, value) of every point, as paged by the server."""
        points, token = [], None
        while True:
            more = {"page_token": token} if token else {}
            page = self.get("metrics/get-history", run_id=run_id, metric_key=key, max_results=1000, **more)
            points += [(m["timestamp"], m["step"], m["value"]) for m in page["metrics"]]
            token = page.get("next_page_token")
            if not token:
                return points


_names = itertools.count(1)


class Server:
    """A running application. `local` calls from this machine without credentials, so it is the owner."""

    def __init__(self, backend: Backend, database: str, settings: configuration.Settings, port: int) -> None:
        self.backend = backend
        self.database = database
        self.settings = settings
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._callers: list[Caller] = []
        self.local = self.caller()

    def caller(self, **headers: str) -> Caller:
        """Keyword names become header names: `x_forwarded_for` is `x-forwarded-for`."""
        made = Caller(self.url, {name.replace("_", "-"): value for name, value in headers.items()})
        self._callers.append(made)
        return made

    def bearer(self, token: str, **headers: str) -> Caller:
        return self.caller(authorization=f"Bearer {token}", **headers)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement in this server's database, run beside the server."""

        async def fetch() -> list[Any]:
            connection = await asyncpg.connect(self.backend.dsn_of(self.database))
            try:
                return await connection.fetch(statement, *values)
            finally:
                await connection.close()

        return self.backend.loop.run(fetch())

    def token(self, name: str, *, workspace: str = "default", role: Role | None = None, admin: bool = False) -> str:
        """A token of this principal, who is made if need be and given a role."""

        async def make() -> str:
            connection = await asyncpg.connect(self.backend.dsn_of(self.database))
            try:
                principal = await identity.get_or_create_principal(
                    connection, name, is_admin=admin, workspace=workspace if role else None, role=role
                )
                return (await identity.create_token(connection, principal))[1]
            finally:
                await connection.close()

        return self.backend.loop.run(make())

    def raw(self, request: bytes) -> bytes:
        """What comes back for these bytes until the server closes; the request should say `Connection: close`."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as sock:
            sock.sendall(request)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    @contextlib.contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Collects the statements the database was sent meanwhile. Needs `serving(log_statements=True)`."""
        log = self.backend.postgres.log
        start = log.stat().st_size
        seen: list[str] = []
        yield seen
        with log.open("rb") as lines:
            lines.seek(start)
            text = lines.read().decode(errors="replace")
        entries = re.split(rf"^{self.database}\|LOG:  (?:execute [^:]*|statement): ", text, flags=re.MULTILINE)[1:]
        seen += [re.split(r"^(?!\t)\w*\|", entry, maxsplit=1, flags=re.MULTILINE)[0].strip() for entry in entries]

    def close(self) -> None:
        for caller in self._callers:
            caller.close()


class Callers:
    """Everyone a route must tell apart. Each is made when first asked for; `other` is the workspace of strangers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __getattr__(self, who: str) -> Caller:
        made = getattr(self, f"_{who}")()
        setattr(self, who, made)
        return made

    def _local(self) -> Caller:
        return self._server.local

    def _nobody(self) -> Caller:
        """From elsewhere, by way of a proxy, without credentials."""
        return self._server.caller(x_forwarded_for="203.0.113.7")

    def _member(self) -> Caller:
        """In the workspace, with a right on nothing."""
        return self._server.bearer(self._server.token("member", role=Role.USE))

    def _reader(self) -> Caller:
        return self._server.bearer(self._server.token("reader", role=Role.READ))

    def _editor(self) -> Caller:
        return self._server.bearer(self._server.token("editor", role=Role.EDIT))

    def _manager(self) -> Caller:
        return self._server.bearer(self._server.token("manager", role=Role.MANAGE))

    def _deactivated(self) -> Caller:
        """An editor until the test deactivates him."""
        return self._server.bearer(self._server.token("deactivated", role=Role.EDIT))

    def _admin(self) -> Caller:
        return self._server.bearer(self._server.token("admin", admin=True))

    def _memberless(self) -> Caller:
        """Known, and in no workspace at all."""
        return self._server.bearer(self._server.token("memberless"))

    def _stranger(self) -> Caller:
        """Manager of another workspace, nobody in this one."""
        self._server.sql("INSERT INTO workspace (name) VALUES ('other') ON CONFLICT DO NOTHING")
        return self._server.bearer(self._server.token("stranger", workspace="other", role=Role.MANAGE))


@contextlib.contextmanager
def running(
    backend: Backend, directory: Path, *, log_statements: bool = False, beside: Server | None = None, **given: Any
) -> Iterator[Server]:
    """The application with these settings, until the block ends; `beside` another one it shares that one's database."""
    from lakeward import app  # most suites need no server

    other = beside.database if beside else None
    with backend.database(log_statements=log_statements, given=other) as database, socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        sock.listen(512)
        port = sock.getsockname()[1]
        flags = {"data": str(directory), "port": port, "database_url": backend.dsn_of(database), "db_pool_size": 6}
        settings = configuration.load(flags | given, {})
        config = app.uvicorn_config(settings)
        uvicorn_server = uvicorn.Server(config)

        async def begin() -> None:
            config.load()
            uvicorn_server.lifespan = config.lifespan_class(config)
            await uvicorn_server.startup(sockets=[sock])

        backend.loop.run(begin())
        server = Server(backend, database, settings, port)
        try:
            yield server
        finally:
            server.close()
            backend.afterwards(uvicorn_server.shutdown(sockets=[]))


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
