"""Traces that come from another server: kept with their ids, times and states, their spans, and what is said of them.

It may be done twice: spans that are here are left, what is told is set to what is given.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lakeward import experiments
from lakeward.experiments import Experiment
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.db import Tx
from lakeward.tracing import arrivals, assessments, files, ingest, otlp, payloads, prices, traces
from lakeward.tracing.converted import assessment_record
from lakeward.tracing.records import NAME_TAG, RENDERED_TAGS, ArrivingTrace, Told
from lakeward.tracing.store import arrivals as arrival_store
from lakeward.tracing.store import assessments as assessment_store
from lakeward.tracing.store import traces as store
from lakeward.tracing.wire import traces as wire
from lakeward.tracing.wire import v2 as wire_v2
from lakeward.tracing.wire.times import state_of

Spans = Any  # an OTLP request with the spans of one trace

_info: Final = msgspec.json.Decoder(wire.GivenTraceInfo)
_info_v2: Final = msgspec.json.Decoder(wire_v2.GivenTraceInfoV2)


# ── off the wire ─────────────────────────────────────────────────────────────────────────────────────────────────────


def read(info: bytes, *, old: bool = False) -> ArrivingTrace:
    """What a server tells of a trace, as JSON; `old`: in version 2 of the API."""
    try:
        if old:
            return ArrivingTrace(_told(_info_v2.decode(info)), ())
        given = _info.decode(info)
    except msgspec.DecodeError as error:
        raise InvalidParameter(f"What is told of the trace cannot be read: {error}.") from error
    said = tuple(assessment_record(each, given.trace_id, "", now_ms()) for each in given.assessments)
    return ArrivingTrace(given.told(), said)


def _told(info: wire_v2.GivenTraceInfoV2) -> Told:
    metadata, tags = wire_v2.words(info.request_metadata), wire_v2.words(info.tags)
    return Told(
        info.request_id,
        info.timestamp_ms,
        info.execution_time_ms,
        state_of(info.status),
        None,
        metadata.get("mlflow.traceInputs"),
        metadata.get("mlflow.traceOutputs"),
        metadata,
        tags,
    )


def read_spans(spans: list[bytes]) -> Spans | None:
    """Spans in protobuf's JSON; None if there are none."""
    if not spans:
        return None
    body = b'{"resource_spans":[{"scope_spans":[{"spans":[' + b",".join(spans) + b"]}]}]}"
    request = otlp.new_request()
    request.MergeFromString(otlp.decode(body, otlp.JSON))
    found = request.resource_spans[0].scope_spans[0].spans
    for span in found:
        span.trace_id = found[0].trace_id
    return request


def read_file(content: bytes) -> Spans | None:
    """The spans of a `traces.json`; None if it has none."""
    return files.read_file(content)


def spans_in(given: Spans | None) -> dict[str, bytes]:
    """Each span by its id, as bytes that are the same for the same span."""
    if given is None:
        return {}
    return {
        span.span_id.hex(): span.SerializeToString(deterministic=True)
        for resource in given.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def keep(tx: Tx, workspace: int, place: Experiment, given: ArrivingTrace, spans: Spans | None) -> None:
    """The trace, made or brought up to date, in an experiment that may lie in the trash."""
    told = given.told
    async with experiments.adoption.opened(tx, place):
        seq = await traces.tell(tx, workspace, str(place.id), told)
        here = {span.span_id for span in payloads.joined(await store.payloads(tx, seq))}
        arriving = _without(spans, here)
        if arriving is not None:
            book = await prices.book(tx)
            arrived = arrivals.of(arriving.SerializeToString(), book)
            for each in arrived:
                each.trace_id = told.trace_id
            await ingest.take(tx, workspace, str(place.id), arrived, book)
        for said in given.assessments:
            await assessments.keep(tx, seq, place.id, said)


def _without(spans: Spans | None, here: set[bytes]) -> Spans | None:
    """The spans that are not here yet."""
    if spans is None or not here:
        return spans
    [resource] = spans.resource_spans
    [scope] = resource.scope_spans
    wanted = [span for span in scope.spans if span.span_id not in here]
    if not wanted:
        return None
    del scope.spans[:]
    scope.spans.extend(wanted)
    return spans


async def link_to_run(tx: Tx, workspace: int, run_id: str, trace_ids: Sequence[str]) -> None:
    """Those of these traces that are here belong to this run."""
    seqs = await store.seqs_of(tx, workspace, trace_ids)
    await arrival_store.link(tx, list(seqs.values()), "run", [run_id] * len(seqs))


async def linked_to_run(tx: Tx, workspace: int, run_id: str) -> list[str]:
    """The ids of the traces of a run, in order."""
    return await store.linked_to(tx, workspace, "run", run_id)


async def link_to_prompt(tx: Tx, workspace: int, prompt: str, trace_ids: Sequence[str]) -> None:
    """Those of these traces that are here used this version of a prompt, `name/version`."""
    seqs = await store.seqs_of(tx, workspace, trace_ids)
    await arrival_store.link(tx, list(seqs.values()), "prompt", [prompt] * len(seqs))


async def linked_to_prompt(tx: Tx, workspace: int, prompt: str) -> list[str]:
    return await store.linked_to(tx, workspace, "prompt", prompt)


# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def find(tx: Tx, workspace: int, trace_id: str) -> tuple[ArrivingTrace, dict[str, bytes]] | None:
    """A trace as clients are told of it, and its spans."""
    trace = await store.find(tx, workspace, trace_id)
    if trace is None:
        return None
    said = (await assessment_store.of_traces(tx, [trace.seq])).get(trace.seq, [])
    spans = payloads.joined(await store.payloads(tx, trace.seq))
    told = Told(
        trace.trace_id,
        trace.start_ms,
        trace.duration_ms,
        trace.state,
        trace.client_request_id,
        trace.request_preview,
        trace.response_preview,
        wire.metadata_of(trace),
        wire.tags_of(trace, databricks=False, here=bool(spans)),
    )
    return ArrivingTrace(told, tuple(said)), {
        span.span_id.hex(): span.SerializeToString(deterministic=True) for span in spans
    }


def own_tags(told: Told) -> dict[str, str]:
    """Tags without those that say where spans and files are, which each server has its own of."""
    return {key: value for key, value in told.tags.items() if key not in RENDERED_TAGS or key == NAME_TAG}
