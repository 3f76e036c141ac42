"""The search of runs: a filter and sort keys in, the numbers of the runs found and a page token out.

`vocabulary` says what may be asked, `predicates` and `ordering` what that is in SQL, `walk` how a page is found without
reading what is not on it. Semantics are those of MLflow's SQL store; tests compare both.
"""

from collections.abc import Sequence
from typing import Any, Final

from lakeward import experiments
from lakeward.kit import pages
from lakeward.kit.errors import NotFound
from lakeward.kit.filters import PRESENCE, Comparison, Entity, Op, Order, parse_filter, parse_order
from lakeward.runtime.db import Tx
from lakeward.tracking.search.ordering import VALUE, Key, Position, Row
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
    Visible,
)
from lakeward.tracking.search.vocabulary import VOCABULARY
from lakeward.tracking.search.walk import UNKNOWN, Walk

DEFAULT_RESULTS: Final = 1_000
MAX_RESULTS: Final = 50_000

_TABLES: Final = {Entity.METRIC: METRICS, Entity.PARAM: PARAMS, Entity.TAG: TAGS}
_COLUMNS: Final = {
    "run_id": "r.run_id",
    "run_name": "r.name",
    "status": "r.status",
    "user_id": "r.user_id",
    "start_time": "r.start_time",
    "end_time": "r.end_time",
}
_TIMES: Final = ("start_time", "end_time")


async def search(
    tx: Tx,
    workspace: int,
    *,
    experiment_ids: Sequence[str],
    filter: str | None,  # noqa: A002 - the field's name on the wire
    order_by: Sequence[str],
    view: str,
    max_results: int | None,
    page_token: str | None,
    databricks: bool = False,
) -> tuple[list[int], str | None]:
    """The run numbers of one page in order, and the token of the next page if there is one."""
    limit = pages.page_size(max_results, DEFAULT_RESULTS, MAX_RESULTS)
    clauses = parse_filter(filter, VOCABULARY)
    orders = parse_order(order_by, VOCABULARY)
    context = pages.context_of("runs", workspace, sorted(set(experiment_ids)), filter, list(order_by), view)
    parts = pages.decode(page_token, context) if page_token else None
    alive, dead, ids = await _resolve(tx, workspace, experiment_ids, clauses, orders)
    searched = {"ACTIVE_ONLY": alive, "DELETED_ONLY": [*alive, *dead], "ALL": [*alive, *dead]}[view]
    predicates = _predicates(clauses, ids, databricks=databricks)
    keys = [_key(order, ids, databricks=databricks) for order in orders]
    position = _position(parts, keys) if parts is not None else None
    if not searched or predicates is None:
        return [], None
    walk = Walk(tx, searched, Visible(view, tuple(dead)), predicates, keys)
    rows = await walk.first(position, limit + 1)
    seqs = [row.seq for row in rows[:limit]]
    if len(rows) <= limit:
        return seqs, None
    last = await walk.placed(rows[limit - 1])
    return seqs, pages.encode(_parts(last, keys), context)


async def _resolve(
    tx: Tx, workspace: int, experiment_ids: Sequence[str], clauses: Sequence[Comparison], orders: Sequence[Order]
) -> tuple[list[int], list[int], dict[str, int]]:
    """(active experiments, deleted experiments, ids of key names). Whatever does not exist here is not among them."""
    asked = [(each.entity, each.key) for each in clauses] + [(each.entity, each.key) for each in orders]
    names = list({key for entity, key in asked if entity in _TABLES})
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


def _predicates(
    clauses: Sequence[Comparison], ids: dict[str, int], *, databricks: bool
) -> tuple[Predicate, ...] | None:
    """The clauses, or None if one of them can never be true because nobody ever used its key."""
    predicates: list[Predicate] = []
    for clause in clauses:
        if clause.entity in _TABLES and ids[clause.key] == UNKNOWN:
            if clause.op is Op.IS_NULL:
                continue
            return None
        predicates.append(_predicate(clause, ids, databricks=databricks))
    return tuple(dict.fromkeys(predicates))


def _predicate(clause: Comparison, ids: dict[str, int], *, databricks: bool) -> Predicate:
    if clause.entity is Entity.ATTRIBUTE:
        expression = _expression(clause.key, databricks=databricks)
        return AttributeIs(expression, clause.op, clause.value, numeric=clause.key in _TIMES)
    if clause.entity is Entity.DATASET:
        return ReadsDataset(clause.key, clause.op, clause.value)
    table, key_id, value = _TABLES[clause.entity], ids[clause.key], clause.value
    if clause.op in PRESENCE:
        return HasKey(table, key_id, present=clause.op is Op.IS_NOT_NULL)
    if isinstance(value, str):
        return TextIs(table, key_id, clause.op, value)
    assert isinstance(value, int | float)
    return MetricIs(key_id, clause.op, float(value))


def _expression(key: str, *, databricks: bool) -> str:
    if key != "artifact_uri":
        return _COLUMNS[key]
    # as `experiments.run_artifact_uri` renders it
    prefix = experiments.own_root(databricks=databricks)
    location = "(SELECT e.artifact_location FROM experiment e WHERE e.id = r.experiment_id)"
    return f"(coalesce({location}, '{prefix}/' || r.experiment_id) || '/' || r.run_id || '/artifacts')"


def _key(order: Order, ids: dict[str, int], *, databricks: bool) -> Key:
    if order.entity is Entity.ATTRIBUTE:
        return Key(
            order.ascending,
            expression=_expression(order.key, databricks=databricks),
            kind="bigint" if order.key in _TIMES else "text",
            nullable=order.key == "end_time",
        )
    kind = "float8" if order.entity is Entity.METRIC else "text"
    return Key(order.ascending, table=_TABLES[order.entity], key_id=ids[order.key], kind=kind)


def _parts(row: Row, keys: Sequence[Key]) -> list[pages.Part]:
    ranks = [part for key, value in zip(keys, row.values, strict=True) for part in key.parts(value)]
    return [*ranks, row.start_time, row.run_id]


def _position(parts: Sequence[Any], keys: Sequence[Key]) -> Position:
    """A page token's parts, checked: whatever was forged is refused here and not by the database."""
    kinds = {"text": str, "bigint": int, "float8": float}
    pairs = [(parts[at], parts[at + 1]) for at in range(0, 2 * len(keys), 2)] if len(parts) == 2 * len(keys) + 2 else []
    sound = len(parts) == 2 * len(keys) + 2 and isinstance(parts[-2], int) and isinstance(parts[-1], str)
    for key, (rank, value) in zip(keys, pairs, strict=False):
        known = rank == VALUE and isinstance(value, kinds[key.kind])
        sound = sound and (known or (rank in (1, 2) and value is None))
    if not sound:
        raise pages.misfit()
    return Position(tuple(pairs), parts[-2], parts[-1])
