"""The rules of traces: what clients tell about them, reading, tags, links, deletion."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from lakeward import experiments
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Tx
from lakeward.tracing import meaning
from lakeward.tracing.records import (
    COST_KEY,
    IN_PROGRESS,
    MAX_ENTRIES,
    MAX_KEY,
    MAX_LINKS,
    MAX_METADATA,
    MAX_NAME,
    MAX_PREVIEW,
    MAX_SESSION,
    MAX_TAG,
    MAX_TRACE_ID,
    NAME_TAG,
    PROMPTS_TAG,
    RENDERED_TAGS,
    RUN_KEY,
    SESSION_KEY,
    STATS_KEY,
    TOKENS_KEY,
    Told,
    Trace,
)
from lakeward.tracing.store import arrivals as arrival_store
from lakeward.tracing.store import traces as store

MAX_BATCH: Final = 1_000
MAX_DELETED: Final = 10_000
_MAX_TOLD_TIME: Final = 253_402_300_800_000  # the year 10,000


def unknown(trace_id: str) -> NotFound:
    # compat(mlflow 3.17): with these words of a trace called 'get' the client knows a server without that route
    return NotFound(f"Trace with ID '{trace_id}' not found.")


def files_prefix(workspace: int, experiment_id: int, trace_id: str) -> str:
    """Where the files of a trace are in the object store."""
    return f"artifacts/{workspace}/{experiment_id}/traces/{trace_id}"


async def get(tx: Tx, workspace: int, trace_id: str) -> Trace:
    found = await store.find(tx, workspace, trace_id)
    if found is None:
        raise unknown(trace_id)
    return found


def complete(trace: Trace, spans: int) -> bool:
    """Whether as many spans are here as the client said it would send."""
    try:
        stats = msgspec.json.decode(trace.metadata.get(STATS_KEY, "{}"))
    except msgspec.DecodeError:
        return spans > 0
    expected = stats.get("num_spans", 0) if isinstance(stats, dict) else 0
    return spans > 0 and not (isinstance(expected, int) and spans < expected)


# ── what clients tell ────────────────────────────────────────────────────────────────────────────────────────────────


async def tell(tx: Tx, workspace: int, experiment_id: str, told: Told, location: int | None = None) -> int:
    """What the client says about a whole trace, before, between or after its spans. Returns the trace's number.

    `location`: the Unity Catalog location it was sent to, if it was.
    """
    _check(told)
    number = experiments.parse_id(experiment_id)
    metadata = dict(told.metadata)
    session = metadata.pop(SESSION_KEY, None)
    tokens, cost = _numbers(metadata, TOKENS_KEY), _numbers(metadata, COST_KEY)
    name = told.tags.get(NAME_TAG)
    kept = msgspec.structs.replace(
        told,
        metadata=metadata,
        tags={key: value for key, value in told.tags.items() if key not in RENDERED_TAGS},
        request_preview=_cut(told.request_preview, MAX_PREVIEW),
        response_preview=_cut(told.response_preview, MAX_PREVIEW),
        client_request_id=told.client_request_id or None,
    )
    seq = await arrival_store.tell(
        tx, workspace, number, kept, _cut(name, MAX_NAME), _cut(session, MAX_SESSION), tokens, cost, location
    )
    if seq is None:
        await experiments.get_active(tx, workspace, experiment_id)
        raise NotFound(f"No experiment with the id {experiment_id} exists.")
    await arrival_store.follow(tx, seq)
    if run_id := metadata.get(RUN_KEY):
        await arrival_store.link(tx, [seq], "run", [run_id])
    if prompts := _prompts(told.tags.get(PROMPTS_TAG)):
        await arrival_store.link(tx, [seq] * len(prompts), "prompt", prompts)
    return seq


async def begin(
    tx: Tx, workspace: int, experiment_id: str, start_ms: int, metadata: Mapping[str, str], tags: Mapping[str, str]
) -> str:
    """compat(mlflow 2.22): the server names the trace, whose spans will come as a file. Returns its id."""
    trace_id = secrets.token_hex(16)
    told = Told(trace_id, start_ms, None, IN_PROGRESS, None, None, None, dict(metadata), dict(tags))
    await tell(tx, workspace, experiment_id, told)
    return trace_id


async def end(
    tx: Tx, workspace: int, trace_id: str, end_ms: int, state: str, metadata: Mapping[str, str], tags: Mapping[str, str]
) -> None:
    """compat(mlflow 2.22): the other half of `begin`. What was said then is added to."""
    trace = await get(tx, workspace, trace_id)
    told = Told(
        trace_id,
        trace.start_ms,
        end_ms - trace.start_ms,
        state,
        None,
        metadata.get("mlflow.traceInputs"),
        metadata.get("mlflow.traceOutputs"),
        dict(metadata),
        dict(tags),
    )
    await tell(tx, workspace, str(trace.experiment_id), told)


class _Prompt(msgspec.Struct):
    name: str
    version: str | int


_prompt_list = msgspec.json.Decoder(list[_Prompt])


def _prompts(tag: str | None) -> list[str]:
    """The prompt versions that the client's tag lists."""
    if tag is None:
        return []
    try:
        return [f"{each.name}/{each.version}" for each in _prompt_list.decode(tag)][:MAX_LINKS]
    except msgspec.DecodeError:
        return []


