"""Requests and responses of `/api/2.1/unity-catalog/permissions`, named as upstream."""

from collections.abc import Sequence
from itertools import groupby
from typing import Self

import msgspec

from lakeward.access.records import Grant
from lakeward.runtime.http import Int64


class GrantsOn(msgspec.Struct):
    securable_type: str
    full_name: str
    max_results: Int64 | None = None
    page_size: Int64 | None = None  # of the lists that are called assignments
    page_token: str | None = None
    principal: str | None = None


class PermissionsChange(msgspec.Struct):
    principal: str
    add: list[str] = []
    remove: list[str] = []


class UpdatePermissions(msgspec.Struct):
    securable_type: str
    full_name: str
    changes: list[PermissionsChange] = []

    @property
    def spaced(self) -> bool:
        """Whether its privileges are written as open-source clients do: `USE CATALOG`."""
        return any(" " in privilege for each in self.changes for privilege in (*each.add, *each.remove))


def written(privilege: str, *, spaced: bool) -> str:
    return privilege.replace("_", " ") if spaced else privilege


class PrivilegeAssignment(msgspec.Struct):
    principal: str
    privileges: list[str]

    @classmethod
    def all_of(cls, grants: Sequence[Grant], *, spaced: bool) -> list[Self]:
        return [
            cls(name, [written(each.privilege, spaced=spaced) for each in held])
            for name, held in groupby(grants, key=lambda grant: grant.principal.name)
        ]


class PermissionsList(msgspec.Struct, omit_defaults=True):
    privilege_assignments: list[PrivilegeAssignment]
    next_page_token: str | None = None


class EffectivePrivilege(msgspec.Struct, omit_defaults=True):
    privilege: str
    inherited_from_type: str = ""
    inherited_from_name: str = ""


class EffectivePrivilegeAssignment(msgspec.Struct):
    principal: str
    privileges: list[EffectivePrivilege]


class EffectivePermissionsList(msgspec.Struct, omit_defaults=True):
    privilege_assignments: list[EffectivePrivilegeAssignment]
    next_page_token: str | None = None


class EffectivePrivilegeAssignmentsList(msgspec.Struct, omit_defaults=True):
    effective_privilege_assignments: list[EffectivePrivilegeAssignment]
    next_page_token: str | None = None
