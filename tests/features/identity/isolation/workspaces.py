"""Workspaces, and who is in them."""

from isolation.rows import ASSIGNED_HERE, Keys, Rows

_ASSIGNED = "/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments"
_SPACES = "/api/2.0/accounts/{account_id}/workspaces"

BY_ID: Rows = {
    # principals
    ("GET", f"{_SPACES}/{{workspace_id}}"): lambda _: {"account_id": "a", "workspace_id": 1},
    ("DELETE", f"{_SPACES}/{{workspace_id}}"): lambda _: {"account_id": "a", "workspace_id": 1},
    ("GET", _ASSIGNED): lambda _: {"account_id": "a", "workspace_id": 1},
    ("GET", f"{_ASSIGNED}/permissions"): lambda _: {"account_id": "a", "workspace_id": 1},
    **{
        (method, f"{place}/principals/{{principal_id}}"): (
            lambda w, more=more: {"principal_id": w.principals["Users"], **more}
        )
        for place, where in ((_ASSIGNED, {"account_id": "a", "workspace_id": 1}), (ASSIGNED_HERE, {}))
        for method, more in (("PUT", where | {"permissions": ["ADMIN"]}), ("DELETE", where))
    },
    # the server itself
    ("GET", "/api/3.0/mlflow/workspaces/{workspace_name}"): lambda _: {"workspace_name": "default"},
    ("PATCH", "/api/3.0/mlflow/workspaces/{workspace_name}"): lambda _: {
        "workspace_name": "default", "description": "taken",
    },
    ("DELETE", "/api/3.0/mlflow/workspaces/{workspace_name}"): lambda _: {"workspace_name": "default"},
}  # fmt: skip

LISTS: Rows = {
    ("GET", "/api/3.0/mlflow/workspaces"): lambda _: {},
    ("GET", ASSIGNED_HERE): lambda _: {},
    ("GET", _SPACES): lambda _: {"account_id": "a"},
}  # fmt: skip

WITHOUT_OBJECT: Keys = {
    ("POST", "/api/3.0/mlflow/workspaces"), ("POST", _SPACES),
}  # fmt: skip
