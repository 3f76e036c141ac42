"""The vocabulary of webhooks. Times are epoch milliseconds; an event is `entity.action`."""

import uuid
from enum import StrEnum
from typing import Final

import msgspec

ACTIVE: Final = "ACTIVE"
DISABLED: Final = "DISABLED"
TEST_MODE: Final = "TEST_MODE"  # the platform's: test calls alone

# What MLflow's own clients know.
MLFLOW_EVENTS: Final = (
    "registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
    "model_version_alias.created", "model_version_alias.deleted", "prompt.created", "prompt_version.created",
    "prompt_tag.set", "prompt_tag.deleted", "prompt_version_tag.set", "prompt_version_tag.deleted",
    "prompt_alias.created", "prompt_alias.deleted", "budget_policy.exceeded",
)  # fmt: skip
# What they do not, and would stumble over.
OWN_EVENTS: Final = (
    "registered_model.deleted", "registered_model_tag.set", "registered_model_tag.deleted", "model_version.ready",
    "model_version.stage_set", "model_version.to_staging", "model_version.to_production", "model_version.to_archived",
    "model_version.deleted", "model_version_comment.created", "model_version_request.created",
    "model_version_request.to_staging", "model_version_request.to_production", "model_version_request.to_archived",
    "prompt.deleted", "prompt_version.deleted", "run.finished", "run.failed", "run.killed", "assessment.created",
    "assessment.updated",
)  # fmt: skip
EVENTS: Final = frozenset((*MLFLOW_EVENTS, *OWN_EVENTS))
# What happens to one model or prompt, and so can be heard of it alone.
MODEL_EVENTS: Final = frozenset(each for each in EVENTS if each.startswith(("registered_model", "model_", "prompt")))

# How the platform's registry calls what it tells of.
REGISTRY_EVENTS: Final = {
    "REGISTERED_MODEL_CREATED": "registered_model.created",
    "MODEL_VERSION_CREATED": "model_version.created",
    "MODEL_VERSION_TAG_SET": "model_version_tag.set",
    "MODEL_VERSION_TRANSITIONED_STAGE": "model_version.stage_set",
    "MODEL_VERSION_TRANSITIONED_TO_STAGING": "model_version.to_staging",
    "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION": "model_version.to_production",
    "MODEL_VERSION_TRANSITIONED_TO_ARCHIVED": "model_version.to_archived",
    "COMMENT_CREATED": "model_version_comment.created",
    "TRANSITION_REQUEST_CREATED": "model_version_request.created",
    "TRANSITION_REQUEST_TO_STAGING_CREATED": "model_version_request.to_staging",
    "TRANSITION_REQUEST_TO_PRODUCTION_CREATED": "model_version_request.to_production",
    "TRANSITION_REQUEST_TO_ARCHIVED_CREATED": "model_version_request.to_archived",
}
REGISTRY_NAMES: Final = {event: name for name, event in REGISTRY_EVENTS.items()}

MAX_NAME: Final = 63
MAX_URL: Final = 2_000
MAX_DESCRIPTION: Final = 5_000
MAX_SECRET: Final = 1_000
MAX_WEBHOOKS: Final = 200  # of one workspace as a whole
MAX_OF_MODEL: Final = 20  # of one model


class Form(StrEnum):
    """Whose payload and signature are sent."""

    MLFLOW = "MLFLOW"
    DATABRICKS = "DATABRICKS"


class State(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


class Credentials(msgspec.Struct, frozen=True):
    """What lies sealed: what requests are signed with, and their `authorization` header. '' for none."""

    secret: str = ""
    authorization: str = ""


class Webhook(msgspec.Struct, frozen=True):
    """`model_id` is that of the one model it hears of; `model` is how http clients call that, '' when it is gone."""

    id: str
    workspace_id: int
    model_id: int | None
    model: str
    name: str
    description: str
    url: str
    form: str
    events: list[str]
    status: str
    data_key_id: uuid.UUID | None
    sealed: bytes | None
    created_by: str
    created_at: int
    updated_at: int


class Delivery(msgspec.Struct, frozen=True):
    """One event for one webhook. `next_at` is meant while it is PENDING."""

    id: uuid.UUID
    seq: int
    event: str
    state: State
    attempts: int
    created_at: int
    next_at: int
    finished_at: int | None
    body: str


class Attempt(msgspec.Struct, frozen=True):
    number: int
    at: int
    millis: int
    status: int | None
    problem: str


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this process sends now; `attempt` is how many there have been with this one."""

    id: uuid.UUID
    event: str
    body: str
    attempt: int
    webhook: Webhook


class Ended(msgspec.Struct, frozen=True):
    """What came of an attempt of the delivery `id`: its state now, and the seconds until the next attempt."""

    id: uuid.UUID
    made: Attempt
    state: State
    pause: float


class Answer(msgspec.Struct, frozen=True):
    """What came of a request.

    `taken` if the receiver said so; `problem` says why not. `pause` is what the receiver asked for, in seconds.
    """

    taken: bool
    status: int | None = None
    text: str = ""
    problem: str = ""
    pause: int = 0
