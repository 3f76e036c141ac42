"""Traces on both sides: what is told of them, their spans, what is said about them, the files attached to them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec

from lakeward import tracing
from lakeward.importing import traces, wire
from lakeward.importing.files import Tree
from lakeward.importing.moving import Move, in_parallel
from lakeward.importing.records import Place
from lakeward.importing.tally import Tally
from lakeward.kit.errors import InvalidParameter
from lakeward.tracing import ArrivingTrace

Compare = Callable[[Move, Tally, Tree], Awaitable[None]]


async def compare(move: Move, tally: Tally, there: wire.Experiment, place: Place, compare_files: Compare) -> None:
    async def each() -> AsyncIterator[traces.Listed]:
        async for page in traces.listed(move.source, there.experiment_id):
            for one in page:
                yield one

    async def one(listed: traces.Listed) -> None:
        await move.attempt(f"trace {listed.trace_id}", lambda: _trace(move, tally, place, listed, compare_files))
        move.progress.count("traces compared")

    await in_parallel(each(), one, move.source.connections)
    async for run_id, wanted in traces.links(move.source, there):
        async with move.db.connection() as tx:
            found = set(await tracing.adoption.linked_to_run(tx, move.workspace, run_id))
        here = sorted(found.intersection(wanted))
        tally.compare("traces of runs", "run", {run_id: sorted(wanted)}, {run_id: here})


async def compare_prompts(move: Move, tally: Tally) -> None:
    async for prompt, wanted in traces.prompt_links(move):
        async with move.db.connection() as tx:
            found = set(await tracing.adoption.linked_to_prompt(tx, move.workspace, prompt))
        tally.compare(
            "traces of prompts",
            "prompt version",
            {prompt: sorted(wanted)},
            {prompt: sorted(found.intersection(wanted))},
        )


async def _trace(move: Move, tally: Tally, place: Place, listed: traces.Listed, compare_files: Compare) -> None:
    trace_id = listed.trace_id
    owner = f"trace {trace_id}"
    try:
        there = tracing.adoption.read(bytes(listed.info), old=listed.old)
        spans, attached = await traces.read_spans(move.source, there, old=listed.old)
    except InvalidParameter as error:
        tally.compare("traces", "trace", {trace_id: error.message}, {})
        return
    async with move.db.connection() as tx:
        here = await tracing.adoption.find(tx, move.workspace, trace_id)
    if here is None:
        tally.compare("traces", "trace", {trace_id: ()}, {})
        return
    found, spans_here = here
    tally.compare("traces", "trace", {trace_id: _told(there, there)}, {trace_id: _told(found, there)})
    tally.compare("spans", owner, tracing.adoption.spans_in(spans), spans_here)
    tally.compare("assessments", owner, _said(there), _said(found))
    if attached:
        await compare_files(move, tally, traces.attachments(move, place, trace_id, attached))


def _told(trace: ArrivingTrace, wanted: ArrivingTrace) -> tuple[Any, ...]:
    """What the source tells; what it does not tell may have been worked out here."""
    told, asked = trace.told, wanted.told
    tags = tracing.adoption.own_tags(told)
    return (
        told.start_ms,
        None if asked.duration_ms is None else told.duration_ms,
        told.state,
        told.client_request_id if asked.client_request_id else None,
        told.request_preview if asked.request_preview else None,
        told.response_preview if asked.response_preview else None,
        [(key, _plain(told.metadata.get(key))) for key in sorted(asked.metadata)],
        [(key, tags.get(key)) for key in sorted(tracing.adoption.own_tags(asked))],
    )


def _plain(text: str | None) -> Any:
    """Numbers of tokens and cost are kept as numbers, so their JSON may be spelled otherwise."""
    if text is None or not text.startswith("{"):
        return text
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return sorted(found.items(), key=lambda item: item[0])


def _said(trace: ArrivingTrace) -> dict[str, Any]:
    return {
        each.assessment_id: (
            each.kind, each.name, each.span_id, each.source_type, each.source_id, msgspec.json.decode(each.value),
            each.error, each.rationale or None, sorted(each.metadata.items()), each.overrides, each.valid,
            each.created_at, each.updated_at,
        )
        for each in trace.assessments
    }  # fmt: skip
