"""The search of runs: a filter and sort keys in, the numbers of the runs found and a page token out.

`vocabulary` says what may be asked, `predicates` and `ordering` what that is in SQL, `walk` how a page is found without
reading what is not on it. Semantics are those of MLflow's SQL store; tests compare both.
"""

from collections.abc import Sequence
from typing import Any, Final

from lakeward.kit import pages
from lakeward.kit.filters import Entity, Op, Order, containing, parse_filter, parse_order
from lakeward.runtime.db import Tx
from lakeward.tracking.search import resolving
from lakeward.tracking.search.ordering import VALUE, Key, Position, Row
from lakeward.tracking.search.predicates import AttributeIs, Visible
from lakeward.tracking.search.vocabulary import VOCABULARY
from lakeward.tracking.search.walk import Walk

DEFAULT_RESULTS: Final = 1_000
MAX_RESULTS: Final = 50_000


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
    alive, dead, ids = await resolving.resolve(tx, workspace, experiment_ids, clauses, orders)
    searched = {"ACTIVE_ONLY": alive, "DELETED_ONLY": [*alive, *dead], "ALL": [*alive, *dead]}[view]
    predicates = resolving.predicates(clauses, ids, databricks=databricks)
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


async def named(tx: Tx, experiments: Sequence[int], letters: str, limit: int) -> list[int]:
    """The newest active runs with these letters in their name; one letter or two are looked for among the newest."""
    clauses = (AttributeIs("r.name", Op.ILIKE, containing(letters)),) if letters else ()
    walk = Walk(tx, experiments, Visible("ACTIVE_ONLY", ()), clauses, ())
    known = all(clause.indexed for clause in clauses)
    rows = await (walk.first(None, limit) if known else walk.newest(limit))
    return [row.seq for row in rows]


def _key(order: Order, ids: dict[str, int], *, databricks: bool) -> Key:
    if order.entity is Entity.ATTRIBUTE:
        return Key(
            order.ascending,
            expression=resolving.expression(order.key, databricks=databricks),
            kind="bigint" if order.key in resolving.TIMES else "text",
            nullable=order.key == "end_time",
        )
    kind = "float8" if order.entity is Entity.METRIC else "text"
    return Key(order.ascending, table=resolving.TABLES[order.entity], key_id=ids[order.key], kind=kind)


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
