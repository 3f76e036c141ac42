"""The pool of PostgreSQL connections, transactions, and the one place where driver errors get a name.

Callers see `lakeward.kit.errors`: a database that is away is `Unavailable` (retryable), text that PostgreSQL cannot
hold is `InvalidParameter`. Statements are plain SQL with `$n`; asyncpg prepares each once per connection.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import asyncpg

from lakeward.kit.errors import Internal, InvalidParameter, LakewardError, Unavailable
from lakeward.runtime.lake import Lake
from lakeward.runtime.pool import Pool

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


_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[BaseException], LakewardError]], ...] = (
    (
        (asyncpg.InvalidRegularExpressionError,),
        lambda error: InvalidParameter(f"The pattern of RLIKE cannot be used: {error}."),
    ),
    (
        (asyncpg.DataError, asyncpg.ProgramLimitExceededError, UnicodeEncodeError),
        lambda error: InvalidParameter(
            f"The database cannot hold a value of this request: {str(error).partition(chr(10) + 'DETAIL:')[0]}."
        ),
    ),
    (LOST, lambda _: Unavailable("The database connection was lost. Retry.")),
    (
        (asyncpg.InsufficientResourcesError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError),
        lambda error: Unavailable(f"The database cannot take this request now: {error}."),
    ),
    ((OSError,), lambda _: Unavailable("The database is not reachable. Retry.")),  # TimeoutError is one
    (RETRYABLE, lambda _: Unavailable("Two requests met on the same rows. Retry.")),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        lambda _: Unavailable("The database is read-only at the moment. Retry."),
    ),
    ((asyncpg.PostgresError,), lambda error: Internal(f"{type(error).__name__}: {error}")),
)


def translation(error: BaseException) -> LakewardError | None:
    """The driver's error as ours; None for what is none of the driver's."""
    return next((meaning(error) for kinds, meaning in _MEANINGS if isinstance(error, kinds)), None)


class _Loan:
    """A connection for the length of an `async with`, and driver's errors raised as ours."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        try:
            self._connection = await self._pool.take(ACQUIRE_SECONDS)
        except Exception as error:
            if (ours := translation(error)) is not None:
                raise ours from error
            raise
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            self._pool.give(self._connection)
            return
        # A cancelled statement may still be under way, and a connection that was lost is of no use to others.
        self._pool.give(
            self._connection, broken=isinstance(error, (*LOST, OSError)) or not isinstance(error, Exception)
        )
        if (ours := translation(error)) is not None:
            raise ours from error


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """Knows the lake beside its database: some of what a statement finds may lie there."""

    lake: Lake | None = None


class Database:
    """A pool bound to one event loop. `await Database.open(dsn)`, later `await db.close()`.

    `lake`: where the tables are that its connections know as `tx.lake`.
    """

    def __init__(self, dsn: str, *, size: int, lake: Lake | None = None) -> None:
        self.dsn = dsn
        self.lake = lake
        self._pool = Pool(self._connect, size)
        # Names are interned outside the request's transaction; a connection of their own cannot be starved by it.
        self._interning = Pool(self._connect, 1)
        self._names: dict[str, int] = {}
        self._made: dict[Any, Any] = {}

    @classmethod
    async def open(cls, dsn: str, *, size: int = 8, lake: Lake | None = None) -> Self:
        """Connect lazily: a database that is away makes requests fail retryably, not the start."""
        return cls(dsn, size=size, lake=lake)

    async def _connect(self) -> Any:
        made = await asyncpg.connect(
            self.dsn,
            connection_class=_Connection,
            statement_cache_size=400,
            max_cached_statement_lifetime=0,
            command_timeout=120,
            timeout=10,
            server_settings={"application_name": "lakeward", "timezone": "UTC"},
        )
        made.lake = self.lake
        return made

    async def close(self) -> None:
        await asyncio.gather(self._pool.close(5), self._interning.close(5))

    def connection(self) -> _Loan:
        """`async with` a connection without BEGIN: each statement is a transaction of its own."""
        return _Loan(self._pool)

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

    def one(self, make: Callable[["Database"], T]) -> T:
        """What `make` made of this database the first time: state a process keeps once, as long as its pool."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

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
        async with _Loan(self._interning) as connection:
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
