"""The rules of versions: numbers, description, stages, tags, aliases, search, life cycle."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple, TypedDict, Unpack

from lakeward import logged_models
from lakeward.access import Sight
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.kit.pages import page_size
from lakeward.registry import models, names, search, sources
from lakeward.registry.records import (
    APPROVED,
    ARCHIVED,
    BEFORE_KEY,
    IS_PROMPT_TAG,
    LATEST,
    MAX_DESCRIPTION,
    MAX_LINK,
    PRODUCTION,
    READY,
    STAGES,
    STAGING,
    Activity,
    ModelVersion,
)
from lakeward.registry.securable import unknown as unknown_model
from lakeward.registry.store import models as models_store
from lakeward.registry.store import reviews as reviews_store
from lakeward.registry.store import splits as splits_store
from lakeward.registry.store import versions as store
from lakeward.runtime.acting import acting
from lakeward.runtime.db import Database, Tx

Pairs = Sequence[tuple[str, str]]


class Fields(TypedDict):
    """What a request says about a new version. None where it says nothing."""

    source: str
    run_id: str | None
    model_id: str | None
    run_link: str
    description: str
    tags: Pairs


_CANONICAL = {stage.lower(): stage for stage in STAGES}


def unknown(name: str, version: str | int) -> NotFound:
    return NotFound(f"Model Version (name={name}, version={version}) not found")


async def create(
    tx: Tx, db: Database, workspace: int, creator: str, name: str, *, record: str | None = None,
    **fields: Unpack[Fields],
) -> ModelVersion:  # fmt: skip
    """The next version of a model, ready at once: its files are where the source says. The audit log gets `record`.

    One statement, or a transaction where a LoggedModel is told of its version.
    """
    full = names.parse(name).full
    kept = models.checked_tags(fields["tags"])
    models.check_text("description", fields["description"], MAX_DESCRIPTION)
    models.check_text("run_link", fields["run_link"], MAX_LINK)
    is_prompt = models.says_prompt(kept)
    source, run_id = fields["source"], fields["run_id"]
    if is_prompt:
        origin = sources.of_prompt(source, run_id or "")
    else:
        origin = await sources.resolve(tx, workspace, source, run_id=run_id, model_id=fields["model_id"])
    new = store.NewVersion(
        is_prompt=is_prompt,
        status=READY,
        description=fields["description"],
        source=origin.source,
        storage=origin.storage,
        files_id=origin.files_id,
        run_id=origin.run_id,
        run_link=fields["run_link"],
        logged_model_id=origin.logged_model_id,
        created_by=creator,
        created_at=now_ms(),
    )
    async with tx.transaction() if origin.logged_model_id else nullcontext():
        made = await store.insert(tx, workspace, full, new, list(kept.items()), record)
        if made is None:
            raise unknown_model(name)
        if made.logged_model_id:
            await logged_models.note_version(tx, db, workspace, made.logged_model_id, made.name, made.version)
    return made


async def get(tx: Tx, workspace: int, name: str, version: str | int) -> ModelVersion:
    number = version if isinstance(version, int) else names.parse_version(version)
    found = await store.find(tx, workspace, names.parse(name).full, number)
    if found is None:
        raise unknown(name, version)
    return found


async def get_ready(tx: Tx, workspace: int, name: str, version: str | int) -> ModelVersion:
    """A version whose files may be read."""
    found = await get(tx, workspace, name, version)
    if found.status != READY:
        raise InvalidParameter(
            f"Version {found.version} of {name} cannot be loaded: its status is {found.status}, not {READY}."
        )
    return found


async def get_by_alias(tx: Tx, workspace: int, name: str, alias: str, *, key: str | None = None) -> ModelVersion:
    """compat(mlflow 3.17): `latest` is the greatest number; an alias that is not there is a wrong parameter.

    Of a split alias (`splits`) the arm of this key, or of the key that stands behind the alias.
    """
    full = names.parse(name).full
    if names.check_alias(alias).lower() == LATEST:
        newest = await store.find_newest(tx, workspace, full)
        if newest is None:
            raise NotFound(f"Latest version not found for model {name}.")
        return newest
    found = await store.find_by_alias(tx, workspace, full, alias, acting() if key is None else key)
    base, behind, own_key = alias.partition(BEFORE_KEY)
    if found is None and base and behind and own_key:
        found = await store.find_by_alias(tx, workspace, full, base, own_key)
        found = found if found is not None and found.is_prompt else None
    if found is None:
        await _check_model(tx, workspace, name)
        raise InvalidParameter(f"Registered model alias {alias} not found.")
    return found


async def latest(tx: Tx, workspace: int, name: str, stages: Sequence[str]) -> list[ModelVersion]:
    """The newest version of each of these stages; of all of them, if none is named."""
    wanted = [canonical_stage(each) for each in dict.fromkeys(stages)] or STAGES
    found = await models_store.find_kind(tx, workspace, names.parse(name).full)
    if found is None:
        raise unknown_model(name)
    return (await store.latest_of_stages(tx, [found[0]], list(dict.fromkeys(wanted)))).get(found[0], [])


async def search_versions(
    tx: Tx,
    workspace: int,
    *,
    filter_text: str | None,
    order_by: Sequence[str],
    max_results: int | None,
    page_token: str | None,
    any_case: bool = False,
    only: str | None = None,
    prompts: bool | None = None,
    sight: Sight | None = None,
) -> tuple[list[ModelVersion], str | None]:
    """A page of versions, and the token of the next one.

    `any_case` compares names as Unity Catalog does; `only` is the full name of the one model that is looked at, and
    `prompts` says whether it is a prompt.
    """
    limit = page_size(max_results, search.MAX_VERSIONS, search.MAX_VERSIONS)
    query = search.versions(
        workspace, filter_text, order_by, page_token, any_case=any_case, only=only, prompts=prompts, sight=sight
    )
    found = await store.find_page(tx, query, limit + 1)
    if len(found) <= limit:
        return found, None
    return found[:limit], search.token_after_version(found[limit - 1], query)


async def describe(tx: Tx, workspace: int, name: str, version: str, description: str | None) -> ModelVersion:
    models.check_text("description", description or "", MAX_DESCRIPTION)
    number = names.parse_version(version)
    if not await store.describe(tx, workspace, names.parse(name).full, number, description, acting(), now_ms()):
        raise unknown(name, version)
    return await get(tx, workspace, name, number)


class Moved(NamedTuple):
    """A version in another stage, and what the log says of the requests that this answered."""

    version: ModelVersion
    approved: list[Activity]


async def transition(
    tx: Tx, workspace: int, name: str, version: str, stage: str, *, archive_existing: bool, comment: str = ""
) -> Moved:
    """The activity log gets the comment, if there is one."""
    models.check_text("comment", comment, MAX_DESCRIPTION)
    full, number, wanted, now = names.parse(name).full, names.parse_version(version), canonical_stage(stage), now_ms()
    if archive_existing and wanted not in (STAGING, PRODUCTION):
        raise InvalidParameter(
            "Model version transition cannot archive existing model versions because"
            f" '{stage}' is not an Active stage. Valid stages are ['{STAGING}', '{PRODUCTION}']"
        )
    before = await store.set_stage(tx, workspace, full, number, wanted, acting(), now)
    if before is None:
        raise unknown(name, version)
    if archive_existing:
        await store.archive_others(
            tx, workspace, full, number, stage=wanted, archived=ARCHIVED, actor=acting(), now=now
        )
    approved = await reviews_store.close(
        tx, workspace, full, number, stage=wanted, before=before, action=APPROVED, actor=acting()
    )
    if comment:
        await store.comment(tx, workspace, full, number, comment, acting())
    return Moved(await get(tx, workspace, name, number), approved)


async def delete(tx: Tx, workspace: int, name: str, version: str) -> None:
    """With its tags and the aliases that lead to it. Its number stays used."""
    number = names.parse_version(version)
    full = names.parse(name).full
    await splits_store.step_in(tx, workspace, full, number)
    if not await store.erase(tx, workspace, full, number, acting(), now_ms()):
        raise unknown(name, version)


async def set_tag(
    tx: Tx, workspace: int, name: str, version: str, key: str, value: str, *, record: str | None = None
) -> None:
    """One statement, unless the tag says what is a prompt. The audit log gets `record`."""
    full, number = names.parse(name).full, names.parse_version(version)
    models.check_tag(key, value)
    async with tx.transaction() if key == IS_PROMPT_TAG else nullcontext():
        if not await store.set_tag(tx, workspace, full, number, key, value, acting(), record):
            raise unknown(name, version)
        if key == IS_PROMPT_TAG:
            await store.set_prompt(tx, workspace, full, number, is_prompt=models.says_prompt({key: value}))


async def delete_tag(tx: Tx, workspace: int, name: str, version: str, key: str) -> None:
    full, number = names.parse(name).full, names.parse_version(version)
    models.check_tag(key, "")
    if not await store.delete_tag(tx, workspace, full, number, key, acting()):
        raise unknown(name, version)
    if key == IS_PROMPT_TAG:
        await store.set_prompt(tx, workspace, full, number, is_prompt=False)


async def set_alias(tx: Tx, workspace: int, name: str, alias: str, version: str, *, record: str | None = None) -> None:
    """One statement: whoever asks meanwhile gets the old version or the new, never nothing. The audit log gets
    `record`.
    """
    full, number = names.parse(name).full, names.parse_version(version)
    names.check_new_alias(alias)
    if not await store.set_alias(tx, workspace, full, alias, number, acting(), record):
        raise unknown(name, version)


async def delete_alias(tx: Tx, workspace: int, name: str, alias: str) -> None:
    names.check_alias(alias)
    if not await store.delete_alias(tx, workspace, names.parse(name).full, alias, acting()):
        raise unknown_model(name)


def canonical_stage(stage: str) -> str:
    """Stages are written in any case."""
    found = _CANONICAL.get(stage.lower())
    if found is None:
        raise InvalidParameter(f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(STAGES)}.")
    return found


async def _check_model(tx: Tx, workspace: int, name: str) -> None:
    if await models_store.find_kind(tx, workspace, names.parse(name).full) is None:
        raise unknown_model(name)
