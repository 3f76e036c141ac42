"""From the headers of a request to an actor.

Bearer carries a token. Basic carries a token as the password, with the principal's name or `token` as the user, or a
user's name and password, for clients that know nothing else. A cookie carries a session, for the pages of the web
interface; what changes something then needs the session's CSRF token in a header, which no page of another site knows.
Without credentials a caller on the server's own machine is the owner, as long as that principal is active. Answers are
remembered for a second, which bounds how long what was taken away still works.
"""

import asyncio
import base64
import contextlib
import hmac
import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lakeward.identity import credentials, passwords, store
from lakeward.identity.records import ADMINS_ID, OWNER_ID, SESSION_PREFIX
from lakeward.identity.tokens import digest
from lakeward.kit.errors import LakewardError, LimitExceeded, PermissionDenied, Unauthenticated, Unavailable
from lakeward.runtime.db import Database
from lakeward.runtime.http import Actor, Role

log = logging.getLogger("lakeward.identity")

_REMEMBER_SECONDS = 1.0
_GATHER_SECONDS = 1.0
_REMEMBER_AT_MOST = 10_000
_PROVEN_AT_MOST = 1_000
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CSRF_HEADER = b"x-lakeward-csrf"
COOKIE = "lakeward_session"
_PREFIXES = ("lkw_", "lko_", "lkr_", "lks_", SESSION_PREFIX)  # of what is no password


class Arrival(NamedTuple):
    """What is known of a request before anybody knows who sent it."""

    headers: Mapping[bytes, bytes]
    method: str
    address: str
    local: bool


class Authenticator:
    """One per process; `db` is asked at most once a second and token."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[bytes, tuple[float, Actor | None]] = {}
        self._owner: tuple[float, Actor | None] = (0.0, None)
        self._used: set[str] = set()
        self._noting: asyncio.Task[None] | None = None
        self._key = secrets.token_bytes(32)  # so that what is remembered of passwords is worth nothing elsewhere
        self._proven: dict[bytes, str] = {}  # name and password → the hash they were checked against
        self._proving: dict[bytes, asyncio.Lock] = {}

    async def actor(self, arrival: Arrival) -> Actor | None:
        """The caller; the owner for a local call without credentials; None for nobody. Wrong ones raise."""
        header = arrival.headers.get(b"authorization")
        if header is not None:
            return await self._by_header(header, arrival.address)
        session = session_of(arrival.headers)
        if session:
            actor = await self._lookup(digest(session))
            if actor is not None:  # a session that has ended is no credential
                _check_csrf(arrival, session)
                return actor
        return await self._local_owner() if arrival.local else None

    async def _by_header(self, header: bytes, address: str) -> Actor:
        user, secret = _credentials(header)
        actor = None if secret.startswith(SESSION_PREFIX) else await self._lookup(digest(secret))
        if actor is None and user not in ("", "token") and not secret.startswith(_PREFIXES):
            return await self._by_password(user, secret, address)
        if actor is None:
            raise Unauthenticated(
                "The access token is wrong, expired or revoked. `lakeward token create` on the server makes a new one."
            )
        if user not in ("", "token", actor.name):
            raise Unauthenticated("The token does not belong to this user name.")
        return actor

    async def close(self) -> None:
        """Forget what would have been written about the use of tokens in the last second."""
        if self._noting is not None:
            self._noting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._noting

    async def _local_owner(self) -> Actor | None:
        until, known = self._owner
        if until > time.monotonic():
            return known
        try:
            async with self._db.connection() as connection:
                row = await store.tokens.find_holder(connection, OWNER_ID)
        except Unavailable:
            if known is None:
                raise
            return known  # who asks for the metrics of a server whose database is away must get them
        owner = _actor(row)
        self._owner = time.monotonic() + _REMEMBER_SECONDS, owner
        return owner

    async def _by_password(self, name: str, password: str, address: str) -> Actor:
        """Checked once for as long as the password stays the same; who may still come in is looked up each second."""
        key = hmac.digest(self._key, f"{name}\0{password}".encode(), "sha256")
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic() and known[1] is not None:
            return known[1]
        turn = self._proving.setdefault(key, asyncio.Lock())
        try:
            async with turn:  # many requests at once must not count as many attempts
                return await self._prove(key, name, password, address)
        finally:
            if not turn.locked():
                self._proving.pop(key, None)

    async def _prove(self, key: bytes, name: str, password: str, address: str) -> Actor:
        async with self._db.connection() as connection:
            row = await store.passwords.find_password_holder(connection, name)
        if row is None or self._proven.get(key) != row["hash"]:
            try:
                await passwords.verify(self._db, name, password, address)
            except LimitExceeded as error:
                error.retry_after = 1.0  # clients do as they are told, and would be silent for a quarter of an hour
                raise
        actor = _actor(row)
        if actor is None:
            raise Unauthenticated("The name or the password is wrong.")
        if not row["permitted"]:
            raise credentials.refusal("passwords")
        if len(self._proven) >= _PROVEN_AT_MOST:
            self._proven.clear()
        self._proven[key] = row["hash"]
        self._remember(key, actor)
        return actor

    async def _lookup(self, key: bytes) -> Actor | None:
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and known[0] > now:
            return known[1]
        async with self._db.connection() as connection:
            row = await store.tokens.find_token_holder(connection, key)
        if row is not None and not row["permitted"]:
            raise credentials.refusal("tokens")
        actor = _actor(row)
        if row is not None and row["unnoticed"]:
            self._note_use(row["token_id"])
        self._remember(key, actor)
        return actor

    def _remember(self, key: bytes, actor: Actor | None) -> None:
        if len(self._known) >= _REMEMBER_AT_MOST:
            self._known.clear()
        self._known[key] = time.monotonic() + _REMEMBER_SECONDS, actor

    def _note_use(self, token_id: str) -> None:
        """Written beside the requests, at most once a minute and token, and for all tokens of a second at once."""
        self._used.add(token_id)
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_uses())

    async def _note_uses(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        used, self._used = sorted(self._used), set()
        try:
            async with self._db.connection() as connection:
                await store.tokens.note_uses(connection, used)
        except LakewardError as error:
            log.info("the use of tokens was not written down", extra={"reason": error.message})


def session_of(headers: Mapping[bytes, bytes]) -> str:
    """The session's secret in the cookie of a request; empty for none."""
    for pair in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and value.startswith(SESSION_PREFIX):
            return value
    return ""


