"""Files that the registry keeps itself: those of versions that were uploaded to it, and how all versions are read.

A version that is made through Unity Catalog's dialect is PENDING until its files are uploaded and it is finalized; then
they never change. They lie under a key of their own, so a model may be renamed, and stay as long as a version needs
them: a copy shares the files of its original.
"""

import secrets
from collections.abc import Mapping
from typing import Final

from lakeward import artifacts, experiments, tracking
from lakeward.access import Way
from lakeward.artifacts import Access, Root
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.registry import wire
from lakeward.registry.records import PENDING, READY, FilesId, ModelVersion
from lakeward.registry.securable import BY_FILES
from lakeward.registry.store import files as store
from lakeward.registry.store import versions as versions_store
from lakeward.runtime.db import Database, Tx
from lakeward.runtime.objects import ObjectStore

_PLACE: Final = ("{catalog}", "{schema}", "{model}", "{version}")


def new_id() -> FilesId:
    return FilesId(secrets.token_hex(16))


def uri(version: ModelVersion) -> str:
    """Where an http client reads the files the registry keeps."""
    catalog, schema, leaf = version.full_name.split(".", 2)
    return f"mlflow-artifacts:/models/{catalog}/{schema}/{leaf}/{version.version}"


def place(version: ModelVersion, *, databricks: bool, confined: bool) -> str:
    """Where a client of the classic registry reads the files of a version.

    Who may read the model may read its files, and for a caller whose rights end there they are reached through it.
    """
    if version.files_id is not None or (confined and _kept_here(version)):
        return path(version) if databricks else uri(version)
    return wire.rendered(version.storage, databricks=databricks)


def _kept_here(version: ModelVersion) -> bool:
    return version.storage.startswith("runs:") or experiments.parse_artifact_uri(version.storage) is not None


def path(version: ModelVersion) -> str:
    """Where a Unity Catalog client reads the files of a version, whoever keeps them."""
    return f"/Models/{version.full_name.replace('.', '/')}/{version.version}"


async def locate(tx: Tx, workspace: int, names: Mapping[str, str], access: Access) -> str:
    """The prefix of a version's objects. Only a PENDING version takes files, only a READY one gives them."""
    full = f"{names['catalog']}.{names['schema']}.{names['model']}"
    version = await find(tx, workspace, full, names["version"])
    if version is None:
        raise NotFound(f"Model Version (name={full}, version={names['version']}) not found")
    wanted = READY if access is Access.READ else PENDING
    if version.status != wanted:
        verb = "read" if access is Access.READ else "changed"
        raise InvalidParameter(
            f"The files of version {version.version} of {full} cannot be {verb}: its status is {version.status}."
        )
    return await prefix_of(tx, workspace, version)


async def find(tx: Tx, workspace: int, full_name: str, version: str) -> ModelVersion | None:
    if not version.isdecimal() or len(version) > 9:
        return None
    spelled = await store.find_in_any_case(tx, workspace, full_name)
    return await versions_store.find(tx, workspace, spelled, int(version)) if spelled else None


async def prefix_of(tx: Tx, workspace: int, version: ModelVersion) -> str:
    """Files of its own, or those of the run or LoggedModel it was made from."""
    if version.files_id is not None:
        return prefix(workspace, version.files_id)
    if version.storage.startswith("runs:/"):
        run_id, _, rest = version.storage.removeprefix("runs:/").lstrip("/").partition("/")
        run = await tracking.get_run(tx, workspace, run_id)
        return _joined(experiments.run_objects(workspace, run.home_id, run.run_id), rest)
    place = experiments.parse_artifact_uri(version.storage)
    if place is None:
        raise NotFound(f"The files of this version are not kept by this server; they are at {version.storage!r}.")
    rooted = experiments.model_objects if place.is_model else experiments.run_objects
    return _joined(rooted(workspace, int(place.experiment), place.owner), place.path)


def prefix(workspace: int, files_id: FilesId) -> str:
    return f"models/{workspace}/{files_id}"


def _joined(top: str, rest: str) -> str:
    return "/".join((top, "artifacts", *artifacts.parse(rest.strip("/"), directory=True)))


async def sweep(db: Database, objects: ObjectStore) -> None:
    """Delete files that no version needs any more. Safe to run anywhere, at any time, any number of times."""
    while True:
        async with db.transaction() as tx:
            found = await store.lock_unneeded(tx)
            if found is None:
                return
            workspace, files_id = found
            if await store.is_needed(tx, files_id):  # copied while the row was waited for
                continue
            await objects.delete_prefix(prefix(workspace, files_id))
            await store.erase(tx, files_id)


def _owner(names: Mapping[str, str]) -> tuple[Way, str]:
    return BY_FILES, f"{names['catalog']}.{names['schema']}.{names['model']}"


artifacts.add_root(
    Root("registered models", ("Models", *_PLACE), ("models", *_PLACE), locate, lasting=False, owner=_owner)
)
