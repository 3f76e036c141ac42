"""The rules of registered models: names, description, tags, aliases, search."""

from collections.abc import Sequence
from contextlib import nullcontext

from lakeward import access
from lakeward.access import Sight
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.kit.pages import page_size
from lakeward.registry import names, search
from lakeward.registry.records import (
    IS_PROMPT_TAG,
    MAX_DESCRIPTION,
    MAX_LINK,
    MAX_TAG_KEY,
    MAX_TAG_VALUE,
    MAX_TAGS,
    PROMPT_TEXT_TAG,
    RegisteredModel,
)
from lakeward.registry.securable import REGISTERED_MODEL, unknown
from lakeward.registry.store import files as files_store
from lakeward.registry.store import models as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Tx
from lakeward.runtime.http import Actor

Pairs = Sequence[tuple[str, str]]


async def create(
    tx: Tx, workspace: int, creator: Actor, name: str, *,
    description: str, deployment_job_id: str, tags: Pairs, record: str | None = None,
) -> RegisteredModel:  # fmt: skip
    """A new model without versions, which its creator owns. One statement, so it needs no transaction around it.

    It writes `record` into the audit log as well; so do others here that take one.
    """
    parsed = names.parse(name)
    kept = checked_tags(tags)
    check_text("description", description, MAX_DESCRIPTION)
    check_text("deployment_job_id", deployment_job_id, MAX_LINK)
    is_prompt = says_prompt(kept)
    new = store.NewModel(is_prompt, description, deployment_job_id, creator.name, now_ms())

    made = await store.insert(tx, workspace, parsed, new, list(kept.items()), creator.id, record)
    if made is None:
        raise await _taken(tx, workspace, parsed, is_prompt=is_prompt)
    return made


async def get(tx: Tx, workspace: int, name: str) -> RegisteredModel:
    found = await store.find(tx, workspace, names.parse(name).full)
    if found is None:
        raise unknown(name)
    return found


async def get_any(tx: Tx, workspace: int, name: str) -> RegisteredModel:
    """A model or a prompt, by its name in any spelling."""
    full = names.place(name)[2]
    found = await store.find(tx, workspace, await files_store.find_in_any_case(tx, workspace, full) or full)
    if found is None:
        raise unknown(name)
    return found


async def search_models(
    tx: Tx,
    workspace: int,
    *,
    filter_text: str | None,
    order_by: Sequence[str],
    max_results: int | None,
    page_token: str | None,
    scope: search.Scope | None = None,
    sight: Sight | None = None,
) -> tuple[list[RegisteredModel], str | None]:
    """A page of models, or of prompts if the filter asks for them, and the token of the next one."""
    limit = page_size(max_results, search.DEFAULT_MODELS, search.MAX_MODELS)
    query = search.models(workspace, filter_text, order_by, page_token, scope, sight)
    found = await store.find_page(tx, query, limit + 1)
    if len(found) <= limit:
        return found, None
    return found[:limit], search.token_after_model(found[limit - 1], query)


async def update(
    tx: Tx, workspace: int, name: str, *, description: str | None, deployment_job_id: str | None
) -> RegisteredModel:
    """None leaves a field as it is; '' disconnects the deployment job."""
    check_text("description", description or "", MAX_DESCRIPTION)
    check_text("deployment_job_id", deployment_job_id or "", MAX_LINK)
    if not await store.describe(
        tx, workspace, names.parse(name).full,
        acting(), description=description, deployment_job_id=deployment_job_id, now=now_ms(),
    ):  # fmt: skip
        raise unknown(name)
    return await get(tx, workspace, name)


async def rename(tx: Tx, workspace: int, name: str, new_name: str) -> RegisteredModel:
    old, new = names.parse(name), names.parse(new_name, field="new_name")
    now = now_ms()
    await _check_no_function(tx, workspace, new)
    renamed = await store.rename(tx, workspace, old.full, new, acting(), now)
    if renamed is None:
        if await store.find_kind(tx, workspace, old.full) is None:
            raise unknown(name)
        raise AlreadyExists(f"Registered Model (name={new_name}) already exists.")
    await store.touch_versions(tx, renamed, now)
    return await get(tx, workspace, new_name)


