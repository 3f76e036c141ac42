"""Saved views of an experiment's tables: what the address of the page says, kept under a name.

A view is its owner's alone, or shared: seen by whoever may read the experiment, changed by whoever may edit it. A name
stands once among the shared views of a table, and once among those of each owner.
"""

import msgspec

from lakeward.experiments import experiments, store
from lakeward.experiments.records import MAX_VIEW_NAME, MAX_VIEW_STATE, MAX_VIEWS, SavedView, ViewKey
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import AlreadyExists, InvalidParameter, NotFound
from lakeward.runtime.db import Tx


async def list_views(tx: Tx, workspace: int, experiment_id: str, table: str, reader: int) -> list[SavedView]:
    """Those that are shared and those of the reader, by name."""
    experiment = await experiments.get(tx, workspace, experiment_id)
    return await store.find_views(tx, experiment.id, table, reader)


async def key_of(tx: Tx, workspace: int, experiment_id: str, table: str, name: str, owner: int | None) -> ViewKey:
    """`owner` None: a shared view."""
    experiment = await experiments.get(tx, workspace, experiment_id)
    return ViewKey(experiment.id, table, owner, _checked(name))


async def save(
    tx: Tx, key: ViewKey, state: dict[str, str], by: str, *, instead_of: str | None = None, only_new: bool = False
) -> None:
    """Make it or write over it; `instead_of` another one, which is thereby renamed."""
    text = msgspec.json.encode(state).decode()
    if len(text) > MAX_VIEW_STATE:
        raise InvalidParameter(f"The state of a view may have {MAX_VIEW_STATE} characters; this one has {len(text)}.")
    view = SavedView(key.table, key.name, key.owner is None, state, by, now_ms())
    if instead_of and instead_of != key.name:
        if await store.move_view(tx, key, instead_of, view):
            return
        if not await store.has_view(tx, key):
            raise NotFound(f"No view named {instead_of!r} exists.")
    elif await store.put_view(tx, key, view, over=not only_new, at_most=MAX_VIEWS):
        return
    elif not await store.has_view(tx, key):
        raise InvalidParameter(f"There are {MAX_VIEWS} views already; delete one first.")
    raise AlreadyExists(f"A view named {key.name!r} exists already.")


async def delete(tx: Tx, key: ViewKey) -> None:
    """Afterwards there is none of this name, nor was there if there was none."""
    await store.delete_view(tx, key)


def _checked(name: str) -> str:
    if not name.strip() or len(name) > MAX_VIEW_NAME:
        raise InvalidParameter(f"The name of a view has 1 to {MAX_VIEW_NAME} characters, not only blanks.")
    return name.strip()
