"""The rules of Unity Catalog's dialect: names of three levels in any case, and versions that are uploaded.

Each function translates to what `models` and `versions` do; there is one store and one life of a version.
"""

from collections.abc import Sequence
from typing import Final

from lakeward import catalog, experiments, logged_models
from lakeward.access import Sight
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.registry import files, models, names, search, versions
from lakeward.registry.records import (
    MAX_DESCRIPTION,
    MAX_RUN_ID,
    MAX_SOURCE,
    PENDING,
    READY,
    ModelVersion,
    RegisteredModel,
)
from lakeward.registry.securable import unknown as unknown_model
from lakeward.registry.store import files as files_store
from lakeward.registry.store import models as models_store
from lakeward.registry.store import versions as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor

Pairs = Sequence[tuple[str, str]]

_MAX_LEVEL: Final = 255
_FORBIDDEN: Final = " /:\\"


def checked(written: str) -> str:
    """A name that may be made: three levels, in lower case as Unity Catalog keeps them."""
    parts = written.split(".")
    if len(parts) != 3 or not all(parts):
        raise InvalidParameter(
            f"Invalid model name {written!r}: specify all three levels of the name, as in catalog.schema.model."
        )
    for part in parts:
        if len(part) > _MAX_LEVEL or any(mark in part for mark in _FORBIDDEN) or not part.isprintable():
            raise InvalidParameter(
                f"Invalid name {part[:100]!r}: a level has at most {_MAX_LEVEL} characters, and no space, slash,"
                " backslash, colon or control character."
            )
    for part in parts[:2]:
        if not catalog.fits(part):
            raise InvalidParameter(
                f"Invalid name {part[:100]!r} of a catalog or schema: letters, digits, underscores and dashes."
            )
    return names.fold(written)


async def spelled(tx: Tx, workspace: int, written: str, *, prompt: bool = False) -> str:
    """The name as http clients say it, of the model or prompt that a Unity Catalog client calls so."""
    if written.count(".") < 2:
        checked(written)
    full = await files_store.find_in_any_case(tx, workspace, written)
    found = None if full is None else await models_store.find_written(tx, workspace, full)
    if found is None or found[1] is not prompt:
        kind = "Prompt" if prompt else "Registered Model"
        raise NotFound(f"{kind} with name={written} not found")
    return found[0]


async def create_model(
    tx: Tx, workspace: int, creator: Actor, name: str, *,
    description: str, deployment_job_id: str, tags: Pairs, record: str | None,
) -> RegisteredModel:  # fmt: skip
    written = checked(name)
    if await files_store.find_in_any_case(tx, workspace, written) is not None:
        raise AlreadyExists(f"Registered Model (name={name}) already exists.")
    return await models.create(
        tx, workspace, creator, written,
        description=description, deployment_job_id=deployment_job_id, tags=tags, record=record,
    )  # fmt: skip


async def update_model(
    tx: Tx,
    workspace: int,
    name: str,
    *,
    new_name: str | None,
    description: str | None,
    deployment_job_id: str | None,
    owner: str = "",
) -> RegisteredModel:
    """`new_name` is a whole name, or its last level alone."""
    current = await spelled(tx, workspace, name)
    changed = await models.update(tx, workspace, current, description=description, deployment_job_id=deployment_job_id)
    if owner:
        await models.transfer(tx, changed, workspace, owner)
        changed = await models.get(tx, workspace, current)
    if not new_name:
        return changed
    catalog, schema, _ = changed.full_name.split(".", 2)
    new = checked(new_name if "." in new_name else f"{catalog}.{schema}.{new_name}")
    if await files_store.find_in_any_case(tx, workspace, new) not in (None, changed.full_name):
        raise AlreadyExists(f"Registered Model (name={new_name}) already exists.")
    return await models.rename(tx, workspace, current, new)


async def list_models(
    tx: Tx,
    workspace: int,
    *,
    catalog: str,
    schema: str,
    max_results: int | None,
    page_token: str | None,
    sight: Sight | None = None,
) -> tuple[list[RegisteredModel], str | None]:
    """Models of one schema, or of all where none is named."""
    if bool(catalog) is not bool(schema):
        raise InvalidParameter("Name both catalog_name and schema_name, or neither.")
    scope = search.Scope(catalog, schema, prompts=False) if catalog else None
    return await models.search_models(
        tx,
        workspace,
        filter_text=None,
        order_by=[],
        max_results=max_results,
        page_token=page_token,
        scope=scope,
        sight=sight,
    )


