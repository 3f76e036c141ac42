"""Requests and responses of the permissions API, named as upstream."""

from collections.abc import Sequence
from typing import Self

import msgspec

from lakeward.access.records import Acl, Entry, Given
from lakeward.kit.errors import InvalidParameter


class ObjectById(msgspec.Struct):
    object_type: str
    object_id: str


class AccessControlRequest(msgspec.Struct):
    permission_level: str = ""
    user_name: str = ""
    group_name: str = ""
    service_principal_name: str = ""

    def record(self) -> Given:
        names = {
            "USER": self.user_name, "GROUP": self.group_name, "SERVICE_PRINCIPAL": self.service_principal_name,
        }  # fmt: skip
        said = [(kind, name) for kind, name in names.items() if name]
        if len(said) != 1:
            raise InvalidParameter(
                "Each entry of access_control_list names one of user_name, group_name and service_principal_name."
            )
        return Given(*said[0], self.permission_level)


class ChangePermissions(msgspec.Struct):
    object_type: str
    object_id: str
    access_control_list: list[AccessControlRequest] = []


class Permission(msgspec.Struct, omit_defaults=True):
    permission_level: str
    inherited: bool | msgspec.UnsetType = msgspec.UNSET
    inherited_from_object: list[str] = []


class AccessControlResponse(msgspec.Struct, omit_defaults=True):
    all_permissions: list[Permission]
    user_name: str = ""
    group_name: str = ""
    service_principal_name: str = ""
    display_name: str = ""


class ObjectPermissions(msgspec.Struct):
    object_id: str
    object_type: str
    access_control_list: list[AccessControlResponse]

    @classmethod
    def of(cls, acl: Acl, object_id: str, entries: Sequence[Entry]) -> Self:
        listed: dict[int, AccessControlResponse] = {}
        for each in entries:
            who = each.principal
            if who.id not in listed:
                listed[who.id] = AccessControlResponse(
                    [],
                    user_name=who.name if who.kind == "USER" else "",
                    group_name=who.name if who.kind == "GROUP" else "",
                    service_principal_name=who.name if who.kind == "SERVICE_PRINCIPAL" else "",
                    display_name=who.display_name,
                )
            source = [each.inherited_from] if each.inherited_from else []
            listed[who.id].all_permissions.append(Permission(each.level, bool(source), source))
        return cls(f"/{acl.path}/{object_id}", acl.object_type, list(listed.values()))


class PermissionLevel(msgspec.Struct):
    permission_level: str
    description: str


class PermissionLevels(msgspec.Struct):
    permission_levels: list[PermissionLevel]
