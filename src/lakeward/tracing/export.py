"""Export of a selection of traces, page by page, so that neither memory nor a transaction grows with it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec

from lakeward import experiments
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database, Tx
from lakeward.tracing import prices, reading, search
from lakeward.tracing.export_forms import Exported, Format, Writer, writer
from lakeward.tracing.records import Trace
from lakeward.tracing.spool import beside
from lakeward.tracing.store import assessments as assessment_store
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire import assessments as wire_assessments
from lakeward.tracing.wire import traces as wire

MAX_NAMED: Final = 10_000
_PAGE: Final = 200
_AT_ONCE: Final = 256 << 10  # bytes that are sent together


class Selection(msgspec.Struct, frozen=True):
    """Which traces: those that a search finds, newest first, or named ones. `most` of them at most."""

    experiment_ids: list[str]
    filter: str | None = None
    trace_ids: list[str] = []
    most: int | None = None


async def pages(db: Database, workspace: int, selection: Selection) -> AsyncIterator[list[Exported]]:
    """Each page is of one moment. The first raises InvalidParameter for a wrong filter."""
    left = selection.most
    if selection.trace_ids:
        async for page in _named(db, workspace, selection):
            yield page
        return
    token: str | None = None
    while left is None or left > 0:
        async with db.connection() as tx:
            size = _PAGE if left is None else min(_PAGE, left)
            seqs, token = await search.page(tx, workspace, selection.experiment_ids, selection.filter, (), size, token)
            page = await whole(tx, await store.find_many(tx, seqs))
        left = None if left is None else left - len(page)
        yield page
        if token is None:
            return


async def _named(db: Database, workspace: int, selection: Selection) -> AsyncIterator[list[Exported]]:
    if selection.filter:
        raise InvalidParameter("Give either trace_ids or a filter.")
    if len(selection.trace_ids) > MAX_NAMED:
        raise InvalidParameter(f"At most {MAX_NAMED:,} traces by their ids; these are {len(selection.trace_ids):,}.")
    for at in range(0, len(selection.trace_ids), _PAGE):
        async with db.connection() as tx:
            numbers = await search.active(tx, workspace, selection.experiment_ids)
            some = selection.trace_ids[at : at + _PAGE]
            yield await whole(tx, await store.find_named(tx, workspace, some, numbers))


async def whole(tx: Tx, found: Sequence[Trace]) -> list[Exported]:
    """These traces with all that is known of them but their spans."""
    said = await assessment_store.of_traces(tx, [each.seq for each in found])
    return [
        Exported(
            each,
            wire.TraceInfo.of(
                each,
                [wire_assessments.Assessment.of(one) for one in said.get(each.seq, ())],
                databricks=False,
            ),
            said.get(each.seq, ()),
        )
        for each in found
    ]


async def stream(db: Database, workspace: int, selection: Selection, form: Format) -> AsyncIterator[bytes]:
    """The bytes of the export, some hundred kilobytes at a time."""
    async with db.connection() as tx:
        book = await prices.book(tx)
    some: list[bytes] = []
    size = 0
    async for piece in _written(db, pages(db, workspace, selection), writer(form, book)):
        some.append(piece)
        size += len(piece)
        if size >= _AT_ONCE:
            yield b"".join(some)
            some, size = [], 0
    if some:
        yield b"".join(some)


async def _written(db: Database, pages: AsyncIterator[list[Exported]], made: Writer[Any]) -> AsyncIterator[bytes]:
    async for page in pages:
        place = 0
        async for segments in reading.each(db, [each.trace.seq for each in page]):
            trace = page[place]
            place += 1
            with made.spool(trace) as spans:
                await reading.through(db, segments, spans.take)
                async for piece in spans.given(made.write(trace, spans), at_once=made.quick):
                    yield piece
            await asyncio.sleep(0)  # other requests have their turn
    async for piece in beside(made.close()):
        yield piece


# ── without a caller ─────────────────────────────────────────────────────────────────────────────────────────────────


async def workspace_of(db: Database, experiment_ids: Sequence[str]) -> int:
    """The workspace of these experiments, for who administers them all. Raises NotFound, or InvalidParameter."""
    async with db.connection() as tx:
        found = await store.workspaces_of(tx, [experiments.parse_id(each) for each in experiment_ids])
    if not found:
        raise NotFound(f"There is no experiment {', '.join(experiment_ids)}.")
    if len(found) > 1:
        raise InvalidParameter("These experiments are in different workspaces. Export them one by one.")
    return found[0]
