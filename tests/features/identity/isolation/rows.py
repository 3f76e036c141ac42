"""What rows of the table are made of.

A row says how to reach an object of the world through a route: (method, path without MLflow's API prefix) → the fields
of a request. What stands in the path is put there, the rest goes into the query or the body.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

World = SimpleNamespace  # one of each kind, as worlds.py makes it
Request = dict[str, Any]
Rows = dict[tuple[str, str], Callable[[World], Request]]
Keys = set[tuple[str, str]]

SECRET = "sesame"  # in every name and value of the world, so that a leak shows
FILE = f"{SECRET}.txt"
PAIR = {"key": "p", "value": "taken"}
DESCRIBED = {"description": "taken", "update_mask": "description"}

OWN = "/api/2.0/lakeward/"
UC = "unity-catalog"  # as MLflow's client asks for it
NATIVE = "/api/2.1/unity-catalog"
LOCATED = "/api/4.0/mlflow/traces"
TRACKING = "/api/2.0/lineage-tracking"
SCIM = ("/api/2.0/preview/scim/v2", "/api/2.0/accounts/{account_id}/scim/v2")
ASSIGNED_HERE = "/api/2.0/preview/permissionassignments"
TOKENS = "/api/2.0/token-management"
ADDRESSES = ("/api/2.0/ip-access-lists", "/api/2.0/accounts/{account_id}/ip-access-lists")
SERVICE_SECRETS = ("/api/2.0/accounts/{account_id}/servicePrincipals", "/api/2.0/accounts/servicePrincipals")
FILES = "WorkspaceInternal/Mlflow/Artifacts"
