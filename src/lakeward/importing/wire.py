"""Answers of MLflow's API, named as upstream. Lenient: servers of many versions speak it, through many proxies."""

from typing import Any

import msgspec

Whole = int | str | None  # int64 in protobuf's JSON
Double = float | str  # NaN and the infinities are spelled


def whole(value: Whole, default: int = 0) -> int:
    return default if value is None or value == "" else int(value)


class Tag(msgspec.Struct, frozen=True):
    key: str
    value: str = ""


def pairs(tags: list[Tag]) -> tuple[tuple[str, str], ...]:
    """By key; the last of several values counts."""
    return tuple(sorted({tag.key: tag.value for tag in tags}.items()))


# ── experiments and runs ─────────────────────────────────────────────────────────────────────────────────────────────


class Experiment(msgspec.Struct):
    experiment_id: str
    name: str = ""
    lifecycle_stage: str = "active"
    creation_time: Whole = None
    last_update_time: Whole = None
    tags: list[Tag] = []

    @property
    def deleted(self) -> bool:
        return self.lifecycle_stage == "deleted"


class Experiments(msgspec.Struct):
    experiments: list[Experiment] = []
    next_page_token: str = ""


class RunInfo(msgspec.Struct):
    experiment_id: str
    run_id: str = ""
    run_uuid: str = ""
    run_name: str = ""
    user_id: str = ""
    status: str = "RUNNING"
    start_time: Whole = None
    end_time: Whole = None
    lifecycle_stage: str = "active"


class Metric(msgspec.Struct):
    key: str = ""
    value: Double = 0.0
    timestamp: Whole = None
    step: Whole = None
    run_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""

    @property
    def point(self) -> tuple[int, int, float]:
        """(timestamp, step, value)"""
        return whole(self.timestamp), whole(self.step), float(self.value)


class RunData(msgspec.Struct):
    metrics: list[Metric] = []
    params: list[Tag] = []
    tags: list[Tag] = []


class Dataset(msgspec.Struct):
    name: str = ""
    digest: str = ""
    source_type: str = ""
    source: str = ""
    schema: str = ""
    profile: str = ""


class DatasetInput(msgspec.Struct):
    dataset: Dataset
    tags: list[Tag] = []


class ModelInput(msgspec.Struct):
    model_id: str = ""


class ModelOutput(msgspec.Struct):
    model_id: str = ""
    step: Whole = None


class RunInputs(msgspec.Struct):
    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelInput] = []


class RunOutputs(msgspec.Struct):
    model_outputs: list[ModelOutput] = []


class Run(msgspec.Struct):
    info: RunInfo
    data: RunData = msgspec.field(default_factory=RunData)
    inputs: RunInputs = msgspec.field(default_factory=RunInputs)
    outputs: RunOutputs = msgspec.field(default_factory=RunOutputs)

    @property
    def run_id(self) -> str:
        return self.info.run_id or self.info.run_uuid


class Runs(msgspec.Struct):
    runs: list[Run] = []
    next_page_token: str = ""


class MetricHistory(msgspec.Struct):
    metrics: list[Metric] = []
    next_page_token: str = ""


class FileInfo(msgspec.Struct):
    path: str = ""
    is_dir: bool = False
    file_size: Whole = None


class Files(msgspec.Struct):
    files: list[FileInfo] = []
    next_page_token: str = ""


# ── LoggedModels ─────────────────────────────────────────────────────────────────────────────────────────────────────


class LoggedModelInfo(msgspec.Struct):
    model_id: str
    experiment_id: str = ""
    name: str = ""
    creation_timestamp_ms: Whole = None
    last_updated_timestamp_ms: Whole = None
    status: str = "LOGGED_MODEL_READY"
    model_type: str = ""
    source_run_id: str = ""
    tags: list[Tag] = []


class LoggedModelData(msgspec.Struct):
    params: list[Tag] = []
    metrics: list[Metric] = []


class LoggedModel(msgspec.Struct):
    info: LoggedModelInfo
    data: LoggedModelData = msgspec.field(default_factory=LoggedModelData)


class LoggedModels(msgspec.Struct):
    models: list[LoggedModel] = []
    next_page_token: str = ""


# ── the registry ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Alias(msgspec.Struct):
    alias: str
    version: Whole = None


class RegisteredModel(msgspec.Struct):
    name: str
    creation_timestamp: Whole = None
    last_updated_timestamp: Whole = None
    user_id: str = ""
    description: str = ""
    tags: list[Tag] = []
    aliases: list[Alias] = []


class RegisteredModels(msgspec.Struct):
    registered_models: list[RegisteredModel] = []
    next_page_token: str = ""


class ModelVersion(msgspec.Struct):
    name: str
    version: Whole
    creation_timestamp: Whole = None
    last_updated_timestamp: Whole = None
    user_id: str = ""
    current_stage: str = "None"
    description: str | None = None
    source: str = ""
    run_id: str = ""
    run_link: str = ""
    status: str = "READY"
    status_message: str = ""
    model_id: str = ""
    tags: list[Tag] = []


class ModelVersions(msgspec.Struct):
    model_versions: list[ModelVersion] = []
    next_page_token: str = ""


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Refusal(msgspec.Struct):
    error_code: Any = ""
    message: Any = ""


# ── traces ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class TraceId(msgspec.Struct):
    trace_id: str = ""
    request_id: str = ""  # in version 2


class Traces(msgspec.Struct):
    """What is told of a trace is read by who owns traces."""

    traces: list[msgspec.Raw] = []
    next_page_token: str = ""


class TraceSpans(msgspec.Struct):
    spans: list[msgspec.Raw] = []


class TraceAnswer(msgspec.Struct):
    trace: TraceSpans = msgspec.field(default_factory=TraceSpans)
