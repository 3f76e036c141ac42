"""A trace has the rights of its experiment."""

from typing import Final

from lakeward import access
from lakeward.experiments import EXPERIMENT
from lakeward.kit.errors import NotFound
from lakeward.tracing.traces import unknown

BY_TRACE: Final = access.Way(
    EXPERIMENT,
    "trace",
    "SELECT o.id, o.workspace_id FROM trace t JOIN experiment o ON o.id = t.experiment_id"
    " WHERE t.trace_id = n.name AND t.workspace_id = $2 AND NOT o.purging",
    unknown,
)

of_trace = access.named(BY_TRACE)

_LINKED: Final = (
    "SELECT o.id, o.workspace_id FROM trace_location l JOIN trace_location_link k ON k.location_id = l.id AND k.linked"
    " JOIN experiment o ON o.id = k.experiment_id WHERE l.workspace_id = $2 AND NOT o.purging"
)


def _no_location(name: str) -> NotFound:
    return NotFound(f"There is no trace location {name[:120]!r} that an experiment is linked to.")


# A Unity Catalog location has the rights of the experiment it is linked to.
of_located_trace = access.named(
    access.Way(
        EXPERIMENT,
        "trace",
        "SELECT o.id, o.workspace_id FROM trace t JOIN experiment o ON o.id = t.experiment_id"
        " WHERE t.trace_id = 'tr-' || lower(n.name) AND t.workspace_id = $2 AND NOT o.purging",
        unknown,
    )
)
of_location = access.named(access.Way(EXPERIMENT, "trace location", f"{_LINKED} AND l.path = n.name", _no_location))
of_table = access.named(
    access.Way(
        EXPERIMENT,
        "trace location",
        f"{_LINKED} AND l.path = regexp_replace(n.name, '([.]mlflow_experiment_trace)?_otel_spans$', '')",
        _no_location,
    )
)
