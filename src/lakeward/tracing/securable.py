"""A trace has the rights of its experiment."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lakeward import access
from lakeward.experiments import BY_RUN, EXPERIMENT
from lakeward.kit.errors import NotFound
from lakeward.tracing import issues
from lakeward.tracing.records import RUN_KEY
from lakeward.tracing.traces import unknown

BY_TRACE: Final = access.Way(
    EXPERIMENT,
    "trace",
    "SELECT o.id, o.workspace_id FROM trace t JOIN experiment o ON o.id = t.experiment_id"
    " WHERE t.trace_id = n.name AND t.workspace_id = $2 AND NOT o.purging",
    unknown,
)

of_trace = access.named(BY_TRACE)

of_issue = access.named(
    access.Way(
        EXPERIMENT,
        "issue",
        "SELECT o.id, o.workspace_id FROM trace_issue i JOIN experiment o ON o.id = i.experiment_id"
        " WHERE i.issue_id = n.name AND o.workspace_id = $2 AND NOT o.purging",
        issues.unknown,
    )
)

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


def linked_run(metadata: Callable[[Any], Mapping[str, str]]) -> access.Found:
    """The run that a trace says it is of, in its `metadata`: who links to it must be allowed to edit it."""

    def names(_call: Any, request: Any) -> Iterator[tuple[access.Way, str]]:
        run_id = metadata(request).get(RUN_KEY)
        if run_id:
            yield BY_RUN, run_id

    return access.Found(names, f"run `{RUN_KEY}`", lenient=True, in_catalogs=False)
