"""Registered models and prompts. What a version was made from is found again here, so that it loads from here.

Sources lead to artifacts of a run or a LoggedModel that came over, or to another version. What the source keeps beside
these is copied into the registry; what it keeps elsewhere (`s3://…`) stays where it is.
"""

import hashlib
import re
from functools import partial
from typing import Final, NamedTuple

from lakeward import experiments, identity, logged_models, tracking
from lakeward import registry as registered
from lakeward.importing import files, reading, store, wire
from lakeward.importing.files import Tree
from lakeward.importing.moving import Move, digest_of
from lakeward.kit.clock import now_ms
from lakeward.runtime.db import Tx

_OF_MODEL: Final = re.compile(r".*/(m-[0-9a-f]{32})/artifacts(/.*)?", re.DOTALL)
_LOGGED: Final = re.compile(r"models:/+(m-[0-9a-f]{32})")
_COPY: Final = re.compile(r"models:/+([^/@]+)/(\d+)", re.DOTALL)
_PROXIED: Final = re.compile(r"mlflow-artifacts:(?://[^/]+)?/+(.+)", re.DOTALL)
_OF_RUN: Final = re.compile(r".*/([0-9a-f]{32})/artifacts(/.*)?", re.DOTALL)
_EXPERIMENT_IDS: Final = "_mlflow_experiment_ids"


class Origin(NamedTuple):
    """`directory`: where the source's own proxy has files that are of no run and no LoggedModel."""

    source: str
    storage: str
    files_id: registered.FilesId | None = None
    logged_model_id: str = ""
    directory: str = ""
    found: bool = True


class _Arrival:
    """A model of the source: which of its versions are here as its own, and whether one of them was not before."""

    def __init__(self, model: wire.RegisteredModel) -> None:
        self.model = model
        self.versions: set[int] = set()
        self.grew = False


async def bring(move: Move, *, prompts: bool) -> None:
    """All registered models, or all prompts. Of some experiments only: the versions that come from these.

    Where a name or a number is another's here, nothing is added to that one: no version and no alias.
    """
    kind = "prompts" if prompts else "registered models"
    arrivals: dict[str, _Arrival] = {}
    async for model in reading.registered_models(move.source, prompts=prompts):
        if not move.wanted.everything or await move.attempt(
            f"{kind[:-1]} {model.name!r}", partial(_bring_model, move, model, prompts)
        ):
            arrivals[model.name] = _Arrival(model)
    async for version in reading.versions(move.source, prompts=prompts):
        if version.name in arrivals:
            what = f"version {version.version} of {version.name!r}"
            await move.attempt(what, partial(_bring_version, move, arrivals[version.name], version, prompts))
    for name, arrival in arrivals.items():
        if arrival.model.aliases:
            await move.attempt(f"aliases of {name!r}", partial(_set_aliases, move, arrival, prompts))


async def _bring_model(move: Move, model: wire.RegisteredModel, prompts: bool) -> None:
    digest = digest_of(model, mapped(move, model.tags))
    there = f"{'prompt' if prompts else 'model'}/{model.name}"
    known = await move.digests("registered model", [there])
    given = registered.ArrivingModel(
        model.name,
        prompts,
        model.description,
        model.user_id,
        wire.whole(model.creation_timestamp),
        wire.whole(model.last_updated_timestamp),
        mapped(move, model.tags),
    )

    async def work(tx: Tx) -> bool:
        if (
            known.get(there) == digest
            and await registered.adoption.find_model(tx, move.workspace, model.name) is not None
        ):
            return False
        await registered.adoption.keep_model(tx, move.workspace, given, identity.OWNER_ID)
        await store.keep_digest(tx, move.number, "registered model", there, digest)
        return True

    if await move.db.run(work, transaction=True):
        move.brought("prompts" if prompts else "registered models")


async def _bring_version(move: Move, arrival: _Arrival, version: wire.ModelVersion, prompts: bool) -> None:
    origin = Origin(version.source, version.source) if prompts else await origin_of(move, version)
    if not move.wanted.everything:
        if not origin.found:
            return
        await _bring_model(move, arrival.model, prompts)
    there = f"version/{version.name}/{version.version}"
    digest = digest_of(version, origin)
    number = wire.whole(version.version)
    known = await move.digests("registered model", [there])

    async def work(tx: Tx) -> tuple[bool, bool]:
        here = await registered.adoption.find_version(tx, move.workspace, version.name, number)
        if here is not None and known.get(there) == digest:
            return False, False
        if origin.files_id is not None and origin.directory:
            await registered.adoption.keep_files(tx, move.workspace, origin.files_id, now_ms())
        await registered.adoption.keep_version(tx, move.workspace, version.name, _arriving(version, origin, prompts))
        await store.keep_digest(tx, move.number, "registered model", there, digest)
        return True, here is None

    written, is_new = await move.db.run(work, transaction=True)
    arrival.versions.add(number)
    arrival.grew |= is_new
    if written:
        move.brought("prompt versions" if prompts else "model versions")
    if origin.directory:
        await files.bring(move, tree(move, version, origin))
    elif not origin.found:
        move.note(f"Version {version.version} of {version.name!r} is left with its source {version.source!r}.")


