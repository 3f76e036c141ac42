"""The rules of LoggedModels: creation, life cycle, params, tags, search."""

import uuid
from collections.abc import Sequence

import msgspec

from lakeward import experiments
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.kit.names import random_name
from lakeward.logged_models import search as searching
from lakeward.logged_models.records import (
    MAX_ENTRIES,
    MAX_KEY,
    MAX_NAME,
    MAX_RUN_ID,
    MAX_TYPE,
    MAX_VALUE,
    MODEL_VERSIONS_TAG,
    PENDING,
    STATUSES,
    Location,
    LoggedModel,
    ModelId,
    Page,
    Target,
)
from lakeward.logged_models.store import models as store
from lakeward.runtime.db import Database, Tx

_FORBIDDEN = "/:.%\"'"  # in names: `models:/` URIs and filters could not say them

Pairs = Sequence[tuple[str, str]]


def unknown(model_id: str) -> NotFound:
    return NotFound(f"Logged model with ID '{model_id}' not found.")


async def create(
    tx: Tx,
    db: Database,
    workspace: int,
    creator_id: int,
    experiment_id: str,
    *,
    name: str | None,
    model_type: str,
    source_run_id: str,
    params: Pairs,
    tags: Pairs,
    record: str | None,
) -> LoggedModel:
    """A new PENDING model. One statement, so it needs no transaction around it; the audit log gets `record` by it."""
    number = experiments.parse_id(experiment_id)
    for field, value, most in (("model_type", model_type, MAX_TYPE), ("source_run_id", source_run_id, MAX_RUN_ID)):
        if len(value) > most:
            raise InvalidParameter(f"The {field} of a model has at most {most} characters, not {len(value)}.")
    written, tagged = _once("param", params), dict(tags)
    _check_entries("param", params)
    _check_entries("tag", tags)
    columns = store.NewModel(
        model_id=ModelId(f"m-{uuid.uuid4().hex}"),
        name=_checked_name(name) if name else random_name(),
        model_type=model_type,
        source_run_id=source_run_id,
        status=PENDING,
        creator_id=creator_id,
        created_at=now_ms(),
    )
    key_ids = await db.name_ids([*written, *tagged])
    param_keys, tag_keys = key_ids[: len(written)], key_ids[len(written) :]
    made = await store.insert(
        tx,
        workspace,
        number,
        columns,
        (param_keys, list(written.values())),
        (tag_keys, list(tagged.values())),
        record,
    )
    if not made:
        await experiments.get_active(tx, workspace, experiment_id)
        raise NotFound(f"No experiment with the id {experiment_id} exists.")
    return await get(tx, workspace, columns.model_id)


