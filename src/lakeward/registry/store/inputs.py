"""The statement about what versions say they were made from; `lakeward.lineage` reads it."""

from collections.abc import Sequence

from lakeward.registry.records import ModelVersion
from lakeward.runtime.db import Tx


async def add(tx: Tx, version: ModelVersion, kinds: Sequence[str], names: Sequence[str]) -> None:
    await tx.execute(
        "INSERT INTO model_version_input (model_id, version, kind, name)"
        " SELECT $1, $2, n.kind, n.name FROM unnest($3::text[], $4::text[]) AS n(kind, name)",
        version.model_id, version.version, kinds, names,
    )  # fmt: skip


async def move(tx: Tx, workspace: int, before: str, now: str) -> None:
    """What versions of this workspace name in a schema, when that is called otherwise."""
    await tx.execute(
        "UPDATE model_version_input i SET name = $3 || substr(i.name, length($2) + 1) FROM registered_model m"
        " WHERE m.id = i.model_id AND m.workspace_id = $1 AND starts_with(i.name, $2 || '.') AND NOT EXISTS"
        " (SELECT FROM model_version_input o WHERE o.model_id = i.model_id AND o.version = i.version"
        "  AND o.kind = i.kind AND o.name = $3 || substr(i.name, length($2) + 1))",
        workspace, before, now,
    )  # fmt: skip
