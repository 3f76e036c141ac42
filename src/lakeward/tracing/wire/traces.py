"""Requests and responses of the trace API, named as upstream."""

from collections.abc import Sequence
from typing import Any, Self

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.runtime.http import Int64
from lakeward.tracing.records import (
    COST_KEY,
    COST_KEYS,
    LOCATION_TAG,
    NAME_TAG,
    SESSION_KEY,
    SPANS_TAG,
    STORED_HERE,
    TOKEN_KEYS,
    TOKENS_KEY,
    Told,
    Trace,
)
from lakeward.tracing.wire.assessments import Assessment
from lakeward.tracing.wire.times import duration_ms, duration_text, epoch_ms, rfc3339, state_of


class MlflowExperimentLocation(msgspec.Struct):
    experiment_id: str


class TraceLocation(msgspec.Struct):
    type: str | int = "MLFLOW_EXPERIMENT"
    mlflow_experiment: MlflowExperimentLocation | None = None


class TraceInfo(msgspec.Struct, omit_defaults=True):
    trace_id: str
    trace_location: TraceLocation
    request_time: str
    state: str
    request_preview: str | None = None
    response_preview: str | None = None
    client_request_id: str | None = None
    execution_duration: str | None = None
    trace_metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    assessments: list[Assessment] = []

    @classmethod
    def of(cls, record: Trace, assessments: Sequence[Assessment], *, databricks: bool) -> Self:
        return cls(
            trace_id=record.trace_id,
            trace_location=TraceLocation(mlflow_experiment=MlflowExperimentLocation(str(record.experiment_id))),
            request_time=rfc3339(record.start_ms),
            state=record.state,
            request_preview=record.request_preview,
            response_preview=record.response_preview,
            client_request_id=record.client_request_id,
            execution_duration=None if record.duration_ms is None else duration_text(record.duration_ms),
            trace_metadata=metadata_of(record),
            tags=tags_of(record, databricks=databricks, here=record.here),
            assessments=list(assessments),
        )


def artifact_uri(record: Trace, *, databricks: bool) -> str:
    if record.location is not None:
        return f"{record.location}/traces/{record.trace_id}/artifacts"
    if databricks:
        return f"dbfs:/databricks/mlflow-tracking/{record.experiment_id}/{record.trace_id}/artifacts"
    return f"mlflow-artifacts:/{record.experiment_id}/traces/{record.trace_id}/artifacts"


def tags_of(record: Trace, *, databricks: bool, here: bool) -> dict[str, str]:
    """Where spans are depends on who asks: clients in `databricks` mode fetch them as a file, whoever stored them."""
    tags = {**record.tags, LOCATION_TAG: artifact_uri(record, databricks=databricks)}
    if record.name is not None:
        tags[NAME_TAG] = record.name
    if here and not databricks:
        tags[SPANS_TAG] = STORED_HERE
    return tags


def metadata_of(record: Trace) -> dict[str, str]:
    metadata = dict(record.metadata)
    if record.session_id is not None:
        metadata[SESSION_KEY] = record.session_id
    for key, names, numbers in ((TOKENS_KEY, TOKEN_KEYS, record.tokens), (COST_KEY, COST_KEYS, record.costs)):
        known = {name: number for name, number in zip(names, numbers, strict=True) if number is not None}
        if known and key not in metadata:
            metadata[key] = msgspec.json.encode(known).decode()
    return metadata


class GivenTraceInfo(msgspec.Struct):
    """What a client sends. `request_id` and the times in milliseconds are those of older ones."""

    trace_id: str
    request_time: str
    trace_location: TraceLocation | None = None
    state: str | int = 0
    request_preview: str | None = None
    response_preview: str | None = None
    client_request_id: str | None = None
    execution_duration: str | None = None
    trace_metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    assessments: list[Assessment] = []

    def told(self) -> Told:
        return Told(
            self.trace_id,
            epoch_ms(self.request_time, "request_time"),
            None if self.execution_duration is None else duration_ms(self.execution_duration),
            state_of(self.state),
            self.client_request_id,
            self.request_preview,
            self.response_preview,
            self.trace_metadata,
            self.tags,
        )

    @property
    def experiment_id(self) -> str:
        if self.trace_location is None or self.trace_location.mlflow_experiment is None:
            raise InvalidParameter("Missing value for required parameter 'trace_location.mlflow_experiment'.")
        return self.trace_location.mlflow_experiment.experiment_id


class GivenTrace(msgspec.Struct):
    trace_info: GivenTraceInfo


class StartTrace(msgspec.Struct):
    trace: GivenTrace


class InfoOnly(msgspec.Struct):
    trace_info: TraceInfo


class StartTraceResponse(msgspec.Struct):
    trace: InfoOnly


class TraceById(msgspec.Struct):
    trace_id: str


class GetTrace(msgspec.Struct):
    trace_id: str
    allow_partial: bool = False


class TraceWithSpans(msgspec.Struct):
    trace_info: TraceInfo
    spans: list[dict[str, Any]]


class GetTraceResponse(msgspec.Struct):
    trace: TraceWithSpans


class BatchGetTraces(msgspec.Struct):
    trace_ids: list[str] = []
    experiment_ids: list[str] | None = None


class BatchGetTracesResponse(msgspec.Struct):
    traces: list[TraceWithSpans]


class BatchGetTraceInfosResponse(msgspec.Struct):
    trace_infos: list[TraceInfo]


class SearchTraces(msgspec.Struct):
    locations: list[TraceLocation] = []
    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class SearchTracesResponse(msgspec.Struct, omit_defaults=True):
    traces: list[TraceInfo]
    next_page_token: str | None = None


class SetTraceTag(msgspec.Struct):
    trace_id: str
    key: str
    value: str = ""


class DeleteTraceTag(msgspec.Struct):
    trace_id: str
    key: str


class DeleteTraces(msgspec.Struct):
    experiment_id: str
    max_timestamp_millis: Int64 | None = None
    max_traces: Int64 | None = None
    request_ids: list[str] = []
    trace_ids: list[str] = []


class DeleteTracesResponse(msgspec.Struct):
    traces_deleted: int


class LinkTracesToRun(msgspec.Struct):
    run_id: str
    trace_ids: list[str] = []


class PromptVersionRef(msgspec.Struct):
    name: str
    version: str


class LinkPromptsToTrace(msgspec.Struct):
    trace_id: str
    prompt_versions: list[PromptVersionRef] = []
