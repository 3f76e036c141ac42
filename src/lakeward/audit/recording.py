"""From the end of a call to a record.

A call of the control plane is one record, in the transaction of the call where it has one. Calls of the data plane and
denied ones are gathered: the first of a kind is recorded, those that follow are counted and recorded with their number
once a minute. A denied call's first record is written before it is answered. Those of the data plane are written
together, once a second, and if they are many, those that differ in their object alone are one record: one for each
would cost a fifth of a short run's life. So a `kill -9` of an API process loses a second of who began to write where,
and a minute of how often.
"""

import asyncio
import contextlib
import functools
import logging
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from lakeward.audit import store
from lakeward.audit.names import FIELDS, Naming, home_of, naming, recorded
from lakeward.audit.records import MAX_ITEMS, MAX_TEXT, Event
from lakeward.kit.clock import now_ms
from lakeward.kit.credentials import redacted
from lakeward.kit.errors import LakewardError
from lakeward.runtime.db import Database
from lakeward.runtime.http import Actor, Call, Outcome, Route

log = logging.getLogger("lakeward.audit")

FLUSH_SECONDS: Final = 60.0  # of counts
_WRITE_SECONDS: Final = 1.0  # of what began
_MOST_PENDING: Final = 100_000  # while the database is away
_MOST_KINDS: Final = 20_000  # of gathered calls at a time; beyond, objects are no longer told apart
_OBJECTS_OF_SUMMARY: Final = 100
_FEW: Final = 10  # calls that began within a second and are recorded one by one
_MALFORMED: Final = ("INVALID_PARAMETER_VALUE", "MALFORMED_REQUEST")
_NO_ROUTE: Final = Naming("lakeward", "request", "request", gathered=True, fields=())


class _Kind(NamedTuple):
    """Gathered calls that are alike."""

    workspace: int
    principal_id: int | None
    principal: str | None
    address: str | None
    service: str
    action: str
    target: str
    status: int
    error_code: str | None


class _Tally:
    """The calls of one kind since it was last recorded."""

    __slots__ = ("calls", "last")

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.last = 0


class _First(NamedTuple):
    """The first call of a kind, until it is recorded."""

    kind: _Kind
    call: str
    at: int  # epoch milliseconds
    request_id: str
    agent: str | None
    params: dict[str, Any]


class _Inbox:
    """Events that belong to no transaction, written together: while one commit is under way the next ones collect."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, record: str) -> None:
        """Returns when it is committed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._drain())
        await done

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                failure = await self._write([text for text, _ in batch])
                for _, done in batch:
                    if done.done():  # the request was cancelled
                        continue
                    if failure is None:
                        done.set_result(None)
                    else:
                        done.set_exception(failure)
        finally:
            self._writing = None

    async def _write(self, records: list[str]) -> Exception | None:
        try:
            async with self._db.connection() as connection:
                await store.add_many(connection, records)
        except Exception as error:  # noqa: BLE001 - whoever waits for it must hear of it
            return error
        return None


