"""Permanent deletion of LoggedModels, step by step, for `tracking.purge`, which owns the order of steps.

A model is marked first, which hides it at once; its artifacts go next, its rows last. So whatever is marked can be
taken up again after an interruption.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter
from lakeward.logged_models.models import unknown
from lakeward.logged_models.store import trash as store
from lakeward.runtime.db import Tx


class Doomed(msgspec.Struct, frozen=True):
    """A model (or run) marked for permanent deletion, with what its artifacts' place is made of."""

    seq: int
    id: str
    experiment_id: int
    workspace_id: int


async def count_trashed(tx: Tx, until: int) -> int:
    """How many models `mark_trashed`, or the permanent deletion of their experiments, would find."""
    return await store.count_trashed(tx, until)


async def mark_trashed(
    tx: Tx, until: int, *, workspace: int | None, experiment_ids: Sequence[int] | None, limit: int
) -> list[Doomed]:
    """Up to `limit` models that came into the trash until then (epoch milliseconds), now marked."""
    return _doomed(await store.mark_trashed(tx, until, workspace, experiment_ids, limit))


async def mark_named(tx: Tx, workspace: int, model_ids: Sequence[str]) -> list[Doomed]:
    """These models, which must be in the trash, now marked; those an earlier call marked are taken up again."""
    rows = await store.lock_named(tx, workspace, model_ids)
    found = {row["model_id"]: row for row in rows}
    for model_id in model_ids:
        if model_id not in found:
            raise unknown(model_id)
        if not found[model_id]["trashed"]:
            raise InvalidParameter(f"The logged model {model_id} is not in the trash. Delete it first.")
    await store.mark(tx, [row["seq"] for row in rows], now_ms())
    return _doomed([row[:4] for row in rows])


async def find_marked(tx: Tx, limit: int) -> list[Doomed]:
    return _doomed(await store.find_marked(tx, limit))


async def erase(tx: Tx, models: Sequence[Doomed]) -> int:
    """Remove the rows of marked models whose artifacts are gone. Returns how many were still there."""
    return await store.erase(tx, [model.seq for model in models])


async def erase_of_experiment(tx: Tx, experiment_id: int, limit: int) -> int:
    """Remove up to `limit` models of an experiment that is marked and whose artifacts are gone."""
    return await store.erase_of_experiment(tx, experiment_id, limit)


def _doomed(rows: Sequence[Any]) -> list[Doomed]:
    return [Doomed(*row) for row in rows]
