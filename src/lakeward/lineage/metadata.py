"""The rules of external metadata: things in systems elsewhere, which lineage can begin or end at."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from lakeward import access, catalog
from lakeward.access import MANAGE, Kind, Level, Sight, Way
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.lineage.records import MAX_COLUMNS, MAX_NAME, MAX_URL, Metadata
from lakeward.lineage.store import metadata as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor

unity = access.unity
DEFAULT: Final = 1_000
MODIFY: Final = "MODIFY"
_LEVELS: Final = (Level("external_metadata", "{o}.id::text"), *unity.IN_METASTORE)
EXTERNAL_METADATA: Final = Kind(
    "external_metadata",
    _LEVELS,
    {
        unity.BROWSE: ((unity.held(_LEVELS, unity.BROWSE, MODIFY),),),
        MODIFY: ((unity.held(_LEVELS, MODIFY),),),
        MANAGE: ((unity.managed(_LEVELS),),),
    },
)
BY_NAME: Final = Way(
    EXTERNAL_METADATA,
    "external metadata",
    'SELECT o.id, o.workspace_id FROM external_metadata o WHERE o.workspace_id = $2 AND o.name = n.name COLLATE "C"',
    lambda name: NotFound(f"External metadata {name[:80]!r} does not exist."),
)
of_metadata: Final = access.named(BY_NAME)
access.add_securable(
    unity.Securable("EXTERNAL_METADATA", ("external_metadata",), BY_NAME, (unity.ALL, unity.BROWSE, MANAGE, MODIFY))
)


class Changes(msgspec.Struct, frozen=True):
    """None leaves a field as it is."""

    system_type: str | None = None
    entity_type: str | None = None
    url: str | None = None
    description: str | None = None
    columns: Sequence[str] | None = None
    properties: Mapping[str, str] | None = None


async def create(tx: Tx, workspace: int, creator: Actor, name: str, said: Changes) -> Metadata:
    """A new one, which its creator owns. Needs a transaction."""
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name.strip() != name or "/" in name:
        raise InvalidParameter(
            f"Invalid name {name[:80]!r} of external metadata: 1 to {MAX_NAME} printable characters, without a slash,"
            " and no space at either end."
        )
    _check(said)
    new = store.NewMetadata(
        name=name,
        system_type=_needed("system_type", said.system_type),
        entity_type=_needed("entity_type", said.entity_type),
        url=said.url or "",
        description=catalog.checked_comment(said.description) or "",
        columns=_columns(said.columns) or "[]",
        properties=catalog.properties_json("properties", said.properties) or "{}",
        at=now_ms(),
        by=creator.name,
    )
    made = await store.add(tx, workspace, new)
    if made is None:
        raise AlreadyExists(f"External metadata {name!r} already exists.", code="ALREADY_EXISTS")
    await access.own(tx, EXTERNAL_METADATA, workspace, made, creator.id)
    return await get(tx, workspace, name)


async def get(tx: Tx, workspace: int, name: str) -> Metadata:
    found = await store.find(tx, workspace, name)
    if found is None:
        raise BY_NAME.unknown(name)
    return found


async def page(
    tx: Tx, workspace: int, sight: Sight | None, page_size: int | None, page_token: str | None
) -> tuple[list[Metadata], str | None]:
    """By name."""
    size = pages.page_size(page_size or None, DEFAULT, DEFAULT)
    context = pages.context_of("external metadata", workspace)
    [after] = pages.decode(page_token, context, [str]) if page_token else [""]
    found = await store.page(tx, workspace, sight, str(after), size + 1)
    return found[:size], pages.encode([found[size - 1].name], context) if len(found) > size else None


async def update(tx: Tx, workspace: int, name: str, said: Changes, *, owner: str) -> Metadata:
    """Needs a transaction."""
    _check(said)
    current = await get(tx, workspace, name)
    await store.change(
        tx, current.id, acting(), now_ms(),
        system_type=said.system_type,
        entity_type=said.entity_type,
        url=said.url,
        description=catalog.checked_comment(said.description),
        columns=_columns(said.columns),
        properties=catalog.properties_json("properties", said.properties),
    )  # fmt: skip
    if owner:
        await catalog.transfer(tx, EXTERNAL_METADATA, workspace, str(current.id), owner)
    return await get(tx, workspace, name)


async def delete(tx: Tx, workspace: int, name: str) -> None:
    """With its relationships."""
    await store.delete(tx, (await get(tx, workspace, name)).id)


def _check(said: Changes) -> None:
    for field, value, most in (
        ("system_type", said.system_type, 100), ("entity_type", said.entity_type, MAX_NAME), ("url", said.url, MAX_URL),
    ):  # fmt: skip
        if value is not None and (len(value) > most or not value.isprintable()):
            raise InvalidParameter(f"Invalid {field} {value[:80]!r}: at most {most} printable characters.")


def _columns(columns: Sequence[str] | None) -> str | None:
    if columns is None:
        return None
    if len(columns) > MAX_COLUMNS or not all(0 < len(each) <= MAX_NAME and each.isprintable() for each in columns):
        raise InvalidParameter(
            f"Invalid columns: at most {MAX_COLUMNS}, each with 1 to {MAX_NAME} printable characters."
        )
    return msgspec.json.encode(list(dict.fromkeys(columns))).decode()


def _needed(field: str, value: str | None) -> str:
    if not value:
        raise InvalidParameter(f"Missing value for required parameter '{field}'.")
    return value
