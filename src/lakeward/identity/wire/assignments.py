"""Requests and responses of the workspace assignment API, named as upstream."""

from typing import Self

import msgspec

from lakeward.identity.records import Assignment
from lakeward.runtime.http import Int64


class PrincipalOutput(msgspec.Struct, omit_defaults=True):
    principal_id: int
    display_name: str = ""
    user_name: str = ""
    group_name: str = ""
    service_principal_name: str = ""

    @classmethod
    def of(cls, record: Assignment) -> Self:
        shown = cls(record.principal_id, record.display_name or record.name)
        if record.kind == "USER":
            shown.user_name = record.name
        elif record.kind == "GROUP":
            shown.group_name = record.name
        else:
            shown.service_principal_name = record.name
        return shown


class PermissionAssignment(msgspec.Struct):
    permissions: list[str]
    principal: PrincipalOutput

    @classmethod
    def of(cls, record: Assignment) -> Self:
        return cls(["ADMIN" if record.role == "MANAGE" else "USER"], PrincipalOutput.of(record))


class ListAssignmentsResponse(msgspec.Struct):
    permission_assignments: list[PermissionAssignment]


class PermissionOutput(msgspec.Struct):
    permission_level: str
    description: str


class WorkspacePermissions(msgspec.Struct):
    permissions: list[PermissionOutput]


class OfWorkspace(msgspec.Struct, kw_only=True):
    account_id: str
    workspace_id: Int64


class OfPrincipal(OfWorkspace, kw_only=True):
    principal_id: Int64


class Update(OfPrincipal, kw_only=True):
    permissions: list[str] = []


class OfPrincipalHere(msgspec.Struct, kw_only=True):
    principal_id: Int64


class UpdateHere(OfPrincipalHere, kw_only=True):
    permissions: list[str] = []
