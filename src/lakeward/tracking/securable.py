"""A run has the rights of its experiment."""

from typing import Final

from lakeward import access
from lakeward.experiments import EXPERIMENT
from lakeward.tracking.states import unknown

BY_RUN: Final = access.Way(
    EXPERIMENT,
    "run",
    "SELECT o.id, o.workspace_id FROM run r JOIN experiment o ON o.id = r.experiment_id"
    " WHERE r.run_id = n.name AND o.workspace_id = $2 AND NOT r.purging AND NOT o.purging",
    unknown,
)

of_run = access.named(BY_RUN)
