"""Runs that come from another server: kept with their ids, times, users and states, in the trash or not.

Everything here may be done twice, or be cut off and done again: what is there already is left or set to what is given.
A transaction that writes to a run begins with `keep`, which locks it as every write does.
"""

from collections.abc import Sequence

from lakeward.experiments import ExperimentId
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import Conflict
from lakeward.runtime.db import Database, Tx
from lakeward.tracking import documents, history, inputs
from lakeward.tracking.records import ArrivingRun, Dataset, Point, Run, RunDocument, RunId, Target
from lakeward.tracking.store import adoption as store
from lakeward.tracking.store import documents as documents_store
from lakeward.tracking.store import runs as runs_store

Pairs = Sequence[tuple[str, str]]


async def keep(tx: Tx, workspace: int, experiment_id: ExperimentId, given: ArrivingRun) -> Target:
    """The run, made or brought up to date, and locked for what is to be added to it."""
    kept = await store.keep(tx, workspace, experiment_id, given, now_ms())
    if kept is None:
        raise Conflict(
            f"The run {given.run_id} is on this server already, in another workspace or experiment, or is being"
            " deleted for good. Ids of runs are unique: delete the other one first."
        )
    seq, home = kept
    await store.lock(tx, seq)
    await documents_store.drop(tx, [seq])
    return Target(seq, RunId(given.run_id), home)


async def add_words(tx: Tx, db: Database, target: Target, params: Pairs, tags: Pairs) -> None:
    """Params and tags as they are there, whatever their length."""
    ids = await db.name_ids([key for key, _ in (*params, *tags)])
    await store.set_params(tx, target, ids[: len(params)], [value for _, value in params])
    await store.set_tags(tx, target, ids[len(params) :], [value for _, value in tags])


async def add_points(tx: Tx, db: Database, target: Target, points: Sequence[Point]) -> None:
    """Points that are not there yet, and the latest values they make."""
    if points:
        await store.add_points(tx, target, await db.name_ids([point.key for point in points]), points)


async def add_inputs(
    tx: Tx,
    target: Target,
    datasets: Sequence[Dataset],
    models_in: Sequence[str],
    models_out: Sequence[tuple[str, int]],
) -> None:
    await inputs.log_datasets(tx, target, datasets)
    await inputs.log_models(tx, target, "input", [(model_id, 0) for model_id in models_in])
    await inputs.log_models(tx, target, "output", models_out)


async def find_seqs(tx: Tx, workspace: int, run_ids: Sequence[str]) -> dict[str, int]:
    """The numbers of those of these runs that are here."""
    return await runs_store.find_seqs(tx, workspace, run_ids)


async def read(tx: Tx, seqs: Sequence[int]) -> list[tuple[Run, RunDocument]]:
    """Runs with all they carry but their histories."""
    found, _ = await documents.of_runs(tx, seqs)
    return found


async def read_history(
    tx: Tx, db: Database, workspace: int, run_id: str, key: str, page_token: str | None
) -> tuple[list[tuple[int, int, float]], str | None]:
    """A page of (ts, step, value), and the token of the next."""
    return await history.page(tx, db, workspace, run_id, key, max_results=history.MAX_PAGE, page_token=page_token)
