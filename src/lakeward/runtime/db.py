"""The pool of PostgreSQL connections, transactions, and the one place where driver errors get a name.

Callers see `lakeward.kit.errors`: a database that is away is `Unavailable` (retryable), text that PostgreSQL cannot
hold is `InvalidParameter`. Statements are plain SQL with `$n`; asyncpg prepares each once per connection.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self, TypeVar

import asyncpg

from lakeward.kit.errors import Internal, InvalidParameter, LakewardError, Unavailable

Tx = Any  # an asyncpg connection inside a transaction; asyncpg ships no types

ACQUIRE_SECONDS = 20.0
_TRIES = 4

T = TypeVar("T")

# What another transaction did meanwhile, or a migration: run again, the same work succeeds, or finds out what is wrong.
RETRYABLE = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.InvalidCachedStatementError,
)


# After these a connection is of no use. The driver's own state can be in disorder when PostgreSQL dies under a
# statement (InternalClientError), without the connection counting as closed.
LOST = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.OperatorInterventionError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as ours."""
    try:
        yield
    except LakewardError:
        raise
    except (asyncpg.DataError, asyncpg.ProgramLimitExceededError, UnicodeEncodeError) as error:
        reason = str(error).partition("\nDETAIL:")[0]
        raise InvalidParameter(f"The database cannot hold a value of this request: {reason}.") from error
    except LOST as error:
        raise Unavailable("The database connection was lost. Retry.") from error
    except (
        asyncpg.InsufficientResourcesError,
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
    ) as error:
        raise Unavailable(f"The database cannot take this request now: {error}.") from error
    except (OSError, TimeoutError) as error:
        raise Unavailable("The database is not reachable. Retry.") from error
    except RETRYABLE as error:
        raise Unavailable("Two requests met on the same rows. Retry.") from error
    except asyncpg.ReadOnlySQLTransactionError as error:
        raise Unavailable("The database is read-only at the moment. Retry.") from error
    except asyncpg.PostgresError as error:
        raise Internal(f"{type(error).__name__}: {error}") from error


async def _no_reset(_connection: Any) -> None:
    """Between requests nothing needs resetting: no session state is ever set. Saves a round trip per request."""


@asynccontextmanager
async def _given_up_if_lost(connection: Any) -> AsyncIterator[None]:
    """Close a connection that failed as one, so that the pool does not lend it again."""
    try:
        yield
    except (*LOST, OSError):
        connection.terminate()
        raise


class Database:
    """A pool bound to one event loop. `await Database.open(dsn)`, later `await db.close()`."""

    def __init__(self, dsn: str, pool: Any, interning: Any) -> None:
        self.dsn = dsn
        self._pool = pool
        self._interning = interning
        self._names: dict[str, int] = {}

    @classmethod
    async def open(cls, dsn: str, *, size: int = 8) -> Self:
        """Connect lazily: a database that is away makes requests fail retryably, not the start."""
        options: dict[str, Any] = {
            "min_size": 0,
            "reset": _no_reset,
            "statement_cache_size": 400,
            "max_cached_statement_lifetime": 0,
            "command_timeout": 120,
            "timeout": 10,
            "server_settings": {"application_name": "lakeward", "timezone": "UTC"},
        }
        pool = await asyncpg.create_pool(dsn, max_size=size, max_inactive_connection_lifetime=0, **options)
        # Names are interned outside the request's transaction; a pool of their own cannot be starved by it.
        interning = await asyncpg.create_pool(dsn, max_size=1, max_inactive_connection_lifetime=60, **options)
        return cls(dsn, pool, interning)

    async def close(self) -> None:
        for pool in (self._pool, self._interning):
            try:
                await asyncio.wait_for(pool.close(), 5)
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection without BEGIN: each statement is a transaction of its own."""
        with translated():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection, _given_up_if_lost(connection):
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def run(self, work: Callable[[Tx], Awaitable[T]], *, transaction: bool) -> T:
        """Call `work` with a connection, in a transaction or not; again if PostgreSQL aborts it for another's sake."""
        borrow = self.transaction if transaction else self.connection
        for attempt in range(1, _TRIES + 1):
            try:
                async with borrow() as connection:
                    return await work(connection)
            except Unavailable as error:
                if attempt == _TRIES or not isinstance(error.__cause__, RETRYABLE):
                    raise
        raise AssertionError("unreachable")

    async def name_ids(self, names: Sequence[str]) -> list[int]:
        """The ids of these key names in the same order; unknown names are added for good."""
        cache = self._names
        try:
            return [cache[name] for name in names]
        except KeyError:
            await self._intern([name for name in dict.fromkeys(names) if name not in cache])
            return [cache.get(name) or self._names[name] for name in names]

    async def known_name_ids(self, names: Sequence[str]) -> dict[str, int]:
        """The ids of those of these names that exist; a filter on an unknown key matches nothing."""
        found = {name: self._names[name] for name in names if name in self._names}
        missing = [name for name in dict.fromkeys(names) if name not in found]
        if missing:
            async with self.connection() as connection:
                rows = await connection.fetch("SELECT text, id FROM key_name WHERE text = ANY($1::text[])", missing)
            self._remember(rows)
            found.update((row["text"], row["id"]) for row in rows)
        return found

    async def _intern(self, names: list[str]) -> None:
        with translated():
            async with self._interning.acquire(timeout=ACQUIRE_SECONDS) as connection, _given_up_if_lost(connection):
                await connection.execute(
                    "INSERT INTO key_name (text) SELECT t FROM unnest($1::text[]) AS t"
                    " WHERE NOT EXISTS (SELECT FROM key_name WHERE text = t) ORDER BY t ON CONFLICT DO NOTHING",
                    names,
                )
                rows = await connection.fetch("SELECT text, id FROM key_name WHERE text = ANY($1::text[])", names)
        self._remember(rows)

    def _remember(self, rows: Sequence[Any]) -> None:
        if len(self._names) > 200_000:  # a workload that invents keys must not grow the process
            self._names = {}
        self._names.update((row["text"], row["id"]) for row in rows)
