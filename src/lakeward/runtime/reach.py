"""Getting to the database of these settings: waiting for it, migrating it, and lending it to a short command."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lakeward.kit.errors import LakewardError
from lakeward.runtime.postgres import EmbeddedPostgres, running_dsn
from lakeward.runtime.processes import DirectoryLock, DirectoryTaken
from lakeward.runtime.settings import Settings, without_password

_RETRY_SECONDS = 0.2
_STARTING_SECONDS = 15.0

log = logging.getLogger("lakeward.database")


class DatabaseUnreachable(LakewardError):
    """The database does not answer, or does not let us in."""

    exit_code = 3


async def migrated(url: str, *, patience: float = 0.0, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Bring the database at this URL to our schema; one that is away is waited for as long as `patience` seconds."""
    import asyncio  # noqa: PLC0415 - PostgreSQL starts while these are imported

    import asyncpg  # noqa: PLC0415

    from lakeward.runtime.migrate import migrate  # noqa: PLC0415

    transient = (
        OSError,
        asyncpg.CannotConnectNowError,
        asyncpg.PostgresConnectionError,
        asyncpg.TooManyConnectionsError,
    )
    deadline = time.monotonic() + patience
    told = False
    while not cancelled():
        try:
            await migrate(url)
        except transient as error:
            if time.monotonic() >= deadline:
                raise _unreachable(url, error) from error
        except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
            raise _unreachable(url, error) from error
        except (asyncpg.InterfaceError, ValueError) as error:  # what asyncpg says about a URL it cannot read
            raise _unreachable(url, error) from error
        else:
            return
        if not told:
            log.warning("waiting for the database at %s", without_password(url))
            told = True
        await asyncio.sleep(_RETRY_SECONDS)


@contextmanager
def database(settings: Settings, *, migrate: bool = True, create: bool = False) -> Iterator[str]:
    """The URL of a migrated database: the one set, the running server's, or the embedded one started for a moment.

    A directory without a database gets one only with `create`; to a question it is a wrong address.
    """
    import asyncio  # noqa: PLC0415 - as above

    with contextlib.ExitStack() as stack:
        if not (settings.database_url or create or (settings.data / "postgres").exists()):
            raise DatabaseUnreachable(
                f"There is no Lakeward in {settings.data}. Give the directory of yours with --data, or start one there"
                " with `lakeward up`."
            )
        url = settings.database_url or stack.enter_context(_embedded(settings))
        if migrate:
            asyncio.run(migrated(url, patience=0.0 if settings.database_url else _STARTING_SECONDS))
        yield url


@contextmanager
def _embedded(settings: Settings) -> Iterator[str]:
    try:
        lock = DirectoryLock.take(settings.data)
    except DirectoryTaken:
        yield _running(settings)
        return
    postgres = EmbeddedPostgres(settings.data)
    try:
        postgres.start()
        yield postgres.dsn
    finally:
        postgres.stop()
        lock.release()


def _running(settings: Settings) -> str:
    """The server that holds the lock may be starting at this moment."""
    deadline = time.monotonic() + _STARTING_SECONDS
    while (url := running_dsn(settings.data)) is None:
        if time.monotonic() > deadline:
            raise DatabaseUnreachable(
                f"A Lakeward holds {settings.data}, but its PostgreSQL does not run. See {settings.data}/postgres.log."
            )
        time.sleep(0.05)
    return url


def _unreachable(url: str, error: Exception) -> DatabaseUnreachable:
    reason = str(error).strip() or type(error).__name__
    return DatabaseUnreachable(
        f"The database at {without_password(url)} cannot be used: {reason}. Check LAKEWARD_DATABASE_URL, that"
        " PostgreSQL runs, and that it lets this user in."
    )