def _arriving(version: wire.ModelVersion, origin: Origin, prompts: bool) -> registered.ArrivingVersion:
    return registered.ArrivingVersion(
        version=wire.whole(version.version),
        is_prompt=prompts,
        status=version.status,
        status_message=version.status_message,
        stage=version.current_stage or "None",
        description=version.description,
        source=origin.source,
        storage=origin.storage,
        files_id=origin.files_id,
        run_id=version.run_id,
        run_link=version.run_link,
        logged_model_id=version.model_id or origin.logged_model_id,
        created_by=version.user_id,
        created_at=wire.whole(version.creation_timestamp),
        updated_at=wire.whole(version.last_updated_timestamp),
        tags=wire.pairs(version.tags),
    )


def mapped(move: Move, tags: list[wire.Tag]) -> tuple[tuple[str, str], ...]:
    """Tags of a model or prompt; the experiments a prompt is shown in are named by their ids here."""

    def here(key: str, value: str) -> str:
        if key != _EXPERIMENT_IDS:
            return value
        ids = (each if each not in move.places else str(move.places[each].experiment_id) for each in value.split(","))
        return ",".join(ids)

    return tuple((key, here(key, value)) for key, value in wire.pairs(tags))


def unless_added(there: tuple[str, str], here: tuple[str, str | None]) -> tuple[str, str | None]:
    """The tag here, or the one there if the prompt is only shown in more experiments here: clients add them."""
    key, value = there
    known = set((here[1] or "").split(","))
    return there if key == _EXPERIMENT_IDS and known.issuperset(value.split(",")) else here


async def _set_aliases(move: Move, arrival: _Arrival, prompts: bool) -> None:
    """Those of versions that came. What was moved here afterwards stays, until one is moved there too."""
    name = arrival.model.name
    all_of_them = {each.alias: wire.whole(each.version) for each in arrival.model.aliases}
    wanted = {alias: version for alias, version in all_of_them.items() if version in arrival.versions}
    there = f"aliases/{'prompt' if prompts else 'model'}/{name}"
    digest = digest_of(sorted(wanted.items()))
    known = await move.digests("registered model", [there])
    if not wanted or (known.get(there) == digest and not arrival.grew):
        return
    async with move.db.transaction() as tx:
        await registered.adoption.set_aliases(tx, move.workspace, name, wanted, identity.OWNER_NAME)
        await store.keep_digest(tx, move.number, "registered model", there, digest)


# ── where a version comes from ───────────────────────────────────────────────────────────────────────────────────────


async def origin_of(move: Move, version: wire.ModelVersion) -> Origin:
    """What the source of a version is here."""
    source = version.source
    async with move.db.connection() as tx:
        if found := _LOGGED.fullmatch(source) or _OF_MODEL.fullmatch(source):
            uri = await _model_uri(move, tx, found[1])
            if uri is not None:
                named = source.startswith("models:")
                storage = uri if named else uri + (found[2] or "")
                return Origin(f"models:/{found[1]}" if named else storage, storage, logged_model_id=found[1])
        if found := _COPY.fullmatch(source):
            original = await registered.adoption.find_version(tx, move.workspace, found[1], int(found[2]))
            if original is not None:
                return Origin(
                    f"models:/{original.name}/{original.version}", original.storage, original.files_id,
                    original.logged_model_id,
                )  # fmt: skip
        if source.startswith("runs:/"):
            run_id = source.removeprefix("runs:/").lstrip("/").partition("/")[0]
            return Origin(source, source, found=await _run_uri(move, tx, run_id) is not None)
        if found := _OF_RUN.fullmatch(source):
            uri = await _run_uri(move, tx, found[1])
            if uri is not None:
                return Origin(uri + (found[2] or ""), uri + (found[2] or ""))
    if found := _PROXIED.fullmatch(source):
        own = hashlib.sha256(f"{move.number}/{version.name}/{version.version}".encode()).hexdigest()[:32]
        return Origin(source, "", registered.FilesId(own), directory=found[1].strip("/"), found=False)
    return Origin(source, source, found=False)


async def _run_uri(move: Move, tx: Tx, run_id: str) -> str | None:
    """Where the artifacts of a run are here."""
    if not await tracking.adoption.find_seqs(tx, move.workspace, [run_id]):
        return None
    run = await tracking.get_run(tx, move.workspace, run_id)
    return experiments.run_artifact_uri(run.home_id, run.location, run_id, databricks=False)


async def _model_uri(move: Move, tx: Tx, model_id: str) -> str | None:
    found = await logged_models.find_location(tx, move.workspace, model_id)
    if found is None:
        return None
    return experiments.model_artifact_uri(found.experiment_id, found.location, model_id, databricks=False)


def tree(move: Move, version: wire.ModelVersion, origin: Origin) -> Tree:
    """The files of a version that belong to no run and no LoggedModel."""
    assert origin.files_id is not None
    return Tree(
        "model files",
        f"version {version.version} of {version.name!r}",
        registered.adoption.files_prefix(move.workspace, origin.files_id),
        lambda: reading.stored_files(move.source, origin.directory),
        lambda path: reading.stored_file(origin.directory, path),
    )
