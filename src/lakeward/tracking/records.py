"""The vocabulary of tracking."""

from typing import Final, NamedTuple, NewType

import msgspec

from lakeward.experiments import ExperimentId

RunId = NewType("RunId", str)
RunSeq = NewType("RunSeq", int)

MAX_KEY: Final = 250
MAX_PARAM_VALUE: Final = 6_000
MAX_TAG_VALUE: Final = 8_000
MAX_BATCH_METRICS: Final = 1_000
MAX_BATCH_PARAMS: Final = 100
MAX_BATCH_TAGS: Final = 100
MAX_BATCH: Final = 1_000
MAX_MODEL_ID: Final = 250
MAX_USER: Final = 256
MAX_DATASET_NAME: Final = 500
MAX_DATASET_DIGEST: Final = 36
MAX_DATASET_SOURCE: Final = 65_535
MAX_DATASET_SCHEMA: Final = 1_048_575
MAX_DATASET_PROFILE: Final = 16_777_215

RUN_NAME_TAG: Final = "mlflow.runName"
DATASET_CONTEXT_TAG: Final = "mlflow.data.context"
STATUSES: Final = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
TERMINAL: Final = frozenset({"FINISHED", "FAILED", "KILLED"})


class Run(msgspec.Struct, frozen=True):
    """A run's own columns. Times are epoch milliseconds.

    Its artifacts are where they were when it was made: in the experiment `home_id`, or at `location`, which that one
    had chosen.
    """

    seq: RunSeq
    run_id: RunId
    experiment_id: ExperimentId
    name: str
    status: str
    user_id: str
    start_time: int
    end_time: int | None
    deleted_at: int | None
    location: str | None
    home_id: ExperimentId

    @property
    def deleted(self) -> bool:
        return self.deleted_at is not None


class RunDocument(msgspec.Struct, frozen=True):
    """A run's params, tags, latest metrics (`data`), `inputs` and `outputs`, each the JSON an answer carries."""

    data: str
    inputs: str
    outputs: str


class Target(msgspec.Struct, frozen=True):
    """The run a write goes to, share-locked against the refresh of its document until the transaction ends."""

    seq: RunSeq
    run_id: RunId
    experiment_id: ExperimentId


class Point(msgspec.Struct, frozen=True):
    """One logged metric value. `ts` in epoch milliseconds; the last three are set when a LoggedModel was measured."""

    key: str
    value: float
    ts: int
    step: int
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class Dataset(msgspec.Struct, frozen=True):
    """A data set a run read; `tags` as on the wire, [{"key", "value"}]."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str
    profile: str
    tags: tuple[tuple[str, str], ...]


class ArrivingRun(msgspec.Struct, frozen=True):
    """A run as the other server has it. Times are epoch milliseconds."""

    run_id: str
    name: str
    status: str
    user_id: str
    start_time: int
    end_time: int | None
    deleted: bool


class Found(NamedTuple):
    """What a search by name or id found: an experiment, run, logged_model, trace or session."""

    kind: str
    id: str
    name: str
    experiment_id: int
    experiment_name: str = ""
