"""What a filter asks of the database: which experiments there are, which numbers keys have, clauses as predicates."""

from collections.abc import Sequence
from typing import Final

from lakeward import experiments
from lakeward.kit.errors import NotFound
from lakeward.kit.filters import PRESENCE, Comparison, Entity, Op, Order
from lakeward.runtime.db import Tx
from lakeward.tracking.search.predicates import (
    METRICS,
    PARAMS,
    TAGS,
    AttributeIs,
    HasKey,
    MetricIs,
    Predicate,
    ReadsDataset,
    TextIs,
)
from lakeward.tracking.search.walk import UNKNOWN

TABLES: Final = {Entity.METRIC: METRICS, Entity.PARAM: PARAMS, Entity.TAG: TAGS}
COLUMNS: Final = {
    "run_id": "r.run_id",
    "run_name": "r.name",
    "status": "r.status",
    "user_id": "r.user_id",
    "start_time": "r.start_time",
    "end_time": "r.end_time",
}
TIMES: Final = ("start_time", "end_time")


async def resolve(
    tx: Tx, workspace: int, experiment_ids: Sequence[str], clauses: Sequence[Comparison], orders: Sequence[Order]
) -> tuple[list[int], list[int], dict[str, int]]:
    """(active experiments, deleted experiments, ids of key names). Whatever does not exist here is not among them."""
    asked = [(each.entity, each.key) for each in clauses] + [(each.entity, each.key) for each in orders]
    names = list({key for entity, key in asked if entity in TABLES})
    wanted = sorted({number for text in experiment_ids if (number := _experiment(text)) is not None})
    row = await tx.fetchrow(
        """
        WITH found AS MATERIALIZED (
            SELECT id, deleted_at FROM experiment WHERE workspace_id = $1 AND id = ANY($2::bigint[]) AND NOT purging
        )
        SELECT ARRAY(SELECT id FROM found WHERE deleted_at IS NULL ORDER BY id),
               ARRAY(SELECT id FROM found WHERE deleted_at IS NOT NULL ORDER BY id),
               ARRAY(SELECT coalesce((SELECT id FROM key_name WHERE text = name), 0)
                     FROM unnest($3::text[]) WITH ORDINALITY AS w(name, place) ORDER BY place)
        """,
        workspace,
        wanted,
        names,
    )
    return list(row[0]), list(row[1]), dict(zip(names, row[2], strict=True))


def _experiment(text: str) -> int | None:
    try:
        return experiments.parse_id(text)
    except NotFound:
        return None


def predicates(clauses: Sequence[Comparison], ids: dict[str, int], *, databricks: bool) -> tuple[Predicate, ...] | None:
    """The clauses, or None if one of them can never be true because nobody ever used its key."""
    found: list[Predicate] = []
    for clause in clauses:
        if clause.entity in TABLES and ids[clause.key] == UNKNOWN:
            if clause.op is Op.IS_NULL:
                continue
            return None
        found.append(predicate(clause, ids, databricks=databricks))
    return tuple(dict.fromkeys(found))


def predicate(clause: Comparison, ids: dict[str, int], *, databricks: bool) -> Predicate:
    if clause.entity is Entity.ATTRIBUTE:
        column = expression(clause.key, databricks=databricks)
        return AttributeIs(column, clause.op, clause.value, numeric=clause.key in TIMES)
    if clause.entity is Entity.DATASET:
        return ReadsDataset(clause.key, clause.op, clause.value)
    table, key_id, value = TABLES[clause.entity], ids[clause.key], clause.value
    if clause.op in PRESENCE:
        return HasKey(table, key_id, present=clause.op is Op.IS_NOT_NULL)
    if isinstance(value, str):
        return TextIs(table, key_id, clause.op, value)
    assert isinstance(value, int | float)
    return MetricIs(key_id, clause.op, float(value))


def expression(key: str, *, databricks: bool) -> str:
    if key != "artifact_uri":
        return COLUMNS[key]
    # as `experiments.run_artifact_uri` renders it
    prefix = experiments.own_root(databricks=databricks)
    chosen = "(SELECT e.artifact_location FROM experiment e WHERE e.id = r.experiment_id)"
    location = f"CASE WHEN r.home_id IS NULL THEN {chosen} ELSE r.home_location END"
    root = f"coalesce({location}, '{prefix}/' || coalesce(r.home_id, r.experiment_id))"
    return f"({root} || '/' || r.run_id || '/artifacts')"
