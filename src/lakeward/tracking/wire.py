"""Requests and responses of the tracking API, named as upstream."""

from collections.abc import Sequence
from typing import Self

import msgspec

from lakeward.experiments import run_artifact_uri
from lakeward.runtime.http import Float, Int64
from lakeward.tracking.records import Dataset as DatasetRecord
from lakeward.tracking.records import Found, Point, RunDocument
from lakeward.tracking.records import Run as RunRecord


class KeyValue(msgspec.Struct):
    key: str
    value: str = ""


class RunInfo(msgspec.Struct, omit_defaults=True):
    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int
    artifact_uri: str
    lifecycle_stage: str
    end_time: int | None = None

    @classmethod
    def of(cls, run: RunRecord, *, databricks: bool) -> Self:
        return cls(
            run.run_id,
            run.run_id,
            run.name,
            str(run.experiment_id),
            run.user_id,
            run.status,
            run.start_time,
            run_artifact_uri(run.home_id, run.location, run.run_id, databricks=databricks),
            "deleted" if run.deleted else "active",
            run.end_time,
        )


class Run(msgspec.Struct):
    """`data`, `inputs` and `outputs` are kept as JSON beside the run and leave as they are."""

    info: RunInfo
    data: msgspec.Raw
    inputs: msgspec.Raw
    outputs: msgspec.Raw

    @classmethod
    def of(cls, run: RunRecord, document: RunDocument, *, databricks: bool) -> Self:
        return cls(
            RunInfo.of(run, databricks=databricks),
            msgspec.Raw(document.data),
            msgspec.Raw(document.inputs),
            msgspec.Raw(document.outputs),
        )


class RunResponse(msgspec.Struct):
    run: Run


class RunInfoResponse(msgspec.Struct):
    run_info: RunInfo


class CreateRun(msgspec.Struct):
    experiment_id: str
    user_id: str = ""
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[KeyValue] = []


class RunById(msgspec.Struct, kw_only=True):
    """compat: old clients say `run_uuid`, new ones both."""

    run_id: str = ""
    run_uuid: str = ""

    @property
    def id(self) -> str:
        return self.run_id or self.run_uuid


class UpdateRun(RunById, kw_only=True):
    status: str | int | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class Metric(msgspec.Struct):
    key: str
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""

    def point(self) -> Point:
        return Point(
            self.key, self.value, self.timestamp, self.step, self.model_id, self.dataset_name, self.dataset_digest
        )


class LogMetric(RunById, kw_only=True):
    key: str
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogParam(RunById, kw_only=True):
    key: str
    value: str = ""


class SetTag(RunById, kw_only=True):
    key: str
    value: str = ""


class DeleteTag(RunById, kw_only=True):
    key: str


class LogBatch(RunById, kw_only=True):
    metrics: list[Metric] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class LogModel(RunById, kw_only=True):
    model_json: str


class Dataset(msgspec.Struct):
    name: str
    digest: str
    source_type: str
    source: str = ""
    schema: str = ""
    profile: str = ""


class DatasetInput(msgspec.Struct):
    dataset: Dataset
    tags: list[KeyValue] = []

    def record(self) -> DatasetRecord:
        d = self.dataset
        tags = {tag.key: tag.value for tag in self.tags}
        return DatasetRecord(d.name, d.digest, d.source_type, d.source, d.schema, d.profile, tuple(tags.items()))


class ModelInput(msgspec.Struct):
    model_id: str


class ModelOutput(msgspec.Struct):
    model_id: str
    step: Int64 = 0


class LogInputs(RunById, kw_only=True):
    datasets: list[DatasetInput] = []
    models: list[ModelInput] = []


class LogOutputs(RunById, kw_only=True):
    models: list[ModelOutput] = []


class SearchRuns(msgspec.Struct):
    experiment_ids: list[str] = []
    filter: str | None = None
    run_view_type: str | int | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class SearchRunsResponse(msgspec.Struct, omit_defaults=True):
    runs: list[Run]
    next_page_token: str | None = None


class GetHistory(RunById, kw_only=True):
    metric_key: str
    max_results: Int64 | None = None
    page_token: str | None = None


class HistoryPoint(msgspec.Struct):
    key: str
    value: Float
    timestamp: int
    step: int


class HistoryResponse(msgspec.Struct, omit_defaults=True):
    metrics: list[HistoryPoint]
    next_page_token: str | None = None


class GetHistoryBulk(msgspec.Struct):
    metric_key: str
    run_id: list[str] = []
    max_results: Int64 | None = None


class GetHistoryBulkInterval(msgspec.Struct):
    metric_key: str
    run_ids: list[str] = []
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 | None = None


class RunHistoryPoint(msgspec.Struct):
    run_id: str
    key: str
    value: Float
    timestamp: int
    step: int


class HistoryBulkResponse(msgspec.Struct):
    metrics: list[RunHistoryPoint]


class SearchDatasets(msgspec.Struct):
    experiment_ids: list[str] = []


