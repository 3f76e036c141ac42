"""Params: written once. The same value again is fine, another one is an error."""

from collections.abc import Sequence

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx
from lakeward.tracking.limits import check_param
from lakeward.tracking.records import Target
from lakeward.tracking.store import runs as store


def _conflict(target: Target, key: str, old: str, new: str) -> InvalidParameter:
    return InvalidParameter(
        f"Changing param values is not allowed. Param with key={key!r} was already logged with value={old!r} for run"
        f" ID={target.run_id!r}. Attempted logging new value {new!r}."
    )


async def log(tx: Tx, db: Database, target: Target, params: Sequence[tuple[str, str]]) -> None:
    """Log params on a locked run, all or none."""
    wanted: dict[str, str] = {}
    for key, value in params:
        check_param(key, value)
        if wanted.setdefault(key, value) != value:
            raise _conflict(target, key, wanted[key], value)
    key_ids = await db.name_ids(list(wanted))
    conflict = await store.add_params(tx, target, key_ids, list(wanted.values()))
    if conflict is not None:
        key = dict(zip(key_ids, wanted, strict=True))[conflict["key_id"]]
        raise _conflict(target, key, conflict["value"], wanted[key])
