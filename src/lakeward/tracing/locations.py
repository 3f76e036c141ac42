"""Unity Catalog locations: where clients in `databricks` mode send traces to and read them from (versions 4 and 5).

A location is a path, `catalog.schema` or `catalog.schema.prefix`. It is linked to one experiment at a time, which holds
the traces sent to it; they are searched, judged and summed up like any others. Tables are names: spans are not in them.
"""

import re
from collections.abc import Sequence
from typing import Final

from lakeward import experiments
from lakeward.kit.errors import AlreadyExists, Conflict, InvalidParameter, NotFound
from lakeward.runtime.db import Tx
from lakeward.tracing import search, traces
from lakeward.tracing.places import Location, parse_path
from lakeward.tracing.records import MAX_LINKS, Trace
from lakeward.tracing.store import arrivals as arrival_store
from lakeward.tracing.store import locations as store
from lakeward.tracing.store import traces as trace_store

PATH_TAG: Final = "mlflow.experiment.databricksTraceDestinationPath"
_TABLE_TAGS: Final = {
    "spans": "mlflow.experiment.databricksTraceSpanStorageTable",
    "logs": "mlflow.experiment.databricksTraceLogStorageTable",
    "annotations": "mlflow.experiment.databricksTraceAnnotationsTable",
}
_HEX: Final = re.compile(r"[0-9a-f]{32}")


async def get(tx: Tx, workspace: int, path: str) -> Location:
    found = await store.find(tx, workspace, path)
    if found is None:
        raise NotFound(f"There is no trace location {path}. Create it, and link an experiment to it.")
    return Location(*found)


async def get_by_id(tx: Tx, workspace: int, location: str) -> Location:
    number = int(location) if location.isascii() and location.isdecimal() and len(location) < 19 else 0
    found = await store.find_by_id(tx, workspace, number)
    if found is None:
        raise NotFound(f"There is no trace location with the id {location[:50]!r}.")
    return Location(*found)


async def create(tx: Tx, workspace: int, path: str, *, anew: bool) -> Location:
    """`anew`: one that is there already is AlreadyExists."""
    if not await store.add(tx, workspace, path) and anew:
        raise AlreadyExists(f"The trace location {path} exists already.")
    return await get(tx, workspace, path)


async def link(tx: Tx, workspace: int, experiment_id: str, path: str) -> Location:
    """From now on the experiment holds what is sent to the location; its tags tell clients so."""
    location = await get(tx, workspace, path)
    experiment = await experiments.get_active(tx, workspace, experiment_id)
    other = await store.of_experiment(tx, workspace, experiment.id)
    if other is not None and other.id != location.id:
        raise Conflict(f"The experiment {experiment_id} is linked to the trace location {other.path} already.")
    if location.experiment_id not in (None, experiment.id):
        raise Conflict(
            f"The trace location {path} is linked to the experiment {location.experiment_id}. Unlink it there, or"
            " choose another prefix."
        )
    await store.link(tx, location.id, experiment.id)
    tables = location.tables()
    await experiments.set_tag(tx, workspace, experiment_id, PATH_TAG, path)
    for kind, tag in _TABLE_TAGS.items():
        if kind in tables:
            await experiments.set_tag(tx, workspace, experiment_id, tag, tables[kind])
    return await get(tx, workspace, path)


async def unlink(tx: Tx, workspace: int, experiment_id: str, path: str) -> None:
    """Traces stay where they are."""
    location = await get(tx, workspace, path)
    experiment = await experiments.get_active(tx, workspace, experiment_id)
    if not await store.unlink(tx, location.id, experiment.id):
        raise Conflict(f"The experiment {experiment_id} is not linked to the trace location {path}.")
    for tag in (PATH_TAG, *_TABLE_TAGS.values()):
        if tag in experiment.tags:
            await experiments.delete_tag(tx, workspace, experiment_id, tag)


def home_of(location: Location) -> str:
    """The experiment that holds what is sent to it."""
    if location.experiment_id is None:
        raise Conflict(f"No experiment is linked to the trace location {location.path}.")
    return str(location.experiment_id)


# ── traces of a location ─────────────────────────────────────────────────────────────────────────────────────────────


def inner_id(given: str) -> str:
    """How a trace whose id clients write as 32 hexadecimal digits is known here."""
    if not _HEX.fullmatch(given.lower()):
        raise InvalidParameter(f"{given[:60]!r} is no trace id of a location: 32 hexadecimal digits are expected.")
    return f"tr-{given.lower()}"


async def trace(tx: Tx, workspace: int, path: str, trace_id: str) -> Trace:
    """Raises NotFound."""
    found = await traces.get(tx, workspace, inner_id(trace_id))
    if found.path != parse_path(path):
        raise traces.unknown(trace_id)
    return found


async def some(tx: Tx, workspace: int, path: str, trace_ids: Sequence[str]) -> list[Trace]:
    """Those of these traces that are in this location."""
    place = parse_path(path)
    named = await trace_store.find_named(tx, workspace, [inner_id(each) for each in trace_ids], None)
    return [each for each in named if each.path == place]


async def page(
    tx: Tx,
    workspace: int,
    paths: Sequence[str],
    filter_text: str | None,
    order_by: Sequence[str],
    max_results: int | None,
    page_token: str | None,
) -> tuple[list[int], str | None]:
    """As `search.page`, of traces that were sent to these locations."""
    numbers: set[int] = set()
    for path in paths:
        location = await get(tx, workspace, parse_path(path))
        numbers.update(await store.experiments_of(tx, location.id))
    if not numbers:
        return [], None
    return await search.page(
        tx, workspace, [str(each) for each in sorted(numbers)], filter_text, order_by, max_results, page_token,
        locations=sorted(set(paths)),
    )  # fmt: skip


async def link_run(tx: Tx, workspace: int, path: str, trace_ids: Sequence[str], run_id: str, *, linked: bool) -> None:
    if len(trace_ids) > MAX_LINKS:
        raise InvalidParameter(f"At most {MAX_LINKS} traces per request; these are {len(trace_ids)}.")
    seqs = [each.seq for each in await some(tx, workspace, path, trace_ids)]
    if linked:
        if not await trace_store.run_is_here(tx, workspace, run_id):
            raise experiments.BY_RUN.unknown(run_id)
        await arrival_store.link(tx, seqs, "run", [run_id] * len(seqs))
    else:
        await store.unlink_run(tx, seqs, run_id)
