"""Where a version comes from: what a client may name as its source, and where that keeps the files.

A source is a text that clients follow by themselves later, so it must not lead anywhere its creator did not have it
from: what this server keeps must be there, in the workspace, and belong to the run or model that is named beside it.
It is kept in the spelling of http mode and rendered for each caller.
"""

import posixpath
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from lakeward import experiments, logged_models, tracking
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.registry import names
from lakeward.registry.records import LATEST, MAX_RUN_ID, MAX_SOURCE, READY, STAGES, FilesId, ModelVersion
from lakeward.registry.store import models as models_store
from lakeward.registry.store import versions as store
from lakeward.runtime.db import Tx

# compat(mlflow 3.17, 2.22): a version needs a source; for a prompt clients send one of these
_OF_PROMPTS: Final = ("dummy-source", "prompt-template")
_LOGGED_MODEL: Final = re.compile(r"m-[0-9a-f]{32}")
_RUNS: Final = re.compile(r"runs:/([^/]+)(?:/.*)?", re.DOTALL)
_UNQUOTINGS: Final = 5


class Origin(msgspec.Struct, frozen=True):
    """`source` as it is kept, `storage` where the files are ('' where `files_id` says it)."""

    source: str
    storage: str
    run_id: str = ""
    logged_model_id: str = ""
    files_id: FilesId | None = None


def of_prompt(source: str, run_id: str) -> Origin:
    if source not in _OF_PROMPTS:
        raise InvalidParameter(f"Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder.")
    return Origin(source, source, run_id)


def run_in(source: str) -> str | None:
    """The run that a `runs:` source is in."""
    found = _RUNS.fullmatch(source)
    return None if found is None else found[1]


def model_path(source: str) -> str:
    """What a `models:` source names: a LoggedModel, or a version of a registered model."""
    return urlsplit(source).path.removeprefix("/")


def model_name(path: str) -> str:
    """The registered model in `name/3`, `name@alias` and so on."""
    name, at, _ = path.partition("@")
    return name if at else path.partition("/")[0]


async def resolve(tx: Tx, workspace: int, source: str, *, run_id: str | None, model_id: str | None) -> Origin:
    """`run_id` and `model_id` are None where the request does not say; what the source implies is filled in."""
    if not source:
        raise InvalidParameter("Missing value for required parameter 'source'.")
    if len(source) > MAX_SOURCE or len(run_id or "") > MAX_RUN_ID:
        raise InvalidParameter(f"Invalid model version source: it has more than {MAX_SOURCE} characters.")
    if source.startswith("models:"):
        return await _of_model(tx, workspace, source, run_id, model_id)
    if model_id:
        model = await logged_models.find_location(tx, workspace, model_id)
        if model is None:
            raise _misplaced(source, "model_id")
    if _is_local(source):
        return await _local(tx, workspace, source, run_id, model_id)
    _check_path(source)
    if source.startswith("runs:"):
        run = run_in(source)
        if run is None or (run_id and run_id != run):
            raise _misplaced(source, "run_id")
        return Origin(source, source, run, model_id or "")
    kept = experiments.parse_artifact_uri(source)
    if kept is not None:
        return await _kept(tx, workspace, source, kept, run_id, model_id)
    return Origin(source, source, run_id or "", model_id or "")


# ── models:/ ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _of_model(tx: Tx, workspace: int, source: str, run_id: str | None, model_id: str | None) -> Origin:
    """A LoggedModel by its id, or a version of a registered model, which is copied."""
    path = model_path(source)
    if urlsplit(source).netloc or not path:
        raise _misplaced(source, "model_id")
    if _LOGGED_MODEL.fullmatch(path):
        model = await logged_models.find_location(tx, workspace, path)
        if model is None or (model_id and model_id != path):
            raise _misplaced(source, "model_id")
        made_by = await logged_models.source_run(tx, workspace, path)
        storage = experiments.model_artifact_uri(model.experiment_id, model.location, path, databricks=False)
        return Origin(source, storage, run_id or made_by, path)
    copied = await find_version(tx, workspace, path)
    if copied.is_prompt:
        raise InvalidParameter(
            f"Invalid model version source: '{source}'. Prompt versions cannot be used as model version sources."
        )
    if copied.status != READY:
        raise InvalidParameter(f"Invalid model version source: '{source}'. Its status is {copied.status}, not {READY}.")
    if (run_id or copied.run_id) != copied.run_id or (model_id or copied.logged_model_id) != copied.logged_model_id:
        raise InvalidParameter(
            f"Invalid model version source: '{source}'. The run_id and model_id request parameters must match the"
            " referenced model version."
        )
    return Origin(
        f"models:/{copied.name}/{copied.version}",
        copied.storage,
        copied.run_id,
        copied.logged_model_id,
        copied.files_id,
    )


