"""Requests and responses about volumes, tables and functions. `…Detail` is what only one kind has, kept as it came."""

from collections.abc import Sequence
from typing import Any, Self

import msgspec

from lakeward.catalog.records import EXTERNAL, MANAGED, Asset, Metastore, Staging
from lakeward.runtime.http import Int64


class ByName(msgspec.Struct):
    name: str


class ByFullName(msgspec.Struct):
    full_name: str


class GetByName(msgspec.Struct):
    name: str
    include_browse: bool = False


class ListAssets(msgspec.Struct):
    catalog_name: str
    schema_name: str
    include_browse: bool = False
    max_results: Int64 | None = None
    page_token: str | None = None


def _fields(record: Asset, metastore: Metastore) -> dict[str, Any]:
    """What all kinds have."""
    return {
        "name": record.name, "catalog_name": record.catalog_name, "schema_name": record.schema_name,
        "full_name": record.full_name, "owner": record.owner, "comment": record.comment,
        "metastore_id": str(metastore.id), "created_at": record.created_at, "created_by": record.created_by,
        "updated_at": record.updated_at, "updated_by": record.updated_by,
    }  # fmt: skip


class _Info(msgspec.Struct, kw_only=True, omit_defaults=True):
    name: str
    catalog_name: str
    schema_name: str
    full_name: str
    owner: str
    comment: str = ""  # compat(unitycatalog 0.4): its volumes have none, or a text
    metastore_id: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str


# ── volumes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class VolumeInfo(_Info, kw_only=True, omit_defaults=True):
    volume_id: str
    volume_type: str
    storage_location: str
    browse_only: bool = False

    @classmethod
    def of(cls, record: Asset, metastore: Metastore, *, browse_only: bool = False) -> Self:
        return cls(
            **_fields(record, metastore),
            volume_id=str(record.id),
            volume_type=EXTERNAL if record.storage_location else MANAGED,
            storage_location=record.storage_location or f"/Volumes/{record.full_name.replace('.', '/')}",
            browse_only=browse_only,
        )


class CreateVolume(msgspec.Struct):
    catalog_name: str
    schema_name: str
    name: str
    volume_type: str = MANAGED
    comment: str = ""
    storage_location: str = ""


class UpdateVolume(msgspec.Struct):
    name: str
    new_name: str = ""
    comment: str | None = None
    owner: str = ""


class ListVolumesResponse(msgspec.Struct, omit_defaults=True):
    volumes: list[VolumeInfo]
    next_page_token: str | None = None


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Column(msgspec.Struct, omit_defaults=True):
    name: str
    type_text: str = ""
    type_name: str = ""
    type_json: str = ""
    type_precision: Int64 | msgspec.UnsetType = msgspec.UNSET
    type_scale: Int64 | msgspec.UnsetType = msgspec.UNSET
    type_interval_type: str = ""
    position: Int64 | msgspec.UnsetType = msgspec.UNSET
    comment: str = ""
    nullable: bool | msgspec.UnsetType = msgspec.UNSET
    partition_index: Int64 | msgspec.UnsetType = msgspec.UNSET


def places(entries: Sequence["Column | Parameter"]) -> list[tuple[str, int | None]]:
    """The name of each, and its position where it has one."""
    return [(each.name, None if isinstance(each.position, msgspec.UnsetType) else each.position) for each in entries]


class TableDetail(msgspec.Struct, omit_defaults=True):
    table_type: str
    data_source_format: str
    columns: list[Column] = []
    view_definition: str = ""


class TableInfo(_Info, kw_only=True, omit_defaults=True):
    table_id: str
    table_type: str
    data_source_format: str
    columns: list[Column] | msgspec.UnsetType
    properties: msgspec.Raw | msgspec.UnsetType
    storage_location: str = ""
    view_definition: str = ""
    browse_only: bool = False

    @classmethod
    def of(
        cls, record: Asset, metastore: Metastore, location: str, *,
        browse_only: bool = False, columns: bool = True, properties: bool = True,
    ) -> Self:  # fmt: skip
        detail = msgspec.json.decode(record.detail, type=TableDetail)
        return cls(
            **_fields(record, metastore),
            table_id=str(record.id),
            table_type=detail.table_type,
            data_source_format=detail.data_source_format,
            columns=detail.columns if columns else msgspec.UNSET,
            properties=msgspec.Raw(record.properties.encode()) if properties else msgspec.UNSET,
            storage_location=location,
            view_definition=detail.view_definition,
            browse_only=browse_only,
        )


class CreateTable(msgspec.Struct):
    catalog_name: str
    schema_name: str
    name: str
    table_type: str = MANAGED
    data_source_format: str = "DELTA"
    columns: list[Column] = []
    storage_location: str = ""
    comment: str = ""
    properties: dict[str, str] = {}


class GetTable(msgspec.Struct):
    full_name: str
    include_browse: bool = False


class ListTables(ListAssets):
    omit_columns: bool = False
    omit_properties: bool = False


