"""The activity log of models and prompts: how every statement that changes something writes to it, and how it is read.

`NOTE` begins the part of a statement that writes: the values in the order of its columns follow as a SELECT.
"""

from typing import Final

from lakeward.registry.records import Activity
from lakeward.runtime.db import Tx

NOTE: Final = (
    "INSERT INTO registry_activity"
    " (workspace_id, model_id, full_name, is_prompt, version, action, key, value, before, actor)"
)


async def find_page(
    tx: Tx, workspace: int, full_name: str, version: int | None, before: int | None, limit: int
) -> list[Activity]:
    """The newest first; `version` None means all of them and the model itself. `before` is the id the page ends at."""
    rows = await tx.fetch(
        "SELECT id, full_name, is_prompt, version, action, key, left(value, 1000), left(before, 1000), actor, at"
        " FROM registry_activity WHERE workspace_id = $1 AND full_name = $2 AND ($3::integer IS NULL OR version = $3)"
        " AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
        workspace, full_name, version, before, limit,
    )  # fmt: skip
    return [Activity(*row) for row in rows]
