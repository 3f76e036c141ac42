"""The application: the life of a request, in one place."""

import asyncio
import functools
import itertools
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import unquote, urlencode

import msgspec

from lakeward.kit.errors import (
    EndpointNotFound,
    Internal,
    InvalidParameter,
    LakewardError,
    MethodNotAllowed,
    PermissionDenied,
)
from lakeward.runtime.acting import SERVER, act_as
from lakeward.runtime.db import Database
from lakeward.runtime.http.access import Actor, Rule
from lakeward.runtime.http.call import Call
from lakeward.runtime.http.decode import Buffer, decode, read_body
from lakeward.runtime.http.exchange import Exchange, header_line
from lakeward.runtime.http.guard import Guard, headers_of
from lakeward.runtime.http.render import PLATFORM, SIGN_IN_PAGE, status_of
from lakeward.runtime.http.reply import SECURITY_HEADERS, Reply
from lakeward.runtime.http.scopes import ALL_APIS, opens
from lakeward.runtime.http.table import Route, RouteTable
from lakeward.runtime.http.witness import Outcome, Witness
from lakeward.runtime.telemetry import Telemetry

log = logging.getLogger("lakeward.http")

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_SLOW_SECONDS = 2.0
_encoder = msgspec.json.Encoder()
_JSON = "application/json"
_PLAIN = {"content-type": _JSON}  # of most answers
_CSRF_HEADER = b"x-lakeward-csrf"  # only our own pages say it
_SECURITY = [(name, header_line(name, value)) for name, value in SECURITY_HEADERS.items()]


class Gate(Protocol):
    """Decides about objects: where they are, and for callers whose role is not enough."""

    async def authorize(self, call: Call, rule: Rule, request: Any, *, settled: bool) -> None: ...


