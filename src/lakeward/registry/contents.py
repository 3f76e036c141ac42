"""Models and prompts as what stands in schemas."""

from typing import Final

from lakeward import catalog
from lakeward.kit.clock import now_ms
from lakeward.registry import names
from lakeward.registry.store import files as files_store
from lakeward.registry.store import inputs
from lakeward.registry.store import models as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx


async def _has(tx: Tx, workspace: int, catalog_name: str, schema: str) -> bool:
    return bool(await store.names_in(tx, workspace, catalog_name, schema, limit=1))


async def _erase(tx: Tx, workspace: int, catalog_name: str, schema: str) -> None:
    for full_name in await store.names_in(tx, workspace, catalog_name, schema):
        await store.erase(tx, workspace, full_name, acting())


async def _move(tx: Tx, workspace: int, before: catalog.Place, now: catalog.Place) -> None:
    """One by one, as each has a log that says so; and what versions say they were made from there."""
    for full_name in await store.names_in(tx, workspace, *before):
        leaf = full_name.split(".", 2)[2]
        new = names.parse(f"{now.catalog}.{now.schema}.{leaf}")
        renamed = await store.rename(tx, workspace, full_name, new, acting(), now_ms())
        assert renamed is not None
        await store.touch_versions(tx, renamed, now_ms())
    await inputs.move(tx, workspace, ".".join(before), ".".join(now))


async def _called(tx: Tx, workspace: int, full_name: str) -> bool:
    return await files_store.find_in_any_case(tx, workspace, full_name) is not None


MODELS: Final = catalog.Contents("models or prompts", _has, _erase, _move, _called)
catalog.add_contents(MODELS)
