"""Requests and responses of rule sets, named as upstream."""

from collections.abc import Sequence
from typing import Self

import msgspec

from lakeward.identity.records import Holding


class Role(msgspec.Struct):
    name: str


class AssignableRolesOf(msgspec.Struct, kw_only=True):
    """`account_id` stands in the path of the account's form of the API."""

    resource: str
    account_id: str = ""


class AssignableRoles(msgspec.Struct):
    roles: list[Role]


class GetRuleSet(msgspec.Struct, kw_only=True):
    """Answers are never older than any etag, so none is needed. Strangers are refused before they hear of a name."""

    name: str = ""
    etag: str = ""
    account_id: str = ""


class GrantRule(msgspec.Struct, frozen=True):
    role: str
    principals: list[str] = []


class RuleSetChange(msgspec.Struct, frozen=True):
    name: str = ""
    etag: str = ""
    grant_rules: list[GrantRule] = []


class UpdateRuleSet(msgspec.Struct, kw_only=True):
    name: str = ""
    rule_set: RuleSetChange = RuleSetChange()
    account_id: str = ""


class RuleSet(msgspec.Struct):
    name: str
    etag: str
    grant_rules: list[GrantRule]

    @classmethod
    def of(cls, name: str, held: Sequence[tuple[Holding, str]], etag: str) -> Self:
        """`held` has how principals are spelled beside each."""
        rules: dict[str, list[str]] = {}
        for each, principal in held:
            rules.setdefault(each.role, []).append(principal)
        return cls(name, etag, [GrantRule(role, principals) for role, principals in rules.items()])
