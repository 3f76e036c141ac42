"""The vocabulary of webhooks. Times are epoch milliseconds; an event is `entity.action`."""

import uuid
from enum import StrEnum
from typing import Final

import msgspec

ACTIVE: Final = "ACTIVE"
DISABLED: Final = "DISABLED"

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
    "model_version.stage_set", "model_version.deleted", "prompt.deleted", "prompt_version.deleted", "run.finished",
    "run.failed", "run.killed", "assessment.created", "assessment.updated",
)  # fmt: skip
EVENTS: Final = frozenset((*MLFLOW_EVENTS, *OWN_EVENTS))

MAX_NAME: Final = 63
MAX_URL: Final = 2_000
MAX_DESCRIPTION: Final = 5_000
MAX_SECRET: Final = 1_000
MAX_WEBHOOKS: Final = 200  # in one workspace


class State(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


class Webhook(msgspec.Struct, frozen=True):
    id: str
    workspace_id: int
    name: str
    description: str
    url: str
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
    body: str
    attempt: int
    webhook: Webhook
