"""Runs with everything they carry: the read model kept per run, made again where it is stale.

A page of 1,000 runs is one statement when the documents are there. Where one is missing it is made for the answer;
ended runs then get theirs kept, after the answer, while nobody writes to them.
"""

from collections.abc import Mapping, Sequence

import msgspec

from lakeward.runtime.db import Database, Tx
from lakeward.tracking.records import TERMINAL, Run, RunDocument
from lakeward.tracking.states import unknown
from lakeward.tracking.store import documents as store
from lakeward.tracking.store import runs as runs_store

_KEEP_AT_ONCE = 100  # writers to these runs wait meanwhile: a few milliseconds

Filled = list[tuple[Run, RunDocument]]


def of_new_run(tags: Mapping[str, str]) -> RunDocument:
    """The document of a run that has only its first tags."""
    listed = [{"key": key, "value": value} for key, value in sorted(tags.items())]
    data = msgspec.json.encode({"metrics": [], "params": [], "tags": listed}).decode()
    return RunDocument(data, '{"dataset_inputs":[],"model_inputs":[]}', '{"model_outputs":[]}')


async def of_run(tx: Tx, workspace: int, run_id: str) -> tuple[Run, RunDocument]:
    row = await runs_store.find_with_document(tx, workspace, run_id)
    if row is None:
        raise unknown(run_id)
    *run, data, inputs, outputs = row
    return Run(*run), RunDocument(data, inputs, outputs)


async def of_runs(tx: Tx, seqs: Sequence[int]) -> tuple[Filled, list[int]]:
    """The runs in the given order with their documents, and the seqs of those worth keeping now."""
    rows = await runs_store.find_documents(tx, seqs)
    stale = [row["seq"] for row in rows if row["data"] is None]
    made = {row["seq"]: row for row in await store.make(tx, stale)} if stale else {}
    filled = []
    for row in rows:
        *run, data, inputs, outputs = row
        if data is None:
            _, data, inputs, outputs = made[run[0]]
        filled.append((Run(*run), RunDocument(data, inputs, outputs)))
    return filled, [run.seq for run, _ in filled if run.seq in made and run.status in TERMINAL]


async def keep(db: Database, seqs: Sequence[int]) -> None:
    """Keep the documents of these runs, except where somebody is writing."""
    for start in range(0, len(seqs), _KEEP_AT_ONCE):
        async with db.transaction() as tx:
            quiet = await store.lock_exclusive(tx, seqs[start : start + _KEEP_AT_ONCE])
            if quiet:
                await store.keep(tx, quiet)
