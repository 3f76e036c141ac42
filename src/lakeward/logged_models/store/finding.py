"""LoggedModels by what somebody remembers of them: the beginning of an id, or letters of the name."""

from collections.abc import Sequence
from typing import Any, Final

from lakeward.kit.filters import Op, containing
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters, prefix_range, text_test

_NEWEST: Final = 200_000  # whose names are read one by one: some 50 ms


async def find_named(
    tx: Tx, experiments: Sequence[int], *, id_start: str | None = None, letters: str = "", limit: int
) -> list[Any]:
    """(id, name, experiment) of active models of these experiments, the newest first."""
    parameters = Parameters()
    where = ["m.deleted_at IS NULL", f"m.experiment_id = ANY({parameters.add(list(experiments))}::bigint[])"]
    if id_start is not None:
        where.append(prefix_range(parameters, "m.model_id", id_start))
    else:
        where.append(f"m.seq > (SELECT max(seq) FROM logged_model) - {parameters.add(_NEWEST)}::bigint")
        where.append(text_test(parameters, "m.name", Op.ILIKE, containing(letters)))
    statement = await tx.prepare(
        f"SELECT m.model_id, m.name, m.experiment_id FROM logged_model m WHERE {' AND '.join(where)}"
        f" ORDER BY m.created_at DESC, m.model_id LIMIT {parameters.add(limit)}"
    )
    rows: list[Any] = await statement.fetch(*parameters.values)
    return rows
