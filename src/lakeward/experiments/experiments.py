"""The rules of experiments: names, life cycle, tags."""

from collections.abc import Sequence

from lakeward import access
from lakeward.access import Sight
from lakeward.experiments import store
from lakeward.experiments.archival import ARCHIVE_NOW, RETENTION, archival_of
from lakeward.experiments.locations import check_location
from lakeward.experiments.records import DEFAULT_ID, MAX_NAME, MAX_TAG_KEY, MAX_TAG_VALUE, Experiment, ExperimentId
from lakeward.experiments.search import DEFAULT_RESULTS, MAX_RESULTS, compile_query, token_after
from lakeward.experiments.securable import EXPERIMENT
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.runtime.db import Tx


def parse_id(text: str) -> ExperimentId:
    """The number of an experiment id; anything else names no experiment."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        if not text:
            raise InvalidParameter("Missing value for required parameter 'experiment_id'.")
        raise NotFound(f"No experiment with the id {text!r} exists.")
    return ExperimentId(int(text))


async def get(tx: Tx, workspace: int, experiment_id: str) -> Experiment:
    found = await store.find_by_id(tx, workspace, parse_id(experiment_id))
    if found is None:
        raise NotFound(f"No experiment with the id {experiment_id} exists.")
    return found


async def get_active(tx: Tx, workspace: int, experiment_id: str) -> Experiment:
    """The experiment, which must not be in the trash."""
    found = await get(tx, workspace, experiment_id)
    if found.deleted:
        raise InvalidParameter(
            f"The experiment {experiment_id} must be in the 'active' state; it is deleted. Restore it first."
        )
    return found


async def find_home(tx: Tx, experiment_id: str) -> int | None:
    """The workspace an experiment belongs to, whoever asks; for callers that then check what the asker may do there."""
    try:
        return await store.find_workspace(tx, parse_id(experiment_id))
    except NotFound:
        return None


async def get_by_name(tx: Tx, workspace: int, name: str) -> Experiment:
    found = await store.find_by_name(tx, workspace, name)
    if found is None:
        raise NotFound(f"No experiment named {name!r} exists.")
    return found


async def search(
    tx: Tx,
    workspace: int,
    *,
    filter_text: str | None,
    order_by: Sequence[str],
    view: str,
    max_results: int | None,
    page_token: str | None,
    sight: Sight | None = None,
) -> tuple[list[Experiment], str | None]:
    """A page of the experiments that are seen, and the token of the next one."""
    limit = pages.page_size(max_results, DEFAULT_RESULTS, MAX_RESULTS)
    query = compile_query(workspace, filter_text, order_by, view, page_token, sight)
    found = await store.find_page(tx, query, limit + 1)
    if len(found) <= limit:
        return found, None
    return found[:limit], token_after(found[limit - 1], query)


async def create(
    tx: Tx,
    workspace: int,
    name: str,
    *,
    location: str | None,
    tags: list[tuple[str, str]],
    databricks: bool,
    owner: int,
) -> ExperimentId:
    """A new experiment, which its maker owns."""
    check_name(name, databricks=databricks)
    for key, value in tags:
        check_tag(key, value)
    experiment_id = await store.add(tx, workspace, name, check_location(location), now_ms())
    if experiment_id is None:
        raise await _name_taken(tx, workspace, name)
    await access.own(tx, EXPERIMENT, workspace, str(experiment_id), owner)
    if tags:
        await store.set_tags(tx, experiment_id, list(dict(tags).items()))
    return experiment_id


async def rename(tx: Tx, workspace: int, experiment_id: str, name: str, *, databricks: bool) -> None:
    check_name(name, databricks=databricks)
    found = await get_active(tx, workspace, experiment_id)
    if not await store.rename(tx, found.id, name, now_ms()):
        raise await _name_taken(tx, workspace, name)


async def delete(tx: Tx, workspace: int, experiment_id: str) -> None:
    """Into the trash; its runs go along and come back with it."""
    found = await get_active(tx, workspace, experiment_id)
    if found.id == DEFAULT_ID:
        raise InvalidParameter("The default experiment cannot be deleted: clients log there when they name no other.")
    now = now_ms()
    await store.set_deleted(tx, found.id, now, now)


async def restore(tx: Tx, workspace: int, experiment_id: str) -> None:
    found = await get(tx, workspace, experiment_id)
    if not found.deleted:
        raise InvalidParameter(f"The experiment {experiment_id} is not deleted.")
    if not await store.set_deleted(tx, found.id, None, now_ms()):
        raise NotFound(f"No experiment with the id {experiment_id} exists.")


async def set_tag(tx: Tx, workspace: int, experiment_id: str, key: str, value: str) -> None:
    check_tag(key, value)
    found = await get_active(tx, workspace, experiment_id)
    await store.set_tags(tx, found.id, [(key, value)])


async def delete_tag(tx: Tx, workspace: int, experiment_id: str, key: str) -> None:
    found = await get_active(tx, workspace, experiment_id)
    if not await store.delete_tag(tx, found.id, key):
        raise NotFound(f"The experiment {experiment_id} has no tag {key!r}.")


def check_name(name: str, *, databricks: bool) -> None:
    if not name.strip():
        raise InvalidParameter("Invalid experiment name: it must not be empty.")
    if len(name) > MAX_NAME:
        raise InvalidParameter(f"Experiment name exceeds the maximum length of {MAX_NAME} characters.")
    if databricks and not name.startswith("/"):
        raise InvalidParameter(
            f"Got an invalid experiment name {name!r}. An experiment name must be an absolute path within the"
            " workspace, e.g. '/Users/<some-username>/my-experiment'."
        )


def check_tag(key: str, value: str) -> None:
    if not key:
        raise InvalidParameter("Missing value for required parameter 'key'.")
    if len(key) > MAX_TAG_KEY:
        raise InvalidParameter(f"Tag key {key[:50]!r}… exceeds the maximum length of {MAX_TAG_KEY} characters.")
    if len(value) > MAX_TAG_VALUE:
        raise InvalidParameter(f"The value of tag {key!r} exceeds the maximum length of {MAX_TAG_VALUE} characters.")
    if key in (RETENTION, ARCHIVE_NOW):
        archival_of(key, value)


async def _name_taken(tx: Tx, workspace: int, name: str) -> AlreadyExists:
    other = await store.find_by_name(tx, workspace, name)
    if other is not None and other.deleted:
        return AlreadyExists(
            f"Experiment {name!r} already exists in deleted state. Restore it, or delete it permanently to use the"
            " name again."
        )
    return AlreadyExists(f"Experiment(name={name}) already exists.")
