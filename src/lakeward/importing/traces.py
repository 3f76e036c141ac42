"""Traces: what is told of each, its spans, what people and judges say about it, and the files attached to it."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

import msgspec

from lakeward import experiments, tracing
from lakeward.importing import files, reading, store, wire
from lakeward.importing.files import Tree
from lakeward.importing.moving import Move, digest_of, in_parallel
from lakeward.importing.records import File, Place
from lakeward.importing.source import AJAX, V2, V3, Source, SourceError
from lakeward.kit.errors import NotFound
from lakeward.runtime.db import Tx
from lakeward.tracing import ArrivingTrace

_PAGE: Final = 100
_PLACES: Final = 100  # experiments in one question
_NOT_SERVED: Final = (404, 405, 501)
_IN_STORE: Final = ("TRACKING_STORE", "ARCHIVE_REPO")
_ATTACHMENT: Final = re.compile(rb"mlflow-attachment://([\w-]{1,100})")


class Listed(NamedTuple):
    """A trace in the source's list; `old` in version 2 of the API."""

    info: msgspec.Raw
    old: bool

    @property
    def trace_id(self) -> str:
        told = msgspec.json.decode(self.info, type=wire.TraceId)
        return told.trace_id or told.request_id


class _Next(NamedTuple):
    listed: Listed
    trace_id: str
    digest: bytes
    is_here: bool


async def listed(source: Source, *experiment_ids: str, condition: str | None = None) -> AsyncIterator[list[Listed]]:
    """Pages of traces, in the newest version of the API that the source speaks; none from one without traces."""
    places = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": each}} for each in experiment_ids]
    token: str | None = None
    old = False
    while True:
        try:
            if old:
                page = await source.get(
                    wire.Traces, f"{V2}/traces",
                    experiment_ids=experiment_ids, filter=condition, max_results=_PAGE,
                    order_by=["timestamp_ms ASC"], page_token=token,
                )  # fmt: skip
            else:
                page = await source.post(
                    wire.Traces, f"{V3}/traces/search",
                    locations=places, filter=condition, max_results=_PAGE, order_by=["timestamp_ms ASC"],
                    page_token=token,
                )  # fmt: skip
        except SourceError as error:
            if error.status not in _NOT_SERVED or token is not None:
                raise
            if old:
                return
            old = True
            continue
        if page.traces:
            yield [Listed(each, old) for each in page.traces]
        token = page.next_page_token
        if not token:
            return


async def bring(move: Move, there: wire.Experiment) -> None:
    place = move.places[there.experiment_id]

    async def one(each: _Next) -> None:
        await move.attempt(f"trace {each.trace_id}", lambda: _bring(move, place, each))

    await in_parallel(_waiting(move, there, place), one, move.source.connections)
    async for run_id, trace_ids in links(move.source, there):
        async with move.db.transaction() as tx:
            await tracing.adoption.link_to_run(tx, move.workspace, run_id, trace_ids)


async def links(source: Source, there: wire.Experiment) -> AsyncIterator[tuple[str, list[str]]]:
    """Runs that have traces, and which: MLflow tells it run by run. Before 3.0 a trace says itself what its run is."""
    first = await anext(listed(source, there.experiment_id), None)
    if first is None or first[0].old:
        return
    async for page in reading.runs(source, there.experiment_id):
        for begin in range(0, len(page), source.connections):
            run_ids = [run.run_id for run in page[begin : begin + source.connections]]
            for run_id, found in zip(
                run_ids, await asyncio.gather(*(_linked(source, there, each) for each in run_ids)), strict=True
            ):
                if found:
                    yield run_id, found


async def _linked(source: Source, there: wire.Experiment, run_id: str) -> list[str]:
    pages = listed(source, there.experiment_id, condition=f"attributes.run_id = '{run_id}'")
    return [each.trace_id async for page in pages for each in page]


async def bring_prompt_links(move: Move) -> None:
    async for prompt, trace_ids in prompt_links(move):
        async with move.db.transaction() as tx:
            await tracing.adoption.link_to_prompt(tx, move.workspace, prompt, trace_ids)


