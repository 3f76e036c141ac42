"""Metric histories out: pages of one metric, and down-sampled series of many runs."""

from collections.abc import Sequence
from typing import Any, Final

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx
from lakeward.tracking import runs
from lakeward.tracking.states import unknown
from lakeward.tracking.store import metrics as store
from lakeward.tracking.store import runs as runs_store

MAX_PAGE: Final = 25_000
MAX_RUNS: Final = 100
DEFAULT_SAMPLES: Final = 2_500


async def page(
    tx: Tx, db: Database, workspace: int, run_id: str, key: str, *, max_results: int | None, page_token: str | None
) -> tuple[list[Any], str | None]:
    """Points (ts, step, value) of one metric, oldest first, and the token of the next page.

    Without `max_results` the whole history comes, as old clients that know no pages expect.
    """
    run = await runs.get(tx, workspace, run_id)
    if max_results is not None and max_results < 1:
        raise InvalidParameter(f"Invalid value {max_results} for parameter 'max_results': it must be at least 1.")
    limit = None if max_results is None else min(max_results, MAX_PAGE)
    context = pages.context_of("history", run.run_id, key)
    last = pages.decode(page_token, context, [int, int, float]) if page_token else None
    key_id = (await db.known_name_ids([key])).get(key)
    if key_id is None:
        return [], None
    rows = await store.history_page(tx, run.seq, key_id, last, None if limit is None else limit + 1)
    if limit is None or len(rows) <= limit:
        return rows, None
    return rows[:limit], pages.encode(rows[limit - 1], context)


async def many(
    tx: Tx, db: Database, workspace: int, run_ids: Sequence[str], key: str, *, max_results: int | None
) -> list[Any]:
    """Points (run_id, ts, step, value) of one metric in several runs, the first `max_results` in all."""
    seqs, key_id = await _find(tx, db, workspace, run_ids, key)
    limit = min(max_results or MAX_PAGE, MAX_PAGE)
    points: list[Any] = []
    if key_id is not None:
        for run_id in sorted(seqs):
            rows = await store.history_page(tx, seqs[run_id], key_id, None, limit - len(points))
            points += [(run_id, *row) for row in rows]
            if len(points) >= limit:
                break
    return points


async def sampled(
    tx: Tx,
    db: Database,
    workspace: int,
    run_ids: Sequence[str],
    key: str,
    *,
    steps: tuple[int | None, int | None],
    max_results: int | None,
) -> list[Any]:
    """Points (run_id, ts, step, value), at most `max_results` a run, with the extremes of every stretch kept."""
    first, last = steps
    if (first is None) != (last is None):
        raise InvalidParameter("If either start step or end step are specified, both must be specified.")
    if first is not None and last is not None and first > last:
        raise InvalidParameter(f"end_step must not be smaller than start_step, got {first} and {last}.")
    samples = DEFAULT_SAMPLES if max_results is None else max_results
    if not 1 <= samples <= MAX_PAGE:
        raise InvalidParameter(f"Invalid value {samples} for parameter 'max_results': it must be 1 to {MAX_PAGE}.")
    seqs, key_id = await _find(tx, db, workspace, run_ids, key)
    if key_id is None:
        return []
    rows = await store.sampled_history(tx, list(seqs.values()), key_id, steps, samples)
    names = {seq: run_id for run_id, seq in seqs.items()}
    order = {run_id: place for place, run_id in enumerate(dict.fromkeys(run_ids))}
    points = [(names[row["run_seq"]], row["ts"], row["step"], row["val"]) for row in rows]
    points.sort(key=lambda point: order[point[0]])  # stable: steps stay in order
    return points


async def _find(
    tx: Tx, db: Database, workspace: int, run_ids: Sequence[str], key: str
) -> tuple[dict[str, int], int | None]:
    wanted = list(dict.fromkeys(run_ids))
    if not wanted:
        raise InvalidParameter("At least one run id must be given.")
    if len(wanted) > MAX_RUNS:
        raise InvalidParameter(f"At most {MAX_RUNS} run ids may be given, got {len(wanted)}.")
    seqs = await runs_store.find_seqs(tx, workspace, wanted)
    for run_id in wanted:
        if run_id not in seqs:
            raise unknown(run_id)
    return seqs, (await db.known_name_ids([key])).get(key)