def _check_csrf(arrival: Arrival, session: str) -> None:
    if arrival.method in _SAFE_METHODS:
        return
    told = arrival.headers.get(_CSRF_HEADER, b"")
    if not hmac.compare_digest(told, passwords.csrf_token(session).encode()):
        raise PermissionDenied(
            "A page that changes something must send its CSRF token in the header X-Lakeward-CSRF;"
            " GET /api/2.0/lakeward/session tells it.",
            code="CSRF_TOKEN_WRONG",
        )


def _actor(row: Any) -> Actor | None:
    if row is None:
        return None
    principals = frozenset(row["principals"])
    scopes = row.get("scopes")  # of a token alone
    return Actor(
        row["id"],
        row["name"],
        ADMINS_ID in principals,
        _strongest(row["roles"] or ()),
        principals,
        None if scopes is None else frozenset(scopes),
    )


def _strongest(held: Iterable[tuple[int, str]]) -> dict[int, Role]:
    """The strongest role per workspace; a principal and each of its groups may have one."""
    roles: dict[int, Role] = {}
    for workspace, name in held:
        roles[workspace] = max(Role[name], roles.get(workspace, Role.USE))
    return roles


def _credentials(header: bytes) -> tuple[str, str]:
    """(user, token) of an Authorization header; the user is empty for Bearer."""
    scheme, _, value = header.decode("latin-1").strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return "", value
    if scheme.lower() == "basic":
        try:
            user, found, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:  # not base64, or not UTF-8 in it
            found = ""
            user = password = ""
        if found:
            return user, password
    raise Unauthenticated(
        "The Authorization header must be `Bearer <token>`, or Basic with a name and a password or token."
    )
