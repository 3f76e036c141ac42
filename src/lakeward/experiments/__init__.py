"""Experiments: the containers of runs and LoggedModels, their names, tags and life cycle.

An experiment belongs to one workspace and its name is unique there, trash included. Deleting moves it to the trash with
all it holds; permanent deletion is `tracking`'s, which owns what it holds. Where artifacts lie is rendered per caller.
"""

from lakeward.experiments import adoption
from lakeward.experiments.archival import ARCHIVE_NOW, RETENTION, archival_of, duration_ms
from lakeward.experiments.experiments import delete_tag, find_home, get, get_active, parse_id, set_tag
from lakeward.experiments.locations import (
    ArtifactPlace,
    experiment_objects,
    model_artifact_uri,
    model_objects,
    own_root,
    parse_artifact_uri,
    run_artifact_uri,
    run_objects,
)
from lakeward.experiments.records import ArrivingExperiment, Experiment, ExperimentId
from lakeward.experiments.search import view_of
from lakeward.experiments.securable import BY_ID, BY_RUN, EXPERIMENT, of_experiment, of_run
from lakeward.experiments.store import latest_ids, names_of

__all__ = [
    "ARCHIVE_NOW",
    "BY_ID",
    "BY_RUN",
    "EXPERIMENT",
    "RETENTION",
    "ArrivingExperiment",
    "ArtifactPlace",
    "Experiment",
    "ExperimentId",
    "adoption",
    "archival_of",
    "delete_tag",
    "duration_ms",
    "experiment_objects",
    "find_home",
    "get",
    "get_active",
    "latest_ids",
    "model_artifact_uri",
    "model_objects",
    "names_of",
    "of_experiment",
    "of_run",
    "own_root",
    "parse_artifact_uri",
    "parse_id",
    "run_artifact_uri",
    "run_objects",
    "set_tag",
    "view_of",
]
