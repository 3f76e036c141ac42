"""Webhooks as objects of access: one of a model is managed by whoever manages the model, others by who manages all."""

from typing import Final

from lakeward import access, registry
from lakeward.access import Way
from lakeward.webhooks.webhooks import unknown

_BY_ID: Final = Way(
    registry.REGISTERED_MODEL,
    "webhook",
    "SELECT o.id, o.workspace_id, o.catalog_name, o.schema_name FROM registered_model o"
    " JOIN webhook w ON w.model_id = o.id WHERE w.id = n.name AND w.workspace_id = $2 AND o.workspace_id = $2",
    unknown,
)

of_webhook = access.named(_BY_ID)
of_model = access.named(registry.BY_ANY_NAME)
