"""Taking spans in."""

from collections.abc import Sequence
from typing import Final

from lakeward import experiments
from lakeward.kit.errors import InvalidParameter, NotFound, PermissionDenied
from lakeward.runtime.db import Tx
from lakeward.tracing import arrivals, payloads
from lakeward.tracing.book import Book
from lakeward.tracing.records import IN_PROGRESS, MAX_LINKS, Arrival
from lakeward.tracing.store import arrivals as store
from lakeward.tracing.store import traces as trace_store

# A trace that grows span by span is counted anew with each; one of more than this is a log that never ends.
_RECOUNTED_SEGMENTS: Final = 300
_RECOUNTED_SPANS: Final = 100_000
_RECOUNTED_BYTES: Final = 16 << 20  # as they are stored
_RECOUNTED_TEXT: Final = 128 << 20  # as they came


async def take(
    tx: Tx,
    workspace: int,
    experiment_id: str,
    arrived: Sequence[Arrival],
    book: Book,
    *,
    run_id: str | None = None,
    location: int | None = None,
    confined: bool = False,
) -> None:
    """Store these arrivals: all or none. What spans of earlier requests said stands, in whatever order they come.

    `confined`: the caller has rights on this experiment alone, and cannot add to traces of another. Raises NotFound if
    there is no such experiment here, InvalidParameter if it is in the trash.
    """
    number = experiments.parse_id(experiment_id)
    rows = await store.arrive(tx, workspace, number, arrived, location) if arrived else []
    if len(rows) < len(arrived):
        await experiments.get_active(tx, workspace, experiment_id)
        raise NotFound(f"No experiment with the id {experiment_id} exists.")
    by_id = {each.trace_id: each for each in arrived}
    for row in rows:
        came = by_id[row["trace_id"]]
        if confined and row["experiment_id"] != number:
            raise PermissionDenied(f"The trace {came.trace_id} is in another experiment.")
        if row["joined"] and row["start_ms"] == came.start_ms:
            await store.follow(tx, row["seq"])
        if row["joined"] and (came.tokens or came.cost or row["total_tokens"] or row["total_cost"]):
            told = row["finalized"]
            await _recount(
                tx,
                row["seq"],
                book,
                tokens=not (told and row["total_tokens"] is not None),
                cost=not (told and row["total_cost"] is not None),
            )
    if run_id:
        ended = [row["seq"] for row in rows if by_id[row["trace_id"]].state != IN_PROGRESS]
        await store.link(tx, ended, "run", [run_id] * len(ended))


async def _recount(tx: Tx, seq: int, book: Book, *, tokens: bool, cost: bool) -> None:
    """Tokens and cost of a trace whose spans came in several requests; what its client told of them stands."""
    if not tokens and not cost:
        return
    segments, spans, size = await trace_store.weight(tx, seq, _RECOUNTED_SEGMENTS + 1)
    if segments > _RECOUNTED_SEGMENTS or spans > _RECOUNTED_SPANS or size > _RECOUNTED_BYTES:
        return
    stored = await trace_store.payloads(tx, seq)
    if sum(map(payloads.size_of, stored)) > _RECOUNTED_TEXT:
        return
    counted_tokens, counted_cost = arrivals.recount(stored, book)
    await store.set_tokens(tx, seq, counted_tokens if tokens else None, counted_cost if cost else None)


async def link_runs(tx: Tx, workspace: int, trace_ids: Sequence[str], run_id: str) -> None:
    """Link traces to a run. Those that are not here are left out, as their client may not have sent them yet.

    Raises NotFound if there is no such run.
    """
    if len(trace_ids) > MAX_LINKS:
        raise InvalidParameter(
            f"Cannot link more than {MAX_LINKS} traces to a run in a single request. Provided {len(trace_ids)} traces."
        )
    if not await trace_store.run_is_here(tx, workspace, run_id):
        raise experiments.BY_RUN.unknown(run_id)
    seqs = await trace_store.seqs_of(tx, workspace, trace_ids)
    await store.link(tx, list(seqs.values()), "run", [run_id] * len(seqs))
