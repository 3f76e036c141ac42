"""The rules of catalogs: making, changing, deleting them."""

from collections.abc import Mapping, Sequence

from lakeward import access
from lakeward.access import Binding, Sight
from lakeward.catalog import contents, names, properties
from lakeward.catalog.records import ISOLATED, MAIN, MAX_PAGE, OPEN, SYSTEM, Catalog
from lakeward.catalog.securable import CATALOG, transfer, unity
from lakeward.catalog.store import places as store
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, PermissionDenied
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor


async def create(
    tx: Tx, workspace: int, creator: Actor, name: str, *,
    comment: str, given: Mapping[str, str], options: Mapping[str, str], storage_root: str,
) -> Catalog:  # fmt: skip
    """A new catalog at home in this workspace, OPEN to all others, which its creator owns. Needs a transaction."""
    kept = names.checked("catalog", name)
    new = store.NewCatalog(
        name=kept,
        comment=properties.comment(comment) or "",
        properties=properties.as_json("properties", given) or "{}",
        options=properties.as_json("options", options) or "{}",
        storage_root=storage_root,
        isolation_mode=OPEN,
        created_at=now_ms(),
        created_by=creator.name,
    )
    if await store.is_seen_from_elsewhere(tx, workspace, kept) or not await store.add_catalog(tx, workspace, new):
        raise AlreadyExists(f"Catalog '{kept}' already exists.", code="ALREADY_EXISTS")
    await access.own(tx, CATALOG, workspace, kept, creator.id)
    return await get(tx, workspace, kept)


async def get(tx: Tx, workspace: int, name: str, *, lock: bool = False) -> Catalog:
    """A locked one is to be changed."""
    if lock and names.fold(name) == SYSTEM:
        raise PermissionDenied(f"The catalog {SYSTEM!r} is the server's own: nobody changes what is in it.")
    found = await store.find_catalog(tx, workspace, names.fold(name), lock=lock)
    if found is None:
        raise unity.BY_CATALOG.unknown(name)
    return found


async def page(
    tx: Tx,
    workspace: int,
    foreign: Mapping[str, Binding],
    sights: Mapping[int, Sight | None],
    max_results: int | None,
    page_token: str | None,
) -> tuple[list[Catalog], str | None]:
    """By name: the workspace's own, and those from elsewhere. `sights`: what the caller may see of each home's."""
    size = size_of(max_results)
    context = pages.context_of("catalogs", workspace)
    [after] = pages.decode(page_token, context, [str]) if page_token else [""]
    found = await store.page_of_catalogs(tx, workspace, None, sights[workspace], str(after), size + 1)
    for home in {each.home for each in foreign.values() if each.home not in (None, workspace)}:
        assert home is not None
        there = [name for name, each in foreign.items() if each.home == home]
        found += await store.page_of_catalogs(tx, home, there, sights[home], str(after), size + 1)
    found.sort(key=lambda each: each.name)
    return found[:size], pages.encode([found[size - 1].name], context) if len(found) > size else None


async def update(
    tx: Tx, workspace: int, name: str, *,
    new_name: str, comment: str | None, given: Mapping[str, str] | None, options: Mapping[str, str] | None,
    owner: str, isolation_mode: str,
) -> Catalog:  # fmt: skip
    """Only what is said changes; properties are replaced as a whole. Needs a transaction."""
    current = await get(tx, workspace, name, lock=True)
    if isolation_mode not in ("", OPEN, ISOLATED):
        raise InvalidParameter(f"Invalid isolation_mode {isolation_mode!r}: it is OPEN or ISOLATED.")
    if isolation_mode == OPEN and current.name == MAIN:
        raise InvalidParameter(f"Every workspace has a catalog {MAIN!r} of its own, which is ISOLATED.")
    await store.change_catalog(
        tx, workspace, current.name, acting(), now_ms(),
        comment=properties.comment(comment),
        properties=properties.as_json("properties", given),
        options=properties.as_json("options", options),
        isolation_mode=isolation_mode or None,
    )  # fmt: skip
    if owner:
        await transfer(tx, CATALOG, workspace, current.name, owner)
    if new_name and (renamed := names.checked("catalog", new_name)) != current.name:
        await _rename(tx, workspace, current, renamed)
        return await get(tx, workspace, renamed)
    return await get(tx, workspace, name)


async def _rename(tx: Tx, workspace: int, current: Catalog, name: str) -> None:
    """With the full names of all that is in it; grants, tags and files stay. The catalog is locked."""
    if current.name == MAIN:
        raise InvalidParameter(f"The catalog {MAIN!r} keeps its name: what names none stands in it.")
    schemas = await store.schemas_of(tx, workspace, current.name)
    for schema in schemas:
        await store.find_schema(tx, workspace, current.name, schema, lock=True)
    if await store.is_seen_from_elsewhere(tx, workspace, name) or not await store.rename_catalog(
        tx, workspace, current.name, name
    ):
        raise AlreadyExists(f"Catalog '{name}' already exists.", code="ALREADY_EXISTS")
    for schema in schemas:
        await contents.move(tx, workspace, contents.Place(current.name, schema), contents.Place(name, schema))


async def delete(tx: Tx, workspace: int, name: str, *, force: bool) -> None:
    """With its schemas and all that is in them if that is meant, else it must have none. Needs a transaction."""
    current = await get(tx, workspace, name, lock=True)
    if current.name == MAIN:
        raise InvalidParameter(f"The catalog {MAIN!r} stays: what names none stands in it.")
    schemas = await store.schemas_of(tx, workspace, current.name)
    if schemas and not force:
        raise InvalidParameter(
            f"Catalog '{current.name}' is not empty: it has the schema{'s' if len(schemas) > 1 else ''}"
            f" {', '.join(schemas[:5])}{'…' if len(schemas) > 5 else ''}. Delete them first, or delete it with"
            " force=true.",
            code="CATALOG_NOT_EMPTY",
        )
    for schema in schemas:
        await store.find_schema(tx, workspace, current.name, schema, lock=True)
        await contents.empty(tx, workspace, current.name, schema, force=True)
    await store.delete_catalog(tx, workspace, current.name)


def size_of(max_results: int | None) -> int:
    """compat(databricks-sdk 0.156): 0 is a page of the server's size."""
    return pages.page_size(max_results or None, MAX_PAGE, MAX_PAGE)


def homes(bound: Mapping[str, Binding], workspace: int) -> Sequence[int]:
    return sorted({each.home for each in bound.values() if each.home is not None} - {workspace})
