"""Every statement about uploads and keys."""

from collections.abc import Sequence

from lakeward.artifacts.records import Upload
from lakeward.runtime.db import Tx

_COLUMNS = "id, workspace_id, key, overwrite, completed_at IS NOT NULL"


async def add_upload(tx: Tx, upload: Upload) -> None:
    await tx.execute(
        "INSERT INTO upload (id, workspace_id, key, overwrite) VALUES ($1, $2, $3, $4)",
        upload.id, upload.workspace_id, upload.key, upload.overwrite,
    )  # fmt: skip


async def find_upload(tx: Tx, upload_id: str) -> Upload | None:
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM upload WHERE id = $1", upload_id)
    return Upload(*row) if row else None


async def lock_upload(tx: Tx, upload_id: str) -> Upload | None:
    """The upload, kept from others who would complete, abort or sweep it until the transaction ends."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM upload WHERE id = $1 FOR UPDATE", upload_id)
    return Upload(*row) if row else None


async def wait_while_idle(tx: Tx) -> None:
    """Let this transaction stand still for as long as it must, against the server's limit."""
    await tx.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


async def set_completed(tx: Tx, upload_id: str) -> None:
    await tx.execute("UPDATE upload SET completed_at = now() WHERE id = $1", upload_id)


async def remove_upload(tx: Tx, upload_id: str) -> None:
    await tx.execute("DELETE FROM upload WHERE id = $1", upload_id)


async def lock_stale_upload(tx: Tx, older_than_seconds: int) -> str | None:
    """The id of an upload nobody has finished in that time, or finished that long ago."""
    found: str | None = await tx.fetchval(
        "SELECT id FROM upload WHERE created_at < now() - make_interval(secs => $1)"
        " ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        older_than_seconds,
    )
    return found


async def known_uploads(tx: Tx, ids: Sequence[str]) -> set[str]:
    """Those of these ids whose parts may still be wanted."""
    rows = await tx.fetch("SELECT id FROM upload WHERE id = ANY($1::text[]) AND completed_at IS NULL", ids)
    return {row["id"] for row in rows}


async def find_or_add_secret(tx: Tx, name: str, candidate: bytes) -> bytes:
    """The key of this name, the same for every process; `candidate` if it is the first."""
    await tx.execute(
        "INSERT INTO secret_key (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, candidate
    )
    value: bytes = await tx.fetchval("SELECT value FROM secret_key WHERE name = $1", name)
    return value