class Recorder:
    """The witness of one process. `start` in its event loop, `stop` before the pool closes."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._inbox = _Inbox(db)
        self._namings: dict[Route, Naming] = {}
        self._tallies: dict[_Kind, _Tally] = {}
        self._begun: list[_First] = []
        self._stopping = asyncio.Event()
        self._flushing: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._flushing = asyncio.create_task(self._flush_by_and_by())

    async def stop(self) -> None:
        self._stopping.set()  # not cancelled: what it writes at this moment would be written twice
        if self._flushing is not None:
            await self._flushing
        try:
            await self.flush()
        except LakewardError as error:
            log.warning("counts of the audit log are lost: %s", error.message)

    # --- what runtime.http asks for

    def watches(self, route: Route) -> bool:
        return recorded(route)

    def testimony(self, call: Call, outcome: Outcome) -> str | None:
        name = self._naming(outcome.route)
        return None if name.gathered else _event(call, outcome, name, _params(call, outcome, name)).encode()

    async def done(self, call: Call, outcome: Outcome, tx: Any) -> None:
        name = self._naming(outcome.route)
        if name.gathered:
            await self._gather(call, outcome, name, tx)
        else:
            await self._add(_event(call, outcome, name, _params(call, outcome, name)), tx)

    async def refused(self, call: Call, outcome: Outcome) -> None:
        name = self._naming(outcome.route)
        if name.gathered or outcome.status in (401, 403):
            await self._gather(call, outcome, name, None)
        else:
            await self._add(_event(call, outcome, name, _params(call, outcome, name)), None)

    # --- inside

    def _naming(self, route: Route | None) -> Naming:
        if route is None:
            return _NO_ROUTE
        found = self._namings.get(route)
        if found is None:
            found = self._namings[route] = naming(route)
        return found

    async def _add(self, event: Event, tx: Any) -> None:
        if tx is None:
            await self._inbox.add(event.encode())
        else:
            await store.add(tx, event.encode())

    async def _gather(self, call: Call, outcome: Outcome, name: Naming, tx: Any) -> None:
        kind = _kind(call, outcome, name)
        tally = self._tallies.get(kind)
        if tally is None and len(self._tallies) >= _MOST_KINDS:
            kind = kind._replace(target="*", address=None)
            tally = self._tallies.get(kind)
        if tally is not None:
            tally.calls[name.call] = tally.calls.get(name.call, 0) + 1
            tally.last = now_ms()
            return
        params = _params(call, outcome, name) | {"call": name.call}
        if outcome.status >= 400:
            await self._add(_event(call, outcome, name, params), None)
            self._tallies.setdefault(kind, _Tally())
            return
        first = _First(kind, name.call, now_ms(), call.request_id, _agent(call), params)
        if tx is None:
            await self._begin(first)
        else:  # what is done afterwards is done only if the call succeeded, its commit included
            call.afterwards(functools.partial(self._begin, first))

    async def _begin(self, first: _First) -> None:
        """It is recorded within a second."""
        self._tallies.setdefault(first.kind, _Tally())
        if len(self._begun) < _MOST_PENDING:
            self._begun.append(first)

    async def _flush_by_and_by(self) -> None:
        due = time.monotonic() + FLUSH_SECONDS
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _WRITE_SECONDS)
            try:
                await self._write_pending()
                if time.monotonic() >= due:
                    due = time.monotonic() + FLUSH_SECONDS
                    await self.flush()
            except LakewardError as error:  # they stay here until the database is back
                log.warning("the audit log waits for the database: %s", error.message)
            except Exception:
                log.exception("the audit log cannot be written")

    async def _write_pending(self) -> None:
        if not self._begun:
            return
        taken, self._begun = self._begun, []
        try:
            async with self._db.connection() as connection:
                await store.add_many(connection, [event.encode() for event in _beginnings(taken)])
        except BaseException:
            self._begun = taken + self._begun
            raise

    async def flush(self) -> None:
        """Record what began and what was counted; forget what did not happen again since the last time."""
        await self._write_pending()
        counted = [(kind, tally) for kind, tally in self._tallies.items() if tally.calls]
        quiet = [kind for kind, tally in self._tallies.items() if not tally.calls]
        for kind in quiet:
            del self._tallies[kind]
        if not counted:
            return
        taken = [(kind, tally, tally.calls) for kind, tally in counted]
        for _, tally, _ in taken:
            tally.calls = {}
        try:
            async with self._db.connection() as connection:
                await store.add_many(connection, [event.encode() for event in _summaries(taken)])
        except BaseException:
            for _, tally, calls in taken:
                for name, count in calls.items():
                    tally.calls[name] = tally.calls.get(name, 0) + count
            raise


async def record(
    tx: Any, service: str, action: str, *, params: dict[str, Any], actor: Actor | None = None, workspace: int = 0
) -> None:
    """Record what did not come by a call: a command on the server's machine, or scheduled work."""
    event = Event(
        event_id=uuid.uuid4().hex,
        time=now_ms(),
        workspace_id=workspace,
        principal_id=actor.id if actor else None,
        principal=actor.name if actor else None,
        source_ip_address=None,
        user_agent="lakeward",
        service_name=service,
        action_name=action,
        request_id=None,
        request_params={name: _short(value) for name, value in params.items()},
        status_code=200,
    )
    await store.add(tx, event.encode())


def _kind(call: Call, outcome: Outcome, name: Naming) -> _Kind:
    actor = call.caller
    failed = outcome.status >= 400
    return _Kind(
        call.workspace,
        actor.id if actor else None,
        actor.name if actor else None,
        call.origin or None,
        name.service,
        name.action,
        _target(call, outcome, name),
        outcome.status if failed else 200,
        outcome.error_code,
    )


def _target(call: Call, outcome: Outcome, name: Naming) -> str:
    """One word for what a gathered call is about; this runs in every write of a metric."""
    if call.caller is None and outcome.status >= 400:  # whoever has no name could make up any number of objects
        return ""
    request = outcome.request
    if request is not None:
        for each in name.objects:
            value = getattr(request, each)
            if value and isinstance(value, str):
                return f"{each}={home_of(value) if 'path' in each else value}"
    elif call.params and name is not _NO_ROUTE:
        return "&".join(f"{each}={value}" for each, value in call.params.items() if each in FIELDS)
    experiment = call.headers.get(b"x-mlflow-experiment-id")  # OTLP names it there
    return "" if experiment is None else f"experiment_id={experiment[:40].decode('latin-1')}"


def _event(call: Call, outcome: Outcome, name: Naming, params: dict[str, Any]) -> Event:
    actor = call.caller
    return Event(
        event_id=uuid.uuid4().hex,
        time=now_ms(),
        workspace_id=call.workspace,
        principal_id=actor.id if actor else None,
        principal=actor.name if actor else None,
        source_ip_address=call.origin or None,
        user_agent=_agent(call),
        service_name=name.service,
        action_name=name.action,
        request_id=call.request_id,
        request_params=params,
        status_code=outcome.status,
        error_code=outcome.error_code,
    )


