"""Requests and responses of the registry's own extensions: owners, splits of aliases, differences of prompts."""

from typing import Self

import msgspec

from lakeward.registry.comparison import Change, Difference
from lakeward.registry.records import ModelVersion, RegisteredModel
from lakeward.registry.splits import Split as SplitRecord
from lakeward.runtime.http import Int64


class EntryByName(msgspec.Struct):
    name: str


class UpdateEntry(msgspec.Struct):
    name: str
    owner: str


class Entry(msgspec.Struct):
    """`id` is for permission levels, `full_name` for privileges."""

    id: str
    full_name: str
    owner: str

    @classmethod
    def of(cls, record: RegisteredModel) -> Self:
        return cls(str(record.id), record.full_name, record.owner)


class Arm(msgspec.Struct):
    version: Int64
    weight: float


class PutSplit(msgspec.Struct):
    name: str
    alias: str
    arms: list[Arm]


class SplitByAlias(msgspec.Struct):
    name: str
    alias: str


class ArmInfo(msgspec.Struct):
    """`share` is the part of all keys that get this arm."""

    version: str
    weight: float
    share: float


class Split(msgspec.Struct):
    name: str
    alias: str
    arms: list[ArmInfo]

    @classmethod
    def of(cls, record: SplitRecord) -> Self:
        total = sum(weight for _, weight in record.arms)
        arms = [ArmInfo(str(version), weight, weight / total) for version, weight in record.arms]
        return cls(record.name, record.alias, arms)


class ResolveAlias(msgspec.Struct):
    name: str
    alias: str
    key: str = ""


class Resolved(msgspec.Struct):
    name: str
    alias: str
    key: str
    version: str


class DiffPrompts(msgspec.Struct, rename={"before": "from", "after": "to"}):
    """`from` and `to` are versions or aliases."""

    name: str
    before: str
    after: str


class VersionSummary(msgspec.Struct):
    version: str
    commit_message: str
    user_id: str
    creation_timestamp: int

    @classmethod
    def of(cls, record: ModelVersion) -> Self:
        return cls(str(record.version), record.description or "", record.created_by, record.created_at)


class DiffPromptsResponse(msgspec.Struct, rename={"before": "from", "after": "to"}):
    """`diff` is a unified diff of the templates, '' for equal ones; `changes` is all else that differs."""

    name: str
    before: VersionSummary
    after: VersionSummary
    diff: str
    lines_removed: int
    lines_added: int
    changes: list[Change]

    @classmethod
    def of(cls, found: Difference) -> Self:
        return cls(
            found.name,
            VersionSummary.of(found.before),
            VersionSummary.of(found.after),
            found.unified,
            found.removed,
            found.added,
            found.changes,
        )
