"""A trace has the rights of its experiment."""

from typing import Final

from lakeward import access
from lakeward.experiments import EXPERIMENT
from lakeward.tracing.traces import unknown

BY_TRACE: Final = access.Way(
    EXPERIMENT,
    "trace",
    "SELECT o.id, o.workspace_id FROM trace t JOIN experiment o ON o.id = t.experiment_id"
    " WHERE t.trace_id = n.name AND t.workspace_id = $2 AND NOT o.purging",
    unknown,
)

of_trace = access.named(BY_TRACE)
