"""Which scopes of a token open which routes, by what their paths begin with. The names are the platform's.

What is not named here, the server's own administration and all that hands out credentials, opens to tokens of every
scope (`all-apis`) only.
"""

from typing import Final

ALL_APIS: Final = "all-apis"
_ANY: Final = "*"  # who one is, says every token

# The first that a path begins with counts.
_BY_PATH: Final = (
    ("/api/2.0/preview/scim/v2/Me", _ANY),
    ("/api/2.0/lakeward/whoami", _ANY),
    ("/api/2.0/preview/scim/", "scim"),
    ("/api/2.0/accounts/{account_id}/scim/", "scim"),
    ("/api/2.0/token/", "authentication"),
    ("/api/2.0/token-management/", "authentication"),
    ("/api/2.0/permissions/authorization/", "authentication"),
    ("/api/2.0/permissions/", "access-management"),
    ("/api/2.0/preview/permissionassignments", "access-management"),
    ("/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments", "access-management"),
    ("/api/2.0/preview/accounts/", "access-management"),
    ("/api/2.0/lakeward/explain", "access-management"),
    ("/api/2.0/accounts/{account_id}/workspaces", "provisioning"),
    ("/api/2.0/ip-access-lists", "networking"),
    ("/api/2.0/accounts/{account_id}/ip-access-lists", "networking"),
    ("/api/2.0/workspace-conf", "settings"),
    ("/api/2.0/secrets/", "secrets"),
    ("/api/2.0/fs/", "files"),
    ("/api/2.0/sql/", "sql"),
    ("/api/2.1/tag-policies", "tags"),
    ("/api/2.1/unity-catalog/", "unity-catalog"),
    ("/api/2.0/unity-catalog/", "unity-catalog"),
    ("/api/2.0/mlflow/unity-catalog/", "unity-catalog"),
    ("/api/2.0/lineage-tracking/", "unity-catalog"),
    ("/api/2.0/lakeward/catalog/", "unity-catalog"),
    ("/api/2.0/mlflow", "mlflow"),  # and /api/2.0/mlflow-artifacts
    ("/ajax-api/2.0/mlflow", "mlflow"),
    ("/api/3.0/mlflow/", "mlflow"),
    ("/ajax-api/3.0/mlflow/", "mlflow"),
    ("/api/4.0/mlflow/", "mlflow"),
    ("/api/5.0/mlflow/", "mlflow"),
    ("/api/2.0/otel/", "mlflow"),
    ("/v1/traces", "mlflow"),
    ("/get-artifact", "mlflow"),
    ("/api/2.0/lakeward/experiments", "mlflow"),
    ("/api/2.0/lakeward/runs/", "mlflow"),
    ("/api/2.0/lakeward/find", "mlflow"),
    ("/api/2.0/lakeward/trace", "mlflow"),  # traces, and trace-retention
    ("/api/2.0/lakeward/webhooks", "mlflow"),
    ("/api/2.0/lakeward/registry/", "mlflow"),
    ("/api/2.0/lakeward/lineage", "mlflow"),
)

SCOPES: Final = frozenset(scope for _, scope in _BY_PATH) - {_ANY}


def scope_of(path: str) -> str | None:
    """The scope that opens a route; None if only all of them together do."""
    return next((scope for start, scope in _BY_PATH if path.startswith(start)), None)


def opens(scopes: frozenset[str], scope: str | None) -> bool:
    return scope is not None and (scope == _ANY or scope in scopes)