class Hooks(Protocol):
    """What the composition root supplies: who calls, where, and what lives as long as the process."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def admit(self, call: Call) -> None: ...
    async def authenticate(self, call: Call) -> Actor | None: ...
    async def workspace(self, headers: dict[bytes, bytes], actor: Actor | None) -> int: ...
    @property
    def db(self) -> Database: ...
    @property
    def objects(self) -> Any: ...
    @property
    def access(self) -> Gate: ...
    @property
    def provider(self) -> Any: ...
    @property
    def witness(self) -> Witness: ...


class Application:
    """Serves a route table. One per process; `settings` gives the limits."""

    def __init__(self, routes: Sequence[Route], hooks: Hooks, guard: Guard, settings: Any) -> None:
        self.table = RouteTable(routes)
        self.hooks = hooks
        self.guard = guard
        self.settings = settings
        self.telemetry = Telemetry()
        self._ids = itertools.count(1)
        self._id_prefix = ""
        self._watched: frozenset[Route] = frozenset()
        self._after: set[asyncio.Task[None]] = set()

    async def __call__(self, _: Any, receive: Receive, send: Send) -> None:
        """Uvicorn's word (ASGI's `lifespan`) that the process begins, and later that it ends."""
        await receive()
        self._id_prefix = f"{os.getpid():x}-{int(time.time()):x}-"  # after the fork
        await self.hooks.start()
        self._watched = frozenset(route for route in self.table.routes if self.hooks.witness.watches(route))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._after:
            await asyncio.wait(self._after, timeout=self.settings.shutdown_grace)
        await self.hooks.stop()
        self.telemetry.tell()
        await send({"type": "lifespan.shutdown.complete"})

    async def serve(self, exchange: Exchange) -> None:
        started = time.perf_counter()
        act_as(SERVER)  # until the caller is known
        call = Call(exchange, self._id_prefix + str(next(self._ids)))
        call.settings = self.settings
        route: Route | None = None
        try:
            call.headers = headers_of(exchange.headers)
            self.guard.check(call.headers)
            route, call.params = self._match(exchange)
            answer = await self._handle(route, call, exchange)
        except LakewardError as error:
            if isinstance(error, Internal):
                log.exception("internal error", extra={"request_id": call.request_id, "path": exchange.path})
            answer = await self._refusal(error, route, call, exchange)
        except Exception:
            log.exception("internal error", extra={"request_id": call.request_id, "path": exchange.path})
            answer = await self._failure(route, call, exchange)
        await self._send(answer, route, call, exchange)
        seconds = time.perf_counter() - started
        path = route.path if route else "(unknown)"
        self.telemetry.observe(exchange.method, path, answer.status, seconds)
        if seconds > _SLOW_SECONDS or answer.status >= 400 or log.isEnabledFor(logging.DEBUG):
            self._log(exchange.method, path, answer.status, seconds, call)
        if call.after:
            task = asyncio.create_task(_work_on(call))
            self._after.add(task)
            task.add_done_callback(self._after.discard)

    def _match(self, exchange: Exchange) -> tuple[Route, dict[str, str]]:
        try:
            route, params, methods = self.table.find(exchange.method, exchange.path)
        except UnicodeDecodeError as error:
            raise InvalidParameter("The path is not valid UTF-8.") from error
        if route is None:
            if methods:
                raise MethodNotAllowed(f"{exchange.method} is not served here; {', '.join(methods)} is.", methods)
            raise EndpointNotFound(f"No API at {exchange.method} {unquote(exchange.path)!r}.")
        return route, params

    async def _failure(self, route: Route | None, call: Call, exchange: Exchange) -> Reply:
        failure = Internal(f"The server failed. The reason is in its log under request id {call.request_id}.")
        return await self._refusal(failure, route, call, exchange)

    async def _refusal(self, error: LakewardError, route: Route | None, call: Call, exchange: Exchange) -> Reply:
        """The error as an answer, once it is on record where it must be."""
        call.after.clear()  # it is for what was done, and this was not
        dialect = route.dialect if route else PLATFORM
        answer = dialect.render(error, call.request_id)
        status = answer.status if answer.status >= 400 else status_of(error)  # a page may be where it is explained
        recordable = route in self._watched and status != 503  # of that there is nothing to say, nor a way to
        if status in (401, 403) or recordable:
            try:
                await self.hooks.witness.refused(call, Outcome(route, call.request, status, error.code))
            except LakewardError as problem:  # the caller hears why the call failed, not why that was not written down
                extra = {"request_id": call.request_id, "status": status, "reason": problem.message}
                log.warning("a refusal could not be recorded", extra=extra)
        return _for_browsers(answer, route, call, exchange) if status == 401 else answer

    async def _handle(self, route: Route, call: Call, exchange: Exchange) -> Reply:
        hooks = self.hooks
        call.db, call.objects, call.access = hooks.db, hooks.objects, hooks.access
        call.provider = hooks.provider
        call.telemetry, call.table = self.telemetry, self.table.routes
        call.local = self.guard.is_local(exchange.client, call.headers)
        if not route.open:
            await hooks.admit(call)
        if route.allow.signed_in:
            call.caller = await hooks.authenticate(call)
            if call.caller is not None:
                act_as(call.caller.name)
                _check_scopes(route, call.caller)
            call.workspace = await hooks.workspace(call.headers, call.caller)
        settled = route.allow.check(call.caller, call.workspace)
        body: Buffer
        if route.raw_body:
            body = b""
            call.limit = route.max_body
        elif exchange.method in ("GET", "HEAD"):
            body = b""
        else:
            body = await read_body(call, route.max_body or self.settings.max_body)
        call.request = decode(route, body, exchange.query, call.params)
        if route.allow.objects and call.caller is not None:
            await hooks.access.authorize(call, route.allow, call.request, settled=settled)
        result = await self._run(route, call)
        if call.unseen:
            raise Internal(f"The list {route.path} was answered without asking what its caller may see.")
        if isinstance(result, Reply):
            return result
        if route.status == 204:
            return Reply(204)
        encoded = b"{}" if result is None else _encoder.encode(result)
        return Reply(route.status, _PLAIN, encoded)

    async def _run(self, route: Route, call: Call) -> Any:
        arguments = (call,) if route.request is None else (call, call.request)
        watched = route in self._watched
        if watched and route.tx != "write":
            outcome = Outcome(route, call.request, route.status)
            call.testify = functools.partial(self.hooks.witness.testimony, outcome=outcome)
        if route.tx is None:
            result = await route.handler(*arguments)
        else:
            writes = route.tx == "write"

            async def handle(connection: Any) -> Any:
                call.tx = connection
                result = await route.handler(*arguments)
                if writes and watched:
                    await self._witnessed(route, call, result, connection)
                return result

            result = await call.db.run(handle, transaction=writes)
        if watched and route.tx != "write" and call.recorded is None:
            await self._witnessed(route, call, result, None)
        return result

    async def _witnessed(self, route: Route, call: Call, result: Any, tx: Any) -> None:
        status = result.status if isinstance(result, Reply) else route.status
        await self.hooks.witness.done(call, Outcome(route, call.request, status), tx)

    async def _send(self, answer: Reply, route: Route | None, call: Call, exchange: Exchange) -> None:
        try:
            head, length = (_PLAIN_HEAD, None) if answer.headers is _PLAIN else _head_and_length(answer)
        except ValueError:  # what was to be said in a header cannot be
            log.exception("internal error", extra={"request_id": call.request_id, "path": exchange.path})
            answer = await self._failure(route, call, exchange)
            head, length = _head_and_length(answer)
        head += b"x-request-id: %s\r\n" % call.request_id.encode()
        if call.workspace:
            head += b"x-databricks-org-id: %d\r\n" % (call.came_to or call.workspace)
        if isinstance(answer.body, bytes):
            await exchange.answer(answer.status, head, answer.body, length=length)
        else:
            await exchange.stream(answer.status, head, answer.body, length=length)

    def _log(self, method: str, path: str, status: int, seconds: float, call: Call) -> None:
        actor = call.caller
        log.log(
            _level(status, seconds),
            "request",
            extra={
                "request_id": call.request_id,
                "method": method,
                "path": path,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "actor": actor.name if actor else None,
            },
        )


def _check_scopes(route: Route, caller: Actor) -> None:
    if caller.scopes is not None and not opens(caller.scopes, route.scope):
        raise PermissionDenied(
            f"This token opens {', '.join(sorted(caller.scopes))}; this needs {route.scope or ALL_APIS}."
            " Make a token with that scope."
        )


def _head_and_length(answer: Reply) -> tuple[bytes, int | None]:
    """Header lines, and the body's length where a header tells it. Raises ValueError for what cannot be a header."""
    headers = answer.headers.copy()
    length = headers.pop("content-length", None)
    lines = [header_line(name, value) for name, value in headers.items()]
    lines += [line for name, line in _SECURITY if name not in headers]
    if "cache-control" not in headers and headers.get("content-type") == _JSON:
        lines.append(b"cache-control: no-store\r\n")  # what one caller may see is for nobody else
    return b"".join(lines), None if length is None else int(length)


