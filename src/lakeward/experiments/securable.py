"""Experiments as objects of access: all that lies in one (runs, LoggedModels, traces, artifacts) has its rights."""

from typing import Final

from lakeward import access
from lakeward.access import EDIT, MANAGE, READ, Acl, Kind, Level, Way
from lakeward.kit.errors import NotFound

_GRADES: Final = {
    "CAN_READ": "Can view the experiment, its runs, models, traces and artifacts",
    "CAN_EDIT": "Can also log to the experiment, and change and delete what is in it",
    "CAN_MANAGE": "Can also delete the experiment and change its permissions",
}

EXPERIMENT: Final = Kind(
    "experiment",
    (Level("experiment", "{o}.id::text"),),
    {
        READ: (({"experiment": access.from_(_GRADES, "CAN_READ")},),),
        EDIT: (({"experiment": access.from_(_GRADES, "CAN_EDIT")},),),
        MANAGE: (({"experiment": access.from_(_GRADES, "CAN_MANAGE")},),),
    },
    Acl(
        "experiments",
        "mlflowExperiment",
        _GRADES,
        {"READ": "CAN_READ", "EDIT": "CAN_EDIT", "MANAGE": "CAN_MANAGE"},
    ),
    {"CAN_READ": READ, "CAN_EDIT": EDIT, "CAN_MANAGE": MANAGE},
)

BY_ID: Final = Way(
    EXPERIMENT,
    "experiment",
    "SELECT o.id, o.workspace_id FROM experiment o"
    " WHERE o.id = n.name::bigint AND o.workspace_id = $2 AND NOT o.purging",
    lambda name: NotFound(f"No experiment with the id {name} exists."),
    access.number,
)
_BY_NAME: Final = Way(
    EXPERIMENT,
    "experiment",
    "SELECT o.id, o.workspace_id FROM experiment o WHERE o.name = n.name AND o.workspace_id = $2 AND NOT o.purging",
    lambda name: NotFound(f"No experiment named {name!r} exists."),
)

# A run has the rights of its experiment. What stands below runs in the order of packages links to them, too.
BY_RUN: Final = Way(
    EXPERIMENT,
    "run",
    "SELECT o.id, o.workspace_id FROM run r JOIN experiment o ON o.id = r.experiment_id"
    " WHERE r.run_id = n.name AND o.workspace_id = $2 AND NOT r.purging AND NOT o.purging",
    lambda run_id: NotFound(f"Run with id={run_id} not found."),
)

of_experiment = access.named(BY_ID)
of_run = access.named(BY_RUN)
of_experiment_named = access.named(_BY_NAME)

access.add_object_type(BY_ID)
