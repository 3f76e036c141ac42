"""Curves: what charts draw of the metrics of many runs, as numbers that are ready to be drawn.

A chart of a hundred runs with ten thousand steps stands for a million points, of which it shows some ten thousand. So
when a run has ended, its long metrics are sampled once and kept; a page of charts then reads little. Other curves,
those of runs that go on or of a part of the steps, are made from the points for the answer.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx
from lakeward.tracking import metrics, sampling
from lakeward.tracking.history import AT_ONCE, checked_steps
from lakeward.tracking.records import TERMINAL
from lakeward.tracking.states import unknown
from lakeward.tracking.store import curves as store
from lakeward.tracking.store import documents as documents_store
from lakeward.tracking.store import runs as runs_store

KEPT: Final = (180, 600)  # points of a curve: for many runs, and for few
LONG: Final = 2_000  # points in a bucket of metrics, from which its curves are kept
MAX_RUNS: Final = 400
MAX_KEYS: Final = 20
MAX_POINTS: Final = 2_500

_ALL: Final = (None, None)

Curves = dict[tuple[int, int], bytes]  # by run and metric, in numbers; the points as `sampling.packed` writes them


async def drawn(
    tx: Tx,
    db: Database,
    workspace: int,
    run_ids: Sequence[str],
    keys: Sequence[str],
    *,
    steps: tuple[int | None, int | None],
    most: int | None,
) -> tuple[list[tuple[int, int, bytes]], list[int]]:
    """(place of the run, place of the metric, points) of each curve that has some, as they were asked for, and the
    runs of which curves should be kept.
    """
    most = KEPT[0] if most is None else most
    checked_steps(*steps)
    for what, count, limit in (
        ("run ids", len(run_ids), MAX_RUNS), ("metric keys", len(keys), MAX_KEYS), ("points", most, MAX_POINTS),
    ):  # fmt: skip
        if not 1 <= count <= limit:
            raise InvalidParameter(f"1 to {limit} {what} may be asked for, got {count}.")
    seqs = await runs_store.find_seqs(tx, workspace, list(dict.fromkeys(run_ids)))
    for run_id in run_ids:
        if run_id not in seqs:
            raise unknown(run_id)
    ids = await db.known_name_ids(list(dict.fromkeys(keys)))
    keep = most in KEPT and steps == _ALL
    found, unkept = await _found(tx, sorted(seqs.values()), sorted(ids.values()), most, steps, keep=keep)
    listed = [
        (run, key, found[seqs[run_id], ids[name]])
        for run, run_id in enumerate(run_ids)
        for key, name in enumerate(keys)
        if name in ids and found.get((seqs[run_id], ids[name]))
    ]
    return listed, unkept


async def _found(
    tx: Tx, seqs: list[int], key_ids: list[int], most: int, steps: tuple[int | None, int | None], *, keep: bool
) -> tuple[Curves, list[int]]:
    if not key_ids:
        return {}, []
    counts = await store.segment_counts(tx, seqs, sorted({key_id // 64 for key_id in key_ids}))
    found, done = await _kept(tx, seqs, key_ids, most, counts) if keep else ({}, set())
    missing = counts.keys() - done
    unkept = set()
    if missing:
        sizes = await store.sizes(tx, sorted({seq for seq, _ in missing}), sorted({bucket for _, bucket in missing}))
        for batch in _batches(sizes):  # what was kept of the same runs is made once more, and is the same
            runs, buckets = (sorted(set(column)) for column in list(zip(*batch, strict=True))[:2])
            rows = await store.segments(tx, runs, buckets, key_ids)
            found |= await asyncio.to_thread(_made, rows, key_ids, steps, most)
            unkept |= {seq for seq, bucket, size in batch if keep and size >= LONG and (seq, bucket) in missing}
    return found, sorted(unkept)


async def _kept(
    tx: Tx, seqs: list[int], key_ids: list[int], most: int, counts: dict[tuple[int, int], int]
) -> tuple[Curves, set[tuple[int, int]]]:
    """Kept curves that are true, and of which runs and buckets there are no others."""
    found: Curves = {}
    done = set()
    for seq, key_id, segments, points in await store.kept(tx, seqs, key_ids, most):
        bucket = store.marked(key_id)
        if bucket is None:
            found[seq, key_id] = points
        elif counts.get((seq, bucket)) == segments:
            done.add((seq, bucket))
    return {(seq, key_id): points for (seq, key_id), points in found.items() if (seq, key_id // 64) in done}, done


def _batches(sizes: Sequence[tuple[int, int, int]]) -> Iterator[list[tuple[int, int, int]]]:
    """Buckets whose points go into memory together."""
    batch: list[tuple[int, int, int]] = []
    room = AT_ONCE
    for each in sizes:
        if batch and each[2] > room:
            yield batch
            batch, room = [], AT_ONCE
        batch.append(each)
        room -= each[2]
    if batch:
        yield batch


def _made(rows: Sequence[Any], key_ids: Sequence[int], steps: tuple[int | None, int | None], most: int) -> Curves:
    made: Curves = {}
    for seq, own in groupby(rows, key=lambda row: row[0]):
        curves = sampling.packed([tuple(row)[1:] for row in own], set(key_ids), steps, [most])
        made |= {(seq, key_id): points for (key_id, _), points in curves.items()}
    return made


# ── kept ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def settle(db: Database, run_seq: int, segments: int) -> None:
    """A run has ended: put its points together, and keep its curves."""
    if segments > metrics.CROWDED:
        await metrics.tidy(db, run_seq)
    await keep(db, [run_seq])


async def keep(db: Database, run_seqs: Sequence[int]) -> None:
    """Keep the curves of the long metrics of those of these runs that have ended, unless somebody is writing."""
    async with db.connection() as connection:
        ended = await store.ended(connection, run_seqs, list(TERMINAL))
        buckets = [(seq, bucket, size) for seq, bucket, size in await store.sizes(connection, ended) if size >= LONG]
    for seq, bucket, size in buckets:
        async with db.connection() as connection:
            (segments,) = (await store.segment_counts(connection, [seq], [bucket])).values() or (0,)
            alone = size > AT_ONCE  # then each metric for itself
            groups = [[key] for key in await store.keys_in(connection, seq, bucket)] if alone else [None]
            curves: list[tuple[int, int, bytes]] = []
            for key_ids in groups:
                rows = await store.segments(connection, [seq], [bucket], key_ids)
                plain = [tuple(row)[1:] for row in rows]
                made = await asyncio.to_thread(sampling.packed, plain, key_ids, _ALL, KEPT)
                curves += [(key_id, most, points) for (key_id, most), points in made.items()]
        async with db.transaction() as tx:
            if await documents_store.lock_exclusive(tx, [seq]):
                await store.keep(tx, seq, bucket, segments, curves)