class ListTableSummaries(msgspec.Struct):
    """Patterns as in SQL, with % and _; '' for all."""

    catalog_name: str
    schema_name_pattern: str = ""
    table_name_pattern: str = ""
    max_results: Int64 | None = None
    page_token: str | None = None


class TableSummary(msgspec.Struct):
    full_name: str
    table_type: str


class ListTableSummariesResponse(msgspec.Struct, omit_defaults=True):
    tables: list[TableSummary]
    next_page_token: str | None = None


class UpdateTable(msgspec.Struct):
    full_name: str
    owner: str = ""
    comment: str | None = None


class ListTablesResponse(msgspec.Struct, omit_defaults=True):
    tables: list[TableInfo]
    next_page_token: str | None = None


class TableExistsResponse(msgspec.Struct):
    table_exists: bool


class TableCredentials(msgspec.Struct):
    table_id: str
    operation: str = "READ"


class VolumeCredentials(msgspec.Struct):
    volume_id: str
    operation: str = "READ_VOLUME"


class CreateStagingTable(msgspec.Struct):
    catalog_name: str
    schema_name: str
    name: str


class StagingTableInfo(msgspec.Struct):
    id: str
    catalog_name: str
    schema_name: str
    name: str
    staging_location: str

    @classmethod
    def of(cls, record: Staging, location: str) -> Self:
        return cls(str(record.id), record.catalog_name, record.schema_name, record.name, location)


class AwsCredentials(msgspec.Struct):
    access_key_id: str
    secret_access_key: str
    session_token: str


class Credentials(msgspec.Struct, omit_defaults=True):
    url: str
    expiration_time: int
    aws_temp_credentials: AwsCredentials | None = None


# ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Parameter(msgspec.Struct, omit_defaults=True):
    name: str
    type_text: str = ""
    type_name: str = ""
    type_json: str = ""
    type_precision: Int64 | msgspec.UnsetType = msgspec.UNSET
    type_scale: Int64 | msgspec.UnsetType = msgspec.UNSET
    type_interval_type: str = ""
    position: Int64 | msgspec.UnsetType = msgspec.UNSET
    parameter_mode: str = ""
    parameter_type: str = ""
    parameter_default: str | msgspec.UnsetType = msgspec.UNSET
    comment: str = ""


class Parameters(msgspec.Struct):
    parameters: list[Parameter] = []


class Dependencies(msgspec.Struct):
    """`{"table": {"table_full_name": …}}` and the like."""

    dependencies: list[dict[str, dict[str, str]]] = []


class FunctionDetail(msgspec.Struct, kw_only=True, omit_defaults=True):
    input_params: Parameters = msgspec.field(default_factory=Parameters)
    return_params: Parameters | msgspec.UnsetType = msgspec.UNSET
    routine_dependencies: Dependencies | msgspec.UnsetType = msgspec.UNSET
    is_deterministic: bool | msgspec.UnsetType = msgspec.UNSET
    is_null_call: bool | msgspec.UnsetType = msgspec.UNSET
    data_type: str = ""
    full_data_type: str = ""
    routine_body: str = ""
    routine_definition: str = ""
    parameter_style: str = ""
    sql_data_access: str = ""
    security_type: str = ""
    specific_name: str = ""
    external_name: str = ""
    external_language: str = ""
    sql_path: str = ""
    properties: str = ""


class NewFunction(FunctionDetail, kw_only=True):
    catalog_name: str
    schema_name: str
    name: str
    comment: str = ""


class CreateFunction(msgspec.Struct):
    function_info: NewFunction

    @property
    def catalog_name(self) -> str:
        return self.function_info.catalog_name

    @property
    def schema_name(self) -> str:
        return self.function_info.schema_name

    def detail(self) -> dict[str, Any]:
        told: dict[str, Any] = msgspec.to_builtins(self.function_info)
        return {key: value for key, value in told.items() if key in FunctionDetail.__struct_fields__}


class FunctionInfo(FunctionDetail, kw_only=True, omit_defaults=True):
    name: str
    catalog_name: str
    schema_name: str
    full_name: str
    function_id: str
    owner: str
    comment: str = ""
    metastore_id: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    browse_only: bool = False

    @classmethod
    def of(cls, record: Asset, metastore: Metastore, *, browse_only: bool = False) -> Self:
        detail = msgspec.json.decode(record.detail, type=FunctionDetail)
        shown = {name: getattr(detail, name) for name in FunctionDetail.__struct_fields__}
        if browse_only:
            shown |= {"routine_definition": "", "routine_dependencies": msgspec.UNSET}
        own = _fields(record, metastore)
        return cls(**shown, **own, function_id=str(record.id), browse_only=browse_only)


class DeleteFunction(msgspec.Struct):
    name: str
    force: bool = False


class UpdateFunction(msgspec.Struct):
    name: str
    owner: str = ""
    comment: str | None = None


class ListFunctionsResponse(msgspec.Struct, omit_defaults=True):
    functions: list[FunctionInfo]
    next_page_token: str | None = None