async def find_version(tx: Tx, workspace: int, path: str) -> ModelVersion:
    """The version that `name/3`, `name@alias`, `name/latest` or `name/Production` means."""
    name, at, alias = path.partition("@")
    if at:
        full = names.parse(name).full
        found = (
            await store.find_newest(tx, workspace, full)
            if alias.lower() == LATEST
            else await store.find_by_alias(tx, workspace, full, alias)
        )
    else:
        name, _, which = path.partition("/")
        found = await _find_named(tx, workspace, names.parse(name).full, which)
    if found is None:
        raise NotFound(f"No version of a registered model at 'models:/{path}'.")
    return found


async def _find_named(tx: Tx, workspace: int, full: str, which: str) -> ModelVersion | None:
    if which.isdecimal():
        return await store.find(tx, workspace, full, names.parse_version(which))
    if which.lower() == LATEST:
        return await store.find_newest(tx, workspace, full)
    kind = await models_store.find_kind(tx, workspace, full)
    stages: Sequence[str] = [stage for stage in STAGES if stage.lower() == which.lower()]
    if kind is None or not stages:
        return None
    found = (await store.latest_of_stages(tx, [kind[0]], stages)).get(kind[0], [])
    return found[0] if found else None


# ── what this server keeps, and what it does not ─────────────────────────────────────────────────────────────────────


async def _kept(
    tx: Tx, workspace: int, source: str, kept: experiments.ArtifactPlace, run_id: str | None, model_id: str | None
) -> Origin:
    """Artifacts of a run or LoggedModel of this workspace; they must be those of the run or model that is named."""
    if kept.is_model:
        model = await logged_models.find_location(tx, workspace, kept.owner)
        if model is None or str(model.experiment_id) != kept.experiment or (model_id and model_id != kept.owner):
            raise _misplaced(source, "model_id")
        made_by = await logged_models.source_run(tx, workspace, kept.owner)
        return Origin(kept.uri, kept.uri, run_id or made_by, kept.owner)
    if run_id and run_id != kept.owner:
        raise _misplaced(source, "run_id")
    try:
        run = await tracking.get_run(tx, workspace, kept.owner)
    except NotFound as error:
        raise _misplaced(source, "run_id") from error
    if str(run.home_id) != kept.experiment:
        raise _misplaced(source, "run_id")
    return Origin(kept.uri, kept.uri, kept.owner, model_id or "")


async def _local(tx: Tx, workspace: int, source: str, run_id: str | None, model_id: str | None) -> Origin:
    """A path on the client's machine: only below the artifacts of the run or model, where those are on it too."""
    roots = []
    if model_id:
        model = await logged_models.find_location(tx, workspace, model_id)
        if model is not None:
            roots.append(
                experiments.model_artifact_uri(model.experiment_id, model.location, model_id, databricks=False)
            )
    elif run_id:
        try:
            run = await tracking.get_run(tx, workspace, run_id)
        except NotFound as error:
            raise _misplaced(source, "run_id") from error
        roots.append(experiments.run_artifact_uri(run.home_id, run.location, run.run_id, databricks=False))
    path = _local_path(source)
    for root in roots:
        if _is_local(root) and (path + "/").startswith(_local_path(root) + "/"):
            return Origin(source, source, run_id or "", model_id or "")
    raise InvalidParameter(
        f"Invalid model version source: '{source}'. To use a local path as a model version source, the run_id request"
        " parameter has to be specified and the local path has to be contained within the artifact directory of the"
        " run specified by the run_id."
    )


def _is_local(source: str) -> bool:
    parts = urlsplit(source)
    return parts.scheme in ("", "file") or len(parts.scheme) == 1


def _local_path(source: str) -> str:
    return posixpath.normpath(unquote(urlsplit(source).path) if source.startswith("file:") else source)


def _check_path(source: str) -> None:
    """No source may climb out of where it seems to be, however it is written."""
    plain = source
    for _ in range(_UNQUOTINGS):
        plain, before = unquote(plain), plain
        if plain == before:
            break
    path = plain.partition(":")[2].partition("?")[0]
    if "\0" in plain or "\\" in path or any(part in (".", "..") for part in path.split("/")):
        raise InvalidParameter(
            f"Invalid model version source: '{source}'. It must be an absolute URI without '.' and '..' in its path."
        )


def _misplaced(source: str, field: str) -> InvalidParameter:
    return InvalidParameter(
        f"Invalid model version source: '{source}'. The {field} request parameter must identify the resource that"
        " contains the source."
    )