async def get(tx: Tx, workspace: int, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
    found = await store.find(tx, workspace, model_id)
    if found is None or (found.deleted_at is not None and not allow_deleted):
        raise unknown(model_id)
    return found


async def find(tx: Tx, workspace: int, model_id: str) -> LoggedModel | None:
    """The model, also one in the trash."""
    return await store.find(tx, workspace, model_id)


async def find_location(tx: Tx, workspace: int, model_id: str) -> Location | None:
    """Where the artifacts of a model belong, also of one in the trash; None for a model that is not there."""
    return await store.find_location(tx, workspace, model_id)


async def source_run(tx: Tx, workspace: int, model_id: str) -> str:
    """The run that made a model, '' for none."""
    return await store.find_source_run(tx, workspace, model_id)


async def note_version(tx: Tx, db: Database, workspace: int, model_id: str, name: str, version: int) -> None:
    """Tell a model that it was registered. Needs a transaction: the list in its tag grows under the row's lock.

    compat(mlflow 3.17): the server keeps the list, and then the Python client writes it again with its own entry, so
    an entry may be there twice; `registrations` shows it once. A model in the trash is told nothing.
    """
    target = await store.touch(tx, workspace, model_id, now_ms())
    if target is None:
        return
    held = await store.find_tag(tx, target, MODEL_VERSIONS_TAG)
    try:
        listed = msgspec.json.decode(held, type=list[msgspec.Raw]) if held else []
    except (msgspec.DecodeError, RecursionError):
        listed = []  # somebody wrote another thing there; registrations of the past cannot be read from it
    listed.append(msgspec.Raw(msgspec.json.encode({"name": name, "version": str(version)})))
    value = msgspec.json.encode(listed).decode()
    if len(value) <= MAX_VALUE:
        await store.set_tags(tx, target, await db.name_ids([MODEL_VERSIONS_TAG]), [value])


async def finalize(tx: Tx, workspace: int, model_id: str, status: str | int) -> LoggedModel:
    target = await _lock(tx, workspace, model_id)
    await store.set_status(tx, target, _parse_status(status))
    return await get(tx, workspace, model_id)


async def delete(tx: Tx, workspace: int, model_id: str) -> None:
    """Into the trash. A second call changes nothing, so that a client may repeat one whose answer was lost."""
    if not await store.set_deleted(tx, workspace, model_id, now_ms()):
        await get(tx, workspace, model_id, allow_deleted=True)


async def set_tags(tx: Tx, db: Database, workspace: int, model_id: str, tags: Pairs) -> LoggedModel:
    _check_entries("tag", tags)
    target = await _lock(tx, workspace, model_id)
    kept = dict(tags)
    await store.set_tags(tx, target, await db.name_ids(list(kept)), list(kept.values()))
    return await get(tx, workspace, model_id)


async def delete_tag(tx: Tx, workspace: int, model_id: str, key: str) -> None:
    target = await _lock(tx, workspace, model_id)
    if not await store.delete_tag(tx, target, key):
        raise NotFound(f"No tag with key {key!r} found for model with ID {model_id!r}.")


async def log_params(tx: Tx, db: Database, workspace: int, model_id: str, params: Pairs) -> None:
    """Params are written once: the same value again is fine, another one is an error and nothing is written."""
    _check_entries("param", params)
    target = await _lock(tx, workspace, model_id)
    written = _once("param", params)
    taken = await store.add_params(tx, target, await db.name_ids(list(written)), list(written.values()))
    if taken is not None:
        key, old = taken
        raise _changed("param", key, old, written[key])


async def search(
    tx: Tx,
    workspace: int,
    experiment_ids: Sequence[str],
    *,
    filter: str | None,  # noqa: A002 - the field's name on the wire
    datasets: Pairs,
    order_by: Sequence[tuple[str, bool, str, str]],
    max_results: int | None,
    page_token: str | None,
) -> Page:
    """Active models of these experiments of the workspace. `order_by`: (field, ascending, data set name, digest)."""
    if not experiment_ids:
        raise InvalidParameter("Missing value for required parameter 'experiment_ids'.")
    question = searching.parse(
        workspace,
        [experiments.parse_id(each) for each in experiment_ids],
        filter=filter,
        datasets=datasets,
        order_by=order_by,
        limit=pages.page_size(max_results or None, searching.DEFAULT_RESULTS, searching.MAX_RESULTS),
    )
    rows = await store.find_page(tx, question, question.start(page_token))
    models = await store.find_many(tx, [row[1][0] for row in rows[: question.limit]])
    more = len(rows) > question.limit
    return Page(models, question.token(*rows[question.limit - 1]) if more else None)


async def _lock(tx: Tx, workspace: int, model_id: str) -> Target:
    found = await store.touch(tx, workspace, model_id, now_ms())
    if found is None:
        raise unknown(model_id)
    return found


def _parse_status(status: str | int) -> str:
    """A status by name or protobuf number."""
    if isinstance(status, int) or status.isdigit():
        number = int(status)
        if 1 <= number <= len(STATUSES):
            return STATUSES[number - 1]
    elif status in STATUSES:
        return status
    raise InvalidParameter(f"Invalid model status {status!r}; use one of {', '.join(STATUSES)}.")


def _checked_name(name: str) -> str:
    if any(character in _FORBIDDEN for character in name) or not name.strip():
        raise InvalidParameter(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and cannot contain the"
            f" following characters: {tuple(_FORBIDDEN)}"
        )
    if len(name) > MAX_NAME:
        raise InvalidParameter(f"A model name has at most {MAX_NAME} characters, not {len(name)}.")
    return name


def _check_entries(kind: str, entries: Pairs) -> None:
    if len(entries) > MAX_ENTRIES:
        raise InvalidParameter(f"One request can hold at most {MAX_ENTRIES} {kind}s, got {len(entries)}.")
    for key, value in entries:
        if not key:
            raise InvalidParameter(f"Missing value for required parameter 'key': a {kind} needs a name.")
        if len(key) > MAX_KEY:
            raise InvalidParameter(
                f"The {kind} name {key[:50]!r}… has {len(key)} characters; the maximum is {MAX_KEY}."
            )
        if len(value) > MAX_VALUE:
            raise InvalidParameter(
                f"The value of {kind} {key!r} has {len(value)} characters; the maximum is {MAX_VALUE}."
            )


def _once(kind: str, entries: Pairs) -> dict[str, str]:
    """By key; two values for one key in one request are an error."""
    found: dict[str, str] = {}
    for key, value in entries:
        if found.setdefault(key, value) != value:
            raise _changed(kind, key, found[key], value)
    return found


def _changed(kind: str, key: str, old: str, new: str) -> InvalidParameter:
    return InvalidParameter(
        f"Changing {kind} values is not allowed. The model has {kind} {key[:50]!r} with value {old[:100]!r} already;"
        f" attempted new value {new[:100]!r}."
    )
