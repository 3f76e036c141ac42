"""The rules of volumes, tables and functions: making, finding, renaming, deleting them."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from lakeward import access
from lakeward.access import Sight
from lakeward.catalog import catalogs, contents, keeping, names, properties, schemas
from lakeward.catalog.kinds import WAYS
from lakeward.catalog.records import EXTERNAL, FUNCTION, MANAGED, MAX_DETAIL, MAX_LOCATION, Asset
from lakeward.catalog.securable import transfer, unity
from lakeward.catalog.store import assets as store
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor
from lakeward.runtime.objects import ObjectStore

_LOCATIONS: Final = ("s3://", "s3a://", "gs://", "abfss://", "az://", "file://", "dbfs:/")


async def create(
    tx: Tx, workspace: int, creator: Actor, kind: str, catalog: str, schema: str, name: str, *,
    comment: str, detail: Mapping[str, Any], given: Mapping[str, str] | None = None, storage_location: str = "",
    staged: uuid.UUID | None = None,
) -> Asset:  # fmt: skip
    """A new one, which its creator owns. `staged`: its id, if its files are there already. Needs a transaction."""
    kept = names.checked(kind, name)
    above = await schemas.get(tx, workspace, f"{catalog}.{schema}")
    encoded = msgspec.json.encode(detail).decode()
    if len(encoded) > MAX_DETAIL:
        raise InvalidParameter(f"The {kind} {kept!r} is described by more than {MAX_DETAIL} characters.")
    new = store.NewAsset(
        catalog_name=above.catalog_name,
        schema_name=above.name,
        kind=kind,
        name=kept,
        comment=properties.comment(comment) or "",
        properties=properties.as_json("properties", given) or "{}",
        detail=encoded,
        storage_location=storage_location,
        created_at=now_ms(),
        created_by=creator.name,
        id=staged,
    )
    if kind == FUNCTION:
        await contents.check_function_name(tx, workspace, f"{above.full_name}.{kept}")
    made = await store.add(tx, workspace, new)
    if made is None:
        raise AlreadyExists(f"{kind.capitalize()} '{above.full_name}.{kept}' already exists.", code="ALREADY_EXISTS")
    await access.own(tx, WAYS[kind].kind, workspace, made, creator.id)
    return await get(tx, workspace, kind, f"{above.full_name}.{kept}")


async def get(tx: Tx, workspace: int, kind: str, full_name: str) -> Asset:
    parsed = unity.levels_of(full_name, 3)
    found = await store.find(tx, workspace, kind, *parsed.split(".")) if parsed else None
    if found is None:
        raise WAYS[kind].unknown(full_name)
    return found


async def page(
    tx: Tx, workspace: int, kind: str, catalog: str, schema: str, sight: Sight | None,
    max_results: int | None, page_token: str | None,
) -> tuple[list[Asset], str | None]:  # fmt: skip
    """Those of a schema, by name. Raises NotFound if there is no such schema."""
    above = await schemas.get(tx, workspace, f"{catalog}.{schema}")
    size = catalogs.size_of(max_results)
    context = pages.context_of(kind, workspace, above.full_name)
    [after] = pages.decode(page_token, context, [str]) if page_token else [""]
    found = await store.page(tx, workspace, kind, above.catalog_name, above.name, sight, str(after), size + 1)
    return found[:size], pages.encode([found[size - 1].name], context) if len(found) > size else None


async def in_catalog(
    tx: Tx, workspace: int, kind: str, catalog: str, patterns: tuple[str, str], sight: Sight | None,
    max_results: int | None, page_token: str | None,
) -> tuple[list[Asset], str | None]:  # fmt: skip
    """Those of all schemas of a catalog, by schema and name. Raises NotFound if there is no such catalog."""
    above = await catalogs.get(tx, workspace, catalog)
    size = catalogs.size_of(max_results)
    context = pages.context_of(kind, workspace, above.name, patterns)
    schema, name = pages.decode(page_token, context, [str, str]) if page_token else ("", "")
    last = (str(schema), str(name))
    found = await store.in_catalog(tx, workspace, kind, above.name, patterns, sight, last, size + 1)
    token = pages.encode([found[size - 1].schema_name, found[size - 1].name], context) if len(found) > size else None
    return found[:size], token


async def update(
    tx: Tx, workspace: int, kind: str, full_name: str, *,
    new_name: str = "", comment: str | None = None, owner: str = "",
) -> Asset:  # fmt: skip
    """Only what is said changes. Needs a transaction."""
    current = await get(tx, workspace, kind, full_name)
    name = names.checked(kind, new_name.rpartition(".")[2]) if new_name else None
    if not await store.change(
        tx, current, acting(), now_ms(), name=name, comment=properties.comment(comment), detail=None
    ):
        raise AlreadyExists(f"{kind.capitalize()} {new_name!r} already exists.", code="ALREADY_EXISTS")
    if owner:
        await transfer(tx, WAYS[kind].kind, workspace, str(current.id), owner)
    return await get(tx, workspace, kind, f"{current.catalog_name}.{current.schema_name}.{name or current.name}")


async def delete(tx: Tx, workspace: int, kind: str, full_name: str) -> None:
    """Of a managed one also the files, a little later; those of an external one stay."""
    await store.delete(tx, await get(tx, workspace, kind, full_name))


def checked_location(kind: str, type_name: str, location: str) -> str:
    """Where an EXTERNAL one lies, which is said, or '' for a MANAGED one, which lies where the server puts it."""
    if type_name not in (MANAGED, EXTERNAL):
        raise InvalidParameter(f"Invalid type {type_name!r} of a {kind}: it is {MANAGED} or {EXTERNAL}.")
    if type_name == MANAGED:
        if location:
            raise InvalidParameter(f"A managed {kind} has no storage_location of its own; leave it out.")
        return ""
    if not location.startswith(_LOCATIONS) or not location.isprintable() or len(location) > MAX_LOCATION:
        raise InvalidParameter(
            f"Invalid storage_location {location[:100]!r} of an external {kind}: a URL that begins with"
            f" {', '.join(_LOCATIONS)}."
        )
    return location


def columns_of(table: Asset) -> set[str]:
    """The names of the columns that were said when the table was registered."""
    columns = msgspec.json.decode(table.detail).get("columns", [])
    return {each["name"] for each in columns}


async def sweep(db: Database, objects: ObjectStore) -> None:
    """Delete the files of what was deleted. Safe to run anywhere, at any time, any number of times."""
    while True:
        async with db.transaction() as tx:
            prefix = await store.remaining(tx)
            if prefix is None:
                return
            await objects.delete_prefix(prefix)
            await store.forget_remains(tx, prefix)


async def _erase(tx: Tx, workspace: int, catalog: str, schema: str) -> None:
    await keeping.check_schema_free(tx, workspace, catalog, schema)
    await store.delete_all(tx, workspace, catalog, schema)


async def _move(tx: Tx, workspace: int, _before: contents.Place, now: contents.Place) -> None:
    """They follow the schema by themselves, but for what others keep there by name."""
    await keeping.check_schema_free(tx, workspace, now.catalog, now.schema)


contents.add_contents(contents.Contents("volumes, tables or functions", store.has_any, _erase, _move))