async def prompt_links(move: Move) -> AsyncIterator[tuple[str, list[str]]]:
    """Versions of prompts that traces used, and which: what was linked afterwards no trace says itself."""
    if not move.traced:
        return
    prompts = [f"{each.name}/{each.version}" async for each in reading.versions(move.source, prompts=True)]
    for begin in range(0, len(prompts), move.source.connections):
        some = prompts[begin : begin + move.source.connections]
        for prompt, found in zip(some, await asyncio.gather(*(_using(move, each) for each in some)), strict=True):
            if found:
                yield prompt, found


async def _using(move: Move, prompt: str) -> list[str]:
    found: list[str] = []
    among = sorted(move.traced)
    try:
        for begin in range(0, len(among), _PLACES):
            some = among[begin : begin + _PLACES]
            async for page in listed(move.source, *some, condition=f"prompt = '{prompt}'"):
                found += [each.trace_id for each in page]
    except SourceError as error:
        if error.status != 400:  # a server that does not know such links
            raise
    return found


async def _waiting(move: Move, there: wire.Experiment, place: Place) -> AsyncIterator[_Next]:
    async for page in listed(move.source, there.experiment_id):
        if not page[0].old:
            move.traced.add(there.experiment_id)
        known = await move.digests("trace", [each.trace_id for each in page])
        for each in page:
            digest = digest_of(place, each.info)
            is_here = known.get(each.trace_id) == digest and await _is_here(move, each.trace_id)
            yield _Next(each, each.trace_id, digest, is_here)


async def _is_here(move: Move, trace_id: str) -> bool:
    try:
        async with move.db.connection() as tx:
            await tracing.find_home(tx, move.workspace, trace_id)
    except NotFound:
        return False
    return True


async def _bring(move: Move, place: Place, each: _Next) -> None:
    if each.is_here:
        return
    given = tracing.adoption.read(bytes(each.listed.info), old=each.listed.old)
    spans, attached = await read_spans(move.source, given, old=each.listed.old)

    async def work(tx: Tx) -> None:
        here = await experiments.adoption.find(tx, move.workspace, place.experiment_id)
        if here is None:
            raise NotFound("its experiment is gone")
        await tracing.adoption.keep(tx, move.workspace, here, given, spans)

    await move.db.run(work, transaction=True)
    if attached:
        await files.bring(move, attachments(move, place, each.trace_id, attached))
    async with move.db.connection() as tx:
        await store.keep_digest(tx, move.number, "trace", each.trace_id, each.digest)
    move.brought("traces")


async def read_spans(source: Source, given: ArrivingTrace, *, old: bool) -> tuple[Any, list[str]]:
    """The spans of a trace, and the names of the files they mention."""
    trace_id = given.told.trace_id
    if not old and given.told.tags.get("mlflow.trace.spansLocation") in _IN_STORE:
        answer = await source.get(wire.TraceAnswer, f"{V3}/traces/get", trace_id=trace_id, allow_partial="true")
        spans = [bytes(each) for each in answer.trace.spans]
        return tracing.adoption.read_spans(spans), _mentioned(b"".join(spans))
    try:
        content = await source.read(f"{AJAX}/get-trace-artifact", request_id=trace_id)
    except SourceError as error:
        if error.status not in (400, 404, 500):
            raise
        return None, []  # a trace whose spans never came
    return tracing.adoption.read_file(content), _mentioned(content)


def _mentioned(content: bytes) -> list[str]:
    return sorted({found.decode() for found in _ATTACHMENT.findall(content)})


def attachments(move: Move, place: Place, trace_id: str, names: list[str]) -> Tree:
    async def listed_files() -> AsyncIterator[File]:
        for name in names:
            yield File(f"attachments/{name}", None)

    return Tree(
        "trace attachments",
        f"trace {trace_id}",
        f"{experiments.experiment_objects(move.workspace, place.experiment_id)}/traces/{trace_id}/artifacts",
        listed_files,
        lambda path: (
            f"{AJAX}/get-trace-artifact", {"request_id": trace_id, "path": path.removeprefix("attachments/")}
        ),
    )  # fmt: skip
