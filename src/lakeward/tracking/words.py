"""Params and tags of runs. A param is written once: the same value again is fine, another one is an error and leaves
nothing of its batch behind. Tags are overwritten; the tag that names the run renames it.
"""

from collections.abc import Sequence

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx
from lakeward.tracking.limits import fit_param, fit_tag
from lakeward.tracking.records import RUN_NAME_TAG
from lakeward.tracking.states import check_state
from lakeward.tracking.store import runs as store

Pairs = Sequence[tuple[str, str]]


async def log(tx: Tx, db: Database, workspace: int, run_id: str, *, params: Pairs = (), tags: Pairs = ()) -> None:
    """Log params and tags, all or none. Of equal tag keys the last wins."""
    wanted: dict[str, str] = {}
    for key, given in params:
        value = fit_param(key, given)
        if wanted.setdefault(key, value) != value:
            raise _conflict(run_id, key, wanted[key], value)
    kept = {key: fit_tag(key, value) for key, value in tags}
    ids = await db.name_ids([*wanted, *kept])
    param_ids = dict(zip(ids, wanted, strict=False))
    tag_ids = ids[len(wanted) :]
    try:
        state = await store.log_words(
            tx,
            workspace,
            run_id,
            {key_id: wanted[key] for key_id, key in param_ids.items()},
            dict(zip(tag_ids, kept.values(), strict=True)),
            kept.get(RUN_NAME_TAG) or None,
        )
    except store.ParamTaken as taken:
        key = param_ids[taken.key_id]
        raise _conflict(run_id, key, taken.kept, wanted[key]) from taken
    check_state(state, run_id)


def _conflict(run_id: str, key: str, old: str, new: str) -> InvalidParameter:
    return InvalidParameter(
        f"Changing param values is not allowed. Param with key={key!r} was already logged with value={old!r} for run"
        f" ID={run_id!r}. Attempted logging new value {new!r}."
    )
