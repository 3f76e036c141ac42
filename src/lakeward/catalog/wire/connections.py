"""Requests and responses of `/api/2.1/unity-catalog/connections`, named as upstream. Secrets go in, never out."""

from typing import Self

import msgspec

from lakeward.catalog.records import Connection, Metastore
from lakeward.catalog.wire.places import ProvisioningInfo
from lakeward.runtime.http import Int64

Words = dict[str, str]


class ConnectionInfo(msgspec.Struct):
    name: str
    full_name: str
    connection_id: str
    connection_type: str
    owner: str
    comment: str
    options: msgspec.Raw
    properties: msgspec.Raw
    read_only: bool
    metastore_id: str
    securable_type: str
    provisioning_info: ProvisioningInfo
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str

    @classmethod
    def of(cls, record: Connection, metastore: Metastore) -> Self:
        return cls(
            name=record.name,
            full_name=record.name,
            connection_id=str(record.id),
            connection_type=record.connection_type,
            owner=record.owner,
            comment=record.comment,
            options=msgspec.Raw(record.options.encode()),
            properties=msgspec.Raw(record.properties.encode()),
            read_only=record.read_only,
            metastore_id=str(metastore.id),
            securable_type="CONNECTION",
            provisioning_info=ProvisioningInfo("ACTIVE"),
            created_at=record.created_at,
            created_by=record.created_by,
            updated_at=record.updated_at,
            updated_by=record.updated_by,
        )


class CreateConnection(msgspec.Struct):
    name: str
    connection_type: str
    comment: str = ""
    options: Words = {}
    properties: Words = {}
    secrets: Words = {}
    read_only: bool = False


class ConnectionByName(msgspec.Struct):
    name: str


class ListConnections(msgspec.Struct):
    max_results: Int64 | None = None
    page_token: str | None = None


class UpdateConnection(msgspec.Struct):
    name: str
    options: Words | None = None
    secrets: Words = {}
    new_name: str = ""
    owner: str = ""


class ListConnectionsResponse(msgspec.Struct, omit_defaults=True):
    connections: list[ConnectionInfo]
    next_page_token: str | None = None
