"""Both sides compared, after an import: the source is read once more, and what is here as its clients read it."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import msgspec

from lakeward import experiments, logged_models, tracking
from lakeward import registry as registered
from lakeward.importing import files, models, places, reading, registry, runs, store, traces_compared, wire
from lakeward.importing.files import Tree
from lakeward.importing.moving import Move, in_parallel
from lakeward.importing.records import Compared, Place
from lakeward.importing.tally import NOTHING, Tally
from lakeward.kit.errors import InvalidParameter

_pairs = msgspec.json.Decoder(list[wire.Tag])
_metrics = msgspec.json.Decoder(list[wire.Metric])
_data = msgspec.json.Decoder(wire.RunData)
_inputs = msgspec.json.Decoder(wire.RunInputs)
_outputs = msgspec.json.Decoder(wire.RunOutputs)


async def compare(move: Move) -> dict[str, Compared]:
    """All that was to be brought."""
    tally = Tally()
    move.progress.stage("Comparing")
    for there in await places.chosen(move.source, move.wanted):
        place = move.places.get(there.experiment_id)
        await _experiment(move, tally, there, place)
        if place is not None:
            for part in (_runs, _models, _traces):
                await move.attempt(f"experiment {there.name!r}", partial(part, move, tally, there, place))
    for prompts in (False, True):
        if move.wanted.everything or not prompts:
            await _registry(move, tally, prompts=prompts)
    if move.wanted.everything:
        await move.attempt("prompts of traces", lambda: traces_compared.compare_prompts(move, tally))
    return tally.result()


# ── experiments and runs ─────────────────────────────────────────────────────────────────────────────────────────────


async def _experiment(move: Move, tally: Tally, there: wire.Experiment, place: Place | None) -> None:
    here = None
    if place is not None:
        async with move.db.connection() as tx:
            here = await experiments.adoption.find(tx, move.workspace, place.experiment_id)
    wanted = wire.pairs(there.tags)
    if here is None or place is None:
        tally.compare("experiments", "experiment", {there.name: ()}, {})
        return
    tags = tuple((key, here.tags.get(key)) for key, _ in wanted)
    if place.merged:
        tally.compare("experiments", "experiment", {there.name: wanted}, {there.name: tags})
        return
    mine = (here.name, here.deleted, here.created_at, here.updated_at, tags)
    times = wire.whole(there.creation_time), wire.whole(there.last_update_time)
    tally.compare(
        "experiments", "experiment", {there.name: (there.name, there.deleted, *times, wanted)}, {there.name: mine}
    )


async def _runs(move: Move, tally: Tally, there: wire.Experiment, place: Place) -> None:
    async def one(pair: tuple[wire.Run, Any, reading.Histories]) -> None:
        await move.attempt(f"run {pair[0].run_id}", partial(_run, move, tally, there, place, *pair))
        move.progress.count("runs compared")

    async def both() -> AsyncIterator[tuple[wire.Run, Any, reading.Histories]]:
        async for page in reading.runs(move.source, there.experiment_id):
            async with move.db.connection() as tx:
                seqs = await tracking.adoption.find_seqs(tx, move.workspace, [run.run_id for run in page])
                found = await tracking.adoption.read(tx, list(seqs.values()))
            here = {run.run_id: (run, document) for run, document in found}
            histories = await reading.short_histories(move.source, page)
            for each in page:
                yield each, here.get(tracking.RunId(each.run_id)), histories

    await in_parallel(both(), one, move.source.connections)


async def _run(
    move: Move,
    tally: Tally,
    experiment: wire.Experiment,
    place: Place,
    there: wire.Run,
    found: Any,
    histories: reading.Histories,
) -> None:
    owner = f"run {there.run_id}"
    given = runs.arriving(there)
    deleted = given.deleted or experiment.deleted
    wanted = (given.name, given.status, given.user_id, given.start_time, given.end_time, deleted)
    if found is None:
        tally.compare("runs", "run", {there.run_id: wanted}, {})
        return
    run, document = found
    data, inputs, outputs = (
        _data.decode(document.data), _inputs.decode(document.inputs), _outputs.decode(document.outputs)
    )  # fmt: skip
    mine = (run.name, run.status, run.user_id, run.start_time, run.end_time, run.deleted)
    tally.compare("runs", "run", {there.run_id: wanted}, {there.run_id: mine})
    tally.compare("params", owner, dict(wire.pairs(there.data.params)), dict(wire.pairs(data.params)))
    tally.compare("tags", owner, dict(wire.pairs(there.data.tags)), dict(wire.pairs(data.tags)))
    tally.compare("data sets", owner, _datasets(there.inputs), _datasets(inputs))
    tally.compare(
        "model inputs and outputs", owner, _models_of(there.inputs, there.outputs), _models_of(inputs, outputs)
    )
    latest = {metric.key: repr(metric.point) for metric in data.metrics}
    for metric in there.data.metrics:
        await _history(move, tally, histories, there.run_id, metric, latest.get(metric.key))
    await _files(move, tally, runs.tree(move, place, there.run_id))


def _datasets(inputs: wire.RunInputs) -> dict[tuple[str, str], Any]:
    return {
        (each.dataset.name, each.dataset.digest): (
            each.dataset.source_type, each.dataset.source, each.dataset.schema, each.dataset.profile,
            wire.pairs(each.tags),
        )
        for each in inputs.dataset_inputs
    }  # fmt: skip


def _models_of(inputs: wire.RunInputs, outputs: wire.RunOutputs) -> dict[tuple[str, str], int]:
    found = {("reads", each.model_id): 0 for each in inputs.model_inputs}
    return found | {("made", each.model_id): wire.whole(each.step) for each in outputs.model_outputs}


async def _history(
    move: Move, tally: Tally, histories: reading.Histories, run_id: str, metric: wire.Metric, latest: str | None
) -> None:
    there = here = NOTHING
    async for page in reading.history(move.source, histories, run_id, metric.key):
        there = there.plus(page)
    token: str | None = None
    while True:
        async with move.db.connection() as tx:
            rows, token = await tracking.adoption.read_history(tx, move.db, move.workspace, run_id, metric.key, token)
        here = here.plus((row[0], row[1], row[2]) for row in rows)
        if token is None:
            break
    tally.compare_series(f"run {run_id}", metric.key, there, here, (repr(metric.point), latest))


async def _files(move: Move, tally: Tally, tree: Tree) -> None:
    """Sizes and SHA-256: those the source sent, and those of what is in the object store now."""
    async with move.db.connection() as tx:
        known = await store.files_below(tx, move.number, tree.prefix)
    async for file in tree.files():
        try:
            key = tree.key(file.path)
        except InvalidParameter as error:
            tally.compare(tree.kind, tree.owner, {file.path: error.message}, {})
            continue
        sent = known.get(key)
        here = await files.read(move, key)
        size = file.size if file.size is not None else sent and sent.size
        tally.compare(
            tree.kind,
            tree.owner,
            {file.path: (size, sent and sent.sha256.hex())},
            {} if here is None else {file.path: (here.size, here.sha256.hex())},
        )


async def _traces(move: Move, tally: Tally, there: wire.Experiment, place: Place) -> None:
    await traces_compared.compare(move, tally, there, place, _files)


# ── LoggedModels ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _models(move: Move, tally: Tally, there: wire.Experiment, place: Place) -> None:
    async for page in models.listed(move.source, there.experiment_id):
        for model in page:
            await _model(move, tally, model)
            tree = models.tree(move, place, model.info.model_id)
            await move.attempt(tree.owner, partial(_files, move, tally, tree))


async def _model(move: Move, tally: Tally, there: wire.LoggedModel) -> None:
    info = there.info
    params, tags = wire.pairs(there.data.params), wire.pairs(info.tags)
    points = {_measured(metric) for metric in there.data.metrics}
    wanted = (
        info.name, info.model_type, info.source_run_id, info.status, wire.whole(info.creation_timestamp_ms),
        wire.whole(info.last_updated_timestamp_ms), params, tags, sorted(points),
    )  # fmt: skip
    async with move.db.connection() as tx:
        here = await logged_models.find(tx, move.workspace, info.model_id)
    if here is None:
        tally.compare("logged models", "logged model", {info.model_id: wanted}, {})
        return
    found = {_measured(metric) for metric in _metrics.decode(here.metrics)}
    if len(points) > logged_models.MAX_POINTS_SHOWN and found <= points:
        found = points  # only the newest of so many are shown
    mine = (
        here.name, here.model_type, here.source_run_id, here.status, here.created_at, here.updated_at,
        _only(params, here.params), _only(tags, here.tags), sorted(found),
    )  # fmt: skip
    tally.compare("logged models", "logged model", {info.model_id: wanted}, {info.model_id: mine})


def _measured(metric: wire.Metric) -> tuple[str, str, str, str, str]:
    return metric.key, metric.run_id, metric.dataset_name, metric.dataset_digest, repr(metric.point)


def _only(wanted: tuple[tuple[str, str], ...], here: str) -> tuple[tuple[str, str | None], ...]:
    """The values of these keys among the tags here, a JSON list."""
    found = dict(wire.pairs(_pairs.decode(here)))
    return tuple((key, found.get(key)) for key, _ in wanted)


# ── the registry ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _registry(move: Move, tally: Tally, *, prompts: bool) -> None:
    seen: dict[str, set[int]] = {}
    async for version in reading.versions(move.source, prompts=prompts):
        if await _version(move, tally, version, prompts=prompts):
            seen.setdefault(version.name, set()).add(wire.whole(version.version))
    async for model in reading.registered_models(move.source, prompts=prompts):
        if move.wanted.everything or model.name in seen:
            aliases = {each.alias: wire.whole(each.version) for each in model.aliases}
            if not move.wanted.everything:
                aliases = {alias: number for alias, number in aliases.items() if number in seen[model.name]}
            await _registered(move, tally, model, aliases, "prompts" if prompts else "registered models")


async def _registered(
    move: Move, tally: Tally, there: wire.RegisteredModel, aliases: dict[str, int], kind: str
) -> None:
    tags = registry.mapped(move, there.tags)
    updated = wire.whole(there.last_updated_timestamp)
    async with move.db.connection() as tx:
        here = await _attempted(lambda: registered.adoption.find_model(tx, move.workspace, there.name))
    mine: dict[Any, Any] = {}
    found: dict[str, int] = {}
    if here is not None:
        mine[there.name] = (
            here.description, here.created_at, min(here.updated_at, updated),
            tuple(registry.unless_added(pair, value) for pair, value in zip(tags, _only(tags, here.tags), strict=True)),
        )  # fmt: skip
        found = {
            each.alias: wire.whole(each.version) for each in msgspec.json.decode(here.aliases, type=list[wire.Alias])
        }
    wanted = (there.description, wire.whole(there.creation_timestamp), updated, tags)
    tally.compare(kind, kind[:-1], {there.name: wanted}, mine)
    tally.compare("aliases", there.name, aliases, found)


async def _version(move: Move, tally: Tally, there: wire.ModelVersion, *, prompts: bool) -> bool:
    """False if it is none of those that were to be brought."""
    origin = registry.Origin(there.source, there.source)
    if not prompts:
        origin = await registry.origin_of(move, there)
        if not (origin.found or move.wanted.everything):
            return False
    tags = wire.pairs(there.tags)
    number = wire.whole(there.version)
    wanted = (
        there.status, there.current_stage, there.description or "", there.run_id, there.user_id, there.run_link,
        wire.whole(there.creation_timestamp), wire.whole(there.last_updated_timestamp), origin.source, origin.storage,
        tags,
    )  # fmt: skip
    async with move.db.connection() as tx:
        here = await _attempted(lambda: registered.adoption.find_version(tx, move.workspace, there.name, number))
    mine: dict[Any, Any] = {}
    if here is not None:
        mine[there.name, number] = (
            here.status, here.stage, here.description or "", here.run_id, here.created_by, here.run_link,
            here.created_at, here.updated_at, here.source, here.storage, _only(tags, here.tags),
        )  # fmt: skip
    tally.compare("prompt versions" if prompts else "model versions", "version", {(there.name, number): wanted}, mine)
    if origin.directory:
        tree = registry.tree(move, there, origin)
        await move.attempt(tree.owner, partial(_files, move, tally, tree))
    return True


async def _attempted(work: Callable[[], Any]) -> Any:
    """None for a name that cannot be one here."""
    try:
        return await work()
    except InvalidParameter:
        return None
