"""Statements about what runs read and made: data sets and LoggedModels."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lakeward.runtime.db import Tx
from lakeward.tracking.records import DATASET_CONTEXT_TAG, Dataset, Target


async def add_datasets(tx: Tx, target: Target, datasets: Sequence[Dataset]) -> None:
    """Keep each data set once per experiment and link it to the run; a repeated link replaces its tags."""
    columns = zip(*((d.name, d.digest, d.source_type, d.source, d.schema, d.profile) for d in datasets), strict=True)
    names, digests, *rest = (list(column) for column in columns)
    await tx.execute(
        "INSERT INTO dataset (experiment_id, name, digest, source_type, source, schema, profile)"
        " SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])"
        " ON CONFLICT (experiment_id, name, digest) DO NOTHING",
        target.experiment_id, names, digests, *rest,
    )  # fmt: skip
    tags = [msgspec.json.encode([{"key": k, "value": v} for k, v in d.tags]).decode() for d in datasets]
    contexts = [dict(d.tags).get(DATASET_CONTEXT_TAG) for d in datasets]
    await tx.execute(
        "INSERT INTO run_dataset (run_seq, dataset_id, context, tags)"
        " SELECT $1, d.id, t.context, t.tags FROM unnest($3::text[], $4::text[], $5::text[], $6::jsonb[])"
        " AS t(name, digest, context, tags)"
        " JOIN dataset d ON d.experiment_id = $2 AND d.name = t.name AND d.digest = t.digest"
        " ON CONFLICT (run_seq, dataset_id) DO UPDATE SET context = excluded.context, tags = excluded.tags",
        target.seq, target.experiment_id, names, digests, contexts, tags,
    )  # fmt: skip


async def add_models(tx: Tx, target: Target, direction: str, models: Sequence[tuple[str, int]]) -> None:
    await tx.execute(
        "INSERT INTO run_model (run_seq, direction, model_id, step)"
        " SELECT $1, $2, m, s FROM unnest($3::text[], $4::bigint[]) AS t(m, s) ON CONFLICT DO NOTHING",
        target.seq, direction, [model for model, _ in models], [step for _, step in models],
    )  # fmt: skip


async def dataset_summaries(tx: Tx, workspace: int, experiment_ids: Sequence[int], most: int) -> list[Any]:
    """(experiment_id, name, digest, context) of the data sets that runs of these experiments read."""
    rows: list[Any] = await tx.fetch(
        "SELECT DISTINCT d.experiment_id, d.name, d.digest, i.context FROM dataset d"
        " JOIN experiment e ON e.id = d.experiment_id AND e.workspace_id = $1 AND NOT e.purging"
        " JOIN run_dataset i ON i.dataset_id = d.id JOIN run r ON r.seq = i.run_seq AND NOT r.purging"
        " WHERE d.experiment_id = ANY($2::bigint[]) ORDER BY 1, 2, 3, 4 LIMIT $3",
        workspace, experiment_ids, most,
    )  # fmt: skip
    return rows
