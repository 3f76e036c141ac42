"""Statements about issues, bounded by the caller's workspace."""

from typing import Any

from lakeward.kit.filters import Comparison
from lakeward.runtime.db import Tx
from lakeward.runtime.sql import Parameters, after, text_test
from lakeward.tracing.records import SEVERITIES, Issue

_COLUMNS = """
    i.seq, i.issue_id, i.experiment_id, i.name, i.description, i.status, i.severity, i.root_causes, i.categories,
    i.source_run_id, i.created_by, i.created_at, i.updated_at
"""
_TRACES = """
    (SELECT count(DISTINCT a.trace_seq) FROM trace_assessment a JOIN trace t ON t.seq = a.trace_seq
     WHERE a.kind = 'issue' AND a.name = i.issue_id AND t.workspace_id = e.workspace_id)
"""
_FROM = "FROM trace_issue i JOIN experiment e ON e.id = i.experiment_id"
_ORDER = [("i.severity", False), ("i.seq", False)]
_EXPRESSIONS = {"status": "i.status", "source_run_id": "coalesce(i.source_run_id, '')"}


def _of(row: Any) -> Issue:
    values = list(row)
    values[6] = SEVERITIES[row[6]] if row[6] >= 0 else None
    values[7:9] = tuple(row[7]), tuple(row[8])
    return Issue(*values)


def severity_number(severity: str | None) -> int:
    return -1 if severity is None else SEVERITIES.index(severity)


async def insert(tx: Tx, made: Issue) -> None:
    await tx.execute(
        "INSERT INTO trace_issue (issue_id, experiment_id, name, description, status, severity, root_causes,"
        " categories, source_run_id, created_by, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        made.issue_id, made.experiment_id, made.name, made.description, made.status, severity_number(made.severity),
        made.root_causes, made.categories, made.source_run_id, made.created_by, made.created_at, made.updated_at,
    )  # fmt: skip


async def find(tx: Tx, workspace: int, issue_id: str) -> Issue | None:
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} {_FROM} WHERE i.issue_id = $2 AND e.workspace_id = $1 AND NOT e.purging",
        workspace, issue_id,
    )  # fmt: skip
    return _of(row) if row else None


async def replace(tx: Tx, made: Issue) -> None:
    await tx.execute(
        "UPDATE trace_issue SET name = $2, description = $3, status = $4, severity = $5, updated_at = $6"
        " WHERE seq = $1",
        made.seq, made.name, made.description, made.status, severity_number(made.severity), made.updated_at,
    )  # fmt: skip


async def page(
    tx: Tx, workspace: int, experiment_id: int | None, clauses: tuple[Comparison, ...], last: Any, most: int, *,
    sight: Any, counted: bool,
) -> list[Issue]:  # fmt: skip
    """Those of experiments that the caller may see, the most severe first, and of those the newest."""
    parameters = Parameters()
    where = [f"e.workspace_id = {parameters.add(workspace)}", "e.deleted_at IS NULL", "NOT e.purging"]
    if experiment_id is not None:
        where.append(f"i.experiment_id = {parameters.add(experiment_id)}::bigint")
    if sight is not None:
        where.append(sight.condition(parameters, "e"))
    where += [text_test(parameters, _EXPRESSIONS[each.key], each.op, each.value) for each in clauses]
    if last is not None:
        where.append(after(_ORDER, last, parameters))
    count = _TRACES if counted else "NULL"
    rows = await tx.fetch(
        f"SELECT {_COLUMNS}, {count} {_FROM} WHERE {' AND '.join(where)}"
        f" ORDER BY i.severity DESC, i.seq DESC LIMIT {parameters.add(most)}",
        *parameters.values,
    )
    return [_of(row) for row in rows]
