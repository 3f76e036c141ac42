"""Metric histories out: pages of one metric, and down-sampled series of many runs."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from lakeward.kit import pages
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx
from lakeward.tracking import runs, sampling
from lakeward.tracking.states import unknown
from lakeward.tracking.store import metrics as store
from lakeward.tracking.store import runs as runs_store

MAX_PAGE: Final = 25_000
MAX_RUNS: Final = 100
MAX_EXTREMES: Final = 20
DEFAULT_SAMPLES: Final = 2_500
AT_ONCE: Final = 1_000_000  # points in memory, at 60 bytes each


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
    checked_steps(*steps)
    samples = DEFAULT_SAMPLES if max_results is None else max_results
    if not 1 <= samples <= MAX_PAGE:
        raise InvalidParameter(f"Invalid value {samples} for parameter 'max_results': it must be 1 to {MAX_PAGE}.")
    seqs, key_id = await _find(tx, db, workspace, run_ids, key)
    if key_id is None:
        return []
    found: dict[int, sampling.Rows] = {}
    for batch in _batches(await store.sizes(tx, list(seqs.values()), key_id)):
        rows = await store.segments(tx, batch, key_id)
        found |= await asyncio.to_thread(_sampled, rows, key_id, steps, samples)
    return [(run_id, *point) for run_id in dict.fromkeys(run_ids) for point in found.get(seqs[run_id], ())]


def checked_steps(first: int | None, last: int | None) -> None:
    """Both or none, and in order."""
    if (first is None) != (last is None):
        raise InvalidParameter("If either start step or end step are specified, both must be specified.")
    if first is not None and last is not None and first > last:
        raise InvalidParameter(f"end_step must not be smaller than start_step, got {first} and {last}.")


def _batches(sizes: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Runs whose points go into memory together."""
    batch: list[int] = []
    room = AT_ONCE
    for seq, size in sizes:
        if batch and size > room:
            yield batch
            batch, room = [], AT_ONCE
        batch.append(seq)
        room -= size
    if batch:
        yield batch


def _sampled(
    rows: Sequence[Any], key_id: int, steps: tuple[int | None, int | None], samples: int
) -> dict[int, sampling.Rows]:
    return {
        seq: sampling.sampled([tuple(row)[1:] for row in own], key_id, steps, samples)
        for seq, own in groupby(rows, key=lambda row: row[0])
    }


async def extremes(
    tx: Tx, db: Database, workspace: int, run_ids: Sequence[str], keys: Sequence[str]
) -> list[tuple[str, str, int, float, float]]:
    """(run id, key, points, smallest, largest) over all steps, for each that was logged with a number."""
    if not 1 <= len(keys) <= MAX_EXTREMES:
        raise InvalidParameter(f"1 to {MAX_EXTREMES} metric keys must be given, got {len(keys)}.")
    seqs = await _seqs(tx, workspace, run_ids)
    names = {seq: run_id for run_id, seq in seqs.items()}
    ids = {key_id: key for key, key_id in (await db.known_name_ids(list(dict.fromkeys(keys)))).items()}
    rows = await store.extremes(tx, list(names), list(ids)) if ids else []
    return [(names[seq], ids[key], points, least, most) for seq, key, points, least, most in rows if points]


async def _seqs(tx: Tx, workspace: int, run_ids: Sequence[str]) -> dict[str, int]:
    wanted = list(dict.fromkeys(run_ids))
    if not wanted:
        raise InvalidParameter("At least one run id must be given.")
    if len(wanted) > MAX_RUNS:
        raise InvalidParameter(f"At most {MAX_RUNS} run ids may be given, got {len(wanted)}.")
    seqs = await runs_store.find_seqs(tx, workspace, wanted)
    for run_id in wanted:
        if run_id not in seqs:
            raise unknown(run_id)
    return seqs


async def _find(
    tx: Tx, db: Database, workspace: int, run_ids: Sequence[str], key: str
) -> tuple[dict[str, int], int | None]:
    seqs = await _seqs(tx, workspace, run_ids)
    return seqs, (await db.known_name_ids([key])).get(key)