def _beginnings(taken: Sequence[_First]) -> list[Event]:
    """An event for each, or if they are many, one for up to a hundred that differ in their object alone."""
    alike: dict[tuple[_Kind, str | None], list[_First]] = {}
    for first in taken:
        alike.setdefault((first.kind._replace(target=""), first.agent), []).append(first)
    return [
        _beginning(firsts[start : start + size])
        for firsts in alike.values()
        for size in (1 if len(firsts) <= _FEW else _OBJECTS_OF_SUMMARY,)
        for start in range(0, len(firsts), size)
    ]


def _beginning(firsts: Sequence[_First]) -> Event:
    kind = firsts[0].kind
    together = {
        "calls": dict(Counter(first.call for first in firsts)),
        "objects": {str(_short(first.kind.target)): 1 for first in firsts if first.kind.target},
        "request_ids": [first.request_id for first in firsts],
    }
    alone = len(firsts) == 1
    return Event(
        event_id=uuid.uuid4().hex,
        time=max(first.at for first in firsts),
        workspace_id=kind.workspace,
        principal_id=kind.principal_id,
        principal=kind.principal,
        source_ip_address=kind.address,
        user_agent=firsts[0].agent,
        service_name=kind.service,
        action_name=kind.action,
        request_id=firsts[0].request_id if alone else None,
        request_params=firsts[0].params if alone else together,
        status_code=kind.status,
        count=len(firsts),
    )


def _summaries(taken: Sequence[tuple[_Kind, _Tally, dict[str, int]]]) -> list[Event]:
    """One event for all objects of otherwise like calls, or some if they are many: runs come by the thousand."""
    alike: dict[_Kind, list[tuple[str, _Tally, dict[str, int]]]] = {}
    for kind, tally, calls in taken:
        alike.setdefault(kind._replace(target=""), []).append((kind.target, tally, calls))
    return [
        _summary(kind, counted[start : start + _OBJECTS_OF_SUMMARY])
        for kind, counted in alike.items()
        for start in range(0, len(counted), _OBJECTS_OF_SUMMARY)
    ]


def _summary(kind: _Kind, counted: Sequence[tuple[str, _Tally, dict[str, int]]]) -> Event:
    names: dict[str, int] = {}
    for _, _, calls in counted:
        for name, count in calls.items():
            names[name] = names.get(name, 0) + count
    objects = {str(_short(target)): sum(calls.values()) for target, _, calls in counted if target}
    return Event(
        event_id=uuid.uuid4().hex,
        time=max(tally.last for _, tally, _ in counted),
        workspace_id=kind.workspace,
        principal_id=kind.principal_id,
        principal=kind.principal,
        source_ip_address=kind.address,
        user_agent=None,
        service_name=kind.service,
        action_name=kind.action,
        request_id=None,
        request_params={"calls": names} | ({"objects": objects} if objects else {}),
        status_code=kind.status,
        error_code=kind.error_code,
        count=sum(names.values()),
    )


def _fields(call: Call, outcome: Outcome, name: Naming) -> dict[str, Any]:
    """Ids and names of the request; of a denied one only what stands in the path, as nothing else was read.

    Of one about secrets that was malformed, or that put one where there is no scope, nothing: a value may stand where
    a name should.
    """
    if name.service == "secrets" and (
        outcome.error_code in _MALFORMED or (name.action == "putSecret" and outcome.status == 404)
    ):
        return {}
    if outcome.request is not None:
        return {each: value for each in name.fields if (value := getattr(outcome.request, each)) not in (None, "", [])}
    return {each: value for each, value in call.params.items() if each in FIELDS}


def _params(call: Call, outcome: Outcome, name: Naming) -> dict[str, Any]:
    params = {each: _short(value) for each, value in _fields(call, outcome, name).items()}
    if outcome.route is None:
        params["method"] = call.method
    experiment = call.headers.get(b"x-mlflow-experiment-id")
    if experiment is not None and "experiment_id" not in params:
        params["experiment_id"] = _short(experiment[:40].decode("latin-1"))
    forwarded = call.headers.get(b"x-forwarded-for")
    if forwarded is not None:  # what a proxy claims; anybody can
        params["forwarded_for"] = _short(forwarded[:200].decode("latin-1"))
    return params


def _short(value: Any) -> Any:
    """Plain values, bounded. Lists of them too; anything else is not what a call is about."""
    if isinstance(value, str):
        text = redacted(value).replace("\x00", "\ufffd")  # PostgreSQL has no NUL, and one would hold up the whole chain
        return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Sequence):
        return [_short(each) for each in value[:MAX_ITEMS]]
    if isinstance(value, msgspec.Struct):
        return _short(msgspec.to_builtins(value))
    if isinstance(value, dict):
        return {_short(str(key)): _short(each) for key, each in list(value.items())[:MAX_ITEMS]}
    return type(value).__name__


def _agent(call: Call) -> str | None:
    agent = call.headers.get(b"user-agent")
    return None if agent is None else str(_short(agent[:200].decode("latin-1")))
