"""The rules of runs: creation, life cycle, names, tags."""

import uuid
from collections.abc import Sequence

import msgspec

from lakeward import experiments
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.kit.names import random_name
from lakeward.runtime.db import Database, Tx
from lakeward.tracking import words
from lakeward.tracking.limits import fit_tag
from lakeward.tracking.records import MAX_USER, RUN_NAME_TAG, STATUSES, Run, RunId, RunSeq, Target
from lakeward.tracking.states import trashed, unknown
from lakeward.tracking.store import runs as store

_STATUS_NUMBERS = {str(number): name for number, name in enumerate(STATUSES, 1)}


def parse_status(status: str | int | None) -> str | None:
    """A status by name or protobuf number."""
    if status is None:
        return None
    named = _STATUS_NUMBERS.get(str(status), status)
    if named not in STATUSES:
        raise InvalidParameter(f"Invalid run status {status!r}; use one of {', '.join(STATUSES)}.")
    return str(named)


async def create(
    db: Database,
    workspace: int,
    experiment_id: str,
    *,
    name: str | None,
    user_id: str,
    start_time: int | None,
    tags: Sequence[tuple[str, str]],
) -> tuple[Run, dict[str, str]]:
    """A new RUNNING run and its tags. One statement, so it needs no transaction around it."""
    kept = dict(tags)
    tagged_name = kept.get(RUN_NAME_TAG)
    if name and tagged_name and name != tagged_name:
        raise InvalidParameter(
            f"Both 'run_name' and the tag '{RUN_NAME_TAG}' were given, with different values"
            f" ({name!r} and {tagged_name!r}). Give one, or the same."
        )
    kept[RUN_NAME_TAG] = name or tagged_name or random_name()
    kept = {key: fit_tag(key, value) for key, value in kept.items()}
    if len(user_id) > MAX_USER:
        raise InvalidParameter(f"'user_id' has {len(user_id)} characters; the maximum is {MAX_USER}.")
    run = Run(
        seq=RunSeq(0),
        run_id=RunId(uuid.uuid4().hex),
        experiment_id=experiments.parse_id(experiment_id),
        name=kept[RUN_NAME_TAG],
        status="RUNNING",
        user_id=user_id,
        start_time=now_ms() if start_time is None else start_time,
        end_time=None,
        deleted_at=None,
        location=None,
        home_id=experiments.parse_id(experiment_id),
    )
    key_ids = await db.name_ids(list(kept))
    async with db.connection() as connection:
        made = await store.insert(connection, workspace, run, key_ids, list(kept.values()))
        if made is None:
            await experiments.get_active(connection, workspace, experiment_id)
            raise NotFound(f"No experiment with the id {experiment_id} exists.")
    fields = {name: getattr(run, name) for name in run.__struct_fields__}
    return Run(**{**fields, "seq": made[0], "location": made[1]}), kept


async def get(tx: Tx, workspace: int, run_id: str) -> Run:
    found = await store.find(tx, workspace, run_id)
    if found is None:
        raise unknown(run_id)
    return found


async def lock(tx: Tx, workspace: int, run_id: str) -> Target:
    """The active run a write goes to. The first statement of every write; the document is dropped for the writer."""
    rows = await store.lock_targets(tx, [run_id])
    if not rows or rows[0]["workspace_id"] != workspace:
        raise unknown(run_id)
    row = rows[0]
    if row["deleted"]:
        raise trashed(run_id)
    home = await store.begin_write(tx, row["seq"])
    if home is None:
        raise unknown(run_id)
    return Target(row["seq"], row["run_id"], home)


async def update(
    db: Database, workspace: int, run_id: str, *, status: str | None, end_time: int | None, name: str | None
) -> tuple[Run, int]:
    """The changed run, and how many segments its points are in."""

    async def change(tx: Tx) -> tuple[Run, int] | None:
        if name:
            await words.log(tx, db, workspace, run_id, tags=[(RUN_NAME_TAG, name)])
        changed = await store.update(tx, workspace, run_id, status=status, end_time=end_time)
        if changed is None:
            await get(tx, workspace, run_id)
        return changed

    changed = await db.run(change, transaction=bool(name))
    if changed is None:
        raise trashed(run_id)
    return changed


async def delete(tx: Tx, workspace: int, run_id: str) -> None:
    found = await get(tx, workspace, run_id)
    if not found.deleted:
        await store.set_deleted(tx, [found.seq], now_ms())


async def restore(tx: Tx, workspace: int, run_id: str) -> None:
    found = await get(tx, workspace, run_id)
    await experiments.get_active(tx, workspace, str(found.experiment_id))
    if not await store.set_deleted(tx, [found.seq], None):
        raise unknown(run_id)


async def delete_tag(tx: Tx, db: Database, target: Target, key: str) -> None:
    key_id = (await db.known_name_ids([key])).get(key)
    if key_id is None or not await store.delete_tag(tx, target, key_id):
        raise NotFound(f"No tag with name {key!r} in run with id {target.run_id}.")


async def append_to_tag(tx: Tx, db: Database, target: Target, key: str, item: str) -> None:
    """Add a JSON value to the list that a tag of a locked run holds."""
    (key_id,) = await db.name_ids([key])
    await store.lock_row(tx, target.seq)
    held = await store.find_tag(tx, target, key_id)
    try:
        items = msgspec.json.decode(held, type=list[msgspec.Raw]) if held else []
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParameter(
            f"The tag {key!r} of run {target.run_id} holds no JSON list; delete it first."
        ) from error
    items.append(msgspec.Raw(item.encode()))
    await store.set_tags(tx, target, [key_id], [msgspec.json.encode(items).decode()])
