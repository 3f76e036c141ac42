"""What has come over from which source: the statements about an import's own memory."""

from collections.abc import Mapping, Sequence

from lakeward.experiments import ExperimentId
from lakeward.importing.records import Kept, Place
from lakeward.runtime.db import Tx


async def find_workspace(tx: Tx, name: str) -> int | None:
    found: int | None = await tx.fetchval("SELECT id FROM workspace WHERE name = $1 AND id > 0", name)
    return found


async def keep_source(tx: Tx, workspace: int, url: str) -> int:
    """The number of a source, for this workspace."""
    await tx.execute(
        "INSERT INTO import_source (workspace_id, url) VALUES ($1, $2) ON CONFLICT DO NOTHING", workspace, url
    )
    return int(await tx.fetchval("SELECT id FROM import_source WHERE workspace_id = $1 AND url = $2", workspace, url))


async def find_source(tx: Tx, workspace: int, url: str) -> int | None:
    found: int | None = await tx.fetchval(
        "SELECT id FROM import_source WHERE workspace_id = $1 AND url = $2", workspace, url
    )
    return found


# ── experiments ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def places(tx: Tx, source: int) -> dict[str, Place]:
    """Where the experiments of the source are."""
    rows = await tx.fetch("SELECT there, experiment_id, merged FROM imported_experiment WHERE source_id = $1", source)
    return {row[0]: Place(ExperimentId(row[1]), row[2]) for row in rows}


async def keep_place(tx: Tx, source: int, there: str, place: Place) -> None:
    await tx.execute(
        "INSERT INTO imported_experiment (source_id, there, experiment_id, merged) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (source_id, there) DO UPDATE SET experiment_id = excluded.experiment_id,"
        " merged = excluded.merged",
        source, there, place.experiment_id, place.merged,
    )  # fmt: skip


# ── objects ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def digests(tx: Tx, source: int, kind: str, ids: Sequence[str]) -> Mapping[str, bytes]:
    """What the source said of those of these objects that came over whole."""
    rows = await tx.fetch(
        "SELECT there, digest FROM imported_object WHERE source_id = $1 AND kind = $2 AND there = ANY($3::text[])",
        source, kind, ids,
    )  # fmt: skip
    return dict(rows)


async def keep_digest(tx: Tx, source: int, kind: str, there: str, digest: bytes) -> None:
    await tx.execute(
        "INSERT INTO imported_object (source_id, kind, there, digest) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (source_id, kind, there) DO UPDATE SET digest = excluded.digest",
        source, kind, there, digest,
    )  # fmt: skip


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def files_below(tx: Tx, source: int, prefix: str) -> dict[str, Kept]:
    """By key, the files that came over below this prefix."""
    rows = await tx.fetch(
        "SELECT key, size, sha256 FROM imported_file WHERE source_id = $1 AND key >= $2 || '/' AND key < $2 || '0'",
        source, prefix,
    )  # fmt: skip
    return {row[0]: Kept(row[1], row[2]) for row in rows}


async def keep_file(tx: Tx, source: int, key: str, kept: Kept) -> None:
    await tx.execute(
        "INSERT INTO imported_file (source_id, key, size, sha256) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (source_id, key) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256",
        source, key, kept.size, kept.sha256,
    )  # fmt: skip
