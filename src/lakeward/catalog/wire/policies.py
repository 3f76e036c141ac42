"""Requests and responses of `/api/2.1/tag-policies`, named as upstream."""

from typing import Self

import msgspec

from lakeward.catalog import records
from lakeward.catalog.wire.tags import moment
from lakeward.runtime.http import Int64


class Value(msgspec.Struct):
    name: str


class TagPolicy(msgspec.Struct):
    tag_key: str
    id: str
    description: str
    values: list[Value]
    create_time: str
    update_time: str

    @classmethod
    def of(cls, record: records.TagPolicy) -> Self:
        values = [Value(each) for each in record.values]
        created, updated = moment(record.created_at), moment(record.updated_at)
        return cls(record.key, str(record.id), record.description, values, created, updated)


class CreateTagPolicy(msgspec.Struct):
    tag_key: str
    description: str = ""
    values: list[Value] = []


class TagPolicyByKey(msgspec.Struct):
    tag_key: str


class UpdateTagPolicy(msgspec.Struct):
    """`update_mask` names the fields that change; what it does not name stays, and what it names may be left out."""

    tag_key: str
    update_mask: str = ""
    description: str = ""
    values: list[Value] = []


class ListTagPolicies(msgspec.Struct):
    page_size: Int64 | None = None
    page_token: str | None = None


class ListTagPoliciesResponse(msgspec.Struct, omit_defaults=True):
    tag_policies: list[TagPolicy]
    next_page_token: str | None = None
