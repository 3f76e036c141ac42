"""Which object's rights decide about artifacts: those of the run, model or trace they belong to, by id or by path."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lakeward import access, logged_models, tracking
from lakeward.access import Found, Way
from lakeward.artifacts import paths
from lakeward.artifacts.roots import owner_of_file, owner_of_proxied
from lakeward.experiments import EXPERIMENT
from lakeward.kit.errors import InvalidParameter

# compat(mlflow 3.17): a large file of a LoggedModel is announced with the model's id as the run's.
_BY_OWNER: Final = Way(
    EXPERIMENT,
    "run",
    f"{tracking.BY_RUN.rows} UNION ALL {logged_models.BY_LOGGED_MODEL.rows}",
    tracking.BY_RUN.unknown,
)

of_owner = access.named(_BY_OWNER)


def _by(field: str, owner: Callable[[paths.Segments], tuple[Way, str] | None]) -> Found:
    def names(_call: Any, request: Any) -> Iterator[tuple[Way, str]]:
        """A path that leads nowhere has no owner, and the handler says so."""
        try:
            found = owner(paths.parse(getattr(request, field).removeprefix("/"), directory=True))
        except InvalidParameter:
            return  # a path that is refused in every transport
        if found is not None:
            yield found

    return Found(names, f"the owner of `{field}`", lenient=True)


def of_proxied(field: str) -> Found:
    """The object that a path behind `mlflow-artifacts:/` belongs to."""
    return _by(field, owner_of_proxied)


def of_file(field: str) -> Found:
    """The object that a path of the Files API belongs to."""
    return _by(field, owner_of_file)
