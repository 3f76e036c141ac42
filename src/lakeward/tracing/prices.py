"""Prices as administrators edit them, and books of all that hold at a moment."""

import time
from typing import Final

import msgspec

from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database, Tx
from lakeward.tracing.book import MAX_PRICES, Book, provider_of
from lakeward.tracing.records import Price
from lakeward.tracing.store import prices as store

MAX_TEXT: Final = 250
_MAX_AMOUNT: Final = 1e9
_FRESH_SECONDS: Final = 1.0


async def book(tx: Tx) -> Book:
    return Book(await store.all_said(tx))


async def recent(db: Database) -> Book:
    """A book at most a second old, for the hot way in."""
    return await db.one(_Recent).get()


class _Recent:
    """The last book a process has read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._until = 0.0
        self._book = Book()

    async def get(self) -> Book:
        if time.monotonic() >= self._until:
            async with self._db.connection() as connection:
                self._book = await book(connection)
            self._until = time.monotonic() + _FRESH_SECONDS
        return self._book


async def put(tx: Tx, given: Price, by: str) -> Price:
    """Say what a model costs from a moment on, now if none is given. Replaces what was said for the same moment."""
    made = msgspec.structs.replace(
        given,
        provider=provider_of(given.provider),
        model=given.model.lower(),
        valid_from=now_ms() if given.valid_from < 0 else given.valid_from,
        set_by=by,
        set_at=now_ms(),
    )
    if not made.model or max(len(made.model), len(made.provider), len(made.note)) > MAX_TEXT:
        raise InvalidParameter(f"A price needs a model; model, provider and note have at most {MAX_TEXT} characters.")
    for name in ("input", "output", "cache_read", "cache_write"):
        amount = getattr(made, name)
        if amount is not None and not 0 <= amount <= _MAX_AMOUNT:
            raise InvalidParameter(f"The price {name!r} must be between 0 and {_MAX_AMOUNT:,.0f} dollars a million.")
    if await store.count(tx) >= MAX_PRICES:
        raise InvalidParameter(f"There are {MAX_PRICES:,} prices already. Delete some.")
    return await store.put(tx, made)


async def delete(tx: Tx, price_id: int) -> None:
    if not await store.delete(tx, price_id):
        raise NotFound(f"There is no price with the id {price_id}; those of the list cannot be deleted, but replaced.")
