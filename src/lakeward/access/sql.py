"""Rights as SQL: one text for the check of one object, one for lists of many. Both come from the kind's formula."""

from lakeward.access.records import Held, Kind

# Looked up for the one row that is asked about.
_HERE = """EXISTS (
    SELECT FROM access_grant g WHERE g.workspace_id = {workspace} AND g.kind = '{kind}' AND g.object = {name}
    AND g.principal_id = ANY ({principals}::bigint[]) AND g.privilege IN ({privileges}))"""
# Gathered once for all rows of a list: PostgreSQL keeps the answer as a hash, 0.2 µs a row.
_AMONG = """{name} IN (
    SELECT g.object FROM access_grant g WHERE g.principal_id = ANY ({principals}::bigint[])
    AND g.workspace_id = {workspace} AND g.kind = '{kind}' AND g.privilege IN ({privileges}))"""


def condition(kind: Kind, right: str, *, row: str, workspace: str, principals: str, many: bool) -> str:
    """That one of `principals` has this right on the object in `row`; the marks are `$n`, `row` is an alias."""
    template = _AMONG if many else _HERE
    alternatives = [
        " AND ".join(_held(kind, held, template, row, workspace, principals) for held in alternative)
        for alternative in kind.rights[right]
    ]
    return "(" + " OR ".join(f"({each})" for each in alternatives) + ")"


def _held(kind: Kind, held: Held, template: str, row: str, workspace: str, principals: str) -> str:
    tests = [
        template.format(
            kind=level.kind,
            name=level.name.format(o=row),
            workspace=workspace,
            principals=principals,
            privileges=", ".join(f"'{each}'" for each in held[level.kind]),
        )
        for level in kind.levels
        if level.kind in held
    ]
    return "(" + " OR ".join(tests) + ")"
