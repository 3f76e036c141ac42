"""Who did what to a model or prompt, and when: one page after the other, the newest first."""

from lakeward.kit import pages
from lakeward.kit.errors import NotFound
from lakeward.registry import names
from lakeward.registry.records import Activity
from lakeward.registry.store import activity as store
from lakeward.registry.store import files as files_store
from lakeward.registry.store import models as models_store
from lakeward.runtime.db import Tx

DEFAULT = 100
MOST = 1_000


async def page(
    tx: Tx, workspace: int, name: str, version: str | None, *, max_results: int | None, page_token: str | None
) -> tuple[list[Activity], str | None]:
    """Of one version, or of the whole model. What was deleted can still be read about, under its last name."""
    limit = pages.page_size(max_results, DEFAULT, MOST)
    full = names.parse(name).full
    full = await files_store.find_in_any_case(tx, workspace, full) or full
    number = None if version is None else names.parse_version(version)
    context = pages.context_of("registry activity", workspace, full, number)
    before: int | None = None
    if page_token:
        [last] = pages.decode(page_token, context, [int])
        assert isinstance(last, int)
        before = last
    found = await store.find_page(tx, workspace, full, number, before, limit + 1)
    if not found and before is None and await models_store.find_kind(tx, workspace, full) is None:
        raise NotFound(f"Registered Model or Prompt with name={name} not found")
    if len(found) <= limit:
        return found, None
    return found[:limit], pages.encode([found[limit - 1].id], context)
