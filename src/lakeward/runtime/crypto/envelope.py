"""Data keys in the database, wrapped; payloads sealed under them.

Which master key wraps new data keys stands in the database (`key_ring`), so that machines that share a database but not
a key file notice before one of them writes what the other cannot read. Making a data key and rotating exclude each
other by a lock, so that no data key stays behind under the old master key.

A sealed payload: version (1 byte) · nonce (12, random) · ciphertext · tag (16). A wrapped data key is one too.
"""

import secrets
import uuid
from collections.abc import Iterable
from typing import Any, Final

from lakeward.kit.errors import Internal, NotFound
from lakeward.runtime.crypto.keys import KEY_BYTES, MasterKeys, missing
from lakeward.runtime.db import Tx

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_LOCK: Final = 7_401_120_911  # any fixed number: the advisory lock of data keys


def seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    ciphertext: bytes = _cipher(key).encrypt(nonce, plain, _VERSION + context)
    return _VERSION + nonce + ciphertext


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see _cipher

    head, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    try:
        plain: bytes = _cipher(key).decrypt(nonce, rest, head + context)
    except (InvalidTag, ValueError) as error:
        raise Internal("An encrypted value cannot be opened: it was changed, or moved here from elsewhere.") from error
    return plain


def context_of(*words: str | int) -> bytes:
    """What binds a payload to its place. Each word comes with its length, so no two lists of words are the same."""
    parts = [str(word).encode() for word in words]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _cipher(key: bytes) -> Any:
    # 25 ms and 6 MB that a process without secrets need not spend
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)


def _key_context(key_id: uuid.UUID, purpose: str) -> bytes:
    return context_of("data key", key_id.hex, purpose)


class Vault:
    """Data keys of one database under the master keys of one source. Holds no key longer than a call."""

    def __init__(self, source: str) -> None:
        self.source = source

    async def establish(self, tx: Tx) -> None:
        """At the start: make the first master key if need be, or refuse if one is missing that something needs."""
        needed = await tx.fetch("SELECT DISTINCT master_key FROM data_key")
        keys = MasterKeys.read(self.source) if needed else MasterKeys.read_or_make(self.source)
        _refuse_missing((row[0] for row in needed), keys)

    async def add_data_key(self, tx: Tx, purpose: str) -> uuid.UUID:
        """A new data key, which lives as long as its row."""
        await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        keys = MasterKeys.read_or_make(self.source)
        master = await self._current(tx, keys)
        key_id = uuid.uuid4()
        wrapped = seal(keys.key(master), secrets.token_bytes(KEY_BYTES), _key_context(key_id, purpose))
        await tx.execute(
            "INSERT INTO data_key (id, purpose, master_key, wrapped) VALUES ($1, $2, $3, $4)",
            key_id, purpose, master, wrapped,
        )  # fmt: skip
        return key_id

    async def data_key(self, tx: Tx, key_id: uuid.UUID) -> bytes:
        row = await tx.fetchrow("SELECT purpose, master_key, wrapped FROM data_key WHERE id = $1", key_id)
        if row is None:
            raise NotFound("This was deleted meanwhile, and its key with it.")
        master = MasterKeys.read(self.source).key(row["master_key"])
        return unseal(master, row["wrapped"], _key_context(key_id, row["purpose"]))

    async def seal(self, tx: Tx, key_id: uuid.UUID, plain: bytes, context: bytes) -> bytes:
        return seal(await self.data_key(tx, key_id), plain, context)

    async def unseal(self, tx: Tx, key_id: uuid.UUID, sealed: bytes, context: bytes) -> bytes:
        """What was sealed. Raises Internal if it was changed or is not from this place, KeyMissing without its key."""
        return unseal(await self.data_key(tx, key_id), sealed, context)

    async def rotate(self, tx: Tx) -> tuple[str, int]:
        """Wrap all data keys anew: (the fingerprint of the master key they are under now, how many).

        The source's first key takes over; if it is in use already, a new one is made and stands before it in the file.
        What is sealed stays as it is.
        """
        await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        keys = MasterKeys.read_or_make(self.source)
        rows = await tx.fetch("SELECT id, purpose, master_key, wrapped FROM data_key")
        _refuse_missing((row["master_key"] for row in rows), keys)
        if await tx.fetchval("SELECT master_key FROM key_ring") in (None, keys.first):
            keys = keys.with_new()
        new = keys.key(keys.first)
        wrapped = []
        for row in rows:
            context = _key_context(row["id"], row["purpose"])
            wrapped.append(seal(new, unseal(keys.key(row["master_key"]), row["wrapped"], context), context))
        await tx.execute(
            "UPDATE data_key SET master_key = $1, wrapped = given.wrapped"
            " FROM unnest($2::uuid[], $3::bytea[]) AS given (id, wrapped) WHERE data_key.id = given.id",
            keys.first, [row["id"] for row in rows], wrapped,
        )  # fmt: skip
        await _set_current(tx, keys.first)
        return keys.first, len(rows)

    async def forget_old(self, tx: Tx) -> list[str]:
        """Take master keys that wrap nothing any more out of the file; backups made under them become unreadable."""
        await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        keys = MasterKeys.read(self.source)
        rows = await tx.fetch("SELECT master_key FROM data_key UNION SELECT master_key FROM key_ring")
        used = {row[0] for row in rows}
        old = [name for name in keys.fingerprints[1:] if name not in used]
        if old:
            keys.without(set(old))
        return old

    async def _current(self, tx: Tx, keys: MasterKeys) -> str:
        """The master key that wraps what is new. It must be here, unless it wraps nothing yet."""
        current: str | None = await tx.fetchval("SELECT master_key FROM key_ring")
        if current is not None and current in keys:
            return current
        if current is not None and await tx.fetchval("SELECT EXISTS (SELECT FROM data_key)"):
            raise missing([current], self.source)
        await _set_current(tx, keys.first)
        return keys.first


async def _set_current(tx: Tx, fingerprint: str) -> None:
    await tx.execute(
        "INSERT INTO key_ring (master_key) VALUES ($1)"
        " ON CONFLICT (only_one) DO UPDATE SET master_key = excluded.master_key",
        fingerprint,
    )


def _refuse_missing(needed: Iterable[str], keys: MasterKeys) -> None:
    absent = [name for name in set(needed) if name not in keys]
    if absent:
        raise missing(absent, keys.source)
