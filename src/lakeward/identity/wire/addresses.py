"""Requests and responses of the IP access list and workspace configuration APIs, named as upstream."""

from typing import Literal, Self

import msgspec

from lakeward.identity.records import AddressList

ListType = Literal["ALLOW", "BLOCK"]


class IpAccessListInfo(msgspec.Struct, omit_defaults=True):
    list_id: str
    label: str
    list_type: str
    ip_addresses: list[str]
    address_count: int
    enabled: bool
    created_at: int
    updated_at: int
    created_by: int | None = None
    updated_by: int | None = None

    @classmethod
    def of(cls, record: AddressList) -> Self:
        return cls(
            record.id,
            record.label,
            record.list_type,
            list(record.addresses),
            len(record.addresses),
            record.enabled,
            int(record.created_at.timestamp() * 1000),
            int(record.updated_at.timestamp() * 1000),
            record.created_by,
            record.updated_by,
        )


class IpAccessListResponse(msgspec.Struct):
    ip_access_list: IpAccessListInfo


class ListIpAccessListsResponse(msgspec.Struct):
    ip_access_lists: list[IpAccessListInfo]


class OfAccount(msgspec.Struct, kw_only=True):
    """`account_id` stands in the paths of the account's twin of each call; a server is one account, whatever its id."""

    account_id: str = ""


class CreateIpAccessList(OfAccount, kw_only=True):
    label: str
    list_type: ListType
    ip_addresses: list[str] = []


class IpAccessListId(OfAccount, kw_only=True):
    ip_access_list_id: str


class ReplaceIpAccessList(OfAccount, kw_only=True):
    ip_access_list_id: str
    label: str
    list_type: ListType
    enabled: bool
    ip_addresses: list[str] = []


class UpdateIpAccessList(OfAccount, kw_only=True):
    ip_access_list_id: str
    label: str | None = None
    list_type: ListType | None = None
    enabled: bool | None = None
    ip_addresses: list[str] | None = None


class WorkspaceConfKeys(msgspec.Struct):
    keys: str


class WorkspaceConf(msgspec.Struct, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What can be switched. Values are texts, as upstream."""

    enable_ip_access_lists: Literal["true", "false"] | None = None
