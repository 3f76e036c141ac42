"""The rules of issues: what is wrong with an application, found in its traces, and what became of it.

An assessment of the kind issue links a trace to one: its name is the issue's id (`mlflow.log_issue`).
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from lakeward import experiments
from lakeward.kit import pages
from lakeward.kit.clock import now_ms
from lakeward.kit.errors import InvalidParameter, NotFound
from lakeward.kit.filters import Entity, Field, Kind, Op, Vocabulary, parse_filter
from lakeward.runtime.db import Tx
from lakeward.tracing.records import SEVERITIES, STATUSES, Issue
from lakeward.tracing.store import issues as store

MAX_NAME: Final = 250
MAX_TEXT: Final = 100_000
MAX_LIST: Final = 100
DEFAULT_RESULTS: Final = 100
MAX_RESULTS: Final = 1_000
_SAME: Final = frozenset({Op.EQ, Op.NE})

VOCABULARY: Final = Vocabulary(
    subject="issues",
    prefixes={"attribute": Entity.ATTRIBUTE, "attributes": Entity.ATTRIBUTE},
    fields={
        Entity.ATTRIBUTE: {
            "status": Field(Kind.TEXT, _SAME, "status"),
            "source_run_id": Field(Kind.TEXT, _SAME, "source_run_id"),
        }
    },
    order=frozenset(),
)


def unknown(issue_id: str) -> NotFound:
    return NotFound(f"Issue with ID '{issue_id}' not found")


async def create(
    tx: Tx, workspace: int, experiment_id: str, *, name: str, description: str, status: str, severity: str | None,
    root_causes: Sequence[str], categories: Sequence[str], source_run_id: str | None, created_by: str,
) -> Issue:  # fmt: skip
    found = await experiments.get_active(tx, workspace, experiment_id)
    now = now_ms()
    made = Issue(
        0, f"iss-{secrets.token_hex(16)}", found.id, name, description, status, severity, tuple(root_causes),
        tuple(categories), source_run_id, created_by, now, now,
    )  # fmt: skip
    _check(made)
    await store.insert(tx, made)
    return made


def _check(issue: Issue) -> None:
    if not 1 <= len(issue.name) <= MAX_NAME:
        raise InvalidParameter(f"The name of an issue has 1 to {MAX_NAME} characters, not {len(issue.name)}.")
    if issue.status not in STATUSES:
        raise InvalidParameter(f"Invalid issue status {issue.status[:40]!r}: it is one of {', '.join(STATUSES)}.")
    if issue.severity is not None and issue.severity not in SEVERITIES:
        raise InvalidParameter(f"Invalid severity {issue.severity[:40]!r}: it is one of {', '.join(SEVERITIES)}.")
    texts = [issue.description, *issue.root_causes, *issue.categories, issue.source_run_id or "", issue.created_by]
    if sum(map(len, texts)) > MAX_TEXT or max(len(issue.root_causes), len(issue.categories)) > MAX_LIST:
        raise InvalidParameter(
            f"An issue has at most {MAX_TEXT:,} characters in all, {MAX_LIST} root causes and {MAX_LIST} categories."
        )


async def get(tx: Tx, workspace: int, issue_id: str) -> Issue:
    found = await store.find(tx, workspace, issue_id)
    if found is None:
        raise unknown(issue_id)
    return found


async def update(
    tx: Tx, workspace: int, issue_id: str, *, name: str | None, description: str | None, status: str | None,
    severity: str | None,
) -> Issue:  # fmt: skip
    """None leaves what is there."""
    found = await get(tx, workspace, issue_id)
    said = {"name": name, "description": description, "status": status, "severity": severity}
    given = {key: value for key, value in said.items() if value is not None}
    changed = msgspec.structs.replace(found, **given, updated_at=now_ms())
    _check(changed)
    await store.replace(tx, changed)
    return changed


async def search(
    tx: Tx, workspace: int, experiment_id: str | None, filter_text: str | None, max_results: int | None,
    page_token: str | None, *, sight: Any, counted: bool,
) -> tuple[list[Issue], str | None]:  # fmt: skip
    """A page of those that the caller may see, the most severe first, and the token of the next."""
    limit = DEFAULT_RESULTS if max_results is None else max_results
    if not 1 <= limit <= MAX_RESULTS:
        raise InvalidParameter(
            f"Invalid value {limit} for parameter 'max_results': it must be between 1 and {MAX_RESULTS}."
        )
    number = experiments.parse_id(experiment_id) if experiment_id else None
    context = pages.context_of("issues", workspace, number, filter_text or "")
    last = pages.decode(page_token, context, [int, int]) if page_token else None
    clauses = tuple(parse_filter(filter_text, VOCABULARY))
    found = await store.page(tx, workspace, number, clauses, last, limit + 1, sight=sight, counted=counted)
    if len(found) <= limit:
        return found, None
    end = found[limit - 1]
    return found[:limit], pages.encode([store.severity_number(end.severity), end.seq], context)
