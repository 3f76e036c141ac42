"""The chain: events in one order, each with the hash of all before it, sealed under a key outside the database.

Calls write to the inbox and wait for nobody; one sealer at a time, whoever holds the lock, moves what has committed
into the chain. A seal is an HMAC of a hash under a key derived from the master key, so who can rewrite every table
still cannot make a chain that fits: as hashes hold all that was before, the newest seal vouches for the whole of it.
"""

import hashlib
import hmac
from typing import Final

import msgspec

from lakeward.audit import store
from lakeward.audit.recording import record
from lakeward.audit.records import GENESIS, Seal, Stored
from lakeward.kit.clock import now_ms
from lakeward.runtime.crypto import MasterKeys, context_of
from lakeward.runtime.db import Database, Tx

_BATCH: Final = 5_000
_EXPIRE_AT_ONCE: Final = 50_000
_DAY_MS: Final = 86_400_000


async def seal(db: Database, source: str, *, wait: bool = False) -> int:
    """Move what is in the inbox into the chain; how many events. Without `wait`, not while another one does that."""
    moved = 0
    while True:
        async with db.connection() as connection:
            if not await store.anything_waiting(connection):
                return moved
            async with connection.transaction():
                if not await store.lock_chain(connection, wait=wait):
                    return moved
                count = await _seal_batch(connection, source)
        moved += count
        if count < _BATCH:
            return moved


async def _seal_batch(tx: Tx, source: str) -> int:
    records = await store.take(tx, _BATCH)
    if not records:
        return 0
    seq, digest = await store.head(tx) or (0, GENESIS)
    events = []
    for text in records:
        seq, digest = seq + 1, next_hash(digest, text)
        events.append(Stored(seq, text, digest))
    await store.append(tx, events)
    await store.add_seal(tx, signed(MasterKeys.read_or_make(source), seq, digest, now_ms(), kind="seal"))
    return len(events)


async def expire(db: Database, source: str, days: int) -> int:
    """Take off the chain what is older than so many days, in whole batches; how many events. 0 days keep all."""
    if days == 0:
        return 0
    gone = 0
    while True:
        async with db.transaction() as tx:
            await store.lock_chain(tx, wait=True)
            last = await store.last_seal_before(tx, now_ms() - days * _DAY_MS, _EXPIRE_AT_ONCE)
            if last is None:
                return gone
            keys = MasterKeys.read_or_make(source)
            count = await store.drop_until(tx, signed(keys, last.seq, last.hash, last.sealed_at, kind="start"))
            params = {"events": count, "until": last.seq, "days": days}
            await record(tx, "lakeward", "expireAuditEvents", params=params)
            gone += count


def next_hash(before: bytes, text: str) -> bytes:
    return hashlib.sha256(before + text.encode()).digest()


def signed(keys: MasterKeys, seq: int, digest: bytes, sealed_at: int, *, kind: str) -> Seal:
    unsigned = Seal(seq, digest, sealed_at, keys.first, b"")
    return msgspec.structs.replace(unsigned, mac=_mac(keys, unsigned, kind))


def genuine(keys: MasterKeys, seal: Seal, *, kind: str) -> bool:
    """Whether this seal was made with its master key, which is among these."""
    return hmac.compare_digest(seal.mac, _mac(keys, seal, kind))


def _mac(keys: MasterKeys, seal: Seal, kind: str) -> bytes:
    key = hmac.digest(keys.key(seal.master_key), b"lakeward audit log", "sha256")
    return hmac.digest(key, context_of(kind, seal.seq, seal.hash.hex(), seal.sealed_at), "sha256")
