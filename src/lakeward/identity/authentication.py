"""From the Authorization header to an actor.

Bearer carries a token. Basic carries a token as the password, with the principal's name or `token` as the user, for
clients that know nothing else. Answers are remembered for a second, which bounds how long a revoked token still works.
"""

import base64
import time
from collections.abc import Iterable, Mapping

from lakeward.identity import store
from lakeward.identity.records import ADMINS_ID, OWNER_ID, OWNER_NAME, USERS_ID
from lakeward.identity.tokens import digest
from lakeward.kit.errors import Unauthenticated
from lakeward.runtime.db import Database
from lakeward.runtime.http import Actor, Role

_REMEMBER_SECONDS = 1.0
_REMEMBER_AT_MOST = 10_000
_OWNER = Actor(OWNER_ID, OWNER_NAME, is_admin=True, principals=frozenset({OWNER_ID, USERS_ID, ADMINS_ID}))


class Authenticator:
    """One per process; `db` is asked at most once a second and token."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[bytes, tuple[float, Actor | None]] = {}

    async def actor(self, headers: Mapping[bytes, bytes], *, local: bool) -> Actor | None:
        """The caller; the owner for a local call without credentials; None for nobody. Wrong ones raise."""
        header = headers.get(b"authorization")
        if header is None:
            return _OWNER if local else None
        user, token = _credentials(header)
        actor = await self._lookup(digest(token))
        if actor is None:
            raise Unauthenticated(
                "The access token is wrong, expired or revoked. `lakeward token create` on the server makes a new one."
            )
        if user not in ("", "token", actor.name):
            raise Unauthenticated("The token does not belong to this user name.")
        return actor

    async def _lookup(self, key: bytes) -> Actor | None:
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and known[0] > now:
            return known[1]
        async with self._db.connection() as connection:
            row = await store.find_token_holder(connection, key)
        actor = None
        if row is not None:
            principals = frozenset(row["principals"])
            actor = Actor(row["id"], row["name"], ADMINS_ID in principals, _strongest(row["roles"] or ()), principals)
        if len(self._known) >= _REMEMBER_AT_MOST:
            self._known.clear()
        self._known[key] = now + _REMEMBER_SECONDS, actor
        return actor


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
