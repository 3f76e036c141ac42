"""The vocabulary of the registry. Times are epoch milliseconds; enum values are spelled as on the wire."""

from typing import Final, NewType

import msgspec

RegisteredModelId = NewType("RegisteredModelId", int)
FilesId = NewType("FilesId", str)

READY: Final = "READY"
PENDING: Final = "PENDING_REGISTRATION"

NO_STAGE: Final = "None"
STAGING: Final = "Staging"
PRODUCTION: Final = "Production"
ARCHIVED: Final = "Archived"
STAGES: Final = (NO_STAGE, STAGING, PRODUCTION, ARCHIVED)

LATEST: Final = "latest"  # the alias nobody sets: the version with the greatest number
BEFORE_KEY: Final = "--"  # `alias--key`: the arm of a split alias that this key gets

IS_PROMPT_TAG: Final = "mlflow.prompt.is_prompt"
PROMPT_TEXT_TAG: Final = "mlflow.prompt.text"
PROMPT_TYPE_TAG: Final = "_mlflow_prompt_type"
RESPONSE_FORMAT_TAG: Final = "_mlflow_prompt_response_format"
MODEL_CONFIG_TAG: Final = "_mlflow_prompt_model_config"

MAX_NAME: Final = 256
MAX_ALIAS: Final = 255
MAX_TAG_KEY: Final = 250
MAX_TAG_VALUE: Final = 100_000
MAX_TAGS: Final = 1_000  # in one request
MAX_DESCRIPTION: Final = 65_535
MAX_SOURCE: Final = 2_000
MAX_RUN_ID: Final = 250
MAX_LINK: Final = 2_000

# What is written to the activity log.
CREATED: Final = "created"
DESCRIBED: Final = "described"
JOB_SET: Final = "deployment_job_set"
RENAMED: Final = "renamed"
DELETED: Final = "deleted"
FINALIZED: Final = "finalized"
STAGE_SET: Final = "stage_set"
COMMENTED: Final = "commented"  # `key` is the id of the comment, if it is not one on something else that was done
COMMENT_EDITED: Final = "comment_edited"
COMMENT_DELETED: Final = "comment_deleted"
REQUESTED: Final = "transition_requested"  # from the stage in `before` to the one in `value`; `key` is who asks
APPROVED: Final = "transition_approved"
REJECTED: Final = "transition_rejected"
CANCELLED: Final = "transition_cancelled"
TAG_SET: Final = "tag_set"
TAG_DELETED: Final = "tag_deleted"
ALIAS_SET: Final = "alias_set"
ALIAS_MOVED: Final = "alias_moved"  # away from this version, to the one in `value`
ALIAS_DELETED: Final = "alias_deleted"
SPLIT_SET: Final = "split_set"


class ModelVersion(msgspec.Struct, frozen=True):
    """A version of a registered model. `tags` and `aliases` are the JSON lists an answer carries.

    `storage` is where its files are, in the spelling of http mode; the registry keeps those of a version with
    `files_id` itself.
    """

    model_id: RegisteredModelId
    name: str
    full_name: str
    version: int
    is_prompt: bool
    status: str
    status_message: str
    stage: str
    description: str | None
    source: str
    storage: str
    files_id: FilesId | None
    run_id: str
    run_link: str
    logged_model_id: str
    created_by: str
    created_at: int
    updated_at: int
    tags: str
    aliases: str


class RegisteredModel(msgspec.Struct, frozen=True):
    """A registered model or a prompt, with the newest version of each stage."""

    id: RegisteredModelId
    name: str
    full_name: str
    is_prompt: bool
    description: str
    deployment_job_id: str
    created_by: str
    owner: str
    created_at: int
    updated_at: int
    tags: str
    aliases: str
    latest: list[ModelVersion] = []


class Activity(msgspec.Struct, frozen=True):
    """One change of a model or prompt, or of a version of it: what, who and when."""

    id: int
    full_name: str
    is_prompt: bool
    version: int | None
    action: str
    key: str | None
    value: str | None
    before: str | None
    actor: str
    at: int


class Comment(msgspec.Struct, frozen=True):
    """What somebody says of a version."""

    id: int
    model_id: RegisteredModelId
    full_name: str
    version: int
    comment: str
    creator: str
    creator_id: int
    created_at: int
    updated_at: int


class TransitionRequest(msgspec.Struct, frozen=True):
    """That somebody asks for a version to move from the stage it is in."""

    id: int
    version: int
    from_stage: str
    to_stage: str
    comment: str
    creator: str
    creator_id: int
    created_at: int


class ArrivingModel(msgspec.Struct, frozen=True):
    """A registered model or a prompt as another server has it."""

    name: str
    is_prompt: bool
    description: str
    created_by: str
    created_at: int
    updated_at: int
    tags: tuple[tuple[str, str], ...]


class ArrivingVersion(msgspec.Struct, frozen=True):
    """A version as another server has it. `source` and `storage` lead to files on this one, or nowhere new."""

    version: int
    is_prompt: bool
    status: str
    status_message: str
    stage: str
    description: str | None
    source: str
    storage: str
    files_id: FilesId | None
    run_id: str
    run_link: str
    logged_model_id: str
    created_by: str
    created_at: int
    updated_at: int
    tags: tuple[tuple[str, str], ...]
