"""Requests and responses of the experiments API, named as upstream."""

from typing import Literal, Self

import msgspec

from lakeward.experiments.locations import experiment_root
from lakeward.experiments.records import Experiment as Record
from lakeward.experiments.records import SavedView as SavedViewRecord
from lakeward.runtime.http import Int64


class Tag(msgspec.Struct):
    key: str
    value: str = ""


class Experiment(msgspec.Struct):
    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    tags: list[Tag]

    @classmethod
    def of(cls, record: Record, *, databricks: bool) -> Self:
        return cls(
            experiment_id=str(record.id),
            name=record.name,
            artifact_location=experiment_root(record, databricks=databricks),
            lifecycle_stage="deleted" if record.deleted else "active",
            last_update_time=record.updated_at,
            creation_time=record.created_at,
            tags=[Tag(key, value) for key, value in record.tags.items()],
        )


class CreateExperiment(msgspec.Struct):
    name: str
    artifact_location: str | None = None
    tags: list[Tag] = []


class CreateExperimentResponse(msgspec.Struct):
    experiment_id: str


class ExperimentById(msgspec.Struct):
    experiment_id: str


class ExperimentByName(msgspec.Struct):
    experiment_name: str


class ExperimentResponse(msgspec.Struct):
    experiment: Experiment


class UpdateExperiment(msgspec.Struct):
    experiment_id: str
    new_name: str | None = None


class SetExperimentTag(msgspec.Struct):
    experiment_id: str
    key: str
    value: str = ""


class DeleteExperimentTag(msgspec.Struct):
    experiment_id: str
    key: str


class SearchExperiments(msgspec.Struct):
    max_results: Int64 | None = None
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] = []
    view_type: str | int | None = None


class SearchExperimentsResponse(msgspec.Struct, omit_defaults=True):
    experiments: list[Experiment]
    next_page_token: str | None = None


# --- saved views: Lakeward's own


class ListViews(msgspec.Struct):
    experiment_id: str
    table: Literal["runs", "traces"] = "runs"


class SavedView(msgspec.Struct):
    table: str
    name: str
    shared: bool
    state: dict[str, str]
    changed_by: str
    updated_at: int

    @classmethod
    def of(cls, record: SavedViewRecord) -> Self:
        return cls(record.table, record.name, record.shared, record.state, record.changed_by, record.updated_at)


class ListViewsResponse(msgspec.Struct):
    views: list[SavedView]


class SaveView(msgspec.Struct):
    """`state`: parameters of the page's address. `instead_of`: the view that is renamed by this."""

    experiment_id: str
    table: Literal["runs", "traces"]
    name: str
    state: dict[str, str] = {}
    instead_of: str | None = None
    only_new: bool = False


class DeleteView(msgspec.Struct):
    experiment_id: str
    table: Literal["runs", "traces"]
    name: str
