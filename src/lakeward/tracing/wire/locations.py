"""Unity Catalog locations of traces and what is asked of them (API versions 4 and 5), named as upstream."""

from collections.abc import Sequence
from typing import Any, Self

import msgspec

from lakeward.runtime.http import Int64
from lakeward.tracing.places import Location, path_of
from lakeward.tracing.records import Trace
from lakeward.tracing.wire.assessments import Assessment
from lakeward.tracing.wire.traces import GivenTraceInfo, TraceInfo


class UCSchemaLocation(msgspec.Struct, omit_defaults=True):
    catalog_name: str
    schema_name: str
    otel_spans_table_name: str | None = None
    otel_logs_table_name: str | None = None

    @property
    def path(self) -> str:
        return path_of(self.catalog_name, self.schema_name)

    @classmethod
    def of(cls, location: Location) -> Self:
        names = {kind: table.rpartition(".")[2] for kind, table in location.tables().items()}
        catalog, schema = location.names
        return cls(catalog, schema, names["spans"], names["logs"])


class UcTablePrefixLocation(msgspec.Struct, omit_defaults=True):
    catalog_name: str
    schema_name: str
    table_prefix: str
    spans_table_name: str | None = None
    logs_table_name: str | None = None
    metrics_table_name: str | None = None
    annotations_table_name: str | None = None
    location_id: str | None = None

    @property
    def path(self) -> str:
        return path_of(self.catalog_name, self.schema_name, self.table_prefix)

    @classmethod
    def of(cls, location: Location) -> Self:
        tables = location.tables()
        catalog, schema, prefix = location.names
        return cls(
            catalog, schema, prefix, tables["spans"], tables["logs"], tables["metrics"], tables["annotations"],
            str(location.id),
        )  # fmt: skip


class UcTraceLocation(msgspec.Struct, omit_defaults=True):
    """One of the two."""

    type: str | int = "TRACE_LOCATION_TYPE_UNSPECIFIED"
    uc_schema: UCSchemaLocation | None = None
    uc_table_prefix: UcTablePrefixLocation | None = None
    mlflow_experiment: dict[str, Any] | None = None

    @property
    def path(self) -> str | None:
        given = self.uc_table_prefix or self.uc_schema
        return None if given is None else given.path

    @classmethod
    def at(cls, path: str) -> Self:
        catalog, schema, *prefix = path.split(".")
        if prefix:
            return cls("UC_TABLE_PREFIX", uc_table_prefix=UcTablePrefixLocation(catalog, schema, prefix[0]))
        return cls("UC_SCHEMA", uc_schema=UCSchemaLocation(catalog, schema))


class UcTraceInfo(TraceInfo, omit_defaults=True, kw_only=True):
    """A trace of a location; its id is without the location."""

    trace_location: UcTraceLocation  # type: ignore[assignment]  # the same field of another message

    @classmethod
    def told_of(cls, record: Trace, info: TraceInfo) -> Self:
        assert record.path is not None
        fields = {name: getattr(info, name) for name in info.__struct_fields__}
        return cls(
            **fields
            | {
                "trace_id": record.trace_id.removeprefix("tr-"),
                "trace_location": UcTraceLocation.at(record.path),
                "assessments": [located(each, record.path) for each in info.assessments],
            }
        )


class UcAssessment(Assessment, omit_defaults=True):
    trace_location: UcTraceLocation | None = None


def located(given: Assessment, path: str) -> UcAssessment:
    """An assessment of a trace of this location."""
    fields = {name: getattr(given, name) for name in Assessment.__struct_fields__}
    return UcAssessment(
        **fields | {"trace_id": given.trace_id.removeprefix("tr-")}, trace_location=UcTraceLocation.at(path)
    )


class CreateLocation(msgspec.Struct):
    uc_table_prefix: UcTablePrefixLocation
    sql_warehouse_id: str | None = None


class LocationResponse(msgspec.Struct):
    uc_table_prefix: UcTablePrefixLocation


class LocationById(msgspec.Struct):
    location_id: str


class LinkTraceLocation(msgspec.Struct):
    experiment_id: str
    uc_table_prefix: UcTablePrefixLocation


class CreateTraceUCStorageLocation(msgspec.Struct):
    uc_schema: UCSchemaLocation
    sql_warehouse_id: str | None = None


class UCStorageLocationResponse(msgspec.Struct):
    uc_schema: UCSchemaLocation


class LinkSchema(msgspec.Struct):
    experiment_id: str
    uc_schema: UCSchemaLocation


class CreateTraceInfo(GivenTraceInfo):
    """The bare message; where it is said in the path."""

    location: str = ""
    trace_location: UcTraceLocation | None = None  # type: ignore[assignment]  # the same field of another message


class OneTrace(msgspec.Struct):
    location: str
    trace_id: str


class UcInfoOnly(msgspec.Struct):
    trace_info: UcTraceInfo


class GetTraceInfoResponse(msgspec.Struct):
    trace: UcInfoOnly


class SetTag(OneTrace):
    key: str
    value: str = ""


class DeleteTag(OneTrace):
    key: str


class BatchGet(msgspec.Struct):
    location: str
    trace_ids: list[str] = []


class UcTrace(msgspec.Struct):
    trace_info: UcTraceInfo
    spans: list[dict[str, Any]]


class BatchGetResponse(msgspec.Struct):
    traces: list[UcTrace]


class SearchTracesLongRunning(msgspec.Struct):
    locations: list[UcTraceLocation] = []
    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None
    sql_warehouse_id: str | None = None


class SearchResult(msgspec.Struct, omit_defaults=True):
    trace_infos: Sequence[UcTraceInfo]
    next_page_token: str | None = None


class SearchTracesOperation(msgspec.Struct):
    """Done as soon as it is asked."""

    name: str
    done: bool
    response: SearchResult


class LinkToRun(msgspec.Struct):
    location: str
    run_id: str
    trace_ids: list[str] = []


class CreateUcAssessment(UcAssessment):
    location: str = ""


class AssessmentOf(OneTrace):
    assessment_id: str


class UpdateUcAssessment(UcAssessment):
    """compat(mlflow 3.17): without a warehouse the mask stands behind the id, after an ampersand."""

    location: str = ""
    update_mask: str = ""


class Warehouse(msgspec.Struct):
    id: str
    name: str
    state: str


class WarehouseById(msgspec.Struct):
    warehouse_id: str
