"""Rollups: what metrics sum up, kept as columns of up to some thousand traces and their spans.

They are exact at every moment. Whatever changes a trace notes its number in `trace_changed`, by triggers and so in the
same transaction. A question reads columns but for the traces that are noted, and reads those as they are. The worker
takes notes away only together with what it put into columns instead; both see one snapshot.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Database, Tx
from lakeward.tracing import arrivals, columns, gist, prices
from lakeward.tracing.book import Book
from lakeward.tracing.columns import Array, Column
from lakeward.tracing.gist import Gist
from lakeward.tracing.records import COST_KEYS
from lakeward.tracing.signature import numpy
from lakeward.tracing.store import rollups as store
from lakeward.tracing.store import traces as trace_store
from lakeward.tracing.store.rollups import Bounds, Header

LEAST: Final = 512  # changed traces that are worth a rollup
MOST: Final = 8_192  # traces of one
_SMALL: Final = MOST // 2  # one that is smaller takes in what comes next
_MAX_LIVE: Final = 20_000  # traces whose spans are read for one answer
_READ_AT_ONCE: Final = 500
_OPENED_AT_ONCE: Final = 32

_NUMBERS: Final = (
    "input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip
_SPAN_NAMES: Final = ("name", "type", "status", "model", "provider")

Columns = dict[str, Column]


class Part(NamedTuple):
    """Some of the rows of an answer: columns, and which rows count."""

    columns: Columns
    mask: Array


# ── from traces and spans to columns ─────────────────────────────────────────────────────────────────────────────────


def of_rows(rows: Sequence[Any]) -> Columns:
    """Rows of `store.live`."""
    turned = list(zip(*rows, strict=True)) if rows else [()] * 14
    seqs, starts, latencies, names, states, sessions, *numbers = turned
    made: Columns = {
        "trace.seq": columns.whole(seqs),
        "trace.start": columns.whole(starts),
        "trace.latency": columns.whole(latencies),
        "trace.name": columns.names(names),
        "trace.status": columns.names(states),
        "trace.session": columns.digests(sessions),
    }
    for name, given in zip(_NUMBERS, numbers[:5], strict=True):
        made[f"trace.{name}"] = columns.whole(given)
    for name, given in zip(COST_KEYS, numbers[5:], strict=True):
        made[f"trace.{name}"] = columns.real(given)
    return made


class Spans:
    """Spans on their way into columns. What few spans have, or many have in common, is not told span by span."""

    def __init__(self) -> None:
        self._owners: list[int] = []  # of each trace
        self._counts: list[int] = []
        self._starts: list[int] = []
        self._latencies: list[float | None] = []
        self._labels: dict[gist.Label, int] = {}
        self._label: list[int] = []  # of each span, a place in `_labels`
        self._costs: dict[int, tuple[float | None, ...]] = {}  # by the place of the span

    def add(self, owner: int, found: Gist) -> None:
        """Those of one trace, whose place among the traces is `owner`."""
        before = len(self._starts)
        self._owners.append(owner)
        self._counts.append(len(found))
        self._starts += found.starts
        self._latencies += found.latencies
        labels = [self._labels.setdefault(each, len(self._labels)) for each in found.labels]
        self._label += [labels[at] for at in found.label]
        for at, amounts in found.costs.items():
            self._costs[before + at] = amounts

    def columns(self) -> Columns:
        np = numpy()
        made: Columns = {
            "span.owner": np.repeat(columns.places(self._owners), columns.places(self._counts)),
            "span.start": columns.whole(self._starts),
            "span.latency": columns.real(self._latencies),
        }
        label = columns.places(self._label)
        for place, name in enumerate(_SPAN_NAMES):
            known = columns.names([each[place] for each in self._labels])
            made[f"span.{name}"] = columns.Names(known.words, known.places[label])
        for place, name in enumerate(COST_KEYS):
            amounts = np.full(len(label), np.nan)
            amounts[list(self._costs)] = columns.real([each[place] for each in self._costs.values()])
            made[f"span.{name}"] = amounts
        return made


async def _spans_of(tx: Tx, seqs: Sequence[int], book: Book) -> Columns:
    """From what is kept beside the segments; where that is not known, as of traces that were moved, from the spans."""
    spans = Spans()
    for at in range(0, len(seqs), _READ_AT_ONCE):
        some = seqs[at : at + _READ_AT_ONCE]
        kept = await trace_store.gists_of(tx, some)
        unknown = [seq for seq, found in kept.items() if None in found]
        segments = await trace_store.segments_of(tx, unknown) if unknown else {}
        stored = {seq: await trace_store.payloads_in(tx, found) for seq, found in segments.items()}
        await asyncio.to_thread(_add, spans, at, some, kept, stored, book)
    return spans.columns()


def _add(
    spans: Spans, first: int, seqs: Sequence[int], kept: Mapping[int, Sequence[bytes | None]],
    stored: Mapping[int, Sequence[bytes]], book: Book,
) -> None:  # fmt: skip
    for owner, seq in enumerate(seqs, first):
        if seq in stored:
            found = arrivals.gist_of(stored[seq], book)
        elif seq in kept:
            gists = [gist.read(each) for each in kept[seq] if each is not None]
            found = gists[0] if len(gists) == 1 else gist.joined(gists)
        else:
            continue
        if len(found):
            spans.add(owner, found)


# ── the worker's part ────────────────────────────────────────────────────────────────────────────────────────────────


async def roll_up(db: Database, least: int = LEAST) -> int:
    """Roll up what changed, where that is at least so many traces. Safe to run anywhere, at any time."""
    done = 0
    async with db.connection() as connection:
        experiments = await store.ripe(connection, least)
    for experiment_id in experiments:
        while taken := await _roll_up(db, experiment_id, least):
            done += taken
    return done


async def roll_up_all(db: Database, experiment_id: int) -> None:
    """Whatever has changed in an experiment, however little."""
    while await _roll_up(db, experiment_id, 1):
        pass


async def _roll_up(db: Database, experiment_id: int, least: int) -> int:
    """How many changed traces were taken."""
    async with db.connection() as tx, tx.transaction(isolation="repeatable_read"):
        if not await store.lock(tx, experiment_id):
            return 0
        seqs = await store.changed(tx, [experiment_id], MOST)
        if len(seqs) < min(least, MOST):
            return 0
        await store.forget(tx, experiment_id, seqs)
        await _take_out(tx, experiment_id, seqs)
        rows = await store.live(tx, [experiment_id], seqs, (None, None))
        if rows:
            made = of_rows(rows)
            made |= await _spans_of(tx, [row[0] for row in rows], await prices.book(tx))
            made = await _with_last(tx, experiment_id, made)
            packed = await asyncio.to_thread(lambda: {name: columns.packed(each) for name, each in made.items()})
            await store.add(tx, _header(experiment_id, made), packed)
    return len(seqs)


async def _take_out(tx: Tx, experiment_id: int, seqs: Sequence[int]) -> None:
    """Let these traces count no more where they were rolled up before; what has lost half of its traces goes."""
    np = numpy()
    wanted = np.array(seqs, dtype="<i8")
    for header in await store.holding(tx, experiment_id, seqs[0], seqs[-1]):
        held = columns.unpacked((await store.columns(tx, [header.id], ["trace.seq"]))[header.id]["trace.seq"])
        before = np.frombuffer(header.gone, dtype="<i8")
        gone = np.union1d(before, np.intersect1d(held, wanted))
        if len(gone) == len(before):
            continue
        if 2 * len(gone) < header.traces:
            await store.set_gone(tx, header.id, gone.astype("<i8").tobytes())
            continue
        await store.delete(tx, header.id)
        await store.note(tx, experiment_id, np.setdiff1d(held, gone).tolist())


async def _with_last(tx: Tx, experiment_id: int, made: Columns) -> Columns:
    """Together with the last rollup, if that is small."""
    header = await store.last(tx, experiment_id)
    if header is None or header.traces + len(made["trace.seq"]) > MOST or header.traces > _SMALL:
        return made
    packed = (await store.columns(tx, [header.id], None))[header.id]
    await store.delete(tx, header.id)
    before = {name: columns.unpacked(data) for name, data in packed.items()}
    np = numpy()
    mask = ~np.isin(before["trace.seq"], np.frombuffer(header.gone, dtype="<i8"))
    of_spans = mask[before["span.owner"]]
    before["span.owner"] = (np.cumsum(mask) - 1).astype("<i4")[before["span.owner"]]
    before = {
        name: columns.kept(each, mask if name.startswith("trace.") else of_spans) for name, each in before.items()
    }
    after = dict(made)
    after["span.owner"] = made["span.owner"] + np.int32(mask.sum())
    return {name: columns.joined(each, after[name]) for name, each in before.items()}


def _header(experiment_id: int, made: Columns) -> Header:
    seqs, starts, spans = made["trace.seq"], made["trace.start"], made["span.start"]
    first, last = (int(spans.min()), int(spans.max())) if len(spans) else (None, None)
    return Header(
        0, experiment_id, len(seqs), len(spans), int(seqs.min()), int(seqs.max()), int(starts.min()),
        int(starts.max()), first, last, b"",
    )  # fmt: skip


# ── the parts of an answer ───────────────────────────────────────────────────────────────────────────────────────────


async def parts_of_traces(
    tx: Tx, experiments: Sequence[int], needed: Sequence[str], bounds: Bounds, among: Array | None
) -> AsyncIterator[Part]:
    """All traces that start between these bounds; `among`: only those with these numbers. `tx` has one snapshot."""
    noted = await store.changed(tx, experiments)
    headers = await store.of_traces(tx, experiments, bounds)
    whole, others = _sorted(headers, noted, bounds, among, lambda each: (each.first_ms, each.last_ms))
    async for header, found in _opened(tx, whole, set(needed)):
        yield Part(found, numpy().ones(header.traces, dtype=bool))
    async for header, found in _opened(tx, others, {*needed, "trace.start", "trace.seq"}):
        mask = _current(header, found["trace.seq"], noted, among)
        yield Part(found, mask & _between(found["trace.start"], bounds))
    live = of_rows(await store.live(tx, experiments, noted, bounds))
    yield Part(live, _current(None, live["trace.seq"], (), among))


async def parts_of_spans(
    tx: Tx, experiments: Sequence[int], needed: Sequence[str], bounds: Bounds, among: Array | None
) -> AsyncIterator[Part]:
    """All spans that start between these bounds; `among`: only those of traces with these numbers."""
    noted = await store.changed(tx, experiments)
    headers = await store.of_spans(tx, experiments, bounds)
    whole, others = _sorted(headers, noted, bounds, among, lambda each: (each.first_span_ms, each.last_span_ms))
    async for header, found in _opened(tx, whole, set(needed)):
        yield Part(found, numpy().ones(header.spans, dtype=bool))
    async for header, found in _opened(tx, others, {*needed, "span.start", "span.owner", "trace.seq"}):
        mask = _current(header, found["trace.seq"], noted, among)
        mask = mask[found["span.owner"]] if not mask.all() else numpy().ones(len(found["span.owner"]), dtype=bool)
        yield Part(found, mask & _between(found["span.start"], bounds))
    rows = await store.live(tx, experiments, noted, (None, bounds[1]))
    if among is not None:
        rows = [row for row in rows if row[0] in among]
    if len(rows) > _MAX_LIVE:
        raise InvalidParameter(
            f"More than {_MAX_LIVE:,} traces of this time have changed and are not summed up yet. Ask again soon."
        )
    live = await _spans_of(tx, [row[0] for row in rows], await prices.book(tx))
    yield Part(live, _between(live["span.start"], bounds))


def _sorted(
    headers: Sequence[Header],
    noted: Sequence[int],
    bounds: Bounds,
    among: Array | None,
    times: Callable[[Header], tuple[int | None, int | None]],
) -> tuple[list[Header], list[Header]]:
    """Rollups that count as a whole, of which less must be read, and the others."""
    whole: list[Header] = []
    others: list[Header] = []
    for each in headers:
        first, last = times(each)
        inside = (
            first is not None
            and last is not None
            and (bounds[0] is None or first >= bounds[0])
            and (bounds[1] is None or last <= bounds[1])
        )
        changed = bool(noted) and noted[0] <= each.last_seq and noted[-1] >= each.first_seq
        (whole if inside and not changed and not each.gone and among is None else others).append(each)
    return whole, others


async def _opened(tx: Tx, headers: Sequence[Header], needed: set[str]) -> AsyncIterator[tuple[Header, Columns]]:
    if not needed:
        for header in headers:
            yield header, {}
        return
    for at in range(0, len(headers), _OPENED_AT_ONCE):
        some = headers[at : at + _OPENED_AT_ONCE]
        found = await store.columns(tx, [each.id for each in some], sorted(needed))
        for header in some:
            yield header, {name: columns.unpacked(data) for name, data in found[header.id].items()}


def _current(header: Header | None, seqs: Array, noted: Sequence[int], among: Array | None) -> Array:
    """Which of these traces count where they stand."""
    np = numpy()
    mask = np.ones(len(seqs), dtype=bool) if among is None else np.isin(seqs, among)
    if header is not None:
        if header.gone:
            mask &= ~np.isin(seqs, np.frombuffer(header.gone, dtype="<i8"))
        if noted and noted[0] <= header.last_seq and noted[-1] >= header.first_seq:
            mask &= ~np.isin(seqs, np.array(noted, dtype="<i8"))
    return mask


def _between(starts: Array, bounds: Bounds) -> Array:
    low, high = bounds
    mask = numpy().ones(len(starts), dtype=bool)
    if low is not None and len(starts):
        mask &= starts >= low
    if high is not None and len(starts):
        mask &= starts <= high
    return mask
