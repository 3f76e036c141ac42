"""Requests and responses of `/api/2.1/unity-catalog` about the metastore, catalogs, schemas and bindings.

Field names are the platform's; `id`, which open-source Unity Catalog has, stands beside them.
"""

from collections.abc import Sequence
from typing import Any, Self

import msgspec

from lakeward.catalog.records import READ_WRITE, Catalog, Metastore, Schema, WorkspaceBinding
from lakeward.runtime.http import Int64

Properties = dict[str, str]


# ── metastore ────────────────────────────────────────────────────────────────────────────────────────────────────────


class MetastoreInfo(msgspec.Struct):
    metastore_id: str
    name: str
    owner: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    cloud: str = "self-hosted"
    region: str = "local"
    privilege_model_version: str = "1.0"
    delta_sharing_scope: str = "INTERNAL"
    external_access_enabled: bool = True

    @classmethod
    def fields_of(cls, record: Metastore) -> dict[str, Any]:
        return {
            "metastore_id": str(record.id), "name": record.name, "owner": "admins", "created_at": record.created_at,
            "created_by": "", "updated_at": record.created_at, "updated_by": "",
        }  # fmt: skip

    @classmethod
    def of(cls, record: Metastore) -> Self:
        return cls(**cls.fields_of(record))


class MetastoreSummary(MetastoreInfo, kw_only=True):
    global_metastore_id: str

    @classmethod
    def of(cls, record: Metastore) -> Self:
        return cls(**cls.fields_of(record), global_metastore_id=f"self-hosted:local:{record.id}")


class MetastoreById(msgspec.Struct):
    id: str


class ListMetastores(msgspec.Struct):
    max_results: Int64 | None = None
    page_token: str | None = None


class ListMetastoresResponse(msgspec.Struct):
    metastores: list[MetastoreInfo]


class MetastoreAssignment(msgspec.Struct):
    workspace_id: int
    metastore_id: str
    default_catalog_name: str


# ── catalogs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class ProvisioningInfo(msgspec.Struct):
    state: str


class CatalogInfo(msgspec.Struct, omit_defaults=True):
    name: str
    full_name: str
    id: str
    owner: str
    comment: str
    properties: msgspec.Raw
    isolation_mode: str
    catalog_type: str
    securable_type: str
    metastore_id: str
    provisioning_info: ProvisioningInfo
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    options: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    storage_root: str = ""
    browse_only: bool = False
    # Ours: at home in another workspace than the one that asks; bound to that one for reading only.
    from_elsewhere: bool = False
    read_only: bool = False

    @classmethod
    def of(
        cls,
        record: Catalog,
        metastore: Metastore,
        *,
        browse_only: bool = False,
        from_elsewhere: bool = False,
        read_only: bool = False,
    ) -> Self:
        return cls(
            name=record.name,
            full_name=record.name,
            id=str(record.id),
            owner=record.owner,
            comment=record.comment,
            properties=msgspec.Raw(record.properties.encode()),
            isolation_mode=record.isolation_mode,
            catalog_type="MANAGED_CATALOG",
            securable_type="CATALOG",
            metastore_id=str(metastore.id),
            provisioning_info=ProvisioningInfo("ACTIVE"),
            created_at=record.created_at,
            created_by=record.created_by,
            updated_at=record.updated_at,
            updated_by=record.updated_by,
            options=msgspec.Raw(record.options.encode()) if record.options != "{}" else msgspec.UNSET,
            storage_root=record.storage_root,
            browse_only=browse_only,
            from_elsewhere=from_elsewhere,
            read_only=read_only,
        )


class CreateCatalog(msgspec.Struct):
    name: str
    comment: str = ""
    properties: Properties = {}
    options: Properties = {}
    storage_root: str = ""
    connection_name: str = ""
    provider_name: str = ""
    share_name: str = ""
    managed_encryption_settings: dict[str, Any] | None = None


class CatalogByName(msgspec.Struct):
    name: str


class GetCatalog(msgspec.Struct):
    name: str
    include_browse: bool = False


class ListCatalogs(msgspec.Struct):
    include_browse: bool = False
    include_unbound: bool = False
    max_results: Int64 | None = None
    page_token: str | None = None


class UpdateCatalog(msgspec.Struct):
    name: str
    new_name: str = ""
    comment: str | None = None
    properties: Properties | None = None
    options: Properties | None = None
    owner: str = ""
    isolation_mode: str = ""
    managed_encryption_settings: dict[str, Any] | None = None


class DeleteCatalog(msgspec.Struct):
    name: str
    force: bool = False


class ListCatalogsResponse(msgspec.Struct, omit_defaults=True):
    catalogs: list[CatalogInfo]
    next_page_token: str | None = None


# ── schemas ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class SchemaInfo(msgspec.Struct, omit_defaults=True):
    name: str
    catalog_name: str
    full_name: str
    schema_id: str
    owner: str
    comment: str
    properties: msgspec.Raw
    catalog_type: str
    metastore_id: str
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    storage_root: str = ""
    browse_only: bool = False

    @classmethod
    def of(cls, record: Schema, metastore: Metastore, *, browse_only: bool = False) -> Self:
        return cls(
            name=record.name,
            catalog_name=record.catalog_name,
            full_name=record.full_name,
            schema_id=str(record.id),
            owner=record.owner,
            comment=record.comment,
            properties=msgspec.Raw(record.properties.encode()),
            catalog_type="MANAGED_CATALOG",
            metastore_id=str(metastore.id),
            created_at=record.created_at,
            created_by=record.created_by,
            updated_at=record.updated_at,
            updated_by=record.updated_by,
            storage_root=record.storage_root,
            browse_only=browse_only,
        )


class CreateSchema(msgspec.Struct):
    catalog_name: str
    name: str
    comment: str = ""
    properties: Properties = {}
    storage_root: str = ""


class GetSchema(msgspec.Struct):
    full_name: str
    include_browse: bool = False


class ListSchemas(msgspec.Struct):
    catalog_name: str
    include_browse: bool = False
    max_results: Int64 | None = None
    page_token: str | None = None


class UpdateSchema(msgspec.Struct):
    full_name: str
    new_name: str = ""
    comment: str | None = None
    properties: Properties | None = None
    owner: str = ""


class DeleteSchema(msgspec.Struct):
    full_name: str
    force: bool = False


class ListSchemasResponse(msgspec.Struct, omit_defaults=True):
    schemas: list[SchemaInfo]
    next_page_token: str | None = None


# ── bindings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Bound(msgspec.Struct):
    workspace_id: Int64
    binding_type: str = READ_WRITE

    @classmethod
    def all_of(cls, records: Sequence[WorkspaceBinding]) -> list[Self]:
        return [cls(each.workspace_id, each.binding_type) for each in records]

    def record(self) -> WorkspaceBinding:
        return WorkspaceBinding(self.workspace_id, self.binding_type)


class BindingsOf(msgspec.Struct):
    securable_type: str
    securable_name: str
    max_results: Int64 | None = None
    page_token: str | None = None


class UpdateBindings(msgspec.Struct):
    securable_type: str
    securable_name: str
    add: list[Bound] = []
    remove: list[Bound] = []


class BindingsResponse(msgspec.Struct):
    bindings: list[Bound]


class UpdateCatalogBindings(msgspec.Struct):
    name: str
    assign_workspaces: list[Int64] = []
    unassign_workspaces: list[Int64] = []


class CatalogBindingsResponse(msgspec.Struct):
    workspaces: list[int]