class DatasetSummary(msgspec.Struct, omit_defaults=True):
    experiment_id: str
    name: str
    digest: str
    context: str | None = None


class SearchDatasetsResponse(msgspec.Struct):
    dataset_summaries: list[DatasetSummary]


class DeleteRuns(msgspec.Struct):
    experiment_id: str
    max_timestamp_millis: Int64
    max_runs: Int64 | None = None


class DeleteRunsResponse(msgspec.Struct):
    runs_deleted: int


class RestoreRuns(msgspec.Struct):
    experiment_id: str
    min_timestamp_millis: Int64
    max_runs: Int64 | None = None


class RestoreRunsResponse(msgspec.Struct):
    runs_restored: int


class Purge(msgspec.Struct):
    experiment_ids: list[str] = []
    run_ids: list[str] = []
    model_ids: list[str] = []


class PurgeResponse(msgspec.Struct):
    experiments_purged: int
    runs_purged: int
    models_purged: int


# --- Lakeward's own


class Find(msgspec.Struct):
    """`max_results`: of each kind."""

    words: str = ""
    max_results: Int64 | None = None


class FoundObject(msgspec.Struct):
    """`kind` is experiment, run, logged_model, trace or session."""

    kind: str
    id: str
    name: str
    experiment_id: str
    experiment_name: str

    @classmethod
    def of(cls, record: Found) -> Self:
        name = record.experiment_name if record.kind == "experiment" else record.name
        return cls(record.kind, record.id, name, str(record.experiment_id), record.experiment_name)


class FindResponse(msgspec.Struct):
    found: list[FoundObject]


class GroupRuns(msgspec.Struct):
    """`by` is a param, a tag or an attribute, as in `order_by`. `metric_keys`: of whose latest values to tell."""

    experiment_ids: list[str]
    by: str
    filter: str | None = None
    run_view_type: str | int | None = None
    metric_keys: list[str] = []
    max_results: Int64 | None = None


class MetricSummary(msgspec.Struct, omit_defaults=True):
    key: str
    runs: int
    min: Float | None = None
    max: Float | None = None
    mean: Float | None = None


class RunGroup(msgspec.Struct):
    """`value` null: the runs that have none."""

    value: str | None
    runs: int
    metrics: list[MetricSummary]


class GroupRunsResponse(msgspec.Struct):
    """The largest groups first. `complete`: these are all."""

    groups: list[RunGroup]
    complete: bool


class MoveRuns(msgspec.Struct):
    run_ids: list[str]
    experiment_id: str


class MoveRunsResponse(msgspec.Struct):
    """How many are in another experiment now; what was there already is not counted."""

    runs_moved: int
    models_moved: int


class MetricExtremes(msgspec.Struct):
    run_ids: list[str]
    metric_keys: list[str]


class Row(msgspec.Struct):
    """A run of a table. Of its metrics, params and tags: which list of `keys` it has, their values, and steps."""

    info: RunInfo
    metrics: tuple[int, list[msgspec.Raw], list[int]]
    params: tuple[int, list[msgspec.Raw]]
    tags: tuple[int, list[msgspec.Raw]]
    inputs: msgspec.Raw
    outputs: msgspec.Raw


class TableResponse(msgspec.Struct, omit_defaults=True):
    """Runs in a sixth of the bytes: what runs have in common, which is mostly all their keys, is said once."""

    keys: list[list[str]]
    rows: list[Row]
    next_page_token: str | None = None

    @classmethod
    def of(cls, runs: Sequence[tuple[RunRecord, RunDocument]], token: str | None, *, databricks: bool) -> Self:
        lists: dict[tuple[str, ...], int] = {}

        def split(values: Sequence[_Keyed]) -> tuple[int, list[msgspec.Raw]]:
            place = lists.setdefault(tuple([each.key for each in values]), len(lists))
            return place, [each.value for each in values]

        rows = []
        for run, document in runs:
            data = _data(document.data)
            info = RunInfo.of(run, databricks=databricks)
            inputs, outputs = msgspec.Raw(document.inputs), msgspec.Raw(document.outputs)
            metrics = (*split(data.metrics), [each.step for each in data.metrics])
            rows.append(Row(info, metrics, split(data.params), split(data.tags), inputs, outputs))
        return cls([list(keys) for keys in lists], rows, token)


class _Keyed(msgspec.Struct):
    key: str
    value: msgspec.Raw = msgspec.Raw(b'""')


class _Measured(_Keyed):
    step: int = 0


class _Data(msgspec.Struct):
    metrics: list[_Measured] = []
    params: list[_Keyed] = []
    tags: list[_Keyed] = []


_data = msgspec.json.Decoder(_Data).decode


class DrawCurves(msgspec.Struct):
    """At most `max_points` a curve, with the extremes of every stretch; 180 and 600 are prepared."""

    run_ids: list[str]
    metric_keys: list[str]
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_points: Int64 | None = None


class Extremes(msgspec.Struct):
    run_id: str
    key: str
    points: int
    min: Float
    max: Float


class MetricExtremesResponse(msgspec.Struct):
    extremes: list[Extremes]
