"""The places that hold artifacts: runs and LoggedModels here; a higher package adds its own with `add_root`.

One file has one key, whatever transport names it.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Final

from lakeward import experiments, logged_models, tracing, tracking
from lakeward.access import Way
from lakeward.artifacts.paths import Segments, relative
from lakeward.artifacts.records import Access, Place, Root
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.runtime.db import Database, Tx

_INTERNAL: Final = ("WorkspaceInternal", "Mlflow", "Artifacts", "{experiment}")
_REMEMBER_SECONDS: Final = 5.0
_REMEMBER_AT_MOST: Final = 10_000

_Known = dict[tuple[int, Segments], tuple[float, str]]


def _places(_db: Database) -> _Known:
    return {}


async def _locate_run(tx: Tx, workspace: int, names: Mapping[str, str], access: Access) -> str:
    run = await tracking.get_run(tx, workspace, names["run"])
    if str(run.home_id) != names["experiment"]:
        raise NotFound(f"The run {run.run_id} is not in experiment {names['experiment']}.")
    if access is Access.WRITE:
        if run.deleted:
            raise InvalidParameter(f"The run {run.run_id} is deleted. Restore it to add artifacts.")
        await experiments.get_active(tx, workspace, str(run.experiment_id))
    return f"{experiments.run_objects(workspace, run.home_id, run.run_id)}/artifacts"


async def _locate_model(tx: Tx, workspace: int, names: Mapping[str, str], access: Access) -> str:
    model = await get_model(tx, workspace, names["model"])
    if str(model.experiment_id) != names["experiment"]:
        raise NotFound(f"The logged model {names['model']} is not in experiment {names['experiment']}.")
    if access is Access.WRITE and model.deleted:
        raise InvalidParameter(f"The logged model {names['model']} is deleted; it takes no artifacts.")
    return f"{experiments.model_objects(workspace, model.experiment_id, names['model'])}/artifacts"


async def _locate_trace(tx: Tx, workspace: int, names: Mapping[str, str], access: Access) -> str:
    home = await tracing.find_home(tx, workspace, names["trace"])
    if str(home.experiment_id) != names["experiment"]:
        raise NotFound(f"The trace {names['trace']} is not in experiment {names['experiment']}.")
    if access is Access.WRITE:
        await experiments.get_active(tx, workspace, names["experiment"])
    return f"{home.prefix}/artifacts"


async def get_model(tx: Tx, workspace: int, model_id: str) -> logged_models.Location:
    """Where a LoggedModel belongs, also one in the trash."""
    found = await logged_models.find_location(tx, workspace, model_id)
    if found is None:
        raise NotFound(f"Logged model with ID '{model_id}' not found.")
    return found


def _experiment(names: Mapping[str, str]) -> tuple[Way, str]:
    return experiments.BY_ID, names["experiment"]


RUNS: Final = Root(
    "runs",
    (*_INTERNAL, "Runs", "{run}", "artifacts"),
    ("{experiment}", "{run}", "artifacts"),
    _locate_run,
    owner=lambda names: (tracking.BY_RUN, names["run"]),  # which may have moved to another experiment than the path's
)
MODELS: Final = Root(
    "logged models",
    (*_INTERNAL, "LoggedModels", "{model}", "artifacts"),
    ("{experiment}", "models", "{model}", "artifacts"),
    _locate_model,
    owner=lambda names: (logged_models.BY_LOGGED_MODEL, names["model"]),
)

TRACES: Final = Root(
    "traces",
    (*_INTERNAL, "Traces", "{trace}", "artifacts"),
    ("{experiment}", "traces", "{trace}", "artifacts"),
    _locate_trace,
    owner=_experiment,
)

_roots: list[Root] = [MODELS, TRACES, RUNS]


def add_root(root: Root) -> None:
    """Make another kind of place reachable. Called by the package that owns it, when it is imported."""
    _roots.insert(0, root)


async def experiment_home(db: Database, segments: Segments) -> int | None:
    """The workspace of the experiment that a path of the Files API names."""
    names = _match(_INTERNAL, segments)
    if names is None:
        return None
    async with db.connection() as connection:
        return await experiments.find_home(connection, names["experiment"])


def owner_of_file(segments: Segments) -> tuple[Way, str] | None:
    """Whose rights decide about a path of the Files API; None if it leads nowhere."""
    return _owner((root, _match(root.files, segments)) for root in _roots)


def owner_of_proxied(segments: Segments) -> tuple[Way, str] | None:
    """The same of a path behind `mlflow-artifacts:/`."""
    return _owner((root, _match(root.proxy, segments)) for root in _roots if root.proxy is not None)


def _owner(matches: Iterable[tuple[Root, Mapping[str, str] | None]]) -> tuple[Way, str] | None:
    for root, names in matches:
        if names is not None:
            return root.owner(names)
    return None


class Resolver:
    """Finds places in one workspace, for callers whose rights were checked."""

    def __init__(self, db: Database, workspace: int) -> None:
        self._db = db
        self._workspace = workspace

    async def files(self, segments: Segments, access: Access) -> Place:
        """The place a path of the Files API names."""
        for root in _roots:
            names = _match(root.files, segments)
            if names is not None:
                return (await self.top(root, names, access)).below(relative(segments[len(root.files) :]))
        raise _nowhere(segments)

    async def proxied(self, segments: Segments, access: Access) -> Place:
        """The place a path behind `mlflow-artifacts:/` names."""
        for root in _roots:
            names = None if root.proxy is None else _match(root.proxy, segments)
            if root.proxy is not None and names is not None:
                return (await self.top(root, names, access)).below(relative(segments[len(root.proxy) :]))
        raise _nowhere(segments)

    async def top(self, root: Root, names: Mapping[str, str], access: Access) -> Place:
        """The top of a root whose names are known.

        Where the objects are is remembered for reads: the files of a run never move, and after its purge
        they are gone.
        """
        spelled = tuple(part.format(**names) if part[0] == "{" else part for part in root.files)
        known = self._db.one(_places)
        found = known.get((self._workspace, spelled))
        if access is Access.READ and root.lasting and found is not None and found[0] > time.monotonic():
            return Place(self._workspace, found[1], spelled, ())
        async with self._db.connection() as connection:
            prefix = await root.locate(connection, self._workspace, names, access)
        if len(known) >= _REMEMBER_AT_MOST:
            known.clear()
        known[self._workspace, spelled] = time.monotonic() + _REMEMBER_SECONDS, prefix
        return Place(self._workspace, prefix, spelled, ())


def _match(pattern: Segments, segments: Segments) -> dict[str, str] | None:
    if len(segments) < len(pattern):
        return None
    names = {}
    for part, segment in zip(pattern, segments, strict=False):
        if part[0] == "{":
            names[part[1:-1]] = segment
        elif part != segment:
            return None
    return names


def _nowhere(segments: Segments) -> NotFound:
    return NotFound(f"No artifacts are kept at {'/'.join(segments)!r}.")
