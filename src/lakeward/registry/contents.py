"""Models and prompts as what stands in schemas."""

from typing import Final

from lakeward import catalog
from lakeward.registry.store import models as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx


async def _has(tx: Tx, workspace: int, catalog_name: str, schema: str) -> bool:
    return bool(await store.names_in(tx, workspace, catalog_name, schema, limit=1))


async def _erase(tx: Tx, workspace: int, catalog_name: str, schema: str) -> None:
    for full_name in await store.names_in(tx, workspace, catalog_name, schema):
        await store.erase(tx, workspace, full_name, acting())


MODELS: Final = catalog.Contents("models or prompts", _has, _erase)
catalog.add_contents(MODELS)
