"""Statements about tables that the server keeps for experiments."""

import uuid
from collections.abc import Sequence

from lakeward.runtime.db import Tx


async def stand_in(tx: Tx, workspace: int, catalog: str, schema: str) -> None:
    """Let the schema be there until the transaction ends; nobody owns one that is made so."""
    await tx.execute("SELECT stand_in_schema($1, $2, $3, '')", workspace, catalog, schema)


async def bind(tx: Tx, asset: uuid.UUID, experiment_id: int) -> None:
    await tx.execute("UPDATE asset SET of_experiment = $2 WHERE id = $1", asset, experiment_id)


async def experiment_of(tx: Tx, asset: uuid.UUID) -> int | None:
    found: int | None = await tx.fetchval("SELECT of_experiment FROM asset WHERE id = $1", asset)
    return found


async def any_in(tx: Tx, workspace: int, catalog: str, schema: str) -> str | None:
    found: str | None = await tx.fetchval(
        "SELECT name FROM asset WHERE workspace_id = $1 AND catalog_name = $2 AND schema_name = $3"
        " AND of_experiment IS NOT NULL LIMIT 1",
        workspace, catalog, schema,
    )  # fmt: skip
    return found


async def names_among(tx: Tx, assets: Sequence[uuid.UUID]) -> list[str]:
    """The full names of those of these that belong to experiments."""
    rows = await tx.fetch(
        "SELECT catalog_name || '.' || schema_name || '.' || name FROM asset"
        " WHERE id = ANY($1::uuid[]) AND of_experiment IS NOT NULL",
        assets,
    )
    return [row[0] for row in rows]
