"""The rules of schemas: making, changing, deleting them."""

from collections.abc import Mapping

from lakeward import access
from lakeward.access import Sight
from lakeward.catalog import catalogs, contents, names, properties
from lakeward.catalog.records import DEFAULT, MAIN, Schema
from lakeward.catalog.securable import SCHEMA, transfer, unity
from lakeward.catalog.store import places as store
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor


async def create(
    tx: Tx, workspace: int, creator: Actor, catalog: str, name: str, *,
    comment: str, given: Mapping[str, str], storage_root: str,
) -> Schema:  # fmt: skip
    """A new schema, which its creator owns. Needs a transaction."""
    kept = names.checked("schema", name)
    above = await catalogs.get(tx, workspace, catalog)
    new = store.NewSchema(
        catalog_name=above.name,
        name=kept,
        comment=properties.comment(comment) or "",
        properties=properties.as_json("properties", given) or "{}",
        storage_root=storage_root,
        created_at=now_ms(),
        created_by=creator.name,
    )
    if not await store.add_schema(tx, workspace, new):
        raise AlreadyExists(f"Schema '{above.name}.{kept}' already exists.", code="ALREADY_EXISTS")
    await access.own(tx, SCHEMA, workspace, f"{above.name}.{kept}", creator.id)
    return await get(tx, workspace, f"{above.name}.{kept}")


async def get(tx: Tx, workspace: int, full_name: str, *, lock: bool = False) -> Schema:
    catalog, _, name = names.fold(full_name).partition(".")
    found = await store.find_schema(tx, workspace, catalog, name, lock=lock)
    if found is None:
        raise unity.BY_SCHEMA.unknown(full_name)
    return found


async def page(
    tx: Tx, workspace: int, catalog: str, sight: Sight | None, max_results: int | None, page_token: str | None
) -> tuple[list[Schema], str | None]:
    """Schemas of a catalog, by name. Raises NotFound if there is no such catalog."""
    above = await catalogs.get(tx, workspace, catalog)
    size = catalogs.size_of(max_results)
    context = pages.context_of("schemas", workspace, above.name)
    [after] = pages.decode(page_token, context, [str]) if page_token else [""]
    found = await store.page_of_schemas(tx, workspace, above.name, sight, str(after), size + 1)
    return found[:size], pages.encode([found[size - 1].name], context) if len(found) > size else None


async def update(
    tx: Tx, workspace: int, full_name: str, *,
    new_name: str, comment: str | None, given: Mapping[str, str] | None, owner: str,
) -> Schema:  # fmt: skip
    """Only what is said changes; properties are replaced as a whole. Needs a transaction."""
    current = await get(tx, workspace, full_name, lock=True)
    await store.change_schema(
        tx, workspace, current.catalog_name, current.name, acting(), now_ms(),
        comment=properties.comment(comment),
        properties=properties.as_json("properties", given),
    )  # fmt: skip
    if owner:
        await transfer(tx, SCHEMA, workspace, current.full_name, owner)
    if new_name and (renamed := names.checked("schema", new_name)) != current.name:
        await _rename(tx, workspace, current, renamed)
        return await get(tx, workspace, f"{current.catalog_name}.{renamed}")
    return await get(tx, workspace, full_name)


async def _rename(tx: Tx, workspace: int, current: Schema, name: str) -> None:
    """With the full names of all that is in it; grants, tags and files stay. The schema is locked."""
    if current.full_name == f"{MAIN}.{DEFAULT}":
        raise InvalidParameter(f"The schema '{MAIN}.{DEFAULT}' keeps its name: what names none stands in it.")
    if not await store.rename_schema(tx, workspace, current.catalog_name, current.name, name):
        raise AlreadyExists(f"Schema '{current.catalog_name}.{name}' already exists.", code="ALREADY_EXISTS")
    before = contents.Place(current.catalog_name, current.name)
    await contents.move(tx, workspace, before, contents.Place(current.catalog_name, name))


async def delete(tx: Tx, workspace: int, full_name: str, *, force: bool) -> None:
    """With all that is in it if that is meant, else it must be empty. Needs a transaction."""
    current = await get(tx, workspace, full_name, lock=True)
    if current.full_name == f"{MAIN}.{DEFAULT}":
        raise InvalidParameter(f"The schema '{MAIN}.{DEFAULT}' stays: what names none stands in it.")
    await contents.empty(tx, workspace, current.catalog_name, current.name, force=force)
    await store.delete_schema(tx, workspace, current.catalog_name, current.name)