async def list_versions(
    tx: Tx, workspace: int, name: str, *, max_results: int | None, page_token: str | None
) -> tuple[list[ModelVersion], str | None]:
    """Versions of a model, the newest first."""
    current = await spelled(tx, workspace, name)
    return await versions.search_versions(
        tx, workspace,
        filter_text=None, order_by=["version_number DESC"], max_results=max_results, page_token=page_token,
        only=names.parse(current).full,
    )  # fmt: skip


async def create_version(
    tx: Tx, workspace: int, creator: str, name: str, *,
    source: str, run_id: str, model_id: str, description: str, tags: Pairs,
) -> ModelVersion:  # fmt: skip
    """A PENDING version with room for its files. What it was made from is a note; the files are uploaded."""
    current = await spelled(tx, workspace, name)
    models.check_text("source", source, MAX_SOURCE)
    models.check_text("run_id", run_id, MAX_RUN_ID)
    models.check_text("description", description, MAX_DESCRIPTION)
    kept = models.checked_tags(tags)
    place = experiments.parse_artifact_uri(source)
    logged = model_id or (place.owner if place is not None and place.is_model else "")
    if logged and await logged_models.find_location(tx, workspace, logged) is None:
        if model_id:
            raise NotFound(f"Logged model with ID '{model_id}' not found.")
        logged = ""
    now = now_ms()
    files_id = files.new_id()
    await files_store.add(tx, workspace, files_id, now)
    new = store.NewVersion(
        is_prompt=False,
        status=PENDING,
        description=description,
        source=source if place is None else place.uri,
        storage="",
        files_id=files_id,
        run_id=run_id,
        run_link="",
        logged_model_id=logged,
        created_by=creator,
        created_at=now,
    )
    made = await store.insert(tx, workspace, names.parse(current).full, new, list(kept.items()))
    if made is None:
        raise unknown_model(name)
    return made


async def finalize_version(tx: Tx, db: Database, workspace: int, name: str, version: str) -> ModelVersion:
    """The files are complete. A second call changes nothing."""
    current = await spelled(tx, workspace, name)
    found = await versions.get(tx, workspace, current, version)
    if await store.set_ready(tx, found.model_id, found.version, acting(), now_ms()) and found.logged_model_id:
        await logged_models.note_version(tx, db, workspace, found.logged_model_id, found.full_name, found.version)
    return await versions.get(tx, workspace, current, version)


async def get_version(tx: Tx, workspace: int, name: str, version: str) -> ModelVersion:
    return await versions.get(tx, workspace, await spelled(tx, workspace, name), version)


async def get_readable(tx: Tx, workspace: int, name: str, version: str) -> ModelVersion:
    return await versions.get_ready(tx, workspace, await spelled(tx, workspace, name), version)


async def get_writable(tx: Tx, workspace: int, name: str, version: str) -> ModelVersion:
    found = await get_version(tx, workspace, name, version)
    if found.status != PENDING:
        raise InvalidParameter(f"Version {version} of {name} is {READY}: its files cannot be changed.")
    return found


async def get_by_alias(
    tx: Tx, workspace: int, name: str, alias: str, *, prompt: bool = False, key: str | None = None
) -> ModelVersion:
    """An alias that is not there does not exist, as any other object."""
    current = await spelled(tx, workspace, name, prompt=prompt)
    try:
        return await versions.get_by_alias(tx, workspace, current, alias, key=key)
    except InvalidParameter as error:
        raise NotFound(error.message) from error


async def full_name_of(tx: Tx, workspace: int, name: str) -> str | None:
    """The full name of the model or prompt that any client calls so."""
    return await files_store.find_in_any_case(tx, workspace, names.parse(name).full)


async def get_in_any_dialect(tx: Tx, workspace: int, name: str, version: str) -> ModelVersion:
    """A version of a model or prompt, whichever client wrote its name."""
    full = await full_name_of(tx, workspace, name)
    found = full and await store.find(tx, workspace, full, names.parse_version(version))
    if not found:
        raise versions.unknown(name, version)
    return found


async def get_model_in_any_dialect(tx: Tx, workspace: int, name: str) -> RegisteredModel:
    """A model or prompt, whichever client wrote its name."""
    full = await full_name_of(tx, workspace, name)
    found = full and await models_store.find(tx, workspace, full)
    if not found:
        raise unknown_model(name)
    return found
