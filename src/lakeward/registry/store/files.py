"""Files the registry keeps, and models by name in any case."""

from lakeward.registry import names
from lakeward.registry.records import FilesId
from lakeward.runtime.db import Tx


async def add(tx: Tx, workspace: int, files_id: FilesId, now: int) -> None:
    await tx.execute(
        "INSERT INTO model_files (id, workspace_id, created_at) VALUES ($1, $2, $3)", files_id, workspace, now
    )


async def add_again(tx: Tx, workspace: int, files_id: FilesId, now: int) -> None:
    """The same as `add`, of files that may be there."""
    await tx.execute(
        "INSERT INTO model_files (id, workspace_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        files_id, workspace, now,
    )  # fmt: skip


async def lock_unneeded(tx: Tx) -> tuple[int, FilesId] | None:
    """Files of no version, kept from whoever would copy them until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT f.workspace_id, f.id FROM model_files f"
        " WHERE NOT EXISTS (SELECT FROM model_version v WHERE v.files_id = f.id) LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return (row[0], row[1]) if row else None


async def is_needed(tx: Tx, files_id: FilesId) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM model_version WHERE files_id = $1)", files_id))


async def erase(tx: Tx, files_id: FilesId) -> None:
    await tx.execute("DELETE FROM model_files WHERE id = $1", files_id)


async def find_in_any_case(tx: Tx, workspace: int, full_name: str) -> str | None:
    """The full name of a model as it is spelled; the exact spelling wins over others."""
    found: str | None = await tx.fetchval(
        "SELECT full_name FROM registered_model WHERE workspace_id = $1 AND lower(full_name) = $2"
        " ORDER BY full_name = $3 DESC, id LIMIT 1",
        workspace, names.fold(full_name), full_name,
    )  # fmt: skip
    return found
