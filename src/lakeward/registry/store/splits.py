"""Splits: the versions that one alias of a prompt leads to, and their weights."""

from collections.abc import Sequence

from lakeward.registry.records import SPLIT_SET, RegisteredModelId
from lakeward.registry.store.activity import NOTE
from lakeward.runtime.db import Tx


async def find(tx: Tx, model_id: RegisteredModelId, alias: str) -> list[tuple[int, float]]:
    """(version, weight) of the arms; empty for an alias that leads to one version."""
    rows = await tx.fetch(
        "SELECT version, weight FROM alias_arm WHERE model_id = $1 AND alias = $2 ORDER BY version", model_id, alias
    )
    return [(row[0], row[1]) for row in rows]


async def has_alias(tx: Tx, model_id: RegisteredModelId, alias: str) -> bool:
    return bool(
        await tx.fetchval("SELECT EXISTS (SELECT FROM model_alias WHERE model_id = $1 AND alias = $2)", model_id, alias)
    )


async def missing(tx: Tx, model_id: RegisteredModelId, versions: Sequence[int]) -> int | None:
    """One of these versions that is not there, if any; the others stay until the transaction ends."""
    rows = await tx.fetch(
        "SELECT version FROM model_version WHERE model_id = $1 AND version = ANY($2::integer[]) FOR KEY SHARE",
        model_id, list(versions),
    )  # fmt: skip
    return next(iter(set(versions) - {row[0] for row in rows}), None)


async def replace(
    tx: Tx,
    model_id: RegisteredModelId,
    alias: str,
    arms: Sequence[tuple[int, float]],
    main: int,
    *,
    said: str,
    actor: str,
) -> None:
    """Let the alias lead to these arms, wherever it led before; `said` tells the activity log.

    Whoever reads meanwhile sees the old or the new.
    """
    await tx.execute(
        "INSERT INTO model_alias (model_id, alias, version) VALUES ($1, $2, $3)"
        " ON CONFLICT (model_id, alias) DO UPDATE SET version = excluded.version",
        model_id, alias, main,
    )  # fmt: skip
    await tx.execute("DELETE FROM alias_arm WHERE model_id = $1 AND alias = $2", model_id, alias)
    await tx.execute(
        "INSERT INTO alias_arm (model_id, alias, version, weight)"
        " SELECT $1, $2, v, w FROM unnest($3::integer[], $4::double precision[]) AS t(v, w)",
        model_id, alias, [version for version, _ in arms], [weight for _, weight in arms],
    )  # fmt: skip
    await tx.execute(
        f"{NOTE} SELECT workspace_id, id, full_name, is_prompt, $3, '{SPLIT_SET}', $2, $4, NULL, $5"
        " FROM registered_model WHERE id = $1",
        model_id, alias, main, said, actor,
    )  # fmt: skip


async def end(tx: Tx, model_id: RegisteredModelId, alias: str) -> None:
    await tx.execute("DELETE FROM alias_arm WHERE model_id = $1 AND alias = $2", model_id, alias)


async def step_in(tx: Tx, workspace: int, full_name: str, version: int) -> None:
    """Before a version is deleted: aliases that lead to it and have other arms lead to the heaviest of those."""
    await tx.execute(
        "UPDATE model_alias a SET version = other.version FROM registered_model r CROSS JOIN LATERAL ("
        " SELECT DISTINCT ON (x.alias) x.alias, x.version FROM alias_arm x"
        " WHERE x.model_id = r.id AND x.version <> $3 ORDER BY x.alias, x.weight DESC, x.version) other"
        " WHERE r.workspace_id = $1 AND r.full_name = $2 AND a.model_id = r.id AND a.version = $3"
        " AND a.alias = other.alias",
        workspace, full_name, version,
    )  # fmt: skip
