"""Passwords of users: kept as argon2id, checked two at a time, guessed slowly.

Each attempt is counted before it is checked, so that many at once cannot get ahead of the count. After ten failures for
a name from an address each further one doubles the wait, up to a quarter of an hour. An address that tries many names
waits likewise after fifty, and a name that is tried from many addresses waits a minute at most, so that nobody can lock
somebody else out. The counts are in the database: they hold for all processes and machines, and outlive them.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import argon2

from lakeward.identity import credentials, directory, principals, store
from lakeward.identity.records import SESSION_LIFETIME, SESSION_PREFIX
from lakeward.identity.tokens import digest
from lakeward.kit.errors import InvalidParameter, LimitExceeded, PermissionDenied, Unauthenticated
from lakeward.runtime.db import Database, Tx

T = TypeVar("T")
_SHORTEST: Final = 12
_LONGEST: Final = 1024
_FREE: Final = (10, 50, 100)  # failures without a wait: of a name from an address, of an address, of a name
_WAIT: Final = (900, 900, 60)  # seconds at most
# 19 MiB and two passes: what OWASP recommends at least; about 30 ms of one core.
_HASHER: Final = argon2.PasswordHasher(time_cost=2, memory_cost=19 << 10, parallelism=1)
# No password has this hash, and it takes as long to refuse as a wrong one. Spelt out, as making one takes 40 ms.
_NOBODY: Final = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}${'A' * 22}${'A' * 43}"
)
_AT_ONCE: Final = asyncio.Semaphore(2)


def hashed(password: str) -> str:
    return _HASHER.hash(password)


async def verify(db: Database, name: str, password: str, address: str) -> int:
    """The id of the active user with this name and password.

    Raises Unauthenticated, the same whatever is wrong, LimitExceeded, or PermissionDenied to who knows the password.
    """
    name = name[:255]
    keys = [f"both:{name}|{address}", f"address:{address}", f"name:{name}"]
    async with db.transaction() as tx:
        await store.passwords.lock_attempts(tx, keys)
        wait = await store.passwords.blocked_for(tx, keys)
        if wait > 0:
            raise LimitExceeded(f"Too many wrong passwords. Try again in {wait:.0f} seconds.", retry_after=wait)
        await store.passwords.count_attempt(tx, keys, _FREE, _WAIT)
        found = await store.passwords.find_password(tx, name)
    known = found["hash"] if found else _NOBODY
    good = len(password) <= _LONGEST and await _in_thread(_matches, known, password)
    if not (good and found):
        raise Unauthenticated("The name or the password is wrong.")
    renewed = await _in_thread(hashed, password) if _HASHER.check_needs_rehash(known) else None
    async with db.transaction() as tx:
        await store.passwords.forget_attempts(tx, keys[0], keys[1:])
        if renewed:
            await store.passwords.rehash(tx, found["principal_id"], known, renewed)
    if not found["permitted"]:
        raise credentials.refusal("passwords")
    holder: int = found["principal_id"]
    return holder


async def make_administrator(tx: Tx, name: str, password: str, note: principals.Note) -> None:
    """The user of this name, made if need be, active, in `admins`, with this password and no wait."""
    check(password, name)
    user = await principals.get_or_create_principal(tx, name, is_admin=True, note=note)
    if await store.principals.activate(tx, user.id):
        await note("activateUser", params={"user_name": name})
    await principals.make_admin(tx, user.id, name, note)
    await store.passwords.set_password(tx, user.id, hashed(password))
    await note("setPassword", params={"user_name": name})
    await store.passwords.forget_name(tx, f"name:{name}", f"both:{name}|")


async def is_administrator(db: Database, user_id: int) -> bool:
    async with db.connection() as connection:
        return await store.principals.is_administrator(connection, user_id)


async def set_password(tx: Tx, user_id: str | int, password: str) -> None:
    """Of a user, by somebody who may. Sessions that began with the old one end."""
    user = await directory.get(tx, "USER", user_id, None)
    check(password, user.name)
    await store.passwords.set_password(tx, user.id, await _in_thread(hashed, password))


async def change_own(db: Database, user_id: int, name: str, current: str, password: str, address: str) -> None:
    """By the user, who must know the current one if there is one."""
    async with db.connection() as connection:
        known = await store.passwords.find_hash(connection, user_id)
    if known is not None and await verify(db, name, current, address) != user_id:
        raise PermissionDenied("The current password is wrong.")
    async with db.transaction() as tx:
        await set_password(tx, user_id, password)


def check(password: str, name: str) -> None:
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InvalidParameter(f"A password has {_SHORTEST} to {_LONGEST} characters.")
    if password.lower() == name.lower() or len(set(password)) < 5:
        raise InvalidParameter("This password is too easy to guess.")


async def any_password(tx: Tx) -> bool:
    """Whether somebody active has one."""
    return await store.passwords.any_password(tx)


async def begin_session(tx: Tx, user_id: int, lifetime: timedelta = SESSION_LIFETIME) -> str:
    """The session's secret, which goes into a cookie."""
    secret = SESSION_PREFIX + secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + lifetime
    await store.passwords.add_session(tx, secrets.token_hex(8), user_id, digest(secret), expires_at)
    return secret


async def is_session(tx: Tx, session: str, user_id: int) -> bool:
    """Whether this is a session of this user that has not ended."""
    return await store.passwords.find_session(tx, digest(session)) == user_id


async def end_session(tx: Tx, session: str) -> None:
    await store.passwords.delete_session(tx, digest(session))


def csrf_token(session: str) -> str:
    """What a page of ours repeats in a header, and a page of others cannot know."""
    return hmac.new(session.encode(), b"csrf", hashlib.sha256).hexdigest()


async def _in_thread(work: Callable[..., T], *arguments: str) -> T:
    async with _AT_ONCE:
        return await asyncio.to_thread(work, *arguments)


def _matches(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except argon2.exceptions.VerificationError:
        return False
