"""Issues on the wire, named as upstream."""

from typing import Self

import msgspec

from lakeward.runtime.http import Int64
from lakeward.tracing.records import Issue as Record


class Issue(msgspec.Struct, omit_defaults=True):
    issue_id: str
    experiment_id: str
    name: str
    description: str
    status: str
    created_timestamp: int
    last_updated_timestamp: int
    severity: str = ""
    root_causes: list[str] = []
    source_run_id: str = ""
    created_by: str = ""
    categories: list[str] = []
    trace_count: int | None = None

    @classmethod
    def of(cls, record: Record) -> Self:
        return cls(
            record.issue_id,
            str(record.experiment_id),
            record.name,
            record.description,
            record.status,
            record.created_at,
            record.updated_at,
            record.severity or "",
            list(record.root_causes),
            record.source_run_id or "",
            record.created_by,
            list(record.categories),
            record.traces,
        )


class CreateIssue(msgspec.Struct):
    experiment_id: str
    name: str
    description: str = ""
    status: str = "pending"
    severity: str | None = None
    root_causes: list[str] = []
    source_run_id: str | None = None
    created_by: str | None = None
    categories: list[str] = []


class IssueResponse(msgspec.Struct):
    issue: Issue


class IssueById(msgspec.Struct):
    issue_id: str


class UpdateIssue(msgspec.Struct):
    issue_id: str
    name: str | None = None
    description: str | None = None
    status: str | None = None
    severity: str | None = None


class SearchIssues(msgspec.Struct):
    experiment_id: str | None = None
    filter_string: str | None = None
    max_results: Int64 | None = None
    page_token: str | None = None
    include_trace_count: bool = False


class SearchIssuesResponse(msgspec.Struct, omit_defaults=True):
    issues: list[Issue]
    next_page_token: str | None = None
