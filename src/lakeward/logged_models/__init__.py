"""LoggedModels: the models that runs make, which outlive the runs.

A LoggedModel belongs to one experiment and has an id of its own, `m-` and 32 hex digits; names repeat. It is born
PENDING and finalized READY or UPLOAD_FAILED. Params are written once, tags are overwritten; metrics come from runs, on
any data set, and every point of them is kept. In the trash, or with its experiment there, a model is hidden.
Where its artifacts lie is rendered per caller; their bytes are the artifacts package's.
"""

from lakeward.logged_models import adoption, moves, trash
from lakeward.logged_models.metrics import record as record_metrics
from lakeward.logged_models.models import find, find_location, note_version, source_run
from lakeward.logged_models.records import MAX_POINTS_SHOWN, ArrivingModel, Location, LoggedModel
from lakeward.logged_models.securable import BY_LOGGED_MODEL, of_logged_model
from lakeward.logged_models.store.finding import find_named

__all__ = [
    "BY_LOGGED_MODEL",
    "MAX_POINTS_SHOWN",
    "ArrivingModel",
    "Location",
    "LoggedModel",
    "adoption",
    "find",
    "find_location",
    "find_named",
    "moves",
    "note_version",
    "of_logged_model",
    "record_metrics",
    "source_run",
    "trash",
]
