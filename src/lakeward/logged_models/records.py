"""The vocabulary of LoggedModels."""

from typing import Final, NewType, Protocol

import msgspec

from lakeward.experiments import ExperimentId

ModelId = NewType("ModelId", str)
ModelSeq = NewType("ModelSeq", int)

PENDING: Final = "LOGGED_MODEL_PENDING"
READY: Final = "LOGGED_MODEL_READY"
FAILED: Final = "LOGGED_MODEL_UPLOAD_FAILED"
STATUSES: Final = (PENDING, READY, FAILED)  # in the order of their protobuf numbers, from 1

# What the Python client calls the same states; filters are written by people who see these.
STATUS_ALIASES: Final = {"PENDING": PENDING, "READY": READY, "FAILED": FAILED, "UPLOAD_FAILED": FAILED}

MODEL_VERSIONS_TAG: Final = "mlflow.modelVersions"

MAX_NAME: Final = 500
MAX_TYPE: Final = 500
MAX_RUN_ID: Final = 250
MAX_KEY: Final = 250
MAX_VALUE: Final = 65_535
MAX_ENTRIES: Final = 1_000  # params or tags in one request
MAX_DATASET_NAME: Final = 500
MAX_DATASET_DIGEST: Final = 36
MAX_POINTS_SHOWN: Final = 1_000


class LoggedModel(msgspec.Struct, frozen=True):
    """A LoggedModel with what it carries. Times are epoch milliseconds.

    Its artifacts are where they were when it was made: in the experiment `home_id`, or at `location`, which that one
    had chosen. `tags`, `params` and `metrics` are the JSON lists an answer carries.
    """

    seq: ModelSeq
    model_id: ModelId
    experiment_id: ExperimentId
    name: str
    model_type: str
    source_run_id: str
    status: str
    creator_id: int
    created_at: int
    updated_at: int
    deleted_at: int | None
    location: str | None
    home_id: ExperimentId
    tags: str
    params: str
    metrics: str


class Location(msgspec.Struct, frozen=True):
    """Where a model's artifacts belong: `experiment_id` is the one it was made in.

    `location` is set only if that keeps artifacts elsewhere.
    """

    experiment_id: ExperimentId
    location: str | None
    deleted: bool


class Target(msgspec.Struct, frozen=True):
    """The model a write goes to, its row locked until the transaction ends."""

    seq: ModelSeq
    experiment_id: ExperimentId


class MetricPoint(Protocol):
    """One metric value that a run logged for a model. `ts` in epoch milliseconds."""

    @property
    def key(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def ts(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def model_id(self) -> str: ...
    @property
    def dataset_name(self) -> str: ...
    @property
    def dataset_digest(self) -> str: ...


class Page(msgspec.Struct, frozen=True):
    models: list[LoggedModel]
    next_page_token: str | None


class ArrivingModel(msgspec.Struct, frozen=True):
    """A model as another server has it. Times are epoch milliseconds."""

    model_id: str
    name: str
    model_type: str
    source_run_id: str
    status: str
    created_at: int
    updated_at: int
    params: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
