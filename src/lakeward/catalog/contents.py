"""What stands in schemas. Each package that puts something there says how to find, to rename and to delete it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from lakeward.kit.errors import AlreadyExists, InvalidParameter
from lakeward.runtime.db import Tx


class Place(NamedTuple):
    """A schema; both names are in lower case."""

    catalog: str
    schema: str


class Contents(NamedTuple):
    """One kind: `has(tx, workspace, catalog, schema)`, `erase` for all of it, and `move` for when the schema, which is
    called anew already, was called otherwise. `called(tx, workspace, full name)`, of a kind that shares its names with
    functions: whether something is called so. Names are in lower case.
    """

    noun: str
    has: Callable[[Tx, int, str, str], Awaitable[bool]]
    erase: Callable[[Tx, int, str, str], Awaitable[None]]
    move: Callable[[Tx, int, Place, Place], Awaitable[None]]
    called: Callable[[Tx, int, str], Awaitable[bool]] | None = None


_kinds: list[Contents] = []


def add_contents(kind: Contents) -> None:
    """Called by the package that owns it, when it is imported."""
    _kinds.append(kind)


async def empty(tx: Tx, workspace: int, catalog: str, schema: str, *, force: bool) -> None:
    """Delete all that stands in a schema; unless that is meant, there must be nothing. The schema is locked."""
    for kind in _kinds:
        if force:
            await kind.erase(tx, workspace, catalog, schema)
        elif await kind.has(tx, workspace, catalog, schema):
            raise InvalidParameter(
                f"Schema '{catalog}.{schema}' is not empty: it has {kind.noun}. Delete them first, or delete it with"
                " force=true.",
                code="SCHEMA_NOT_EMPTY",
            )


async def check_function_name(tx: Tx, workspace: int, full_name: str) -> None:
    """Raise AlreadyExists if something else that grants know as a FUNCTION is called so."""
    for kind in _kinds:
        if kind.called is not None and await kind.called(tx, workspace, full_name):
            raise AlreadyExists(
                f"The name '{full_name}' is taken: functions share their names with {kind.noun}.", code="ALREADY_EXISTS"
            )


async def move(tx: Tx, workspace: int, before: Place, now: Place) -> None:
    """All that stands in a schema is called by its new name. The schema is locked."""
    for kind in _kinds:
        await kind.move(tx, workspace, before, now)
