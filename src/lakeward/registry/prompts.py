"""Prompts in Unity Catalog's dialect, kept as http clients keep them: models and versions with tags.

Both dialects see the same prompts. Here a template travels as JSON (a string, or a list of messages); over http a text
travels as it is. Tags that only say what an object is are not shown here.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lakeward.access import Sight
from lakeward.kit.errors import AlreadyExists, InvalidParameter
from lakeward.registry import models, names, search, unity, versions
from lakeward.registry.records import (
    IS_PROMPT_TAG,
    PROMPT_TEXT_TAG,
    PROMPT_TYPE_TAG,
    ModelVersion,
    RegisteredModel,
)
from lakeward.registry.store import files as files_store
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.http import Actor

Pairs = Sequence[tuple[str, str]]

HIDDEN: Final = frozenset({IS_PROMPT_TAG, PROMPT_TEXT_TAG})
CHAT: Final = "chat"
TEXT: Final = "text"
SOURCE: Final = "prompt-template"  # a version needs one


class Tag(msgspec.Struct):
    key: str
    value: str


_tags = msgspec.json.Decoder(list[Tag])


async def create(
    tx: Tx, workspace: int, creator: Actor, name: str, *, description: str, tags: Pairs, record: str | None
) -> RegisteredModel:
    """compat(mlflow 3.17): a name that is taken is ALREADY_EXISTS here; another code stops `register_prompt`."""
    written = unity.checked(name)
    taken = AlreadyExists(f"Prompt (name={name}) already exists.", code="ALREADY_EXISTS")
    if await files_store.find_in_any_case(tx, workspace, written) is not None:
        raise taken
    marked = [*((key, value) for key, value in tags if key not in HIDDEN), (IS_PROMPT_TAG, "true")]
    try:
        return await models.create(
            tx, workspace, creator, written,
            description=description, deployment_job_id="", tags=marked, record=record,
        )  # fmt: skip
    except AlreadyExists as error:
        raise taken from error


async def spelled(tx: Tx, workspace: int, name: str) -> str:
    return await unity.spelled(tx, workspace, name, prompt=True)


async def get(tx: Tx, workspace: int, name: str) -> RegisteredModel:
    return await models.get(tx, workspace, await spelled(tx, workspace, name))


async def search_prompts(
    tx: Tx,
    workspace: int,
    *,
    catalog: str,
    schema: str,
    filter_text: str | None,
    max_results: int | None,
    page_token: str | None,
    sight: Sight | None = None,
) -> tuple[list[RegisteredModel], str | None]:
    """Prompts of one schema."""
    return await models.search_models(
        tx,
        workspace,
        filter_text=filter_text,
        order_by=[],
        max_results=max_results,
        page_token=page_token,
        scope=search.Scope(catalog, schema, prompts=True),
        sight=sight,
    )


async def create_version(
    tx: Tx, db: Database, workspace: int, creator: str, name: str, *, template: str, description: str, tags: Pairs
) -> ModelVersion:
    current = await spelled(tx, workspace, name)
    text, kind = decoded(template)
    kept = [*((key, value) for key, value in tags if key not in HIDDEN), (IS_PROMPT_TAG, "true")]
    kept += [(PROMPT_TEXT_TAG, text), (PROMPT_TYPE_TAG, kind)]
    return await versions.create(
        tx, db, workspace, creator, current,
        source=SOURCE, run_id=None, model_id=None, run_link="", description=description, tags=kept,
    )  # fmt: skip


async def search_versions(
    tx: Tx, workspace: int, name: str, *, max_results: int | None, page_token: str | None
) -> tuple[list[ModelVersion], str | None]:
    """Versions of a prompt, the newest first."""
    current = await spelled(tx, workspace, name)
    return await versions.search_versions(
        tx,
        workspace,
        filter_text=None,
        order_by=["version_number DESC"],
        max_results=max_results,
        page_token=page_token,
        only=names.parse(current).full,
        prompts=True,
    )


def decoded(template: str) -> tuple[str, str]:
    """The text as it is kept, and what it is: one text, or the JSON of messages."""
    try:
        value: Any = msgspec.json.decode(template)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParameter(
            "The template of a prompt version must be JSON: a string or a list of messages."
        ) from error
    if isinstance(value, str):
        return value, TEXT
    if not isinstance(value, list):
        raise InvalidParameter("The template of a prompt version must be a string or a list of messages.")
    return template, CHAT


def template_of(version: ModelVersion) -> tuple[str, list[Tag]]:
    """The template as JSON, and the tags that are shown."""
    tags = _tags.decode(version.tags)
    said = {tag.key: tag.value for tag in tags}
    text = said.get(PROMPT_TEXT_TAG, "")
    template = text if said.get(PROMPT_TYPE_TAG) == CHAT else msgspec.json.encode(text).decode()
    return template, shown(tags)


def shown_of(model: RegisteredModel) -> list[Tag]:
    return shown(_tags.decode(model.tags))


def shown(tags: Sequence[Tag]) -> list[Tag]:
    return [tag for tag in tags if tag.key not in HIDDEN]
