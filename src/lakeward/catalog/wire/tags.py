"""Requests and responses of `/api/2.1/unity-catalog/entity-tag-assignments`, named as upstream."""

from datetime import UTC, datetime
from typing import Self

import msgspec

from lakeward.catalog.records import Tag
from lakeward.runtime.http import Int64


def moment(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


class EntityTagAssignment(msgspec.Struct):
    entity_type: str
    entity_name: str
    tag_key: str
    tag_value: str
    update_time: str
    updated_by: str

    @classmethod
    def of(cls, entity_type: str, entity_name: str, tag: Tag) -> Self:
        return cls(entity_type, entity_name, tag.key, tag.value, moment(tag.updated_at), tag.updated_by)


class CreateAssignment(msgspec.Struct):
    entity_type: str
    entity_name: str
    tag_key: str
    tag_value: str = ""


class Assignment(msgspec.Struct):
    entity_type: str
    entity_name: str
    tag_key: str


class UpdateAssignment(Assignment):
    tag_value: str = ""
    update_mask: str = ""


class AssignmentsOf(msgspec.Struct):
    entity_type: str
    entity_name: str
    max_results: Int64 | None = None
    page_token: str | None = None


class ListAssignmentsResponse(msgspec.Struct, omit_defaults=True):
    tag_assignments: list[EntityTagAssignment]
    next_page_token: str | None = None
