"""Registered models, prompts and versions that come from another server: kept with their numbers, times and stages.

All of it may be done twice. A version whose number is taken here by another one is refused: numbers never mean two.
"""

from collections.abc import Mapping

from lakeward import access
from lakeward.kit.errors import Conflict
from lakeward.registry import files, models, names
from lakeward.registry.records import ArrivingModel, ArrivingVersion, FilesId, ModelVersion, RegisteredModel
from lakeward.registry.securable import REGISTERED_MODEL
from lakeward.registry.store import adoption as store
from lakeward.registry.store import files as files_store
from lakeward.registry.store import models as models_store
from lakeward.registry.store import versions as versions_store
from lakeward.runtime.db import Tx


async def keep_model(tx: Tx, workspace: int, given: ArrivingModel, owner: int) -> None:
    """The model, made or brought up to date; what was said of it later here stands."""
    kept = models.checked_tags(given.tags)
    parsed = names.parse(given.name)
    kept_as = await store.keep_model(tx, workspace, parsed, given)
    if kept_as is None:
        raise await _taken(tx, workspace, parsed, is_prompt=given.is_prompt)
    model_id, is_new = kept_as
    await store.set_model_tags(tx, model_id, kept)
    if is_new:
        await access.own(tx, REGISTERED_MODEL, workspace, str(model_id), owner)


async def _taken(tx: Tx, workspace: int, name: names.Name, *, is_prompt: bool) -> Conflict:
    """Models and prompts share their names, and `iris` and `main.default.iris` are two spellings of one."""
    kinds = {False: "registered model", True: "prompt"}
    found = await models_store.find(tx, workspace, name.full)
    other = kinds[found.is_prompt if found else not is_prompt]
    return Conflict(
        f"There is a {other} named {found.name if found else name.written!r} here already, so the {kinds[is_prompt]}"
        f" {name.written!r} cannot be brought. Rename one of them, or use another workspace."
    )


async def keep_version(tx: Tx, workspace: int, name: str, given: ArrivingVersion) -> None:
    kept = models.checked_tags(given.tags)
    model_id = await store.keep_version(tx, workspace, names.parse(name).full, given)
    if model_id is None:
        raise Conflict(
            f"Version {given.version} of {name!r} is another one here. Rename one of the models, or use another"
            " workspace."
        )
    await store.set_version_tags(tx, model_id, given.version, kept)


async def set_aliases(tx: Tx, workspace: int, name: str, aliases: Mapping[str, int], actor: str) -> None:
    """Let each alias lead to its version, where that version is here. One that does so already is left."""
    full = names.parse(name).full
    for alias, version in sorted(aliases.items()):
        found = await versions_store.find_by_alias(tx, workspace, full, alias)
        if found is None or found.version != version:
            await versions_store.set_alias(tx, workspace, full, alias, version, actor)


async def keep_files(tx: Tx, workspace: int, files_id: FilesId, now: int) -> None:
    """A place for files that the registry keeps itself. In the transaction of the version that needs them."""
    await files_store.add_again(tx, workspace, files_id, now)


def files_prefix(workspace: int, files_id: FilesId) -> str:
    """Of their objects."""
    return files.prefix(workspace, files_id)


async def find_model(tx: Tx, workspace: int, name: str) -> RegisteredModel | None:
    return await models_store.find(tx, workspace, names.parse(name).full)


async def find_version(tx: Tx, workspace: int, name: str, version: int) -> ModelVersion | None:
    return await versions_store.find(tx, workspace, names.parse(name).full, version)