_PLAIN_HEAD, _ = _head_and_length(Reply(200, _PLAIN))


async def _work_on(call: Call) -> None:
    """What was put off until the answer is on its way."""
    for job in call.after:
        try:
            await job()
        except LakewardError as error:
            log.info("work after an answer failed", extra={"request_id": call.request_id, "reason": error.message})


def _for_browsers(answer: Reply, route: Route | None, call: Call, exchange: Exchange) -> Reply:
    """Nobody is signed in: a browser on its way to a page is led to the one for that, and asks no questions itself.

    It would, with a window of its own that cannot be signed out of, if Basic was offered to what a page of ours asks.
    """
    if _CSRF_HEADER in call.headers and "www-authenticate" in answer.headers:
        answer.headers["www-authenticate"] = 'Bearer realm="lakeward"'
    if route is None or not route.page or b"authorization" in call.headers:
        return answer
    if b"text/html" not in call.headers.get(b"accept", b""):
        return answer
    path, query = unquote(exchange.path), exchange.query.decode("latin-1")
    going = urlencode({"next": f"{path}?{query}" if query else path})
    return Reply(303, {"location": f"{SIGN_IN_PAGE}?{going}", "cache-control": "no-store"})


def _level(status: int, seconds: float) -> int:
    """Faults and slow answers are warnings, refusals are worth a line, everything else is for debugging."""
    if status >= 500 or seconds > _SLOW_SECONDS:
        return logging.WARNING
    return logging.INFO if status >= 400 else logging.DEBUG
