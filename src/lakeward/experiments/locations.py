"""Where artifacts lie: their URIs for clients, and the keys of their objects.

URIs depend on the client's mode, so they are rendered for each caller and never stored.

In http mode a client reaches artifacts through `mlflow-artifacts:`, in `databricks` mode through `dbfs:` paths and the
Files API; both lead to the same objects. An experiment with a location of its own (`s3://…`) is left to the client.
"""

import re
from typing import NamedTuple

from lakeward.experiments.records import Experiment, ExperimentId
from lakeward.kit.errors import InvalidParameter

_HTTP = "mlflow-artifacts:"
_DATABRICKS = "dbfs:/databricks/mlflow-tracking"
_CHOOSABLE = frozenset(
    {"s3", "gs", "abfss", "abfs", "wasb", "wasbs", "r2", "b2", "oss", "hdfs", "viewfs", "ftp", "sftp", "http", "https",
     "file", "adl"}
)  # fmt: skip


def check_location(location: str | None) -> str | None:
    """A location a user may choose for an experiment: a store the client reaches by itself. None for ours."""
    if not location:
        return None
    if any(mark in location for mark in "#?;\x00") or ".." in location.split("/"):
        raise InvalidParameter(f"Invalid artifact location {location!r}: no '..', '#', '?' or ';'.")
    scheme, found, rest = location.partition(":")
    by_scheme = found and (scheme == "file" or (scheme in _CHOOSABLE and rest.startswith("//")))
    path = rest if by_scheme else location if location.startswith("/") else ""
    if path.strip("/"):
        return location.rstrip("/")
    raise InvalidParameter(
        f"Invalid artifact location {location!r}: leave it out to keep artifacts on this server, or give a URI of"
        f" one of {', '.join(sorted(_CHOOSABLE))}, or an absolute path on the client's machine."
    )


def own_root(*, databricks: bool) -> str:
    """What every URI of artifacts on this server begins with."""
    return _DATABRICKS if databricks else _HTTP


def experiment_root(experiment: Experiment, *, databricks: bool) -> str:
    if experiment.artifact_location is not None:
        return experiment.artifact_location
    return f"{own_root(databricks=databricks)}/{experiment.id}"


def run_artifact_uri(experiment_id: ExperimentId, location: str | None, run_id: str, *, databricks: bool) -> str:
    root = f"{own_root(databricks=databricks)}/{experiment_id}" if location is None else location
    return f"{root}/{run_id}/artifacts"


def model_artifact_uri(experiment_id: ExperimentId, location: str | None, model_id: str, *, databricks: bool) -> str:
    if location is not None:
        return f"{location}/models/{model_id}/artifacts"
    if databricks:
        return f"{_DATABRICKS}/{experiment_id}/logged_models/{model_id}/artifacts"
    return f"{_HTTP}/{experiment_id}/models/{model_id}/artifacts"


def experiment_objects(workspace: int, experiment_id: int) -> str:
    """The prefix of the keys of all that an experiment keeps on this server."""
    return f"artifacts/{workspace}/{experiment_id}"


def run_objects(workspace: int, experiment_id: int, run_id: str) -> str:
    return f"{experiment_objects(workspace, experiment_id)}/{run_id}"


def model_objects(workspace: int, experiment_id: int, model_id: str) -> str:
    return f"{experiment_objects(workspace, experiment_id)}/models/{model_id}"


class ArtifactPlace(NamedTuple):
    """A path below the artifacts of a run or LoggedModel on this server. `uri` spells it as in http mode."""

    experiment: str
    owner: str
    is_model: bool
    path: str

    @property
    def uri(self) -> str:
        return f"{_HTTP}/{self.experiment}/{'models/' if self.is_model else ''}{self.owner}/artifacts{self.path}"

    @property
    def databricks_uri(self) -> str:
        kind = "logged_models/" if self.is_model else ""
        return f"{_DATABRICKS}/{self.experiment}/{kind}{self.owner}/artifacts{self.path}"


_PLACE = re.compile(
    r"(?:mlflow-artifacts:/|dbfs:/databricks/mlflow-tracking/)(\d+)/"
    r"(?:(models|logged_models)/)?([\w-]+)/artifacts(/.*)?",
    re.DOTALL,
)


def parse_artifact_uri(uri: str) -> ArtifactPlace | None:
    """The place a URI of either mode means; None for one that is not of this server."""
    found = _PLACE.fullmatch(uri)
    return None if found is None else ArtifactPlace(found[1], found[3], found[2] is not None, found[4] or "")
