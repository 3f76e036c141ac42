"""The rules of declared lineage: what goes on outside of this server, between what is here and what is elsewhere.

One end of each relationship is external metadata: what connects things that are both here, the server sees by itself.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from lakeward import catalog, registry
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.lineage import metadata
from lakeward.lineage.records import MAX_COLUMNS, MAX_NAME, MAX_URL, Direction, End, Kind, Related, Relationship
from lakeward.lineage.store import external as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx

MOST: Final = 1_000
Columns = Sequence[tuple[str, str]]  # of the source, of the target


async def end(tx: Tx, workspace: int, kind: Kind, name: str, version: str = "") -> End:
    """What a request names; NotFound if the workspace has none."""
    if not name:
        raise InvalidParameter(f"Missing value for required parameter 'name' of the {kind.replace('_', ' ').lower()}.")
    if kind is Kind.PATH:
        if len(name) > MAX_URL or not name.isprintable():
            raise InvalidParameter(f"Invalid url {name[:80]!r}: at most {MAX_URL} printable characters.")
        return End(kind, name, name)
    if kind is Kind.EXTERNAL_METADATA:
        found = await metadata.get(tx, workspace, name)
        return End(kind, str(found.id), found.name)
    if kind is Kind.MODEL_VERSION:
        made = await registry.get_version(tx, workspace, name, version)
        return End(kind, str(made.model_id), made.full_name, made.version)
    table = await store.find_asset(tx, workspace, kind, catalog.fold(name))
    if table is None:
        raise (catalog.BY_FUNCTION if kind is Kind.FUNCTION else catalog.BY_TABLE).unknown(name)
    return End(kind, table.id, table.name)


async def create(
    tx: Tx, workspace: int, source: End, target: End, *, columns: Columns, properties: Mapping[str, str]
) -> Relationship:
    """Needs a transaction."""
    if source == target:
        raise InvalidParameter("Nothing is made from itself: source and target are the same.")
    if Kind.EXTERNAL_METADATA not in (source.kind, target.kind):
        raise InvalidParameter(
            "One end of an external lineage relationship is external metadata; what connects things of this server is"
            " recorded by itself."
        )
    written = catalog.properties_json("properties", properties) or "{}"
    made = await store.add(tx, workspace, source, target, _columns(columns), written, now_ms(), acting())
    if made is None:
        raise AlreadyExists(
            f"There is a relationship from {source.name!r} to {target.name!r} already.", code="ALREADY_EXISTS"
        )
    return made


async def update(
    tx: Tx, workspace: int, source: End, target: End, *,
    columns: Columns | None, properties: Mapping[str, str] | None,
) -> Relationship:  # fmt: skip
    """None leaves a field as it is."""
    said = None if columns is None else _columns(columns)
    written = catalog.properties_json("properties", properties)
    changed = await store.change(tx, workspace, source, target, said, written, now_ms(), acting())
    if changed is None:
        raise _unknown(source, target)
    return changed


async def delete(tx: Tx, workspace: int, source: End, target: End, *, only: str) -> None:
    """`only` '' or the relationship's id."""
    try:
        number = uuid.UUID(only) if only else None
    except ValueError:
        raise _unknown(source, target) from None
    if not await store.delete(tx, workspace, source, target, number):
        raise _unknown(source, target)


async def page(
    tx: Tx, workspace: int, of: End, direction: Direction, page_size: int | None, page_token: str | None
) -> tuple[list[Related], str | None]:
    """In the order in which they were declared."""
    size = pages.page_size(page_size or None, MOST, MOST)
    context = pages.context_of("external lineage", workspace, of.kind, of.key, of.version, direction)
    after = 0
    if page_token:
        [last] = pages.decode(page_token, context, [int])
        after = int(last or 0)
    found = await store.page(tx, workspace, of, direction, after, size + 1)
    return found[:size], pages.encode([found[size - 1].seq], context) if len(found) > size else None


def _columns(columns: Columns) -> str:
    if len(columns) > MAX_COLUMNS or any(len(each) > MAX_NAME or "\0" in each for pair in columns for each in pair):
        raise InvalidParameter(f"Invalid columns: at most {MAX_COLUMNS}, with names of at most {MAX_NAME} characters.")
    return msgspec.json.encode([{"source": source, "target": target} for source, target in columns]).decode()


def _unknown(source: End, target: End) -> NotFound:
    return NotFound(f"There is no relationship from {source.name!r} to {target.name!r}.")
