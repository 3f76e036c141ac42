"""URLs that carry a right themselves: one method on one path of one workspace, until a moment.

The statement is the URL: a MessagePack array and its HMAC-SHA256, base64. The path inside was checked before it was
signed and is resolved again when it is used, so what was deleted meanwhile is gone for holders of a URL too. The key is
made on first use and lives in the database, the same for all processes.
"""

import base64
import binascii
import hmac
import secrets
import time
from typing import Final

import msgspec

from lakeward.artifacts import store
from lakeward.kit.errors import PermissionDenied
from lakeward.runtime.db import Database

DEFAULT_SECONDS: Final = 900
MAX_SECONDS: Final = 3600
_VERSION: Final = 1
_KEY_NAME: Final = "signed-urls"
_MAC: Final = 32
_MAX_TOKEN: Final = 4096


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """What a signed URL allows. `expires` is in epoch seconds; `upload` and `part` are set for parts of an upload."""

    method: str
    workspace: int
    path: str
    expires: int
    upload: str = ""
    part: int = 0
    version: int = _VERSION


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Grant)


class Expired(PermissionDenied):
    """The URL was right once."""


def bounded(seconds: int | None) -> int:
    """A life time within what is allowed."""
    return DEFAULT_SECONDS if seconds is None else max(1, min(seconds, MAX_SECONDS))


class _SigningKey:
    """The key all processes share, read once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._key = b""

    async def get(self) -> bytes:
        if not self._key:
            async with self._db.connection() as connection:
                self._key = await store.find_or_add_secret(connection, _KEY_NAME, secrets.token_bytes(32))
        return self._key


async def signing_key(db: Database) -> bytes:
    return await db.one(_SigningKey).get()


def sign(grant: Grant, key: bytes) -> str:
    statement = _encoder.encode(grant)
    return base64.urlsafe_b64encode(statement + _mac(statement, key)).rstrip(b"=").decode()


def verify(token: str, key: bytes, *, now: float | None = None) -> Grant:
    """The grant of a token. Raises PermissionDenied for a forged one, Expired for an old one."""
    raw = b""
    if len(token) <= _MAX_TOKEN:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
    statement, mac = raw[:-_MAC], raw[-_MAC:]
    if not statement or not hmac.compare_digest(mac, _mac(statement, key)):
        raise PermissionDenied("The signature of this URL is wrong.")
    grant = _decoder.decode(statement)
    if grant.version != _VERSION or grant.expires <= (time.time() if now is None else now):
        raise Expired("This URL has expired. Ask for a new one.")
    return grant


def _mac(statement: bytes, key: bytes) -> bytes:
    return hmac.digest(key, statement, "sha256")
