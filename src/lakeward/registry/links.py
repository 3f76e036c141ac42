"""Links of prompt versions as Unity Catalog clients make them, beside the tags they write themselves.

A trace keeps its links. Of runs and LoggedModels the tag that the client has written is the link; here it is checked
that both ends are there.
"""

from collections.abc import Sequence
from typing import Final

from lakeward import logged_models, tracing, tracking
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.registry import unity
from lakeward.runtime.db import Tx

MAX: Final = 25  # of each kind in one request, as upstream

Versions = Sequence[tuple[str, str]]


async def to_traces(tx: Tx, workspace: int, versions: Versions, trace_ids: Sequence[str]) -> None:
    await _check(tx, workspace, versions, trace_ids)
    for trace_id in trace_ids:
        await tracing.link_prompts(tx, workspace, trace_id, versions)


async def to_runs(tx: Tx, workspace: int, versions: Versions, run_ids: Sequence[str]) -> None:
    await _check(tx, workspace, versions, run_ids)
    for run_id in run_ids:
        await tracking.get_run(tx, workspace, run_id)


async def to_models(tx: Tx, workspace: int, versions: Versions, model_ids: Sequence[str]) -> None:
    await _check(tx, workspace, versions, model_ids)
    for model_id in model_ids:
        if await logged_models.find_location(tx, workspace, model_id) is None:
            raise NotFound(f"Logged model with ID '{model_id}' not found.")


async def _check(tx: Tx, workspace: int, versions: Versions, others: Sequence[str]) -> None:
    if len(versions) > MAX or len(others) > MAX:
        raise InvalidParameter(f"At most {MAX} prompt versions can be linked to at most {MAX} objects in one request.")
    for name, version in versions:
        found = await unity.get_in_any_dialect(tx, workspace, name, version)
        if not found.is_prompt:
            raise NotFound(f"Prompt version (name={name}, version={version}) not found")
