"""Requests and responses of `/api/2.0/lineage-tracking`, named as upstream."""

from datetime import UTC, datetime
from typing import Literal, Self

import msgspec

from lakeward.kit.errors import InvalidParameter
from lakeward.lineage import records
from lakeward.lineage.records import End, Kind
from lakeward.runtime.http import Int64

# What a request names: kind, name, version.
Named = tuple[Kind, str, str]


def moment(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


# ── external metadata ────────────────────────────────────────────────────────────────────────────────────────────────


class ExternalMetadata(msgspec.Struct):
    name: str
    system_type: str
    entity_type: str
    id: str
    url: str
    description: str
    columns: msgspec.Raw
    properties: msgspec.Raw
    owner: str
    create_time: str
    created_by: str
    update_time: str
    updated_by: str

    @classmethod
    def of(cls, record: records.Metadata) -> Self:
        return cls(
            name=record.name,
            system_type=record.system_type,
            entity_type=record.entity_type,
            id=str(record.id),
            url=record.url,
            description=record.description,
            columns=msgspec.Raw(record.columns.encode()),
            properties=msgspec.Raw(record.properties.encode()),
            owner=record.owner,
            create_time=moment(record.created_at),
            created_by=record.created_by,
            update_time=moment(record.updated_at),
            updated_by=record.updated_by,
        )


class CreateExternalMetadata(msgspec.Struct):
    name: str
    system_type: str = ""
    entity_type: str = ""
    url: str = ""
    description: str = ""
    columns: list[str] = []
    properties: dict[str, str] = {}


class MetadataByName(msgspec.Struct):
    name: str


class UpdateExternalMetadata(CreateExternalMetadata):
    """`update_mask` names the fields that change."""

    owner: str = ""
    update_mask: str = ""


class ListExternalMetadata(msgspec.Struct):
    page_size: Int64 | None = None
    page_token: str | None = None


class ListExternalMetadataResponse(msgspec.Struct, omit_defaults=True):
    external_metadata: list[ExternalMetadata]
    next_page_token: str | None = None


# ── relationships ────────────────────────────────────────────────────────────────────────────────────────────────────


class Name(msgspec.Struct):
    name: str = ""


class Path(msgspec.Struct):
    url: str = ""


class Version(msgspec.Struct):
    name: str = ""
    version: str | int = ""


class LineageObject(msgspec.Struct, omit_defaults=True):
    """One of its fields."""

    table: Name | None = None
    path: Path | None = None
    model_version: Version | None = None
    external_metadata: Name | None = None

    @classmethod
    def of(cls, end: End) -> Self:
        match end.kind:
            case Kind.TABLE:
                return cls(table=Name(end.name))
            case Kind.PATH:
                return cls(path=Path(end.name))
            case Kind.MODEL_VERSION:
                return cls(model_version=Version(end.name, str(end.version)))
            case _:
                return cls(external_metadata=Name(end.name))

    def named(self) -> Named:
        if self.table is not None:
            return Kind.TABLE, self.table.name, ""
        if self.path is not None:
            return Kind.PATH, self.path.url, ""
        if self.model_version is not None:
            return Kind.MODEL_VERSION, self.model_version.name, str(self.model_version.version)
        if self.external_metadata is not None:
            return Kind.EXTERNAL_METADATA, self.external_metadata.name, ""
        raise nothing_named()


def nothing_named() -> InvalidParameter:
    return InvalidParameter("An object of lineage is one of: table, path, model_version, external_metadata.")


def _one(table: str, url: str, model: str, version: str, external: str) -> Named:
    """Of the flattened fields of a query."""
    for kind, name in (
        (Kind.TABLE, table), (Kind.PATH, url), (Kind.MODEL_VERSION, model), (Kind.EXTERNAL_METADATA, external),
    ):  # fmt: skip
        if name:
            return kind, name, version
    raise nothing_named()


class ColumnRelationship(msgspec.Struct):
    source: str = ""
    target: str = ""


class CreateRelationship(msgspec.Struct):
    source: LineageObject
    target: LineageObject
    columns: list[ColumnRelationship] = []
    properties: dict[str, str] = {}

    def named(self) -> list[Named]:
        return [self.source.named(), self.target.named()]


class UpdateRelationship(CreateRelationship):
    """`update_mask` names the fields that change: columns, properties, or both."""

    update_mask: str = ""


_FIELDS = {
    "table": "table.name", "path": "path.url", "model": "model_version.name", "version": "model_version.version",
    "external": "external_metadata.name",
}  # fmt: skip


def _flat(name: str) -> str:
    """compat(databricks-sdk 0.156): a query has nested fields by their paths."""
    side, _, field = name.partition("_")
    path = f"{side}.{_FIELDS[field]}" if field else name
    return f"external_lineage_relationship.{path}"


class DeleteRelationship(msgspec.Struct, rename=_flat):
    id: str = ""
    source_table: str = ""
    source_path: str = ""
    source_model: str = ""
    source_version: str = ""
    source_external: str = ""
    target_table: str = ""
    target_path: str = ""
    target_model: str = ""
    target_version: str = ""
    target_external: str = ""

    def named(self) -> list[Named]:
        return [
            _one(self.source_table, self.source_path, self.source_model, self.source_version, self.source_external),
            _one(self.target_table, self.target_path, self.target_model, self.target_version, self.target_external),
        ]


class ListRelationships(msgspec.Struct):
    lineage_direction: Literal["UPSTREAM", "DOWNSTREAM"]
    table: str = msgspec.field(default="", name="object_info.table.name")
    path: str = msgspec.field(default="", name="object_info.path.url")
    model: str = msgspec.field(default="", name="object_info.model_version.name")
    version: str = msgspec.field(default="", name="object_info.model_version.version")
    external: str = msgspec.field(default="", name="object_info.external_metadata.name")
    page_size: Int64 | None = None
    page_token: str | None = None

    def named(self) -> list[Named]:
        return [_one(self.table, self.path, self.model, self.version, self.external)]


class Relationship(msgspec.Struct):
    id: str
    source: LineageObject
    target: LineageObject
    columns: msgspec.Raw
    properties: msgspec.Raw

    @classmethod
    def of(cls, record: records.Relationship) -> Self:
        return cls(
            str(record.id),
            LineageObject.of(record.source),
            LineageObject.of(record.target),
            msgspec.Raw(record.columns.encode()),
            msgspec.Raw(record.properties.encode()),
        )


class TableInfo(msgspec.Struct):
    name: str
    catalog_name: str
    schema_name: str
    event_time: str


class FileInfo(msgspec.Struct):
    path: str
    event_time: str


class ModelInfo(msgspec.Struct):
    model_name: str
    version: int
    event_time: str


class MetadataInfo(msgspec.Struct):
    name: str
    system_type: str
    entity_type: str
    event_time: str


class LineageInfo(msgspec.Struct, omit_defaults=True):
    """A relationship, and one of the others: the other end of it."""

    external_lineage_info: Relationship
    table_info: TableInfo | None = None
    file_info: FileInfo | None = None
    model_info: ModelInfo | None = None
    external_metadata_info: MetadataInfo | None = None

    @classmethod
    def of(cls, record: records.Related) -> Self:
        other, at = record.other, moment(record.relationship.updated_at)
        info = cls(Relationship.of(record.relationship))
        match other.kind:
            case Kind.TABLE:
                catalog, schema, name = other.name.split(".")
                info.table_info = TableInfo(name, catalog, schema, at)
            case Kind.PATH:
                info.file_info = FileInfo(other.name, at)
            case Kind.MODEL_VERSION:
                info.model_info = ModelInfo(other.name, other.version, at)
            case _:
                info.external_metadata_info = MetadataInfo(other.name, record.system_type, record.entity_type, at)
        return info


class ListRelationshipsResponse(msgspec.Struct, omit_defaults=True):
    external_lineage_relationships: list[LineageInfo]
    next_page_token: str | None = None
