"""Requests and responses of `/api/2.0/lakeward/catalog`."""

from typing import Self

import msgspec

from lakeward.catalog.records import NamedEntry
from lakeward.runtime.http import Int64


class SampleOf(msgspec.Struct):
    full_name: str
    max_rows: Int64 = 50


class SearchNames(msgspec.Struct):
    words: str


class FoundName(msgspec.Struct):
    """`kind` is catalog, schema, volume, table or function."""

    kind: str
    full_name: str
    comment: str

    @classmethod
    def of(cls, record: NamedEntry) -> Self:
        return cls(record.kind, record.full_name, record.comment[:200])


class SearchNamesResponse(msgspec.Struct):
    found: list[FoundName]
