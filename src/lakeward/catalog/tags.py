"""The rules of tags: words that are put on catalogs, schemas, volumes, tables, columns and functions."""

from collections.abc import Iterator
from typing import Any, Final

from lakeward import access
from lakeward.access import Found, Way
from lakeward.catalog import assets, catalogs, names
from lakeward.catalog.kinds import BY_FUNCTION, BY_TABLE, BY_VOLUME
from lakeward.catalog.records import FUNCTION, TABLE, Tag
from lakeward.catalog.securable import unity
from lakeward.catalog.store import tags as store
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx

MAX_TAGS: Final = 50  # on one object
MAX_KEY: Final = 255
MAX_VALUE: Final = 1_000
_COLUMNS: Final = "columns"
_FUNCTIONS: Final = "functions"
_WAYS: Final[dict[str, Way]] = {
    "catalogs": unity.BY_CATALOG, "schemas": unity.BY_SCHEMA, "volumes": BY_VOLUME, "tables": BY_TABLE,
    _COLUMNS: BY_TABLE, _FUNCTIONS: BY_FUNCTION,
}  # fmt: skip


def _way(entity_type: str, name: str) -> tuple[Way, str]:
    """How the object is found, and what its right are asked of: of a column those of its table."""
    way = _WAYS.get(entity_type)
    if way is None:
        raise InvalidParameter(f"Invalid entity_type {entity_type[:50]!r}: it is one of {', '.join(sorted(_WAYS))}.")
    return way, name.rpartition(".")[0] if entity_type == _COLUMNS else name


def _entity(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
    yield _way(request.entity_type, request.entity_name)


ENTITY: Final = Found(_entity, "the entity")


async def _target(tx: Tx, workspace: int, entity_type: str, name: str) -> tuple[str, str]:
    """(kind, name) of the object as grants have it; but a function's kind is its own."""
    way, owner = _way(entity_type, name)
    found = await access.granted_name(tx, way, workspace, owner)
    if entity_type == _FUNCTIONS:
        return FUNCTION, found
    if entity_type != _COLUMNS:
        return way.kind.name, found
    column = name.rpartition(".")[2]
    table = await assets.get(tx, workspace, TABLE, owner)
    if column not in assets.columns_of(table):
        raise NotFound(f"The table {table.full_name} has no column {column[:80]!r}.")
    return "column", f"{found}.{column}"


def check_key(key: str) -> None:
    if not (0 < len(key) <= MAX_KEY) or key.strip() != key or not key.isprintable() or set(key) & set(".,-=/:"):
        raise InvalidParameter(
            f"Invalid tag_key {key[:80]!r}: 1 to {MAX_KEY} printable characters, none of . , - = / and : and no space"
            " at either end."
        )


def check_value(key: str, value: str) -> None:
    if len(value) > MAX_VALUE or "\0" in value:
        raise InvalidParameter(f"The value of tag {key!r} has more than {MAX_VALUE} characters, or a NUL.")


async def assign(tx: Tx, workspace: int, entity_type: str, name: str, key: str, value: str, *, new: bool) -> Tag:
    """Put a tag on an object, or give one it has another value. Needs a transaction.

    Whoever calls has asked the key's policy whether this may be.
    """
    check_key(key)
    check_value(key, value)
    kind, target = await _target(tx, workspace, entity_type, name)
    if new and await store.count(tx, workspace, kind, target) >= MAX_TAGS:
        raise InvalidParameter(f"{name!r} has {MAX_TAGS} tags, which is the most there may be.")
    tag = Tag(key, value, now_ms(), acting())
    if not await store.put(tx, workspace, kind, target, tag, new=new):
        if new:
            raise AlreadyExists(f"{name!r} has a tag {key!r} already.", code="ALREADY_EXISTS")
        raise _unknown(name, key)
    return tag


async def get(tx: Tx, workspace: int, entity_type: str, name: str, key: str) -> Tag:
    found = await store.find(tx, workspace, *await _target(tx, workspace, entity_type, name), key)
    if found is None:
        raise _unknown(name, key)
    return found


async def page(
    tx: Tx, workspace: int, entity_type: str, name: str, max_results: int | None, page_token: str | None
) -> tuple[list[Tag], str | None]:
    kind, target = await _target(tx, workspace, entity_type, name)
    size = catalogs.size_of(max_results)
    context = pages.context_of("tags", workspace, kind, target)
    [after] = pages.decode(page_token, context, [str]) if page_token else [""]
    found = await store.page(tx, workspace, kind, target, str(after), size + 1)
    return found[:size], pages.encode([found[size - 1].key], context) if len(found) > size else None


async def delete(tx: Tx, workspace: int, entity_type: str, name: str, key: str) -> None:
    if not await store.delete(tx, workspace, *await _target(tx, workspace, entity_type, name), key):
        raise _unknown(name, key)


def _unknown(name: str, key: str) -> NotFound:
    return NotFound(f"{names.fold(name)!r} has no tag {key[:80]!r}.")
