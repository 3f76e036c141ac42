"""What stands in schemas. Each package that puts something there says how to find and how to delete it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx


class Contents(NamedTuple):
    """One kind: `has(tx, workspace, catalog, schema)`, and `erase` for all of it. Names are in lower case."""

    noun: str
    has: Callable[[Tx, int, str, str], Awaitable[bool]]
    erase: Callable[[Tx, int, str, str], Awaitable[None]]


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
