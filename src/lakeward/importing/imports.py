"""An import from its beginning to its comparison."""

from functools import partial

from lakeward import audit
from lakeward.importing import comparison, models, places, reading, registry, runs, store, traces, wire
from lakeward.importing.moving import Move
from lakeward.importing.records import Progress, Report, Wanted
from lakeward.importing.source import Source
from lakeward.kit.errors import NotFound
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.objects import ObjectStore


async def take_over(
    source: Source,
    version: str,
    db: Database,
    objects: ObjectStore,
    workspace: str,
    wanted: Wanted,
    progress: Progress,
) -> Report:
    """Bring what is wanted into a workspace, and compare both sides. `version`: what the source said of itself."""
    report = Report(source.url, version)
    said = {"source": source.url, "experiments": list(wanted.experiments)}
    async with db.transaction() as tx:
        home = await _workspace(tx, workspace)
        number = await store.keep_source(tx, home, source.url)
        known = await store.places(tx, number)
        await audit.record_command(tx, "lakeward", "startImport", params=said, workspace=home)
    move = Move(source, db, objects, home, number, wanted, progress, report, known)
    progress.stage("Experiments")
    brought = await places.bring(move)
    for there in brought:
        progress.stage(f"Experiment {there.name}")
        await _contents(move, there)
    progress.stage("Registry")
    await move.attempt("the registry", lambda: registry.bring(move, prompts=False))
    if wanted.everything:
        await move.attempt("prompts", lambda: registry.bring(move, prompts=True))
        await move.attempt("prompts of traces", lambda: traces.bring_prompt_links(move))
    await places.close(move, brought)
    report.compared = await comparison.compare(move)
    async with db.transaction() as tx:
        ended = said | {"brought": report.brought, "identical": report.identical}
        await audit.record_command(tx, "lakeward", "finishImport", params=ended, workspace=home)
    return report


async def _contents(move: Move, there: wire.Experiment) -> None:
    """Runs first: models and traces name them."""
    for bring in (runs.bring, models.bring, traces.bring):
        await move.attempt(f"experiment {there.name!r}", partial(bring, move, there))


async def survey(source: Source, wanted: Wanted, progress: Progress) -> Report:
    """What there is to bring, counted on the source alone."""
    report = Report(source.url, await source.introduce())
    counts = report.brought

    def add(kind: str, number: int = 1) -> None:
        counts[kind] = counts.get(kind, 0) + number
        progress.count(kind, number)

    progress.stage("Counting")
    for there in await places.chosen(source, wanted):
        add("experiments")
        async for page in reading.runs(source, there.experiment_id):
            add("runs", len(page))
            add("params", sum(len(run.data.params) for run in page))
            add("tags", sum(len(run.data.tags) for run in page))
            add("metric histories", sum(len(run.data.metrics) for run in page))
        async for listed in models.listed(source, there.experiment_id):
            add("logged models", len(listed))
        async for told in traces.listed(source, there.experiment_id):
            add("traces", len(told))
    if wanted.everything:
        for prompts in (False, True):
            async for _ in reading.registered_models(source, prompts=prompts):
                add("prompts" if prompts else "registered models")
            async for _ in reading.versions(source, prompts=prompts):
                add("prompt versions" if prompts else "model versions")
    return report


async def _workspace(tx: Tx, name: str) -> int:
    found = await store.find_workspace(tx, name)
    if found is None:
        raise NotFound(f"There is no workspace named {name!r}.")
    return found
