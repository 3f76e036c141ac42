"""A LoggedModel has the rights of its experiment."""

from typing import Final

from lakeward import access
from lakeward.experiments import EXPERIMENT
from lakeward.logged_models.models import unknown

BY_LOGGED_MODEL: Final = access.Way(
    EXPERIMENT,
    "logged model",
    "SELECT o.id, o.workspace_id FROM logged_model m JOIN experiment o ON o.id = m.experiment_id"
    " WHERE m.model_id = n.name AND o.workspace_id = $2 AND NOT m.purging AND NOT o.purging",
    unknown,
)

of_logged_model = access.named(BY_LOGGED_MODEL)
