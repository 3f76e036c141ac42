"""Runs and what they log: params, metrics, tags, data sets, models read and made; histories and search.

A run belongs to an experiment. Params are written once, metrics append, tags are overwritten. Every write to a run
first takes the run's shared advisory lock (`runs.lock`), which keeps the run's document, its read model, true.
Trash and permanent deletion of everything an experiment holds live here too.
"""

from lakeward.experiments import BY_RUN, of_run
from lakeward.tracking import adoption
from lakeward.tracking.records import ArrivingRun, Dataset, Point, Run, RunDocument, RunId
from lakeward.tracking.runs import get as get_run
from lakeward.tracking.store.trash import count_waiting
from lakeward.tracking.trash import Purged, count_trash, finish_purges, purge

__all__ = [
    "BY_RUN", "ArrivingRun", "Dataset", "Point", "Purged", "Run", "RunDocument", "RunId", "adoption", "count_trash",
    "count_waiting", "finish_purges", "get_run", "of_run", "purge",
]  # fmt: skip