async def transfer(tx: Tx, model: RegisteredModel, workspace: int, owner: str) -> None:
    """Give a model another owner. Needs a transaction."""
    principal = (await access.find_principals(tx, [owner], workspace)).get(owner)
    if principal is None:
        raise NotFound(f"There is no principal {owner!r} in this workspace.", code="PRINCIPAL_DOES_NOT_EXIST")
    await access.transfer(tx, REGISTERED_MODEL, workspace, str(model.id), principal.id)


async def delete(tx: Tx, workspace: int, name: str) -> None:
    """With all its versions, for good. A model made again under the name is another one and begins at version 1."""
    if not await store.erase(tx, workspace, names.parse(name).full, acting()):
        raise unknown(name)


async def set_tag(tx: Tx, workspace: int, name: str, key: str, value: str, *, record: str | None = None) -> None:
    """One statement, unless the tag says what is a prompt."""
    full = names.parse(name).full
    check_tag(key, value)
    async with tx.transaction() if key == IS_PROMPT_TAG else nullcontext():
        if not await store.set_tag(tx, workspace, full, key, value, acting(), record):
            raise unknown(name)
        if key == IS_PROMPT_TAG:
            await store.set_prompt(tx, workspace, full, is_prompt=says_prompt({key: value}))


async def delete_tag(tx: Tx, workspace: int, name: str, key: str) -> None:
    full = names.parse(name).full
    check_tag(key, "")
    if not await store.delete_tag(tx, workspace, full, key, acting()):
        raise unknown(name)
    if key == IS_PROMPT_TAG:
        await store.set_prompt(tx, workspace, full, is_prompt=False)


async def _taken(tx: Tx, workspace: int, name: names.Name, *, is_prompt: bool) -> AlreadyExists:
    """compat(mlflow 3.17): models and prompts share their names, and the message says whose the name is."""
    found = await store.find_kind(tx, workspace, name.full)
    if found is None:
        await _check_no_function(tx, workspace, name)
    other = found is not None and found[1]
    kinds = {False: "Registered Model", True: "Prompt"}
    if other != is_prompt:
        return AlreadyExists(
            f"Tried to create a {kinds[is_prompt].lower()} with name {name.written!r}, but the name is already taken by"
            f" a {kinds[other].lower()}. A model and a prompt cannot have the same name."
        )
    return AlreadyExists(f"{kinds[is_prompt]} (name={name.written}) already exists.")


async def _check_no_function(tx: Tx, workspace: int, name: names.Name) -> None:
    if await store.is_function(tx, workspace, name.full):
        raise InvalidParameter(
            f"A function is called '{name.full}', and models and prompts share names with functions."
        )


# ── what may be written ──────────────────────────────────────────────────────────────────────────────────────────────


def says_prompt(tags: dict[str, str]) -> bool:
    return tags.get(IS_PROMPT_TAG, "").lower() == "true"


def checked_tags(tags: Pairs) -> dict[str, str]:
    """By key; the last of several values for a key counts."""
    if len(tags) > MAX_TAGS:
        raise InvalidParameter(f"One request can hold at most {MAX_TAGS} tags, got {len(tags)}.")
    for key, value in tags:
        check_tag(key, value)
    return dict(tags)


def check_tag(key: str, value: str) -> None:
    if not key:
        raise InvalidParameter("Missing value for required parameter 'key'.")
    if not key.isprintable():
        raise InvalidParameter(f"Invalid value {key!r} for parameter 'key': control characters are not allowed.")
    if len(key) > MAX_TAG_KEY:
        raise InvalidParameter(f"Tag key {key[:50]!r}… exceeds the maximum length of {MAX_TAG_KEY} characters.")
    if len(value) > MAX_TAG_VALUE:
        if key == PROMPT_TEXT_TAG:
            raise InvalidParameter(f"Prompt text exceeds max length of {MAX_TAG_VALUE} characters.")
        raise InvalidParameter(f"The value of tag {key!r} exceeds the maximum length of {MAX_TAG_VALUE} characters.")


def check_text(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InvalidParameter(f"'{field}' has {len(text)} characters; the maximum is {most}.")