def _cut(text: str | None, limit: int) -> str | None:
    return text if text is None or len(text) <= limit else text[: limit - 3] + "..."


def _numbers(metadata: dict[str, str], key: str) -> dict[str, Any]:
    """Tokens or cost, which have columns of their own; what is no JSON of numbers stays ordinary metadata."""
    given = metadata.get(key)
    if given is None:
        return {}
    try:
        decoded = msgspec.json.decode(given)
    except msgspec.DecodeError:
        return {}
    read = meaning.usage_from if key == TOKENS_KEY else meaning.cost_from
    found = read(decoded) if isinstance(decoded, dict) else None
    if found is None or set(found) != set(decoded):  # it says more than the columns hold
        return dict(found or {})
    del metadata[key]
    return dict(found)


def _check(told: Told) -> None:
    if not told.trace_id or len(told.trace_id) > MAX_TRACE_ID or "/" in told.trace_id:
        raise InvalidParameter(f"{told.trace_id[:60]!r} is no trace id: 1 to {MAX_TRACE_ID} characters without '/'.")
    if not 0 <= told.start_ms < _MAX_TOLD_TIME or not 0 <= (told.duration_ms or 0) < _MAX_TOLD_TIME:
        raise InvalidParameter("The request_time or the execution_duration of the trace is out of bounds.")
    for what, given, longest in (("tag", told.tags, MAX_TAG), ("metadata", told.metadata, MAX_METADATA)):
        if len(given) > MAX_ENTRIES:
            raise InvalidParameter(f"A trace has at most {MAX_ENTRIES} entries of {what}; these are {len(given)}.")
        for key, value in given.items():
            _check_entry(what, key, value, longest)
    if told.client_request_id is not None and len(told.client_request_id) > MAX_KEY:
        raise InvalidParameter(f"The client_request_id is longer than {MAX_KEY} characters.")


def _check_entry(what: str, key: str, value: str, longest: int) -> None:
    if not key:
        raise InvalidParameter("Missing value for required parameter 'key'.")
    if len(key) > MAX_KEY:
        raise InvalidParameter(f"The {what} key {key[:50]!r}… exceeds the maximum length of {MAX_KEY} characters.")
    if len(value) > longest:
        raise InvalidParameter(f"The value of {what} {key!r} exceeds the maximum length of {longest} characters.")


# ── tags ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def locked(tx: Tx, workspace: int, trace_id: str) -> tuple[int, int]:
    """(number, experiment) of a trace that may be written to, locked until the transaction ends."""
    found = await store.lock(tx, workspace, trace_id)
    if found is None:
        trace = await get(tx, workspace, trace_id)
        await experiments.get_active(tx, workspace, str(trace.experiment_id))
        raise unknown(trace_id)
    return found


async def set_tag(tx: Tx, workspace: int, trace_id: str, key: str, value: str) -> None:
    _check_entry("tag", key, value, MAX_TAG)
    seq, _ = await locked(tx, workspace, trace_id)
    if key == NAME_TAG:
        await store.set_name(tx, seq, _cut(value, MAX_NAME))
    elif key in RENDERED_TAGS:
        raise InvalidParameter(f"The tag {key!r} says where spans are; the server sets it.")
    else:
        await store.set_tag(tx, seq, key, value)


async def delete_tag(tx: Tx, workspace: int, trace_id: str, key: str) -> None:
    seq, _ = await locked(tx, workspace, trace_id)
    gone = await store.set_name(tx, seq, None) if key == NAME_TAG else await store.delete_tag(tx, seq, key)
    if not gone:
        raise NotFound(f"No trace tag with key '{key}' for trace with ID '{trace_id}'")


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def link_prompts(tx: Tx, workspace: int, trace_id: str, versions: Sequence[tuple[str, str]]) -> None:
    seq, _ = await locked(tx, workspace, trace_id)
    await arrival_store.link(tx, [seq] * len(versions), "prompt", [f"{name}/{version}" for name, version in versions])


# ── deletion ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def delete(
    tx: Tx,
    workspace: int,
    experiment_id: str,
    *,
    before_ms: int | None,
    max_traces: int | None,
    trace_ids: Sequence[str],
) -> tuple[int, list[str]]:
    """Delete traces for good: by id, or the oldest until a time. Returns the experiment and the ids of those gone."""
    if before_ms is None and max_traces is None and not trace_ids:
        raise InvalidParameter("Either `max_timestamp_millis` or `trace_ids` must be specified, but not both.")
    if max_traces is not None and max_traces <= 0:
        raise InvalidParameter(f"`max_traces` must be a positive integer, received {max_traces}.")
    if len(trace_ids) > MAX_BATCH:
        raise InvalidParameter(f"At most {MAX_BATCH} traces per request; these are {len(trace_ids)}.")
    found = await experiments.get_active(tx, workspace, experiment_id)
    limit = min(max_traces or MAX_DELETED, MAX_DELETED)
    return found.id, await store.delete(tx, found.id, before_ms, list(trace_ids) or None, limit)
