"""From the Authorization header to an actor.

Bearer carries a token. Basic carries a token as the password, with the principal's name or `token` as the user, for
clients that know nothing else. Without credentials a caller on the server's own machine is the owner, as long as that
principal is active. Answers are remembered for a second, which bounds how long what was taken away still works.
"""

import asyncio
import base64
import contextlib
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from lakeward.identity import store
from lakeward.identity.records import ADMINS_ID, OWNER_ID
from lakeward.identity.tokens import digest
from lakeward.kit.errors import LakewardError, Unauthenticated, Unavailable
from lakeward.runtime.db import Database
from lakeward.runtime.http import Actor, Role

log = logging.getLogger("lakeward.identity")

_REMEMBER_SECONDS = 1.0
_GATHER_SECONDS = 1.0
_REMEMBER_AT_MOST = 10_000


class Authenticator:
    """One per process; `db` is asked at most once a second and token."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[bytes, tuple[float, Actor | None]] = {}
        self._owner: tuple[float, Actor | None] = (0.0, None)
        self._used: set[str] = set()
        self._noting: asyncio.Task[None] | None = None

    async def actor(self, headers: Mapping[bytes, bytes], *, local: bool) -> Actor | None:
        """The caller; the owner for a local call without credentials; None for nobody. Wrong ones raise."""
        header = headers.get(b"authorization")
        if header is None:
            return await self._local_owner() if local else None
        user, token = _credentials(header)
        actor = await self._lookup(digest(token))
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

    async def _lookup(self, key: bytes) -> Actor | None:
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and known[0] > now:
            return known[1]
        async with self._db.connection() as connection:
            row = await store.tokens.find_token_holder(connection, key)
        actor = _actor(row)
        if row is not None and row["unnoticed"]:
            self._note_use(row["token_id"])
        if len(self._known) >= _REMEMBER_AT_MOST:
            self._known.clear()
        self._known[key] = now + _REMEMBER_SECONDS, actor
        return actor

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


def _actor(row: Any) -> Actor | None:
    if row is None:
        return None
    principals = frozenset(row["principals"])
    return Actor(row["id"], row["name"], ADMINS_ID in principals, _strongest(row["roles"] or ()), principals)


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
    raise Unauthenticated("The Authorization header must be `Bearer <token>` or Basic with the token as password.")
