"""Requests and responses of the activity log."""

from typing import Self

import msgspec

from lakeward.registry.records import Activity as ActivityRecord
from lakeward.runtime.http import Int64


class ListActivity(msgspec.Struct):
    """`version` leaves out what concerns other versions, or the model as a whole."""

    name: str
    version: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class Activity(msgspec.Struct, omit_defaults=True):
    """`key` is a tag's key or an alias; `value` what it is now and `before` what it was, at most 1,000 characters."""

    activity_id: str
    name: str
    action: str
    user_id: str
    timestamp: int
    version: str | None = None
    key: str | None = None
    value: str | None = None
    before: str | None = None

    @classmethod
    def of(cls, record: ActivityRecord) -> Self:
        return cls(
            activity_id=str(record.id),
            name=record.full_name,
            action=record.action,
            user_id=record.actor,
            timestamp=record.at,
            version=None if record.version is None else str(record.version),
            key=record.key,
            value=record.value,
            before=record.before,
        )


class ListActivityResponse(msgspec.Struct, omit_defaults=True):
    activities: list[Activity]
    next_page_token: str | None = None
